"""Losses of a function of one raw prediction that a user gives: the formulas of a `Source`, and a safe step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from typing_extensions import override

from gbm_objectives._core.numerics import magnitude, weighted_quantile, weighted_sums
from gbm_objectives._core.validation import Array
from gbm_objectives.curvature import Curvature, Normalized, Safe
from gbm_objectives.links import IDENTITY, LOG, LOGIT
from gbm_objectives.loss import HasReach, HasSize
from gbm_objectives.losses.binary import BinaryLoss
from gbm_objectives.losses.functions._probing import (
    SCORES,
    distinct,
    largest_score,
    minimum_of,
    part_of,
    sized,
)
from gbm_objectives.losses.functions._source import Source

#: A kink at the label is rounded off over this share of the typical residual.
_ROUNDED = 0.3


class FunctionLoss(HasReach):
    """What the losses of one output share.

    The value of a row is a function of the label and of the raw prediction; what lies beyond the scores at which
    its derivatives are finite goes on with the slope that it has there.
    """

    __slots__ = ()

    source: Source

    @property
    def name(self) -> str:
        """That of the function."""
        return self.source.name

    @property
    @override
    def convex(self) -> bool:
        return False

    @property
    @override
    def default_curvature(self) -> Curvature:
        return Safe()

    @property
    def held(self) -> float:
        """The largest score that the function is given."""
        return largest_score(self.source, self._probed)[0]

    #: Labels at which the function is tried.
    _probed: tuple[float, ...] = (0.0, 1.0)

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """The function; beyond the scores that it is given it goes on as a straight line."""
        z = self._within(raw_prediction)
        value = self.source.value(y_true, (z,))
        if self.held < SCORES[-1]:
            (slope,) = self.source.gradient(y_true, (z,))
            value = value + slope * (raw_prediction - z)
        return value

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """By the tool."""
        return self.source.gradient(y_true, (self._within(raw_prediction),))[0]

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """By the tool; 0 beyond the scores that the function is given."""
        return self.gradient_hessian(y_true, raw_prediction)[1]

    @override
    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        z = self._within(raw_prediction)
        gradient, hessian = self.source.both(y_true, (z,))
        if self.held < SCORES[-1]:
            hessian = hessian * (z == raw_prediction)
        return gradient, hessian

    def _within(self, raw_prediction: Array) -> Array:
        """Scores that the function is given."""
        held = self.held
        return np.clip(raw_prediction, -held, held)

    def _starts(self, y: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        """Constants of which one is near the best."""
        return np.concatenate([-SCORES[1:11][::-1], SCORES[:11]])

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """Sought: the best of some constants, then between its neighbours."""
        y = np.asarray(y_true, np.float64)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        y, weight = distinct(y, weight)
        starts = np.unique(np.clip(self._starts(y, weight), -self.held, self.held))

        def mean(score: float) -> float:
            with np.errstate(all="ignore"):
                value = float(weight @ self.value(y, np.full_like(y, score)))
            return value if np.isfinite(value) else np.inf

        best = int(np.argmin([mean(start) for start in starts]))
        low, high = starts[max(best - 1, 0)], starts[min(best + 1, len(starts) - 1)]
        if not low < high:
            return float(low)
        found = minimize_scalar(
            mean, bounds=(low, high), method="bounded", options={"xatol": 1e-10 * (high - low)}
        )
        return self._polished(y, weight, float(found.x), low, high)

    def _polished(self, y: Array, weight: Array, score: float, low: float, high: float) -> float:
        """By Newton's steps: a mean of values tells its minimum to half of the digits only."""
        for _ in range(4):
            g, h = self.gradient_hessian(y, np.full_like(y, score))
            slope, bend = float(weight @ g), float(weight @ h)
            if not (bend > 0 and np.isfinite(slope)) or not low <= score - slope / bend <= high:
                break
            score -= slope / bend
        return score


@dataclass(frozen=True, slots=True)
class NumberFunction(FunctionLoss, HasSize):
    """A function of a number and of a prediction in its unit.

    Domain of y: any number that the function takes. Link: identity. The Hessian is at least |g| over the distance to
    the label, where the label is the minimum of its row: that is the majorizer of the losses of a residual. Else it is
    at least |g| over the typical distance between predictions and labels.

    Parameters
    ----------
    source : Source
    spread : float or None, default None
        (mean sqrt|raw - y|)^2, found in each round where it is needed.
    size : tuple of float or None, default None
        The mean Hessian, found in each round.
    """

    source: Source
    spread: float | None = field(default=None, repr=False)
    size: tuple[float, ...] | None = field(default=None, repr=False)

    link = IDENTITY
    _probed = (0.0, 1.0, -1.0, 30.0)

    @property
    @override
    def default_curvature(self) -> Curvature:
        return Normalized()

    @property
    @override
    def criterion(self) -> NumberFunction:
        return replace(self, spread=1.0, size=(1.0,))

    @property
    def shift_invariant(self) -> bool:  # type: ignore[override]
        """By proof only."""
        return self.source.of_residual

    @property
    def _spreads(self) -> bool:
        """Whether the spread is what is sought next."""
        return self.spread is None and minimum_of(self.source) != "smooth at the label"

    @property
    @override
    def pending(self) -> bool:
        return self.size is None

    @property
    @override
    def sampled(self) -> bool:
        return True

    @override
    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        y, raw, weight = part_of(y_true, raw_prediction, sample_weight)
        if self._spreads:
            return weighted_sums(weight, np.sqrt(np.abs(raw - y)))
        return weighted_sums(weight, Safe().evaluate(self, y, raw)[1])

    @override
    def resolve(self, sums: Array) -> NumberFunction:
        weight, total = sums.tolist()
        mean = total / weight if weight else 0.0
        return (
            replace(self, spread=mean**2) if self._spreads else replace(self, size=(sized(mean),))
        )

    @override
    def reach(self, y_true: Array, raw_prediction: Array) -> Array:
        distance = magnitude(raw_prediction - y_true)
        if self.spread is None:
            return distance
        if minimum_of(self.source) == "elsewhere":
            return np.full_like(distance, max(self.spread, 1e-30))
        return np.maximum(distance, max(_ROUNDED * self.spread, 1e-30))

    @override
    def _starts(self, y: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        quantiles = [weighted_quantile(y, sample_weight, q) for q in np.linspace(0.0, 1.0, 21)]
        low, high = quantiles[0], quantiles[-1]
        width = (high - low) or max(abs(low), 1.0)
        return np.array(
            [low - 10 * width, low - width, *quantiles, high + width, high + 10 * width]
        )


@dataclass(frozen=True, slots=True)
class BinaryFunction(FunctionLoss, BinaryLoss):
    """A function of a binary label and of a score on the logit scale.

    Domain of y: 0 and 1. Link: logit. The Hessian is at least |g|/2: a leaf moves by 2 at most.

    Parameters
    ----------
    source : Source
    """

    source: Source

    link = LOGIT

    @override
    def reach(self, y_true: Array, raw_prediction: Array) -> Array:
        return np.full_like(raw_prediction, 2.0)

    @override
    def log_odds(self, raw_prediction: Array) -> Array:
        """log g(0) - log -g(1), of the gradients at both labels: what minimises the expected loss."""
        raw = np.asarray(raw_prediction, np.float64)
        z = np.clip(raw, -30.0, 30.0)
        against, towards = (self.gradient(np.full_like(z, label), z) for label in (0.0, 1.0))
        tiny = 1e-300
        odds = np.log(np.maximum(against, tiny)) - np.log(np.maximum(-towards, tiny))
        result: Array = odds + (raw - z)
        return result


@dataclass(frozen=True, slots=True)
class LogFunction(FunctionLoss):
    """A function of a label and of the logarithm of a prediction.

    Domain of y: any number that the function takes. Link: log. The Hessian is at least |g|: a leaf moves by 1 at most.

    Parameters
    ----------
    source : Source
    """

    source: Source

    link = LOG
    _probed = (0.0, 1.0, 30.0)

    @property
    @override
    def held(self) -> float:
        return min(largest_score(self.source, self._probed)[0], LOG.held)

    @override
    def reach(self, y_true: Array, raw_prediction: Array) -> Array:
        return np.ones_like(raw_prediction)
