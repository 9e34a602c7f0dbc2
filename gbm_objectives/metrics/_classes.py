"""Metrics of classes that exclude each other, on probabilities or raw scores (n_samples, n_classes)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.validation import (
    Array,
    invalid,
    labels_and_predictions,
    numeric_array,
    reject_non_finite,
    reject_rows,
    sample_weights,
)
from gbm_objectives.links import IDENTITY, Cumulative, Link, Softmax
from gbm_objectives.losses._classes import codes_of, log_softmax
from gbm_objectives.losses.ordinal import likeliest
from gbm_objectives.metrics._metric import RAW_SCORES, Metric


@dataclass(frozen=True, slots=True)
class ClassMetric(Metric):
    """A metric of class codes (n_samples,) and predictions (n_samples, n_classes)."""

    @override
    def validate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        pred = numeric_array("y_pred", y_pred)
        if isinstance(self.link, Cumulative):  # one score of ordered classes
            y, pred = labels_and_predictions(y_true, pred)
            return y, pred, sample_weights(sample_weight, len(y))
        if pred.ndim != 2 or pred.shape[1] < 2:
            needed = "one column for each class, (n_samples, n_classes)"
            instead = "For a single probability use log_loss() or brier()."
            raise invalid("y_pred", given=f"shape {pred.shape}", needed=needed, hint=instead)
        y, pred = labels_and_predictions(y_true, pred, vector=True)
        if y.ndim != 1:
            needed = "one class code for each row, (n_samples,)"
            raise invalid("y_true", given=f"shape {y.shape}", needed=needed)
        reject_non_finite("y_true", y)
        wrong = (y < 0) | (y >= pred.shape[1]) | (y != np.floor(y))
        codes = f"codes 0..{pred.shape[1] - 1}"
        reject_rows("y_true", wrong, "a label that is no class code", codes)
        return y, pred, sample_weights(sample_weight, len(y))

    @override
    def of_predictions(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        metric = self
        if isinstance(self.link, Cumulative) and self.link.thresholds is None:
            link = likeliest(self.link, y_true, y_pred, sample_weight)
            metric = replace(self, link=link)  # while a model is trained it has no thresholds
        return Metric.of_predictions(metric, y_true, y_pred, sample_weight)

    @override
    def over_machines(self, y_true: Any, y_pred: Any, sample_weight: Any, reduce: Reduce) -> float:
        if isinstance(self.link, Cumulative):
            self.link.inverse(np.zeros(1))  # raises where thresholds are not known
        return Metric.over_machines(self, y_true, y_pred, sample_weight, reduce)


def validate_distributions(y_pred: Array) -> None:
    """Raise for rows that are no probabilities."""
    outside = (y_pred < 0) | (y_pred > 1 + 1e-5)
    reject_rows("y_pred", outside, "a value outside [0, 1]", "probabilities", RAW_SCORES)
    uneven = np.abs(y_pred.sum(axis=1) - 1.0) > 1e-4
    reject_rows("y_pred", uneven, "a sum other than 1", "probabilities", RAW_SCORES)


@dataclass(frozen=True, slots=True)
class NegativeLogLikelihood(ClassMetric):
    """-mean log p_y, from raw scores without rounding where the link is softmax.

    Probabilities are held above the machine epsilon, as scikit-learn holds them.
    """

    name = "negative_log_likelihood"

    @override
    def of_predictions(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        if not isinstance(self.link, Softmax):
            return ClassMetric.of_predictions(self, y_true, y_pred, sample_weight)
        # Exact where the probability rounds to 0 or 1.
        return _mean_of_true(log_softmax(y_pred), y_true, sample_weight)

    @override
    def validate_domain(self, y_true: Array, y_pred: Array) -> None:
        validate_distributions(y_pred)

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
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

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        # Raw scores and probabilities have the same order.
        hit = y_pred.argmax(axis=1) == y_true
        return float(np.average(hit, weights=sample_weight))


def negative_log_likelihood(*, link: Link = IDENTITY) -> NegativeLogLikelihood:
    """-mean log p_y of probabilities (n_samples, n_classes), or of raw scores with ``link=links.SOFTMAX``.

    Parameters
    ----------
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    NegativeLogLikelihood
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(negative_log_likelihood()([0, 2], [[0.7, 0.2, 0.1], [0.2, 0.3, 0.5]]), 3)
    0.525
    """
    return NegativeLogLikelihood(link=link)


def accuracy() -> Accuracy:
    """Share of rows whose own class has the highest score or probability, (n_samples, n_classes).

    Returns
    -------
    Accuracy
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> accuracy()([0, 2], [[0.7, 0.2, 0.1], [0.2, 0.6, 0.2]])
    0.5
    """
    return Accuracy()
