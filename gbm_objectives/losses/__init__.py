"""Losses by family: pure mathematics, no weights, no libraries, no clipping."""

from gbm_objectives.losses._base import Loss
from gbm_objectives.losses.bias import MeanBias, MeanBiasPenalty
from gbm_objectives.losses.binary import BinaryCrossEntropy, Focal
from gbm_objectives.losses.hinge import Hinge, MulticlassHinge, SquaredHinge
from gbm_objectives.losses.multiclass import KLDivergence, SoftmaxCrossEntropy
from gbm_objectives.losses.multifocal import SoftmaxFocal
from gbm_objectives.losses.overlap import Dice, Tversky
from gbm_objectives.losses.quantile import Quantile
from gbm_objectives.losses.robust import Huber, LogCosh, PseudoHuber
from gbm_objectives.losses.squared import SquaredError

__all__ = [
    "BinaryCrossEntropy",
    "Dice",
    "Focal",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanBias",
    "MeanBiasPenalty",
    "MulticlassHinge",
    "PseudoHuber",
    "Quantile",
    "SoftmaxCrossEntropy",
    "SoftmaxFocal",
    "SquaredError",
    "SquaredHinge",
    "Tversky",
]
