"""Ordered classes by three distributions: the formulas of an interval between two thresholds.

Parameters are those of `OrdinalLoss`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, log_ndtr
from typing_extensions import override

from gbm_objectives._core.numerics import magnitude, odds
from gbm_objectives._core.validation import Array
from gbm_objectives.curvature import Exact, Fisher
from gbm_objectives.links import Cumulative
from gbm_objectives.loss import HasMajorizer
from gbm_objectives.losses._ordinal import END, OrdinalLoss

__all__ = ["OrdinalCloglog", "OrdinalLogit", "OrdinalLoss", "OrdinalProbit"]


@dataclass(frozen=True, slots=True)
class OrdinalLogit(OrdinalLoss, HasMajorizer):
    """Ordered classes by the logistic distribution: the proportional odds model.

    Domain of y: level codes 0..K-1. Link: cumulative logit. With a and b the upper and the lower threshold of the
    level less the score, value softplus(-a) + softplus(b) - log(1 - exp(b - a)), whose last term no score changes:
    two logistic losses. Gradient sigmoid(-a) - sigmoid(b), within (-1, 1); Hessian sigmoid(a) sigmoid(-a) +
    sigmoid(b) sigmoid(-b), at most 1/2; majorizer the sum of those of both losses, tanh(a/2)/(2a) + tanh(b/2)/(2b).
    """

    kind = "logit"
    gradient_bound = 1.0
    limit = 1e15
    #: The exact one and it train alike; where scores are far out both vanish, and the trust region remains.
    default_curvature = Fisher(trust=5.0)

    @override
    def value_between(self, a: Array, b: Array) -> Array:
        return _softplus(-a) + _softplus(b) - _log1mexp(a - b)

    @override
    def derivatives_between(self, a: Array, b: Array) -> tuple[Array, Array]:
        above, below = odds(a), odds(b)
        over, under = 1.0 / (1.0 + above), 1.0 / (1.0 + below)
        return over - below * under, above * over * over + below * under * under

    @override
    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        a, b = self.ends(y_true, raw_prediction)
        return _jaakkola(a) + _jaakkola(b)

    @override
    def by_thresholds(self, a: Array, b: Array) -> tuple[Array, Array, Array, Array, Array]:
        gap = np.minimum(a - b, 700.0)
        open_ = np.abs(a - b) < END / 2
        narrow = np.where(open_, 1.0 / np.expm1(gap), 0.0)
        cross = narrow * (1.0 + narrow)
        above, below = odds(a), odds(b)
        over, under = 1.0 / (1.0 + above), 1.0 / (1.0 + below)
        slope_a, slope_b = -over - narrow, below * under + narrow
        return slope_a, slope_b, above * over * over + cross, below * under * under + cross, -cross


@dataclass(frozen=True, slots=True)
class OrdinalProbit(OrdinalLoss):
    """Ordered classes by the normal distribution: the ordered probit model.

    Domain of y: level codes 0..K-1. Link: cumulative probit. The Hessian lies in (0, 1]: 1 less the variance of a
    normal variable between two thresholds. Formulas run in float64, by the scaled complementary error function.
    """

    kind = "probit"
    limit = 1e6
    #: It tends to 1 for a row far from its level, where the Fisher information vanishes.
    default_curvature = Exact()

    @override
    def value_between(self, a: Array, b: Array) -> Array:
        a, b, _ = _left(a, b)
        near = log_ndtr(a)
        return -(near + _log1mexp(near - log_ndtr(b)))

    @override
    def derivatives_between(self, a: Array, b: Array) -> tuple[Array, Array]:
        dtype = a.dtype
        a, b, turned = _left(a, b)
        of_a, of_b = _hazards(a, b)
        slope = of_a - of_b
        bend = slope * slope + of_a * a - np.where(of_b > 0, of_b * b, 0.0)
        gradient = np.where(turned, -slope, slope)
        return gradient.astype(dtype), np.clip(bend, 0.0, 1.0).astype(dtype)

    @override
    def by_thresholds(self, a: Array, b: Array) -> tuple[Array, Array, Array, Array, Array]:
        a, b, turned = _left(a, b)
        of_a, of_b = _hazards(a, b)
        bend_a = of_a * of_a + of_a * a
        bend_b = of_b * of_b - np.where(of_b > 0, of_b * b, 0.0)
        cross = -of_a * of_b
        # Turned rows have -b in the place of a, and -a in that of b.
        return (
            np.where(turned, -of_b, -of_a),
            np.where(turned, of_a, of_b),
            np.where(turned, bend_b, bend_a),
            np.where(turned, bend_a, bend_b),
            cross,
        )


@dataclass(frozen=True, slots=True)
class OrdinalCloglog(OrdinalLoss):
    """Ordered classes by the Gumbel distribution of minima: proportional hazards of grouped durations.

    Domain of y: level codes 0..K-1. Link: cumulative complementary log-log, P(level <= k) = 1 - exp(-exp(threshold_k -
    z)). Thresholds less scores are held within +-80, where exponentials are finite in float32.
    """

    kind = "cloglog"
    limit = 1e15
    default_curvature = Exact(trust=5.0)

    @override
    def value_between(self, a: Array, b: Array) -> Array:
        above, below = _rates(a, b)
        rate = above - below
        with np.errstate(invalid="ignore", divide="ignore"):
            small = a.astype(np.float64) + _log1mexp(np.minimum(a - b, 700.0))
        return (below - np.where(rate < 1e-8, small, _log1mexp(rate))).astype(a.dtype)

    @override
    def derivatives_between(self, a: Array, b: Array) -> tuple[Array, Array]:
        above, below = _rates(a, b)
        share, bend = _interval(above - below)
        return (share - below).astype(a.dtype), (below + bend).astype(a.dtype)

    @override
    def by_thresholds(self, a: Array, b: Array) -> tuple[Array, Array, Array, Array, Array]:
        above, below = _rates(a, b)
        far = above - below >= 700.0  # an interval is as good as open
        above = np.where(far, 0.0, above)
        odds_ = np.where(far, 0.0, 1.0 / np.expm1(np.clip(above - below, 1e-300, 700.0)))
        cross = odds_ * (1.0 + odds_)
        slope_a, slope_b = -above * odds_, below + below * odds_
        bend_a, bend_b = above * above * cross + slope_a, below * below * cross + slope_b
        return slope_a, slope_b, bend_a, bend_b, -above * below * cross


def likeliest(
    link: Cumulative, y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> Cumulative:
    """The link with the thresholds that are likeliest for these rows."""
    kinds: tuple[type[OrdinalLoss], ...] = (OrdinalLogit, OrdinalProbit, OrdinalCloglog)
    loss: OrdinalLoss = next(one for one in kinds if one.kind == link.kind)()
    loss.reject_labels(y_true)
    for _ in ("shares", "thresholds"):
        loss = loss.resolve(loss.statistics(y_true, raw_prediction, sample_weight))
    return loss.link


def _softplus(z: Array) -> Array:
    return np.log1p(np.exp(-np.abs(z))) + np.clip(z, 0.0, np.inf)


def _log1mexp(gap: Array) -> Array:
    """log(1 - exp(-gap)) for gap > 0, which huge scores leave nothing of."""
    return np.log(-np.expm1(-np.maximum(gap, np.finfo(gap.dtype).tiny)))


def _jaakkola(z: Array) -> Array:
    """tanh(z/2)/(2z), 1/4 at 0."""
    size = magnitude(z)
    return np.tanh(0.5 * size) / (2.0 * size)


def _left(a: Array, b: Array) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Intervals in float64, those right of 0 turned over: in the left tail nothing cancels."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    turned = a + b > 0
    return np.where(turned, -b, a), np.where(turned, -a, b), turned


def _hazards(a: Array, b: Array) -> tuple[Array, Array]:
    """phi(a) and phi(b) over Phi(a) - Phi(b), for intervals of the left half."""
    near = np.sqrt(2.0 / np.pi) / erfcx(-a / np.sqrt(2.0))
    part = -np.expm1(np.minimum(log_ndtr(b) - log_ndtr(a), -1e-300))
    of_a = near / part
    held = np.clip(b, -1e150, None)
    return of_a, of_a * np.exp(np.minimum(0.5 * (a - held) * (a + held), 0.0))


def _rates(a: Array, b: Array) -> tuple[Array, Array]:
    """exp(a) and exp(b) in float64, held; 0 below the lowest threshold."""
    above = np.exp(np.clip(a.astype(np.float64), -80.0, 80.0))
    below = np.exp(np.clip(b.astype(np.float64), -80.0, 80.0))
    below = np.where(b < -0.5 * END, 0.0, below)
    above = np.where(a > 0.5 * END, np.inf, above)
    return np.maximum(above, below * (1.0 + 1e-12) + 1e-300), below


def _interval(t: Array) -> tuple[Array, Array]:
    """t/(e^t - 1), and t (t e^t - e^t + 1)/(e^t - 1)^2, which is minus its derivative by log t."""
    held = np.clip(t, 1e-8, 700.0)
    grown = np.expm1(held)
    share = np.where(t < 700.0, held / grown, 0.0)
    bend = share * (held * (1.0 + 1.0 / grown) - 1.0)
    return share, np.where(t < 1e-5, 0.5 * t, np.maximum(bend, 0.0))
