"""Custom objectives for XGBoost and LightGBM that behave like built-in ones."""

from gbm_objectives import curvature, links, metrics
from gbm_objectives.factories import (
    focal,
    huber,
    log_cosh,
    mean_bias_error,
    pseudo_huber,
    quantile,
)
from gbm_objectives.objective import Objective

__all__ = [
    "Objective",
    "curvature",
    "focal",
    "huber",
    "links",
    "log_cosh",
    "mean_bias_error",
    "metrics",
    "pseudo_huber",
    "quantile",
]

__version__ = "0.1.0"
