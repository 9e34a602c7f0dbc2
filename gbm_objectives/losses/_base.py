"""What a loss is: elementwise mathematics without weights, libraries or clipping.

Adding a loss: subclass `RobustLoss` (even losses of the residual), `ResidualLoss` or `Loss`, give the
formulas, then one factory and one line in the registry. The contract tests take it up by themselves.

Arrays are blocks of rows: ``y_true`` and ``raw_prediction`` of shape (n,), float32 or float64, and
every method returns an array of their shape and dtype.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, cast

import numpy as np

from gbm_objectives import _sketch
from gbm_objectives._numerics import (
    CAP,
    magnitude,
    residual,
    sums_of_roots,
    weighted_quantile,
)
from gbm_objectives._validation import Array, message, number
from gbm_objectives.links import IDENTITY, Link

if TYPE_CHECKING:
    from typing_extensions import Self

Delta = float | Literal["auto"]

#: Scales from here to its inverse leave room for u^2 and delta u in float32.
SMALLEST = 1e-30


class Loss(ABC):
    """A loss of one output; a frozen dataclass whose fields are its parameters.

    A loss may need something global, such as the scale of the residuals. Then it is `pending`:
    `statistics` gives a vector of sums over rows, which add up over blocks and over machines, and
    `resolve` turns the total into a loss that is nearer to what can be evaluated, until it isn't pending.
    """

    __slots__ = ()

    link: ClassVar[Link] = IDENTITY
    #: value(y, raw) = value(0, raw - y). The difference is then taken in the precision of the data.
    shift_invariant: ClassVar[bool] = False

    @property
    @abstractmethod
    def name(self) -> str:
        """A name for metrics and tables, without spaces and colons."""

    @abstractmethod
    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """The loss of each row."""

    @abstractmethod
    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """Its derivative by the raw prediction."""

    @abstractmethod
    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The raw score of the best constant for the whole of ``y_true``, in float64."""

    @property
    def convex(self) -> bool:
        """Whether the value is convex in the raw prediction."""
        return True

    @property
    def scale(self) -> float:
        """The unit, on the raw scale, in which a trust region measures its step."""
        return 1.0

    @property
    def limit(self) -> float:
        """The largest |raw_prediction| (|r| if shift invariant) that the formulas are given."""
        return float(np.finfo(np.float32).max)

    @property
    def criterion(self) -> Loss:
        """The loss that this one stands for: `intercept` minimises it and the metric reports it."""
        return self

    @property
    def unit(self) -> float:
        """The size of the values; the metric divides by it to be of order 1."""
        return 1.0

    @property
    def flat(self) -> bool:
        """Whether the exact second derivative is 0 almost everywhere."""
        return False

    @property
    def stands_alone(self) -> bool:
        """Whether the loss can be trained on its own; a mere penalty can't."""
        return True

    @property
    def row_data(self) -> bool:
        """Whether the loss carries data of its training rows, so that it has no value on others."""
        return False

    @property
    def pending(self) -> bool:
        """Whether `statistics` must be gathered and resolved before the formulas can be used."""
        return False

    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """A vector of sums over the rows; empty where nothing global is needed."""
        return np.zeros(0)

    def resolve(self, sums: Array) -> Loss:
        """The loss with what the sums over all rows tell filled in; it may need others after that."""
        return self

    def anchored(self, y_true: Array, sample_weight: Array | None) -> Loss:
        """The loss with its scale found around the best constant: the same for every prediction."""
        return self

    @property
    def sampled(self) -> bool:
        """Whether a part of the rows is enough for `statistics`, as it is for a scale."""
        return False

    def take(self, rows: slice) -> Loss:
        """The loss of these rows alone; only losses that carry data of their rows differ."""
        return self

    def check_labels(self, y_true: Array) -> bool:
        """Whether all labels, known to be finite, lie in the domain. Fast: run on each block."""
        return True

    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        """The error for labels outside the domain, with the count and the first row."""
        return


class HasHessian(Loss):
    """A loss with a useful second derivative; it may be 0 or negative."""

    __slots__ = ()

    @abstractmethod
    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """The exact second derivative by the raw prediction, row by row."""

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both; a loss overrides this to share work between them."""
        return self.gradient(y_true, raw_prediction), self.hessian(y_true, raw_prediction)


class HasMajorizer(Loss):
    """A loss with a known touching quadratic upper bound."""

    __slots__ = ()

    @abstractmethod
    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """The curvature h >= 0 of a parabola that touches the loss here and lies above it elsewhere."""

    def gradient_majorizer(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both; a loss overrides this to share work between them."""
        return self.gradient(y_true, raw_prediction), self.majorizer(y_true, raw_prediction)


class HasFisher(Loss):
    """A loss that is a negative log-likelihood with a known Fisher information."""

    __slots__ = ()

    @abstractmethod
    def fisher(self, y_true: Array, raw_prediction: Array) -> Array:
        """The expectation of the second derivative under the model's own distribution of y."""


@dataclass(frozen=True, slots=True)
class ResidualLoss(HasHessian, HasMajorizer):
    """delta^2 rho(u) with u = (raw_prediction - y_true) / delta and curvature 1 at u = 0.

    So the gradient is in the units of the target and the Hessian has no unit: the libraries'
    lambda, min_child_weight and min_sum_hessian_in_leaf mean what they mean for squared error.

    Parameters
    ----------
    delta : the scale, in the units of the target, or "auto": from the residuals, at each call.
    spread : a second, wider scale of the residuals, set by `resolve`; it only feeds trust regions.
    """

    delta: Delta = "auto"
    spread: float = 0.0

    shift_invariant = True

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
    def pending(self) -> bool:
        """Whether delta awaits the residuals."""
        return self.delta == "auto"

    @abstractmethod
    def centre(self, y_true: Array, sample_weight: Array | None) -> float:
        """A constant near the best one, that outliers don't move."""

    def anchored(self, y_true: Array, sample_weight: Array | None) -> Loss:
        """The loss with an automatic delta found around its centre."""
        loss: Loss = self
        if self.pending:
            constant = np.full_like(y_true, self.centre(y_true, sample_weight))
            while loss.pending:
                loss = loss.resolve(loss.statistics(y_true, constant, sample_weight))
        return loss

    @property
    def sampled(self) -> bool:
        """A scale needs no more than a large sample."""
        return True

    def at_delta(self, delta: float, spread: float) -> Self:
        """The loss at a scale found in the data; residuals that are all 0 leave the scale free."""
        held = min(max(delta, SMALLEST), 1 / SMALLEST) if delta > 0 else 1.0
        return replace(self, delta=held, spread=spread)

    def _u(self, y_true: Array, raw_prediction: Array) -> Array:
        """Scaled residuals, a fresh array; labels without dimensions stand for residuals already taken."""
        difference = raw_prediction - y_true if y_true.ndim else raw_prediction
        return difference / self.fixed_delta

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


@dataclass(frozen=True, slots=True)
class RobustLoss(ResidualLoss):
    """An even loss of the residual whose psi(u)/u does not grow with |u|.

    Then the parabola of curvature psi(u)/u that touches rho at u lies above it everywhere, and it is
    the sharpest that does: de Leeuw & Lange (2009), "Sharp quadratic majorization in one dimension",
    https://doi.org/10.1016/j.csda.2009.01.002.

    ``delta="auto"`` is half of 1.4826 times the median absolute residual (a standard deviation where
    the errors are normal), and at least .05 (mean sqrt|r|)^2, which is above 0 where the median is not.
    """

    auto_factor: ClassVar[float] = 0.5

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
        r = residual(y_true, raw_prediction)
        np.abs(r, out=r)
        if self.spread:
            return _sketch.sketch(r / self.spread, sample_weight)
        return sums_of_roots(r, sample_weight)

    def resolve(self, sums: Array) -> Self:
        """The loss with its spread, then at the scale of the sketch."""
        if not self.spread:
            total, roots = sums.tolist()
            spread = (roots / total) ** 2 if total else 0.0
            if not spread:
                return self.at_delta(0.0, 0.0)
            return replace(self, spread=max(spread, SMALLEST))
        sigma = 1.4826 * self.spread * _sketch.quantile(sums, 0.5)
        return self.at_delta(max(self.auto_factor * sigma, 0.05 * self.spread), self.spread)

    def centre(self, y_true: Array, sample_weight: Array | None) -> float:
        """The median."""
        return weighted_quantile(y_true, sample_weight, 0.5)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The location estimate that minimises the loss, by majorize-minimize steps from the median."""
        loss = cast("RobustLoss", self.anchored(y_true, sample_weight))
        location = self.centre(y_true, sample_weight)
        weight = np.ones(()) if sample_weight is None else sample_weight
        for _ in range(500):
            gradient, curvature = loss.gradient_majorizer(y_true, np.full_like(y_true, location))
            step = float((weight * gradient).sum() / (weight * curvature).sum())
            location -= step
            if abs(step) <= 1e-10 * loss.fixed_delta:
                break
        return location
