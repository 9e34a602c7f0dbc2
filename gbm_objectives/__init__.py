"""Custom objectives for XGBoost and LightGBM that behave like built-in ones."""

from gbm_objectives import curvature, links, metrics
from gbm_objectives._training import TrainingError, TrainingWarning
from gbm_objectives.factories import (
    binary_cross_entropy,
    focal,
    huber,
    log_cosh,
    mean_bias_error,
    pseudo_huber,
    quantile,
    squared_error,
)
from gbm_objectives.objective import Objective

__all__ = [
    "Objective",
    "TrainingError",
    "TrainingWarning",
    "binary_cross_entropy",
    "curvature",
    "focal",
    "huber",
    "links",
    "log_cosh",
    "mean_bias_error",
    "metrics",
    "pseudo_huber",
    "quantile",
    "squared_error",
]

__version__ = "0.1.0"
