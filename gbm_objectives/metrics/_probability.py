"""Metrics of the probability of class 1."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.validation import (
    Array,
    reject_non_finite,
    reject_rows,
)
from gbm_objectives.links import IDENTITY, Link, Logit
from gbm_objectives.metrics._metric import Metric, check_probabilities
from gbm_objectives.metrics._metric import weighted_mean as _mean


@dataclass(frozen=True, slots=True)
class ProbabilityMetric(Metric):
    """A metric of the probability of class 1, for labels in [0, 1]."""

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The weighted mean of the row values, after a check of the domains."""
        check_probabilities(y_true, y_pred)
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

    def evaluate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """From the raw score: softplus(z) - y z, exact where the probability rounds to 1."""
        if not isinstance(self.link, Logit):
            return ProbabilityMetric.evaluate(self, y_true, y_pred, sample_weight)
        y, raw, weight = self._check(y_true, y_pred, sample_weight)
        reject_non_finite("y_true", y)
        reject_non_finite("y_pred", raw)
        reject_rows("y_true", (y < 0) | (y > 1), "a label outside [0, 1]", "labels in [0, 1]")
        z = raw.astype(np.float64)
        return _mean(np.logaddexp(0.0, z) - y * z, weight)

    def of_probabilities(self, y_true: Array, y_pred: Array) -> Array:
        """The cross-entropy of each row."""
        eps = np.finfo(np.float64).eps
        p = np.clip(y_pred, eps, 1.0 - eps)
        entropy: Array = -(y_true * np.log(p) + (1.0 - y_true) * np.log1p(-p))
        return entropy


@dataclass(frozen=True, slots=True)
class Brier(ProbabilityMetric):
    """mean (p - y)^2."""

    name = "brier"

    def of_probabilities(self, y_true: Array, y_pred: Array) -> Array:
        """The squared error of each row."""
        squared: Array = (y_pred - y_true) ** 2
        return squared


def log_loss(*, link: Link = IDENTITY) -> LogLoss:
    """Cross-entropy of probabilities, or of raw scores with their link."""
    return LogLoss(link=link)


def brier(*, link: Link = IDENTITY) -> Brier:
    """Brier score of probabilities, or of raw scores with their link."""
    return Brier(link=link)
