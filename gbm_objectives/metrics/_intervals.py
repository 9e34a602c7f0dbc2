"""Metrics of prediction intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.validation import Array, open_unit
from gbm_objectives.links import IDENTITY
from gbm_objectives.metrics._errors import deviation
from gbm_objectives.metrics._metric import Metric, one_label_a_row
from gbm_objectives.metrics._metric import weighted_mean as _mean


@dataclass(frozen=True, slots=True)
class IntervalMetric(Metric):
    """A metric of intervals: ``y_pred`` of shape (n_samples, 2), lower and upper end.

    Of predictions of more levels, the interval from the first to the last.
    """

    def _check(
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

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The weighted share of rows with lower <= y <= upper."""
        inside = (y_pred[:, 0] <= y_true) & (y_true <= y_pred[:, -1])
        return _mean(inside.astype(np.float64), sample_weight)


@dataclass(frozen=True, slots=True)
class CoverageError(Coverage):
    """|coverage - level|: how far the interval is from what it promises."""

    level: float = 0.9

    name = "coverage_error"
    higher_is_better = False
    mean_power = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", open_unit("level", self.level))

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The distance of the coverage from the level."""
        return abs(Coverage.compute(self, y_true, y_pred, sample_weight) - self.level)


@dataclass(frozen=True, slots=True)
class IntervalWidth(IntervalMetric):
    """mean (upper - lower), in the units of the target; relative as for the errors."""

    relative: bool = False

    name = "interval_width"

    @property
    def in_target_units(self) -> bool:
        """Unless relative."""
        return not self.relative

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The weighted mean width."""
        width = _mean(y_pred[:, -1] - y_pred[:, 0], sample_weight)
        return width / deviation(y_true, sample_weight) if self.relative else width


@dataclass(frozen=True, slots=True)
class Crossing(IntervalMetric):
    """The share of rows in which a level is predicted below the one before it.

    Of predictions as they come: a link that sorts them is left out, so that it tells what the sort does.
    """

    name = "crossing"

    def evaluate(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """The metric of arrays (n_samples,) and (n_samples, n_levels)."""
        plain = replace(self, link=IDENTITY)
        return IntervalMetric.evaluate(plain, y_true, y_pred, sample_weight)

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The weighted share."""
        crossed = np.any(y_pred[:, 1:] < y_pred[:, :-1], axis=1)
        return _mean(np.asarray(crossed, dtype=np.float64), sample_weight)


def coverage() -> Coverage:
    """Share of labels inside (lower, upper)."""
    return Coverage()


def coverage_error(level: float = 0.9) -> CoverageError:
    """Distance of the coverage from ``level``."""
    return CoverageError(level=level)


def crossing() -> Crossing:
    """Share of rows whose levels cross."""
    return Crossing()


def interval_width(*, relative: bool = False) -> IntervalWidth:
    """Mean width of (lower, upper)."""
    return IntervalWidth(relative=relative)
