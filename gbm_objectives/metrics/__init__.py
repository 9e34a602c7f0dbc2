"""Metrics that one object computes at every door of both libraries, and on plain arrays.

``metric(preds, dtrain)`` is the call of `xgb.train` and `lgb.train`; ``metric(y_true, y_pred,
sample_weight)`` that of both scikit-learn wrappers and of the user. With a custom objective both
libraries hand over *raw* predictions: give the metric the objective's link, ``log_loss(link=obj.link)``.
"""

from gbm_objectives.metrics._classes import accuracy, negative_log_likelihood
from gbm_objectives.metrics._deviance import (
    gamma_deviance,
    poisson_deviance,
    rmsle,
    tweedie_deviance,
)
from gbm_objectives.metrics._errors import mae, mbe, median_absolute_error, pinball, rmse
from gbm_objectives.metrics._intervals import (
    coverage,
    coverage_error,
    crossing,
    interval_width,
)
from gbm_objectives.metrics._metric import Metric, Score
from gbm_objectives.metrics._overlap import dice, jaccard, tversky_index
from gbm_objectives.metrics._percentage import mape
from gbm_objectives.metrics._probability import brier, log_loss

__all__ = [
    "Metric",
    "Score",
    "accuracy",
    "brier",
    "coverage",
    "coverage_error",
    "crossing",
    "dice",
    "gamma_deviance",
    "interval_width",
    "jaccard",
    "log_loss",
    "mae",
    "mape",
    "mbe",
    "median_absolute_error",
    "negative_log_likelihood",
    "pinball",
    "poisson_deviance",
    "rmse",
    "rmsle",
    "tversky_index",
    "tweedie_deviance",
]
