"""Redescending losses: far outliers lose their influence, at the price of convexity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from gbm_objectives._core.rows import row_blocks, sample
from gbm_objectives._core.validation import Array
from gbm_objectives.losses._residual import RobustLoss

__all__ = ["Cauchy", "GemanMcClure", "Tukey", "Welsch"]


@dataclass(frozen=True, slots=True)
class Redescending(RobustLoss):
    """A loss whose slope returns to 0: the further an outlier, the less it pulls.

    It isn't convex, so it has several minima, and only rows within a few delta of the predictions teach:
    the automatic delta keeps the majority there. `intercept` is the lowest minimum that descents from
    the three best of 129 quantiles of the labels find, not the one next to the median.
    """

    @property
    @override
    def convex(self) -> bool:
        return False

    @property
    @override
    def redescending(self) -> bool:
        return True

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The constant of the least loss."""
        location = self.centre(y_true, sample_weight)
        loss = self._anchored_at(location, y_true, sample_weight)
        few, _, weights = sample(y_true, y_true, sample_weight)
        starts = loss._starts(few, weights)
        found = [loss._locate(few, weights, start) for start in starts]
        if len(few) < len(y_true):
            best = min(found, key=lambda c: loss._total(few, weights, c))
            return loss._locate(y_true, sample_weight, best)
        return min(found, key=lambda c: loss._total(y_true, sample_weight, c))

    def _starts(self, y_true: Array, sample_weight: Array | None) -> list[float]:
        """The best three of the local minima of the loss among quantiles of at most 8192 labels."""
        some = slice(None, None, 1 + (len(y_true) - 1) // 8192)
        y = y_true[some]
        weight = np.ones(len(y)) if sample_weight is None else sample_weight[some]
        if not weight.any():
            return [self.centre(y_true, sample_weight)]
        order = np.argsort(y)
        cumulated = np.cumsum(weight[order])
        at = np.searchsorted(cumulated, np.linspace(0, 1, 131)[1:-1] * cumulated[-1])
        candidates = np.unique(y[order[at]])
        values = np.array([self._total(y, weight, c) for c in candidates])
        edged = np.concatenate([[np.inf], values, [np.inf]])
        lowest = np.flatnonzero((values <= edged[:-2]) & (values <= edged[2:]))
        return [float(candidates[i]) for i in lowest[np.argsort(values[lowest])][:3]]

    def _total(self, y_true: Array, sample_weight: Array | None, location: float) -> float:
        """The sum of rho at a constant."""
        total = 0.0
        for rows in row_blocks(len(y_true)):
            rho = self.rho((location - y_true[rows]) / self.fixed_delta)
            total += float((rho if sample_weight is None else rho * sample_weight[rows]).sum())
        return total


@dataclass(frozen=True, slots=True)
class Cauchy(Redescending):
    """The logarithm of a Cauchy density.

    Domain of y: the real numbers. Link: identity.

    rho(u) = log(1 + u^2)/2; psi(u) = u/(1 + u^2), at most 1/2, falling beyond delta;
    psi'(u) = (1 - u^2)/(1 + u^2)^2, negative beyond delta. Majorizer 1/(1 + u^2).
    Black & Anandan (1996), https://doi.org/10.1006/cviu.1996.0006 (there the Lorentzian).
    """

    auto_factor: ClassVar[float] = 1.75

    name: ClassVar[str] = "cauchy"

    def rho(self, u: Array) -> Array:
        """log(1 + u^2)/2."""
        return 0.5 * np.log1p(u * u)

    def psi(self, u: Array) -> Array:
        """u/(1 + u^2)."""
        return u * self.weight(u)

    def psi_deriv(self, u: Array) -> Array:
        """(1 - u^2)/(1 + u^2)^2 = w (2 w - 1) with the weight w, without a fourth power."""
        weight = self.weight(u)
        return weight * (2.0 * weight - 1.0)

    def weight(self, u: Array) -> Array:
        """1/(1 + u^2)."""
        return 1.0 / (1.0 + u * u)


@dataclass(frozen=True, slots=True)
class GemanMcClure(Redescending):
    """A bounded loss whose slope vanishes like |u|^-3.

    Domain of y: the real numbers. Link: identity.

    rho(u) = u^2/(1 + u^2)/2, at most 1/2; psi(u) = u/(1 + u^2)^2; psi'(u) = (1 - 3 u^2)/(1 + u^2)^3,
    negative beyond .58 delta. Majorizer 1/(1 + u^2)^2. Geman & McClure (1987), Statistical methods for
    tomographic image reconstruction, Bulletin of the International Statistical Institute 52(4), 5-21.
    """

    auto_factor: ClassVar[float] = 3.5

    name: ClassVar[str] = "geman_mcclure"

    @staticmethod
    def _root(u: Array) -> Array:
        """1/(1 + u^2)."""
        return 1.0 / (1.0 + u * u)

    def rho(self, u: Array) -> Array:
        """u^2/(1 + u^2)/2."""
        return 0.5 * (u * u) * self._root(u)

    def psi(self, u: Array) -> Array:
        """u/(1 + u^2)^2."""
        root = self._root(u)
        return (u * root) * root

    def psi_deriv(self, u: Array) -> Array:
        """(1 - 3 u^2)/(1 + u^2)^3 = q^2 (4 q - 3) with q = 1/(1 + u^2)."""
        root = self._root(u)
        return root * root * (4.0 * root - 3.0)

    def weight(self, u: Array) -> Array:
        """1/(1 + u^2)^2."""
        root = self._root(u)
        return root * root


@dataclass(frozen=True, slots=True)
class Welsch(Redescending):
    """A bounded loss whose slope vanishes exponentially.

    Domain of y: the real numbers. Link: identity.

    rho(u) = (1 - exp(-u^2))/2; psi(u) = u exp(-u^2); psi'(u) = (1 - 2 u^2) exp(-u^2), negative beyond
    .71 delta. Majorizer exp(-u^2). Beyond about 5 delta a row has no influence at all, nor has its
    Hessian: it is as if it were deleted for the round.
    Holland & Welsch (1977), https://doi.org/10.1080/03610927708827533.
    """

    auto_factor: ClassVar[float] = 3.0

    name: ClassVar[str] = "welsch"

    def rho(self, u: Array) -> Array:
        """(1 - exp(-u^2))/2, without cancellation."""
        return -0.5 * np.expm1(-(u * u))

    def psi(self, u: Array) -> Array:
        """u exp(-u^2)."""
        return u * self.weight(u)

    def psi_deriv(self, u: Array) -> Array:
        """(1 - 2 u^2) exp(-u^2)."""
        return (1.0 - 2.0 * (u * u)) * self.weight(u)

    def weight(self, u: Array) -> Array:
        """exp(-u^2)."""
        return np.exp(-(u * u))


@dataclass(frozen=True, slots=True)
class Tukey(Redescending):
    """Tukey's biweight: no influence at all beyond delta.

    Domain of y: the real numbers. Link: identity.

    rho(u) = (1 - (1 - u^2)^3)/6 within delta, 1/6 beyond; psi(u) = u (1 - u^2)^2 or 0;
    psi'(u) = (1 - u^2)(1 - 5 u^2) or 0. Majorizer (1 - u^2)^2 or 0.
    Beaton & Tukey (1974), https://doi.org/10.1080/00401706.1974.10489171.
    """

    auto_factor: ClassVar[float] = 5.0

    name: ClassVar[str] = "tukey"

    @staticmethod
    def _rest(u: Array) -> Array:
        """1 - u^2 or 0, as a product: accurate also where |u| is near 1."""
        a = np.clip(np.abs(u), 0.0, 1.0)
        return (1.0 - a) * (1.0 + a)

    def rho(self, u: Array) -> Array:
        """(1 - (1 - u^2)^3)/6, as a product that doesn't cancel near 0."""
        a = np.clip(np.abs(u), 0.0, 1.0)
        v = a * a
        return v * (3.0 + v * (v - 3.0)) / 6.0

    def psi(self, u: Array) -> Array:
        """u (1 - u^2)^2."""
        return u * self.weight(u)

    def psi_deriv(self, u: Array) -> Array:
        """(1 - u^2)(1 - 5 u^2)."""
        rest = self._rest(u)
        return rest * (5.0 * rest - 4.0)

    def weight(self, u: Array) -> Array:
        """(1 - u^2)^2."""
        rest = self._rest(u)
        return rest * rest
