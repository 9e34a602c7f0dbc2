"""Losses by family: pure mathematics, no weights, no libraries, no clipping.

For one of your own subclass `RobustLoss`, or `ResidualLoss`, or `Loss` with `HasHessian` and `HasMajorizer`, and make
an objective of it with ``Objective.of(loss)``.
"""

from gbm_objectives.loss import HasHessian, HasMajorizer, Loss
from gbm_objectives.losses._residual import ResidualLoss, RobustLoss
from gbm_objectives.losses.adaptive import AdaptiveRobust
from gbm_objectives.losses.asymmetric import Expectile, Linex
from gbm_objectives.losses.bias import MeanBias, MeanBiasPenalty
from gbm_objectives.losses.binary import BinaryCrossEntropy, Focal
from gbm_objectives.losses.general import GeneralRobust
from gbm_objectives.losses.hinge import Hinge, MulticlassHinge, SquaredHinge
from gbm_objectives.losses.levels import ExpectileLevels, QuantileLevels
from gbm_objectives.losses.multiclass import KLDivergence, SoftmaxCrossEntropy
from gbm_objectives.losses.multifocal import SoftmaxFocal
from gbm_objectives.losses.overlap import Dice, Tversky
from gbm_objectives.losses.positive import Gamma, Poisson, Tweedie
from gbm_objectives.losses.quantile import AbsoluteError, PercentageError, Quantile
from gbm_objectives.losses.redescending import Cauchy, GemanMcClure, Tukey, Welsch
from gbm_objectives.losses.robust import Fair, Huber, LogCosh, PseudoHuber
from gbm_objectives.losses.sampled import SampledSoftmax
from gbm_objectives.losses.squared import SquaredError
from gbm_objectives.losses.squared_log import SquaredLogError

__all__ = [
    "AbsoluteError",
    "AdaptiveRobust",
    "BinaryCrossEntropy",
    "Cauchy",
    "Dice",
    "Expectile",
    "ExpectileLevels",
    "Fair",
    "Focal",
    "Gamma",
    "GemanMcClure",
    "GeneralRobust",
    "HasHessian",
    "HasMajorizer",
    "Hinge",
    "Huber",
    "KLDivergence",
    "Linex",
    "LogCosh",
    "Loss",
    "MeanBias",
    "MeanBiasPenalty",
    "MulticlassHinge",
    "PercentageError",
    "Poisson",
    "PseudoHuber",
    "Quantile",
    "QuantileLevels",
    "ResidualLoss",
    "RobustLoss",
    "SampledSoftmax",
    "SoftmaxCrossEntropy",
    "SoftmaxFocal",
    "SquaredError",
    "SquaredHinge",
    "SquaredLogError",
    "Tukey",
    "Tversky",
    "Tweedie",
    "Welsch",
]
