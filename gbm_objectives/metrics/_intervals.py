"""Metrics of prediction intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._metric import Metric
from gbm_objectives._metric import weighted_mean as _mean
from gbm_objectives._validation import (
    Array,
    message,
    numeric_array,
    open_unit,
    sample_weights,
)
from gbm_objectives.metrics._errors import deviation


@dataclass(frozen=True, slots=True)
class IntervalMetric(Metric):
    """A metric of intervals: ``y_pred`` of shape (n_samples, 2), lower and upper end."""

    def _check(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Array, Array, Array | None]:
        y, pred = numeric_array("y_true", y_true), numeric_array("y_pred", y_pred)
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        if y.ndim != 1 or pred.shape != (len(y), 2):
            needed = f"shape ({len(y)}, 2), the lower and the upper end of each row's interval"
            raise ValueError(message("y_pred", f"shape {pred.shape}", needed))
        return y, pred, sample_weights(sample_weight, len(y))


@dataclass(frozen=True, slots=True)
class Coverage(IntervalMetric):
    """The share of labels inside their interval.

    More is not better: for early stopping use ``coverage_error``.
    """

    name = "coverage"
    higher_is_better = True

    def compute(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> float:
        """The weighted share of rows with lower <= y <= upper."""
        inside = (y_pred[:, 0] <= y_true) & (y_true <= y_pred[:, 1])
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
        width = _mean(y_pred[:, 1] - y_pred[:, 0], sample_weight)
        return width / deviation(y_true, sample_weight) if self.relative else width


def coverage() -> Coverage:
    """Share of labels inside (lower, upper)."""
    return Coverage()


def coverage_error(level: float = 0.9) -> CoverageError:
    """Distance of the coverage from ``level``."""
    return CoverageError(level=level)


def interval_width(*, relative: bool = False) -> IntervalWidth:
    """Mean width of (lower, upper)."""
    return IntervalWidth(relative=relative)
