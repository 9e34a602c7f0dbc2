"""One family from squared error to Welsch's loss, by a shape parameter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array, number
from gbm_objectives.losses.redescending import Redescending

__all__ = ["GeneralRobust"]

#: Below this shape the formulas are those of -inf: (1 + v/b)^(-b/2) and exp(-v/2) agree in float32.
_LOWEST = -1e12
#: From here on they are those of 2: within 1e-5 of each other up to u = 1e15.
_HIGHEST = 2.0 - 2.0**-23


@dataclass(frozen=True, slots=True)
class GeneralRobust(Redescending):
    """Barron's general loss: from squared error (alpha = 2) to ever stronger rejection of outliers.

    Domain of y: the real numbers. Link: identity.

    With b = 2 - alpha and v = u^2/b: rho(u) = (b/alpha) ((1 + v)^(alpha/2) - 1), psi(u) = u (1 + v)^(alpha/2 - 1),
    psi'(u) = (1 + v)^(alpha/2 - 2) (1 + (alpha - 1) v), negative in places for alpha < 1. Majorizer
    (1 + v)^(alpha/2 - 1). Pseudo-Huber at alpha = 1, Cauchy with delta sqrt 2 as wide at 0, Geman-McClure
    with 2 delta at -2, Welsch with sqrt 2 delta at -inf. Powers are exp(x log1p(v)) and rho is an expm1 of
    it, so nothing cancels near alpha = 0 and 2. Barron (2019), https://arxiv.org/abs/1701.03077.
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        Redescending.__post_init__(self)
        if self.alpha != -math.inf or isinstance(self.alpha, bool):
            needed = "a number of at most 2, -inf included"
            alpha = number("alpha", self.alpha, lambda a: a <= 2, needed)
            object.__setattr__(self, "alpha", alpha)

    @property
    @override
    def name(self) -> str:
        return f"general_robust_{self.alpha:g}"

    @property
    def convex(self) -> bool:
        """From alpha = 1 on."""
        return self.alpha >= 1

    @property
    def redescending(self) -> bool:
        """Below alpha = 1."""
        return self.alpha < 1

    @property
    def limit(self) -> float:
        """1e15 delta, so that v is finite in float32 also where b is tiny."""
        return min(1e15 * self.fixed_delta, float(np.finfo(np.float32).max))

    @property
    def factor(self) -> float:
        """That of the named losses, in their delta; between them linear in 1/(2 - alpha)."""
        return float(
            np.interp(1 / max(self._b, 1.0), [0.0, 0.25, 0.5, 1.0], [2.12, 1.75, 1.24, 0.5])
        )

    @property
    def _b(self) -> float:
        return 2.0 - self.alpha

    @property
    def _squared(self) -> bool:
        return self.alpha > _HIGHEST

    @property
    def _welsch(self) -> bool:
        return self.alpha < _LOWEST

    def _log_root(self, u: Array) -> Array:
        """log(1 + v)/2."""
        return 0.5 * np.log1p(u * u / self._b)

    def rho(self, u: Array) -> Array:
        """(b/alpha) ((1 + v)^(alpha/2) - 1); b log(1 + v)/2 at alpha = 0."""
        if self._squared:
            return 0.5 * u * u
        if self._welsch:
            return -np.expm1(-0.5 * (u * u))
        if abs(self.alpha) < 1e-30:
            return self._b * self._log_root(u)
        return (self._b / self.alpha) * np.expm1(self.alpha * self._log_root(u))

    def psi(self, u: Array) -> Array:
        """The weight times u."""
        return u * self.weight(u)

    def psi_deriv(self, u: Array) -> Array:
        """The weight times (1 + (alpha - 1) v)/(1 + v)."""
        if self._squared:
            return np.ones_like(u)
        if self._welsch:
            return self.weight(u) * (1.0 - u * u)
        v = u * u / self._b
        return self.weight(u) * ((1.0 + (self.alpha - 1.0) * v) / (1.0 + v))

    def weight(self, u: Array) -> Array:
        """(1 + v)^(alpha/2 - 1)."""
        if self._squared:
            return np.ones_like(u)
        exponent = -0.5 * (u * u) if self._welsch else -self._b * self._log_root(u)
        return np.exp(exponent)
