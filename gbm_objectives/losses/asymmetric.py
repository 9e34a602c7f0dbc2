"""Losses that weigh errors of the two signs differently."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import override

from gbm_objectives._core import numerics as _numerics
from gbm_objectives._core.validation import Array, number, open_unit
from gbm_objectives.curvature import Curvature, Exact, Majorizer
from gbm_objectives.loss import HasHessian, HasMajorizer
from gbm_objectives.losses._residual import ResidualLoss

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Expectile", "Linex"]


@dataclass(frozen=True, slots=True)
class Expectile(HasHessian, HasMajorizer):
    """tau r^2 for r < 0 (predicted too low), (1 - tau) r^2 for r > 0, with r = raw_prediction - y_true.

    Domain of y: the real numbers. Link: identity.

    Gradient 2 tau r or 2 (1 - tau) r, unbounded; Hessian 2 tau or 2 (1 - tau), 1 at 0. Squared error for
    tau = 1/2. The loss is two half parabolas that meet with slope 0, so the parabola of the steeper one is
    the majorizer that holds everywhere. Newey & Powell (1987), https://doi.org/10.2307/1911031.

    Parameters
    ----------
    tau : float, default 0.5
        Which expectile, strictly between 0 and 1.
    variance : float
        Of the labels around their expectile, set by `anchored`: the unit of the metric.
    """

    tau: float = 0.5
    variance: float = field(default=1.0, repr=False)

    shift_invariant = True
    #: The exact second derivative: a leaf's step overshoots only where it turns the signs of its rows.
    default_curvature = Exact()
    #: Half of the range of float32, for gradients of at most twice the residual.
    limit = float(np.finfo(np.float32).max) / 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", open_unit("tau", self.tau))

    @property
    @override
    def name(self) -> str:
        return f"expectile_{self.tau:g}"

    @property
    def unit(self) -> float:
        """The variance around the expectile, once anchored."""
        return self.variance

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """tau r^2 or (1 - tau) r^2."""
        r = raw_prediction - y_true
        return 0.5 * r * r * self._weight(r)

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """2 tau r or 2 (1 - tau) r."""
        return self.gradient_hessian(y_true, raw_prediction)[0]

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """2 tau or 2 (1 - tau); 1 at 0."""
        return self._weight(raw_prediction - y_true)

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one sign."""
        r = raw_prediction - y_true
        weight = self._weight(r)
        r *= weight
        return r, weight

    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """The larger of 2 tau and 2 (1 - tau)."""
        return np.full_like(raw_prediction, 2.0 * max(self.tau, 1.0 - self.tau))

    def _weight(self, r: Array) -> Array:
        weight = np.sign(r)
        weight *= 1.0 - 2.0 * self.tau
        weight += 1.0
        return weight

    def anchored(self, y_true: Array, sample_weight: Array | None) -> Expectile:
        """The loss in units of the labels' variance around the expectile; constant labels leave it at 1."""
        centre = self.intercept(y_true, sample_weight)
        deviation = y_true.astype(np.float64) - centre  # whose square leaves float32
        variance = float(np.average(deviation**2, weights=sample_weight))
        return replace(self, variance=variance or 1.0)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The expectile: weighted means, whose weights settle after a few steps."""
        y = np.asarray(y_true, dtype=np.float64)
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        expectile = float(np.average(y, weights=weight))
        for _ in range(100):
            previous, signs = expectile, self._weight(expectile - y)
            # Relative to the last one, so that a large offset costs no digits.
            expectile += float(np.average(y - expectile, weights=weight * signs))
            if expectile == previous or np.array_equal(signs, self._weight(expectile - y)):
                break
        return expectile


#: Scaled errors are held here on the exponential side: e^30 = 1e13 leaves float32 room for sums.
_FURTHEST = 30.0


@dataclass(frozen=True, slots=True)
class Linex(ResidualLoss):
    """Exponential on one side of 0, linear on the other; quadratic near 0.

    Domain of y: the real numbers. Link: identity.

    rho(u) = (e^v - 1 - v)/a^2 with v = a u; psi(u) = (e^v - 1)/a; psi'(u) = e^v > 0, vanishing on the
    linear side. From v = 30 on rho is a line, and psi' held at e^30.

    No parabola lies above an exponential everywhere. The majorizer, e^v for v > 0 and (e^v - 1)/v for
    v < 0, lies above the loss from the row's own point to its minimum: no step of a row to there, at
    any learning rate up to 1, can raise its loss. Zellner (1986),
    https://doi.org/10.1080/01621459.1986.10478289.

    ``delta="auto"`` is the spread of the residuals, (mean sqrt|r|)^2.
    """

    a: float = 1.0

    majorizes_downhill = True

    def __post_init__(self) -> None:
        ResidualLoss.__post_init__(self)
        needed = "a number from .001 to 1000, or its negative"
        a = number("a", self.a, lambda a: 1e-3 <= abs(a) <= 1e3, needed)
        object.__setattr__(self, "a", a)

    @property
    @override
    def name(self) -> str:
        return f"linex_{self.a:g}"

    @property
    def default_curvature(self) -> Curvature:
        """The majorizer; where the scale is automatic no leaf moves by more than five scales a round."""
        return Majorizer(trust=5.0 if self.pending else None)

    @property
    def _furthest(self) -> float:
        """30, or less where the slope (delta/a) e^v would leave float32."""
        return min(_FURTHEST, math.log(1e37 * abs(self.a) / self.fixed_delta))

    def _v(self, u: Array) -> Array:
        """a u, at most 30."""
        return np.clip(self.a * u, -np.inf, self._furthest)

    def rho(self, u: Array) -> Array:
        """(e^v - 1 - v)/a^2, then a line."""
        v = self._v(u)
        beyond = self.a * u - v
        return (_numerics.expm1_minus(v) + math.expm1(self._furthest) * beyond) / self.a**2

    def psi(self, u: Array) -> Array:
        """(e^v - 1)/a."""
        return np.expm1(self._v(u)) / self.a

    def psi_deriv(self, u: Array) -> Array:
        """e^v."""
        return np.exp(self._v(u))

    def weight(self, u: Array) -> Array:
        """The larger of e^v and (e^v - 1)/v: the first for v > 0, the second for v < 0."""
        v = self._v(u)
        below = np.clip(v, -np.inf, -1e-30)  # expm1(v)/v is 1 in its rounding well before
        return np.maximum(np.exp(v), np.expm1(below) / below)

    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """The sums of 1 and sqrt|r|."""
        r = _numerics.residual(y_true, raw_prediction)
        return _numerics.sums_of_roots(np.abs(r, out=r), sample_weight)

    def resolve(self, sums: Array) -> Self:
        """The loss at the spread of the residuals."""
        total, roots = sums.tolist()
        spread = (roots / total) ** 2 if total else 0.0
        return self.at_delta(spread, spread)

    def centre(self, y_true: Array, sample_weight: Array | None) -> float:
        """The median."""
        return _numerics.weighted_quantile(y_true, sample_weight, 0.5)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """-(delta/a) log(mean exp(-a y/delta)), with delta as found around the median.

        There e^v is at most the number of rows, so no row is held at 30.
        """
        centre = self.centre(y_true, sample_weight)
        loss = self._anchored_at(centre, y_true, sample_weight)
        rate = self.a / loss.fixed_delta
        v = rate * (centre - y_true)
        weight = np.ones(len(v)) if sample_weight is None else sample_weight
        largest = float(v[weight > 0].max())
        mean = float(np.average(np.exp(np.minimum(v - largest, 0.0)), weights=weight))
        return centre - (largest + math.log(mean)) / rate
