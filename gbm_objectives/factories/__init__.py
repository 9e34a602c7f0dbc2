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
from gbm_objectives.factories.positive import gamma, poisson, squared_log_error, tweedie
from gbm_objectives.factories.redescending import (
    adaptive_robust,
    cauchy,
    geman_mcclure,
    general_robust,
    tukey,
    welsch,
)
from gbm_objectives.factories.regression import (
    absolute_error,
    expectile,
    linex,
    mape,
    mean_bias_error,
    quantile,
    squared_error,
)
from gbm_objectives.factories.reweight import ghm_classification, ghm_regression, ohem
from gbm_objectives.factories.robust import fair, huber, log_cosh, pseudo_huber
from gbm_objectives.factories.sampling import negative_sampling, sampled_softmax

__all__ = [
    "absolute_error",
    "adaptive_robust",
    "binary_cross_entropy",
    "cauchy",
    "dice",
    "expectile",
    "fair",
    "focal",
    "gamma",
    "geman_mcclure",
    "general_robust",
    "ghm_classification",
    "ghm_regression",
    "hinge",
    "huber",
    "kl_divergence",
    "linex",
    "log_cosh",
    "mape",
    "mean_bias_error",
    "multiclass_hinge",
    "multilabel_cross_entropy",
    "multilabel_focal",
    "negative_log_likelihood",
    "negative_sampling",
    "ohem",
    "poisson",
    "pseudo_huber",
    "quantile",
    "sampled_softmax",
    "softmax_cross_entropy",
    "softmax_focal",
    "squared_error",
    "squared_hinge",
    "squared_log_error",
    "tukey",
    "tversky",
    "tweedie",
    "welsch",
]
