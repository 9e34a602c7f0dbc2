"""The objectives: one function each. This is the user's documentation.

Conventions. r = raw_prediction - y_true and u = r/delta. Losses of the residual have curvature 1 at r = 0,
so gradients are in the units of the target, Hessians have no unit, and lambda, min_child_weight and
min_sum_hessian_in_leaf mean what they mean for squared error. All arrays are (n_samples,), or
(n_samples, n_outputs) for several targets, which are then separate tasks.
"""

from gbm_objectives.factories.binary import binary_cross_entropy, focal
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
    mean_bias_error,
    quantile,
    squared_error,
)
from gbm_objectives.factories.robust import fair, huber, log_cosh, pseudo_huber

__all__ = [
    "absolute_error",
    "adaptive_robust",
    "binary_cross_entropy",
    "cauchy",
    "expectile",
    "fair",
    "focal",
    "geman_mcclure",
    "general_robust",
    "huber",
    "linex",
    "log_cosh",
    "mean_bias_error",
    "pseudo_huber",
    "quantile",
    "squared_error",
    "tukey",
    "welsch",
]
