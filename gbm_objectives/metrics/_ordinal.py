"""Metrics of ordered classes: of the probabilities of levels, and of the levels that they lead to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import override

from gbm_objectives._core.validation import (
    Array,
    labels_and_predictions,
    numeric_array,
    reject_non_finite,
    reject_rows,
    sample_weights,
)
from gbm_objectives.links import IDENTITY, Link
from gbm_objectives.metrics._classes import ClassMetric, validate_distributions


@dataclass(frozen=True, slots=True)
class LevelMetric(ClassMetric):
    """A metric of level codes (n_samples,) and predicted levels, (n_samples,), or their probabilities.

    Probabilities (n_samples, n_levels) stand for the median level, which has the least expected distance.
    """

    @override
    def validate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        pred = numeric_array("y_pred", y_pred)
        if (pred.ndim == 2 and pred.shape[1] > 1) or self.link != IDENTITY:
            return ClassMetric.validate(self, y_true, pred, sample_weight)
        y, pred = labels_and_predictions(y_true, pred)
        for name, values in (("y_true", y), ("y_pred", pred)):
            reject_non_finite(name, values)
            wrong = (values < 0) | (values != np.floor(values))
            hint = "Round the predictions of a regression." if name == "y_pred" else ""
            reject_rows(name, wrong, "a value that is no level code", "codes from 0 on", hint)
        return y, pred, sample_weights(sample_weight, len(y))

    @override
    def validate_domain(self, y_true: Array, y_pred: Array) -> None:
        if y_pred.ndim == 2:
            validate_distributions(y_pred)


@dataclass(frozen=True, slots=True)
class RankedProbabilityScore(LevelMetric):
    """The mean of the squared errors of cumulative probabilities, summed over the levels.

    Predicted levels are certain: of each, the sum is its distance.
    """

    name = "ranked_probability_score"

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        if y_pred.ndim == 1:
            return float(np.average(np.abs(y_true - y_pred), weights=sample_weight))
        below = np.cumsum(y_pred, axis=1)[:, :-1]
        reached = y_true[:, None] <= np.arange(below.shape[1])
        errors = ((below - reached) ** 2).sum(axis=1)
        return float(np.average(errors, weights=sample_weight))


@dataclass(frozen=True, slots=True)
class QuadraticWeightedKappa(LevelMetric):
    """1 less the mean squared distance of levels over that of levels drawn independently.

    The median level serves it better than the rounded mean, whose spread is smaller: ``benchmarks/ordinal.py``.
    """

    name = "quadratic_weighted_kappa"
    higher_is_better = True
    mean_power = None

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        level = levels_of(y_pred)
        weight = np.ones(len(level)) if sample_weight is None else sample_weight
        share = weight / weight.sum(dtype=np.float64)
        distance = float(share @ (y_true - level) ** 2)
        means = float(share @ y_true) - float(share @ level)
        spread = sum(float(share @ (v - float(share @ v)) ** 2) for v in (y_true, level))
        expected = spread + means**2
        return 1.0 - distance / expected if expected else 1.0


@dataclass(frozen=True, slots=True)
class LevelError(LevelMetric):
    """The mean distance of predicted levels."""

    name = "level_error"

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        return float(np.average(np.abs(y_true - levels_of(y_pred)), weights=sample_weight))


def levels_of(y_pred: Array) -> NDArray[np.float64]:
    """Levels as they are, and the median of probabilities: the lowest level at which half is reached."""
    if y_pred.ndim == 1:
        return y_pred.astype(np.float64)
    below: NDArray[np.float64] = (np.cumsum(y_pred, axis=1)[:, :-1] < 0.5).sum(
        axis=1, dtype=np.float64
    )
    return below


def ranked_probability_score(*, link: Link = IDENTITY) -> RankedProbabilityScore:
    """Mean over rows of sum_k (P(level <= k) - 1[y <= k])^2, of probabilities (n_samples, n_levels).

    It is 0 for certain and right predictions, and proper: the true probabilities have the least expected score.
    Unlike the log-likelihood it counts how far a wrong level is. Predictions can also be level codes (n_samples,), which
    are certain: then it is the mean distance.
    Epstein (1969), https://doi.org/10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2.

    Parameters
    ----------
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    RankedProbabilityScore
        To call on arrays, or to pass to a training whose raw scores have probabilities.
    """
    return RankedProbabilityScore(link=link)


def quadratic_weighted_kappa(*, link: Link = IDENTITY) -> QuadraticWeightedKappa:
    """Cohen's kappa with quadratic weights: 1 - sum w O / sum w E, w the squared distance of levels.

    O counts pairs of true and predicted levels, E those that independent levels of the same shares would have.
    Predictions are level codes (n_samples,), or probabilities (n_samples, n_levels), which stand for their median
    level. 1 where all levels are equal. Cohen (1968), https://doi.org/10.1037/h0026256.

    Parameters
    ----------
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    QuadraticWeightedKappa
        To call on arrays, or to pass to a training whose raw scores have probabilities.
    """
    return QuadraticWeightedKappa(link=link)


def level_error(*, link: Link = IDENTITY) -> LevelError:
    """Mean absolute distance of predicted levels from the true ones.

    Predictions are level codes (n_samples,), or probabilities (n_samples, n_levels), which stand for their median
    level.

    Parameters
    ----------
    link : Link, default IDENTITY
        How to make the response from the predictions that the metric is given.

    Returns
    -------
    LevelError
        To call on arrays, or to pass to a training whose raw scores have probabilities.
    """
    return LevelError(link=link)
