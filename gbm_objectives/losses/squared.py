"""Squared error: the loss whose Hessian needs no choice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array
from gbm_objectives.loss import HasFisher, HasHessian, HasMajorizer

__all__ = ["SquaredError"]


@dataclass(frozen=True, slots=True)
class SquaredError(HasHessian, HasMajorizer, HasFisher):
    """r^2/2 with r = raw_prediction - y_true; gradient r, unbounded; Hessian, majorizer and Fisher 1.

    Domain of y: the real numbers. Link: identity.

    Parameters
    ----------
    variance : float
        Of the labels, set by `anchored`: the unit of the metric, which is then (1 - R^2)/2.
    """

    variance: float = field(default=1.0, repr=False)

    name: ClassVar[str] = "squared_error"
    shift_invariant = True

    @property
    def unit(self) -> float:
        """The variance of the labels, once anchored."""
        return self.variance

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """r^2/2."""
        r = raw_prediction - y_true
        return 0.5 * r * r

    @override
    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        return raw_prediction - y_true

    @override
    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        return np.ones_like(raw_prediction)

    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """1: the loss is its own parabola."""
        return np.ones_like(raw_prediction)

    def fisher(self, y_true: Array, raw_prediction: Array) -> Array:
        """1: of a normal distribution of variance 1."""
        return np.ones_like(raw_prediction)

    def anchored(self, y_true: Array, sample_weight: Array | None) -> SquaredError:
        """The loss in units of the labels' variance; constant labels leave the unit at 1."""
        mean = self.intercept(y_true, sample_weight)
        deviation = y_true.astype(np.float64) - mean  # whose square leaves float32
        variance = float(np.average(deviation**2, weights=sample_weight))
        return replace(self, variance=variance or 1.0)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The mean."""
        return float(np.average(y_true, weights=sample_weight))
