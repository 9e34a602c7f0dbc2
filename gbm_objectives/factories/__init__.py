"""The objectives: one function each. This is the user's documentation.

Conventions. r = raw_prediction - y_true and u = r/delta. Losses of the residual have curvature 1 at r = 0,
so gradients are in the units of the target, Hessians have no unit, and lambda, min_child_weight and
min_sum_hessian_in_leaf mean what they mean for squared error. All arrays are (n_samples,), or
(n_samples, n_outputs) for several targets, which are then separate tasks.
"""

from gbm_objectives.factories.binary import binary_cross_entropy, focal
from gbm_objectives.factories.hinge import hinge, multiclass_hinge, squared_hinge
from gbm_objectives.factories.multiclass import (
    kl_divergence,
    multilabel_cross_entropy,
    multilabel_focal,
    negative_log_likelihood,
    softmax_cross_entropy,
    softmax_focal,
)
from gbm_objectives.factories.overlap import dice, tversky
from gbm_objectives.factories.regression import mean_bias_error, quantile, squared_error
from gbm_objectives.factories.reweight import ghm_classification, ghm_regression, ohem
from gbm_objectives.factories.robust import huber, log_cosh, pseudo_huber

__all__ = [
    "binary_cross_entropy",
    "dice",
    "focal",
    "ghm_classification",
    "ghm_regression",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_bias_error",
    "multiclass_hinge",
    "multilabel_cross_entropy",
    "multilabel_focal",
    "negative_log_likelihood",
    "ohem",
    "pseudo_huber",
    "quantile",
    "softmax_cross_entropy",
    "softmax_focal",
    "squared_error",
    "squared_hinge",
    "tversky",
]
