"""Metrics of classes that exclude each other, on probabilities or raw scores (n_samples, n_classes)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.validation import (
    Array,
    labels_and_predictions,
    message,
    numeric_array,
    reject_non_finite,
    reject_rows,
    sample_weights,
)
from gbm_objectives.links import IDENTITY, Link, Softmax
from gbm_objectives.losses._classes import codes_of, log_softmax
from gbm_objectives.metrics._metric import Metric


@dataclass(frozen=True, slots=True)
class ClassMetric(Metric):
    """A metric of class codes (n_samples,) and predictions (n_samples, n_classes)."""

    def _check(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        pred = numeric_array("y_pred", y_pred)
        if pred.ndim != 2 or pred.shape[1] < 2:
            needed = "one column a class, (n_samples, n_classes)"
            instead = "For a single probability use log_loss() or brier()."
            raise ValueError(message("y_pred", f"shape {pred.shape}", needed, instead))
        y, pred = labels_and_predictions(y_true, pred, vector=True)
        if y.ndim != 1:
            needed = "one class code a row, (n_samples,)"
            raise ValueError(message("y_true", f"shape {y.shape}", needed))
        reject_non_finite("y_true", y)
        reject_non_finite("y_pred", pred)
        wrong = (y < 0) | (y >= pred.shape[1]) | (y != np.floor(y))
        codes = f"codes 0..{pred.shape[1] - 1}"
        reject_rows("y_true", wrong, "a label that is no class code", codes)
        return y, pred, sample_weights(sample_weight, len(y))


@dataclass(frozen=True, slots=True)
class NegativeLogLikelihood(ClassMetric):
    """-mean log p_y, from raw scores without rounding where the link is softmax.

    Probabilities are held above the machine epsilon, as scikit-learn holds them.
    """

    name = "negative_log_likelihood"

    def evaluate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """From the raw scores: the log-softmax, exact where the probability rounds to 0 or 1."""
        if not isinstance(self.link, Softmax):
            return ClassMetric.evaluate(self, y_true, y_pred, sample_weight)
        y, raw, weight = self._check(y_true, y_pred, sample_weight)
        return _mean_of_true(log_softmax(raw.astype(np.float64)), y, weight)

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The weighted mean of -log p_y, after a check that these are probabilities."""
        instead = "For raw scores give the metric their link: link=objective.link."
        outside = (y_pred < 0) | (y_pred > 1 + 1e-5)
        reject_rows("y_pred", outside, "a value outside [0, 1]", "probabilities", instead)
        uneven = np.abs(y_pred.sum(axis=1) - 1.0) > 1e-4
        reject_rows("y_pred", uneven, "a sum other than 1", "probabilities", instead)
        eps = float(np.finfo(np.float64).eps)
        return _mean_of_true(np.log(np.clip(y_pred, eps, 1.0 - eps)), y_true, sample_weight)


def _mean_of_true(log_p: Array, y_true: Array, sample_weight: Array | None) -> float:
    true = log_p[np.arange(len(log_p)), codes_of(y_true)]
    return float(-np.average(true, weights=sample_weight))


@dataclass(frozen=True, slots=True)
class Accuracy(ClassMetric):
    """The share of rows whose own class has the highest prediction, the first of equal ones."""

    name = "accuracy"
    higher_is_better = True

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The weighted share; raw scores and probabilities have the same order."""
        hit = y_pred.argmax(axis=1) == y_true
        return float(np.average(hit, weights=sample_weight))


def negative_log_likelihood(*, link: Link = IDENTITY) -> NegativeLogLikelihood:
    """-mean log p_y of probabilities (n_samples, n_classes), or of raw scores with ``link=links.SOFTMAX``."""
    return NegativeLogLikelihood(link=link)


def accuracy() -> Accuracy:
    """Share of rows whose own class has the highest score or probability, (n_samples, n_classes)."""
    return Accuracy()
