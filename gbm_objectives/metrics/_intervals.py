"""Metrics of prediction intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from gbm_objectives._core.validation import Array, open_unit
from gbm_objectives.metrics._errors import deviation
from gbm_objectives.metrics._metric import Metric, RelativeMetric, one_label_a_row
from gbm_objectives.metrics._metric import weighted_mean as _mean


@dataclass(frozen=True, slots=True)
class IntervalMetric(Metric):
    """A metric of intervals: ``y_pred`` of shape (n_samples, 2), lower and upper end.

    Of predictions of more levels, the interval from the first to the last.
    """

    @override
    def validate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        return one_label_a_row(y_true, y_pred, sample_weight, 2)


@dataclass(frozen=True, slots=True)
class Coverage(IntervalMetric):
    """The share of labels inside their interval.

    More is not better: for early stopping use ``coverage_error``.
    """

    name = "coverage"
    higher_is_better = True

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        inside = (y_pred[:, 0] <= y_true) & (y_true <= y_pred[:, -1])
        return _mean(inside.astype(np.float64), sample_weight)


@dataclass(frozen=True, slots=True)
class CoverageError(Coverage):
    """|coverage - level|: how far the interval is from what it promises.

    Parameters
    ----------
    level : float, default 0.9
        In (0, 1).
    """

    level: float = 0.9

    name = "coverage_error"
    higher_is_better = False
    mean_power = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", open_unit("level", self.level))

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        return abs(Coverage.compute(self, y_true, y_pred, sample_weight) - self.level)


@dataclass(frozen=True, slots=True)
class IntervalWidth(IntervalMetric, RelativeMetric):
    """mean (upper - lower), in the units of the target; relative as for the errors."""

    name = "interval_width"

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        width = _mean(y_pred[:, -1] - y_pred[:, 0], sample_weight)
        return width / deviation(y_true, sample_weight) if self.relative else width


@dataclass(frozen=True, slots=True)
class Crossing(IntervalMetric):
    """The share of rows in which a level is predicted below the one before it.

    Of predictions as they come: a link that sorts them is left out, so that it tells what the sort does.
    """

    name = "crossing"

    @override
    def of_predictions(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        return self.compute(y_true, y_pred, sample_weight)

    @override
    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        crossed = np.any(y_pred[:, 1:] < y_pred[:, :-1], axis=1)
        return _mean(np.asarray(crossed, dtype=np.float64), sample_weight)


def coverage() -> Coverage:
    """Share of labels inside (lower, upper).

    Returns
    -------
    Coverage
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(coverage()([1.0, 2.0, 9.0], [[0.0, 3.0], [0.0, 3.0], [0.0, 3.0]]), 3)
    0.667
    """
    return Coverage()


def coverage_error(level: float = 0.9) -> CoverageError:
    """Distance of the coverage from ``level``.

    Parameters
    ----------
    level : float, default 0.9
        In (0, 1).

    Returns
    -------
    CoverageError
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> round(coverage_error(0.9)([1.0, 2.0, 9.0], [[0.0, 3.0], [0.0, 3.0], [0.0, 3.0]]), 3)
    0.233
    """
    return CoverageError(level=level)


def crossing() -> Crossing:
    """Share of rows whose levels cross.

    Returns
    -------
    Crossing
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> crossing()([1.0, 2.0], [[0.0, 3.0], [3.0, 0.0]])
    0.5
    """
    return Crossing()


def interval_width(*, relative: bool = False) -> IntervalWidth:
    """Mean width of (lower, upper).

    Parameters
    ----------
    relative : bool, default False
        Divide by the mean absolute deviation of the labels from their median, so that it is of order 1 for any target.

    Returns
    -------
    IntervalWidth
        To pass as ``custom_metric`` to XGBoost or as ``feval`` to LightGBM, or to call on arrays.

    Examples
    --------
    >>> interval_width()([1.0, 2.0], [[0.0, 3.0], [1.0, 2.0]])
    2.0
    """
    return IntervalWidth(relative=relative)
