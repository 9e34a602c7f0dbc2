"""Distributions on the real line: a location and a scale."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import digamma
from typing_extensions import override

from gbm_objectives._core.numerics import weighted_quantile
from gbm_objectives._core.validation import Array
from gbm_objectives.links import IDENTITY, HeldLog, Link
from gbm_objectives.losses.distributions._base import SCALE, DistributionLoss, Parts
from gbm_objectives.losses.distributions._special import log_rising, trigamma

__all__ = [
    "LaplaceDistribution",
    "LogisticDistribution",
    "NormalDistribution",
    "StudentTDistribution",
]

#: No spread of constant labels is smaller, relative to their size: what float32 can tell apart.
_RESOLUTION = 2.0**-20


def moments(y: Array, sample_weight: Array | None) -> tuple[float, float]:
    """The mean, and the standard deviation, above 0 for constant labels too."""
    mean = float(np.average(y, weights=sample_weight))
    spread = math.sqrt(float(np.average((y - mean) ** 2, weights=sample_weight)))
    return mean, max(spread, _RESOLUTION * abs(mean), 1e-30)


@dataclass(frozen=True, slots=True)
class LocationScale(DistributionLoss):
    """-log f = rho(u) + log scale + a constant, u = (y - location)/scale, of an even rho.

    Domain of y: the real numbers. Raw parameters: location, and log scale. With psi = rho': gradient
    -psi(u)/scale and 1 - u psi(u). The Fisher matrix is diagonal.
    """

    parameters = ("location", "scale")
    parameter_links: ClassVar[tuple[Link, ...]] = (IDENTITY, SCALE)
    with_unit = (0,)

    #: The information about the location at scale 1, and about the log scale.
    informations: ClassVar[tuple[float, float]]
    constant: ClassVar[float]

    @abstractmethod
    def rho(self, u: Array) -> Array:
        """The loss of a standardised label."""

    @abstractmethod
    def psi(self, u: Array) -> Array:
        """The derivative of rho."""

    def likelihood(self, y: Array, *z: Array) -> Array:
        """rho(u) + log scale + the constant."""
        location, log_scale = z
        return self.rho((y - location) * np.exp(-log_scale)) + log_scale + self.constant

    def score(self, y: Array, *z: Array) -> Parts:
        """-psi(u)/scale and 1 - u psi(u)."""
        location, log_scale = z
        precision = np.exp(-log_scale)
        u = (y - location) * precision
        psi = self.psi(u)
        return -psi * precision, 1.0 - u * psi

    def information(self, *z: Array) -> Parts:
        """Of the location over the squared scale, of the log scale a constant."""
        of_location, of_scale = self.informations
        return of_location * np.exp(-2.0 * z[1]), np.full_like(z[1], of_scale)

    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        """Mean and standard deviation."""
        mean, spread = moments(y, sample_weight)
        return [mean, math.log(spread)]

    @override
    def scale_of(self, start: Array) -> float:
        return math.exp(start[1])

    def mean(self, parameters: Array) -> Array:
        """The location."""
        return parameters[:, 0]


@dataclass(frozen=True, slots=True)
class NormalDistribution(LocationScale):
    """rho(u) = u^2/2: mean and standard deviation."""

    name: ClassVar[str] = "normal"
    informations = (1.0, 2.0)
    constant = 0.5 * math.log(2.0 * math.pi)

    def rho(self, u: Array) -> Array:
        """u^2/2."""
        return 0.5 * u * u

    def psi(self, u: Array) -> Array:
        """u."""
        return u

    @override
    def intercept(self, y_true: Array, sample_weight: Array | None) -> Any:
        return np.array(self.start(np.asarray(y_true, np.float64), sample_weight))

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.norm`."""
        from scipy.stats import norm

        return norm(*parameters.T)


@dataclass(frozen=True, slots=True)
class LaplaceDistribution(LocationScale):
    """rho(u) = |u|: median and mean absolute deviation from it; heavier tails than the normal's."""

    name: ClassVar[str] = "laplace"
    informations = (1.0, 1.0)
    constant = math.log(2.0)

    def rho(self, u: Array) -> Array:
        """|u|."""
        return np.abs(u)

    def psi(self, u: Array) -> Array:
        """The sign of u."""
        return np.sign(u)

    @override
    def intercept(self, y_true: Array, sample_weight: Array | None) -> Any:
        y = np.asarray(y_true, np.float64)
        median = weighted_quantile(y, sample_weight, 0.5)
        deviation = float(np.average(np.abs(y - median), weights=sample_weight))
        return np.array([median, math.log(max(deviation, _RESOLUTION * abs(median), 1e-30))])

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.laplace`."""
        from scipy.stats import laplace

        return laplace(*parameters.T)


@dataclass(frozen=True, slots=True)
class LogisticDistribution(LocationScale):
    """rho(u) = |u| + 2 log(1 + exp(-|u|)): normal in the middle, tails as the Laplace distribution's."""

    name: ClassVar[str] = "logistic"
    informations = (1.0 / 3.0, (3.0 + math.pi**2) / 9.0)
    constant = 0.0

    def rho(self, u: Array) -> Array:
        """|u| + 2 log(1 + exp(-|u|))."""
        size = np.abs(u)
        return size + 2.0 * np.log1p(np.exp(-size))

    def psi(self, u: Array) -> Array:
        """tanh(u/2)."""
        return np.tanh(0.5 * u)

    @override
    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        mean, spread = moments(y, sample_weight)
        return [mean, math.log(math.sqrt(3.0) / math.pi * spread)]

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.logistic`."""
        from scipy.stats import logistic

        return logistic(*parameters.T)


@dataclass(frozen=True, slots=True)
class StudentTDistribution(DistributionLoss):
    """Student's t: location, scale and degrees of freedom nu > 2, so that the variance is finite.

    Domain of y: the real numbers. Raw parameters: location, log scale and log(nu - 2). With
    w = (nu + 1)/(nu + u^2): gradient -w u/scale, 1 - w u^2, and half of
    psi(nu/2) - psi((nu + 1)/2) + 1/nu + log(1 + u^2/nu) - w u^2/nu, times nu - 2. Fisher matrix: Lange, Little &
    Taylor (1989), https://doi.org/10.1080/01621459.1989.10478852.
    """

    name: ClassVar[str] = "student_t"
    parameters = ("location", "scale", "df")
    parameter_links: ClassVar[tuple[Link, ...]] = (IDENTITY, SCALE, HeldLog(7.0, 2.0))
    with_unit = (0,)

    def likelihood(self, y: Array, *z: Array) -> Array:
        """(nu + 1)/2 log(1 + u^2/nu) + log scale + the constant of nu."""
        location, log_scale, excess = z
        nu = 2.0 + np.exp(excess)
        u = (y - location) * np.exp(-log_scale)
        constant = 0.5 * np.log(nu * np.pi) - log_rising(0.5 * nu, np.full_like(nu, 0.5))
        return constant + log_scale + 0.5 * (nu + 1.0) * np.log1p(u * u / nu)

    def score(self, y: Array, *z: Array) -> Parts:
        """See the class."""
        location, log_scale, excess = z
        precision, over = np.exp(-log_scale), np.exp(excess)
        nu = 2.0 + over
        u = np.clip((y - location) * precision, -1e150, 1e150)
        w = (nu + 1.0) / (nu + u * u)
        of_nu = digamma(0.5 * nu) - digamma(0.5 * nu + 0.5) + 1.0 / nu
        of_nu = 0.5 * (of_nu + np.log1p(u * u / nu) - w * u * u / nu)
        return -w * u * precision, 1.0 - w * u * u, of_nu * over

    def information(self, *z: Array) -> Parts:
        """(nu + 1)/((nu + 3) scale^2), 2 nu/(nu + 3), and that of nu."""
        _, log_scale, excess = z
        over = np.exp(excess)
        nu = 2.0 + over
        of_nu = 0.25 * (trigamma(0.5 * nu) - trigamma(0.5 * nu + 0.5))
        of_nu = of_nu - 0.5 * (nu + 5.0) / (nu * (nu + 1.0) * (nu + 3.0))
        of_location = (nu + 1.0) / (nu + 3.0) * np.exp(-2.0 * log_scale)
        return of_location, 2.0 * nu / (nu + 3.0), np.maximum(of_nu, 0.0) * over * over

    @override
    def crossed(self, *z: Array) -> dict[tuple[int, int], Array]:
        over = np.exp(z[2])
        return {(1, 2): -2.0 * over / ((over + 3.0) * (over + 5.0))}

    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        """The median, .7 of the standard deviation, 5 degrees of freedom."""
        _, spread = moments(y, sample_weight)
        return [weighted_quantile(y, sample_weight, 0.5), math.log(0.7 * spread), math.log(3.0)]

    @override
    def scale_of(self, start: Array) -> float:
        return math.exp(start[1])

    def mean(self, parameters: Array) -> Array:
        """The location."""
        return parameters[:, 0]

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.t`."""
        from scipy.stats import t

        location, scale, df = parameters.T
        return t(df, location, scale)
