"""Losses by family: pure mathematics, no weights, no libraries, no clipping."""

from gbm_objectives.losses._base import Loss
from gbm_objectives.losses.adaptive import AdaptiveRobust
from gbm_objectives.losses.asymmetric import Expectile, Linex
from gbm_objectives.losses.bias import MeanBias, MeanBiasPenalty
from gbm_objectives.losses.binary import BinaryCrossEntropy, Focal
from gbm_objectives.losses.general import GeneralRobust
from gbm_objectives.losses.quantile import AbsoluteError, Quantile
from gbm_objectives.losses.redescending import Cauchy, GemanMcClure, Tukey, Welsch
from gbm_objectives.losses.robust import Fair, Huber, LogCosh, PseudoHuber
from gbm_objectives.losses.squared import SquaredError

__all__ = [
    "AbsoluteError",
    "AdaptiveRobust",
    "BinaryCrossEntropy",
    "Cauchy",
    "Expectile",
    "Fair",
    "Focal",
    "GemanMcClure",
    "GeneralRobust",
    "Huber",
    "Linex",
    "LogCosh",
    "Loss",
    "MeanBias",
    "MeanBiasPenalty",
    "PseudoHuber",
    "Quantile",
    "SquaredError",
    "Tukey",
    "Welsch",
]
