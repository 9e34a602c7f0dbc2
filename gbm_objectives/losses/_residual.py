"""Losses of the residual: one scale, one normalisation, the automatic scale."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from typing_extensions import override

from gbm_objectives._core import sketch as _sketch
from gbm_objectives._core.numerics import (
    CAP,
    magnitude,
    residual,
    sums_of_roots,
    weighted_quantile,
)
from gbm_objectives._core.rows import BLOCK, row_blocks, sample
from gbm_objectives._core.validation import Array, message, number
from gbm_objectives.curvature import Curvature, Majorizer
from gbm_objectives.loss import HasHessian, HasMajorizer, Loss

if TYPE_CHECKING:
    from typing_extensions import Self

Delta = float | Literal["auto"]

#: Scales from here to its inverse leave room for u^2 and delta u in float32.
SMALLEST = 1e-30


@dataclass(frozen=True, slots=True)
class ResidualLoss(HasHessian, HasMajorizer):
    """delta^2 rho(u) with u = (raw_prediction - y_true) / delta and curvature 1 at u = 0.

    So the gradient is in the units of the target and the Hessian has no unit: the libraries'
    lambda, min_child_weight and min_sum_hessian_in_leaf mean what they mean for squared error.

    Parameters
    ----------
    delta : float or "auto", default "auto"
        The scale, in the units of the target. "auto": from the residuals, at each call.
    spread : float
        A second, wider scale of the residuals, set by `resolve`; it only feeds trust regions.
    """

    delta: Delta = "auto"
    spread: float = field(default=0.0, repr=False)

    shift_invariant = True
    scaled = True

    def __post_init__(self) -> None:
        if isinstance(self.delta, str):
            if self.delta != "auto":
                raise ValueError(message("delta", repr(self.delta), 'a number > 0 or "auto"'))
        else:
            needed = f'a number from {SMALLEST:g} to {1 / SMALLEST:g}, or "auto"'
            delta = number("delta", self.delta, lambda d: SMALLEST <= d <= 1 / SMALLEST, needed)
            object.__setattr__(self, "delta", delta)

    @abstractmethod
    def rho(self, u: Array) -> Array:
        """The loss of scaled residuals."""

    @abstractmethod
    def psi(self, u: Array) -> Array:
        """rho'."""

    @abstractmethod
    def psi_deriv(self, u: Array) -> Array:
        """rho''."""

    @abstractmethod
    def weight(self, u: Array) -> Array:
        """The majorizer: the weight of iteratively re-weighted least squares."""

    @property
    def fixed_delta(self) -> float:
        """``delta`` as a number; an error while it is pending."""
        if isinstance(self.delta, str):
            raise ValueError(
                message("delta", '"auto"', "a number here", "Call resolve(statistics) first.")
            )
        return self.delta

    @property
    def scale(self) -> float:
        """The larger of delta and the spread of the residuals."""
        return max(self.fixed_delta, self.spread)

    @property
    def limit(self) -> float:
        """1e18 delta, so that u^2 is finite in float32."""
        return min(CAP * self.fixed_delta, float(np.finfo(np.float32).max))

    @property
    def unit(self) -> float:
        """delta^2."""
        return self.fixed_delta**2

    @property
    @override
    def pending(self) -> bool:
        return self.delta == "auto"

    @abstractmethod
    def centre(self, y_true: Array, sample_weight: Array | None) -> float:
        """A constant near the best one, that outliers don't move."""

    def anchored(self, y_true: Array, sample_weight: Array | None) -> Loss:
        """The loss with an automatic delta found around its centre; 1 where all labels are equal."""
        if not self.pending:
            return self
        loss = self._anchored_at(self.centre(y_true, sample_weight), y_true, sample_weight)
        return loss if loss.spread else replace(loss, delta=1.0)

    def _anchored_at(self, centre: float, y_true: Array, sample_weight: Array | None) -> Self:
        loss = self
        rows = sample(y_true, np.full_like(y_true, centre), sample_weight)
        with np.errstate(over="ignore"):  # of a residual over a tiny spread: the sketch holds it
            while loss.pending:
                loss = loss.resolve(loss.statistics(*rows))
        return loss

    @abstractmethod
    def resolve(self, sums: Array) -> Self:
        """The loss at the scale that the sums tell, or nearer to it."""

    def at_delta(self, delta: float, spread: float) -> Self:
        """The loss at a scale found in the data; where all residuals are 0 any scale will do."""
        held = min(max(delta, SMALLEST), 1 / SMALLEST) if delta > 0 else 1.0
        return replace(self, delta=held, spread=spread)

    def _u(self, y_true: Array, raw_prediction: Array) -> Array:
        """Scaled residuals, a fresh array."""
        u = raw_prediction - y_true
        u /= self.fixed_delta
        return u

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """delta^2 rho(u)."""
        return self.rho(self._u(y_true, raw_prediction)) * self.unit

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """delta psi(u)."""
        return self.psi(self._u(y_true, raw_prediction)) * self.fixed_delta

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """rho''(u)."""
        return self.psi_deriv(self._u(y_true, raw_prediction))

    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """The weight of u."""
        return self.weight(self._u(y_true, raw_prediction))


def magnitude_sums(
    spread: float, y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> Array:
    """Of |r|: the sums that tell the spread while it is 0, then the sketch in units of the spread."""
    r = residual(y_true, raw_prediction)
    np.abs(r, out=r)
    if spread:
        return _sketch.sketch(r / spread, sample_weight)
    return sums_of_roots(r, sample_weight)


def spread_of(sums: Array) -> float:
    """(mean sqrt|r|)^2; 0 only where all residuals are."""
    total, roots = sums.tolist()
    return max((roots / total) ** 2, SMALLEST) if roots else 0.0


@dataclass(frozen=True, slots=True)
class RobustLoss(ResidualLoss):
    """An even loss of the residual whose psi(u)/u does not grow with |u|.

    Then the parabola of curvature psi(u)/u that touches rho at u lies above it everywhere, and it is
    the sharpest that does: de Leeuw & Lange (2009), "Sharp quadratic majorization in one dimension",
    https://doi.org/10.1016/j.csda.2009.01.002.

    ``delta="auto"`` is half of 1.4826 times the median absolute residual (a standard deviation where
    the errors are normal), and at least .05 (mean sqrt|r|)^2, which is above 0 where the median is not.

    Examples
    --------
    >>> class Arctan(RobustLoss):
    ...     name = "arctan"
    ...
    ...     def rho(self, u):
    ...         return u * np.arctan(u) - np.log1p(u * u) / 2
    ...
    ...     def psi(self, u):
    ...         return np.arctan(u)
    ...
    ...     def psi_deriv(self, u):
    ...         return 1 / (1 + u * u)
    >>> gradient, _ = Objective.of(Arctan(delta=1.0))([0.0], [1.0])
    >>> gradient.round(3)
    array([0.785], dtype=float32)
    """

    takes_steps = True

    auto_factor: ClassVar[float] = 0.5
    #: The supremum of psi, if there is one.
    psi_bound: ClassVar[float | None] = None

    @property
    def gradient_bound(self) -> float | None:
        """That of psi times delta; of psi while delta is unknown."""
        if self.psi_bound is None or self.pending:
            return self.psi_bound
        return self.psi_bound * self.fixed_delta

    @property
    def redescending(self) -> bool:
        """Whether psi(u) returns to 0 for large |u|, so that far outliers lose their influence."""
        return False

    @property
    def factor(self) -> float:
        """How many standard deviations of normal residuals an automatic delta is."""
        return self.auto_factor

    def weight(self, u: Array) -> Array:
        """psi(u)/u, and 1 at 0."""
        a = magnitude(u)
        return np.divide(self.psi(a), a, out=a)

    def gradient_majorizer(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one evaluation of psi."""
        u = self._u(y_true, raw_prediction)
        weight = self.weight(u)
        u *= weight
        u *= self.fixed_delta
        return u, weight

    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """First the sums for the spread, then the sketch of the absolute residuals in its unit."""
        return magnitude_sums(self.spread, y_true, raw_prediction, sample_weight)

    def resolve(self, sums: Array) -> Self:
        """The loss with its spread, then at the scale of the sketch."""
        if not self.spread:
            spread = spread_of(sums)
            return replace(self, spread=spread) if spread else self.at_delta(0.0, 0.0)
        sigma = 1.4826 * self.spread * _sketch.quantile(sums, 0.5)
        return self.at_delta(max(self.factor * sigma, 0.05 * self.spread), self.spread)

    @property
    def default_curvature(self) -> Curvature:
        """The majorizer; where the scale is automatic no leaf moves by more than five scales a round.

        A delta of the user's gets no trust region: one far too small would slow every leaf to a crawl.
        """
        return Majorizer(trust=5.0 if self.pending else None)

    def centre(self, y_true: Array, sample_weight: Array | None) -> float:
        """The median."""
        return weighted_quantile(y_true, sample_weight, 0.5)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The location estimate that minimises the loss, sought from the median on."""
        location = self.centre(y_true, sample_weight)
        loss = self._anchored_at(location, y_true, sample_weight)
        few, _, few_weights = sample(y_true, y_true, sample_weight)
        if len(few) < len(y_true):
            # A sample costs little and leaves two or three steps to the rest.
            location = loss._locate(few, few_weights, location)
        return loss._locate(y_true, sample_weight, location)

    def _locate(self, y_true: Array, sample_weight: Array | None, location: float) -> float:
        """Newton steps, and the safe majorize-minimize step wherever one doesn't flatten the slope.

        Where the loss isn't convex a Newton step of more than delta might leave the valley.
        """
        slope, exact, bound = self._sums(y_true, sample_weight, location)
        for _ in range(500):
            step = slope / exact if exact > 0 else np.inf
            newton = exact > 0 and (self.convex or abs(step) <= self.fixed_delta)
            sums = self._sums(y_true, sample_weight, location - step) if newton else None
            if sums is None or not abs(sums[0]) < 0.9 * abs(slope):
                step = slope / bound
                sums = self._sums(y_true, sample_weight, location - step)
            location -= step
            if abs(step) <= 1e-10 * self.fixed_delta:
                break
            slope, exact, bound = sums
        return location

    def _sums(
        self, y_true: Array, sample_weight: Array | None, location: float
    ) -> tuple[float, float, float]:
        """Of slopes, second derivatives and majorizers at a constant; in float32 for many rows."""
        dtype = np.float32 if len(y_true) > BLOCK else np.float64
        total = np.zeros(3)
        for rows in row_blocks(len(y_true)):
            u = np.clip((location - y_true[rows]) / self.fixed_delta, -CAP, CAP).astype(dtype)
            parts: tuple[Any, ...] = (
                self.psi(u) * self.fixed_delta,
                self.psi_deriv(u),
                self.weight(u),
            )
            if sample_weight is not None:
                parts = tuple(part * sample_weight[rows] for part in parts)
            total += [part.sum(dtype=np.float64) for part in parts]
        slope, exact, bound = total.tolist()
        return slope, exact, bound
