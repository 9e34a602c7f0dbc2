"""The pinball loss of a quantile and the absolute error, smooth or exact."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from typing_extensions import override

from gbm_objectives._core import numerics as _numerics
from gbm_objectives._core import sketch as _sketch
from gbm_objectives._core.validation import Array, open_unit
from gbm_objectives.curvature import Curvature, Majorizer
from gbm_objectives.losses._residual import (
    SMALLEST,
    ResidualLoss,
    RobustLoss,
    magnitude_sums,
    spread_of,
)

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AbsoluteError", "PercentageError", "Quantile"]


@dataclass(frozen=True, slots=True)
class Quantile(ResidualLoss):
    """The pinball loss of the tau-quantile, times 2 delta; or its smooth relative.

    Domain of y: the real numbers. Link: identity.

    With c = 1 - 2 tau: exact rho(u) = |u| + c u = 2 pinball(-u), psi(u) = sign(u) + c; smooth
    rho(u) = log cosh(u) + c u, psi(u) = tanh(u) + c: the exact loss convolved with a logistic
    density of scale delta/2. A linear tilt adds no curvature, so the majorizers are tanh(u)/u and,
    for the exact loss outside |u| < 1, 1/|u|: Hunter & Lange (2000), "Quantile regression via an MM
    algorithm", https://doi.org/10.1080/10618600.2000.10474866. Within |u| < 1 the exact loss has
    no finite majorizer and 1 is used: leaves oscillate by delta at most.

    ``delta="auto"`` is .33 S min(1, m/(.45 q))^p; at least .05 (mean sqrt|r|)^2; and for tau outside [.05, .95]
    smaller in proportion, so that the smoothing stays narrower than the tail. m and q are the median and the
    .9-quantile of |r|, and S is the smaller of (mean sqrt|r|)^2 and 1.5 m, which only far outliers exceed. Where the
    tail beyond tau is sharp, as that of log-normal errors below, the other side is long, and m/q is small: of normal
    errors it is .4 to .6. The bulk is asked because the residuals near the quantile don't tell the density there: trees
    pull those of training rows towards 0; p = 1.75 |1 - 2 tau| (``benchmarks/quantiles.py``). (Fewer rows would want a
    smaller p. But what counts rows changes either with the size of weights, or between weights of 2 and rows twice.)

    A narrow delta makes small Hessians, delta/|r|, so that limits on their sums refuse leaves of rows that are far
    away. With an automatic delta, gradient and Hessian are therefore multiplied by sqrt(.33 S/delta), if above 1.
    """

    tau: float = 0.5
    smooth: bool = True

    residual_factor: ClassVar[float] = 0.33
    median_factor: ClassVar[float] = 1.5
    sharp_ratio: ClassVar[float] = 0.45
    sharp_power: ClassVar[float] = 1.75
    least_factor: ClassVar[float] = 0.05

    def __post_init__(self) -> None:
        ResidualLoss.__post_init__(self)
        object.__setattr__(self, "tau", open_unit("tau", self.tau))

    @property
    def name(self) -> str:
        """The metric's name; the metric is the pinball loss, in units of delta/2."""
        return f"quantile_{self.tau:g}"

    @property
    def criterion(self) -> Quantile:
        """The exact pinball loss: the smooth one only serves the trees."""
        return replace(self, smooth=False)

    @property
    def flat(self) -> bool:
        """The exact pinball loss is piecewise linear."""
        return not self.smooth

    @property
    def _tilt(self) -> float:
        return 1.0 - 2.0 * self.tau

    @property
    def gain(self) -> float:
        """What multiplies value, gradient and Hessian; 1 unless delta was automatic."""
        return math.sqrt(max(1.0, self.residual_factor * self.spread / self.fixed_delta))

    @property
    @override
    def unit(self) -> float:
        return self.gain * self.fixed_delta**2

    @override
    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        return self.gain * ResidualLoss.gradient(self, y_true, raw_prediction)

    @override
    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        return self.gain * ResidualLoss.hessian(self, y_true, raw_prediction)

    @override
    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        return self.gain * ResidualLoss.majorizer(self, y_true, raw_prediction)

    def rho(self, u: Array) -> Array:
        """log cosh(u) or |u|, tilted."""
        return (_numerics.log_cosh(u) if self.smooth else np.abs(u)) + self._tilt * u

    def psi(self, u: Array) -> Array:
        """tanh(u) or sign(u), tilted."""
        return (np.tanh(u) if self.smooth else np.sign(u)) + self._tilt

    def psi_deriv(self, u: Array) -> Array:
        """sech(u)^2, or 0 almost everywhere."""
        return _numerics.sech_squared(u) if self.smooth else np.zeros_like(u)

    def weight(self, u: Array) -> Array:
        """tanh(u)/u or 1/max(1, |u|)."""
        if not self.smooth:
            return 1.0 / np.clip(np.abs(u), 1.0, np.inf)
        a = _numerics.magnitude(u)
        return np.divide(np.tanh(a), a, out=a)

    def gradient_majorizer(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one hyperbolic tangent: tanh(u) = u (tanh(u)/u)."""
        u = self._u(y_true, raw_prediction)
        weight = self.weight(u)
        u = u * weight if self.smooth else np.sign(u)
        u += self._tilt
        u *= self.gain * self.fixed_delta
        weight *= self.gain
        return u, weight

    @override
    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        return magnitude_sums(self.spread, y_true, raw_prediction, sample_weight)

    def resolve(self, sums: Array) -> Self:
        """The loss with the spread of its residuals, then at the scale of the sketch."""
        if not self.spread:
            return replace(self, spread=spread_of(sums) or SMALLEST)
        if self.spread <= SMALLEST:
            # Without residuals there is nothing to learn, but the slope at 0, delta (1 - 2 tau), isn't 0.
            return self.at_delta(SMALLEST, 0.0)
        median, far = _sketch.quantile(sums, 0.5), _sketch.quantile(sums, 0.9)
        held = min(1.0, self.median_factor * median)
        sharpness = min(1.0, median / (self.sharp_ratio * far))
        tail = min(self.tau, 1.0 - self.tau)
        delta = self.residual_factor * held * sharpness ** abs(self.sharp_power * self._tilt)
        narrowing = min(1.0, 20.0 * tail)
        delta = narrowing * max(delta, self.least_factor)
        return self.at_delta(delta * self.spread, held * self.spread)

    def centre(self, y_true: Array, sample_weight: Array | None) -> float:
        """The tau-quantile of the labels."""
        return _numerics.weighted_quantile(y_true, sample_weight, self.tau)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The tau-quantile of the labels, which minimises the exact pinball loss."""
        return self.centre(y_true, sample_weight)


@dataclass(frozen=True, slots=True)
class AbsoluteError(RobustLoss):
    """The absolute error, smooth or exact.

    Domain of y: the real numbers. Link: identity.

    Exact rho(u) = |u|, psi(u) = sign(u); smooth rho(u) = log cosh(u), psi(u) = tanh(u), the exact one
    convolved with a logistic density of scale delta/2. Majorizers as for `Quantile`, of whose loss at
    tau = 1/2 this is the formula; ``delta="auto"`` is `RobustLoss`'s, which follows the median |r| alone.
    """

    smooth: bool = True

    name: ClassVar[str] = "absolute_error"

    @property
    def criterion(self) -> AbsoluteError:
        """The exact absolute error: the smooth one only serves the trees."""
        return replace(self, smooth=False)

    @property
    def flat(self) -> bool:
        """The exact one is piecewise linear."""
        return not self.smooth

    def rho(self, u: Array) -> Array:
        """log cosh(u) or |u|."""
        return _numerics.log_cosh(u) if self.smooth else np.abs(u)

    def psi(self, u: Array) -> Array:
        """tanh(u) or sign(u)."""
        return np.tanh(u) if self.smooth else np.sign(u)

    def psi_deriv(self, u: Array) -> Array:
        """sech(u)^2, or 0 almost everywhere."""
        return _numerics.sech_squared(u) if self.smooth else np.zeros_like(u)

    def weight(self, u: Array) -> Array:
        """tanh(u)/u or 1/max(1, |u|)."""
        if self.smooth:
            return RobustLoss.weight(self, u)
        return 1.0 / np.clip(np.abs(u), 1.0, np.inf)

    def gradient_majorizer(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one evaluation of psi, or of u."""
        if self.smooth:
            return RobustLoss.gradient_majorizer(self, y_true, raw_prediction)
        u = self._u(y_true, raw_prediction)
        return np.sign(u) * self.fixed_delta, self.weight(u)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The median, which minimises the exact absolute error."""
        return self.centre(y_true, sample_weight)


@dataclass(frozen=True, slots=True)
class PercentageError(AbsoluteError):
    """The absolute error of rows that are weighted by 1/|y_true|: `weighting.InverseLabel` goes with it.

    Domain of y: the real numbers; the weighting takes 0 only with a floor. Link: identity.

    The automatic scale is that of small labels. A trust region of a few such scales would keep large labels from ever
    being reached, so there is none.
    """

    name: ClassVar[str] = "mape"

    @property
    @override
    def default_curvature(self) -> Curvature:
        return Majorizer()
