"""Robust losses of the residual: quadratic for small errors, linear for large ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gbm_objectives._core import numerics as _numerics
from gbm_objectives._core.validation import Array
from gbm_objectives.losses._residual import RobustLoss

__all__ = ["Fair", "Huber", "LogCosh", "PseudoHuber"]


@dataclass(frozen=True, slots=True)
class Huber(RobustLoss):
    """Quadratic within delta, linear beyond.

    Domain of y: the real numbers. Link: identity.

    rho(u) = u^2/2 for |u| <= 1, |u| - 1/2 beyond; psi(u) = clip(u, -1, 1), bounded;
    psi'(u) = 1 or 0: with the exact Hessian the rows beyond delta don't count at all.
    Majorizer 1/max(1, |u|). Huber (1964), https://doi.org/10.1214/aoms/1177703732.
    """

    name: ClassVar[str] = "huber"
    psi_bound = 1.0

    def rho(self, u: Array) -> Array:
        """u^2/2, then |u| - 1/2; as one product, which can't overflow for a capped u."""
        a = np.abs(u)
        clipped = np.clip(a, 0.0, 1.0)
        return clipped * (a - 0.5 * clipped)

    def psi(self, u: Array) -> Array:
        """clip(u, -1, 1)."""
        return np.clip(u, -1.0, 1.0)

    def psi_deriv(self, u: Array) -> Array:
        """1 within delta, 0 beyond."""
        return (np.abs(u) <= 1.0).astype(u.dtype)


@dataclass(frozen=True, slots=True)
class PseudoHuber(RobustLoss):
    """A smooth Huber loss.

    Domain of y: the real numbers. Link: identity.

    rho(u) = sqrt(1 + u^2) - 1; psi(u) = u/sqrt(1 + u^2), bounded; psi'(u) = (1 + u^2)^(-3/2) > 0,
    vanishing. Majorizer (1 + u^2)^(-1/2). Charbonnier et al. (1997),
    https://doi.org/10.1109/83.551699.
    """

    name: ClassVar[str] = "pseudo_huber"
    psi_bound = 1.0

    def rho(self, u: Array) -> Array:
        """u^2/(1 + sqrt(1 + u^2)) = sqrt(1 + u^2) - 1 without its cancellation."""
        root = np.sqrt(1.0 + u * u)
        return u * (u / (1.0 + root))

    def psi(self, u: Array) -> Array:
        """u/sqrt(1 + u^2)."""
        return u / np.sqrt(1.0 + u * u)

    def psi_deriv(self, u: Array) -> Array:
        """(1 + u^2)^(-3/2), as a cube: the power itself would overflow before it vanishes."""
        inverse_root = self.weight(u)
        return inverse_root * inverse_root * inverse_root

    def weight(self, u: Array) -> Array:
        """(1 + u^2)^(-1/2): psi(u)/u without the division."""
        return 1.0 / np.sqrt(1.0 + u * u)


@dataclass(frozen=True, slots=True)
class LogCosh(RobustLoss):
    """log cosh: twice differentiable everywhere, Huber-like in its tails.

    Domain of y: the real numbers. Link: identity.

    rho(u) = log cosh u; psi(u) = tanh u, bounded; psi'(u) = sech(u)^2 > 0, but vanishing like
    4 exp(-2|u|): gradient and exact Hessian become constants, trees find no split or their leaves
    explode. Majorizer tanh(u)/u, which decays like 1/|u| only.
    """

    name: ClassVar[str] = "log_cosh"
    psi_bound = 1.0

    def rho(self, u: Array) -> Array:
        """log cosh u, without overflow."""
        return _numerics.log_cosh(u)

    def psi(self, u: Array) -> Array:
        """tanh u."""
        return np.tanh(u)

    def psi_deriv(self, u: Array) -> Array:
        """sech(u)^2."""
        return _numerics.sech_squared(u)


@dataclass(frozen=True, slots=True)
class Fair(RobustLoss):
    """A smooth loss that turns linear slowly.

    Domain of y: the real numbers. Link: identity.

    rho(u) = |u| - log(1 + |u|); psi(u) = u/(1 + |u|), bounded; psi'(u) = (1 + |u|)^-2 > 0, vanishing.
    Majorizer 1/(1 + |u|). Its slope is still growing at many delta, so the automatic delta is a quarter
    of a standard deviation. Holland & Welsch (1977), https://doi.org/10.1080/03610927708827533.
    """

    auto_factor: ClassVar[float] = 0.25

    name: ClassVar[str] = "fair"

    def rho(self, u: Array) -> Array:
        """|u| - log(1 + |u|)."""
        return _numerics.minus_log1p(np.abs(u))

    def psi(self, u: Array) -> Array:
        """u/(1 + |u|)."""
        return u / (1.0 + np.abs(u))

    def psi_deriv(self, u: Array) -> Array:
        """(1 + |u|)^-2."""
        weight = self.weight(u)
        return weight * weight

    def weight(self, u: Array) -> Array:
        """1/(1 + |u|)."""
        return 1.0 / (1.0 + np.abs(u))
