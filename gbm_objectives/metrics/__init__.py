"""Metrics that one object computes at every door of both libraries, and on plain arrays.

``metric(preds, dtrain)`` is the call of `xgb.train` and `lgb.train`; ``metric(y_true, y_pred,
sample_weight)`` that of both scikit-learn wrappers and of the user. With a custom objective both
libraries hand over *raw* predictions: give the metric the objective's link, ``log_loss(link=obj.link)``.
"""

from gbm_objectives.metrics._classes import accuracy as accuracy
from gbm_objectives.metrics._classes import negative_log_likelihood as negative_log_likelihood
from gbm_objectives.metrics._deviance import gamma_deviance as gamma_deviance
from gbm_objectives.metrics._deviance import poisson_deviance as poisson_deviance
from gbm_objectives.metrics._deviance import rmsle as rmsle
from gbm_objectives.metrics._deviance import tweedie_deviance as tweedie_deviance
from gbm_objectives.metrics._distributions import crps as crps
from gbm_objectives.metrics._distributions import log_score as log_score
from gbm_objectives.metrics._distributions import pit_error as pit_error
from gbm_objectives.metrics._errors import mae as mae
from gbm_objectives.metrics._errors import mbe as mbe
from gbm_objectives.metrics._errors import median_absolute_error as median_absolute_error
from gbm_objectives.metrics._errors import pinball as pinball
from gbm_objectives.metrics._errors import rmse as rmse
from gbm_objectives.metrics._intervals import coverage as coverage
from gbm_objectives.metrics._intervals import coverage_error as coverage_error
from gbm_objectives.metrics._intervals import crossing as crossing
from gbm_objectives.metrics._intervals import interval_width as interval_width
from gbm_objectives.metrics._metric import Metric as Metric
from gbm_objectives.metrics._metric import Score as Score
from gbm_objectives.metrics._ordinal import level_error as level_error
from gbm_objectives.metrics._ordinal import quadratic_weighted_kappa as quadratic_weighted_kappa
from gbm_objectives.metrics._ordinal import ranked_probability_score as ranked_probability_score
from gbm_objectives.metrics._overlap import dice as dice
from gbm_objectives.metrics._overlap import jaccard as jaccard
from gbm_objectives.metrics._overlap import tversky_index as tversky_index
from gbm_objectives.metrics._percentage import mape as mape
from gbm_objectives.metrics._probability import brier as brier
from gbm_objectives.metrics._probability import log_loss as log_loss

#: What is imported above, by its own name.
__all__ = sorted(name for name in globals() if not name.startswith("_"))
