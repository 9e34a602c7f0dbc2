"""Metrics of the probability of class 1."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array
from gbm_objectives.links import IDENTITY, Link, Logit
from gbm_objectives.metrics._metric import Metric, validate_probabilities, validate_shares
from gbm_objectives.metrics._metric import weighted_mean as _mean


@dataclass(frozen=True, slots=True)
class ProbabilityMetric(Metric):
    """A metric of the probability of class 1, for labels in [0, 1]."""

    @override
    def validate_domain(self, y_true: Array, y_pred: Array) -> None:
        validate_probabilities(y_true, y_pred)

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        return _mean(self.of_probabilities(y_true, y_pred), sample_weight)

    @abstractmethod
    def of_probabilities(self, y_true: Array, y_pred: Array) -> Array:
        """The metric of each row."""


@dataclass(frozen=True, slots=True)
class LogLoss(ProbabilityMetric):
    """-mean(y log p + (1 - y) log(1 - p)), from the raw score without rounding where the link is logit.

    Probabilities are held within the machine epsilon of 0 and 1, as scikit-learn holds them.
    """

    name = "log_loss"

    @override
    def of_predictions(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        if not isinstance(self.link, Logit):
            return ProbabilityMetric.of_predictions(self, y_true, y_pred, sample_weight)
        validate_shares(y_true)
        # softplus(z) - y z, exact where the probability rounds to 1.
        return _mean(np.logaddexp(0.0, y_pred) - y_true * y_pred, sample_weight)

    @override
    def of_probabilities(self, y_true: Array, y_pred: Array) -> Array:
        eps = np.finfo(np.float64).eps
        p = np.clip(y_pred, eps, 1.0 - eps)
        return np.asarray(-(y_true * np.log(p) + (1.0 - y_true) * np.log1p(-p)))


@dataclass(frozen=True, slots=True)
class Brier(ProbabilityMetric):
    """mean (p - y)^2."""

    name = "brier"

    @override
    def of_probabilities(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray((y_pred - y_true) ** 2)


def log_loss(*, link: Link = IDENTITY) -> LogLoss:
    """Cross-entropy of probabilities, or of raw scores with their link.

    Parameters
    ----------
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    LogLoss
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(log_loss()([0, 1], [0.1, 0.8]), 3)
    0.164
    """
    return LogLoss(link=link)


def brier(*, link: Link = IDENTITY) -> Brier:
    """Brier score of probabilities, or of raw scores with their link.

    Parameters
    ----------
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    Brier
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(brier()([0, 1], [0.1, 0.8]), 3)
    0.025
    """
    return Brier(link=link)
