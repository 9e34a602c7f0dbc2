"""Distributions of amounts above 0, and of shares between 0 and 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import digamma, expit
from scipy.special import gamma as gamma_function
from typing_extensions import override

from gbm_objectives._core.validation import Array, reject_non_finite, reject_rows
from gbm_objectives.links import IDENTITY, Link
from gbm_objectives.losses.distributions._base import (
    SCALE,
    SHAPE,
    SHARE,
    DistributionLoss,
    Parts,
    PositiveLabels,
)
from gbm_objectives.losses.distributions._special import stirling, trigamma
from gbm_objectives.losses.distributions.location import moments

__all__ = [
    "BetaDistribution",
    "GammaDistribution",
    "LogNormalDistribution",
    "WeibullDistribution",
]

_EULER = float(np.euler_gamma)
#: The largest logarithm of a ratio whose exponential is taken.
_HELD = 300.0


@dataclass(frozen=True, slots=True)
class LogNormalDistribution(PositiveLabels):
    """log y is normal: location and scale of the logarithm.

    Domain of y: y > 0. Raw parameters: the location mu and log sigma. Gradient, with u = (log y - mu)/sigma: -u/sigma
    and 1 - u^2; Fisher 1/sigma^2 and 2. The median is exp(mu), the mean exp(mu + sigma^2/2).
    """

    name: ClassVar[str] = "lognormal"
    parameters = ("location", "scale")
    parameter_links: ClassVar[tuple[Link, ...]] = (IDENTITY, SCALE)

    def likelihood(self, y: Array, *z: Array) -> Array:
        """u^2/2 + log sigma + log y + log(2 pi)/2."""
        log_y = np.log(y)
        u = (log_y - z[0]) * np.exp(-z[1])
        return 0.5 * u * u + z[1] + log_y + 0.5 * math.log(2.0 * math.pi)

    def score(self, y: Array, *z: Array) -> Parts:
        """-u/sigma and 1 - u^2."""
        precision = np.exp(-z[1])
        u = (np.log(y) - z[0]) * precision
        return -u * precision, 1.0 - u * u

    def information(self, *z: Array) -> Parts:
        """1/sigma^2 and 2."""
        return np.exp(-2.0 * z[1]), np.full_like(z[1], 2.0)

    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        """Mean and standard deviation of the logarithms: the maximum-likelihood constants."""
        mean, spread = moments(np.log(y), sample_weight)
        return [mean, math.log(max(spread, 1e-6))]

    @override
    def intercept(self, y_true: Array, sample_weight: Array | None) -> Any:
        return np.array(self.start(np.asarray(y_true, np.float64), sample_weight))

    def mean(self, parameters: Array) -> Array:
        """exp(mu + sigma^2/2)."""
        location, scale = parameters.T
        return np.exp(np.minimum(location + 0.5 * scale * scale, _HELD))

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.lognorm`."""
        from scipy.stats import lognorm

        location, scale = parameters.T
        return lognorm(scale, scale=np.exp(location))


@dataclass(frozen=True, slots=True)
class GammaDistribution(PositiveLabels):
    """The gamma distribution by its mean and its shape k; the variance is mean^2/k.

    Domain of y: y > 0. Raw parameters: log mean and log k. Gradient, with v = y/mean: k (1 - v) and
    k (psi(k) - log k + v - 1 - log v); the Fisher matrix is diagonal, k and k^2 psi'(k) - k.
    """

    name: ClassVar[str] = "gamma"
    parameters = ("mean", "shape")
    parameter_links: ClassVar[tuple[Link, ...]] = (SCALE, SHAPE)

    def likelihood(self, y: Array, *z: Array) -> Array:
        """k (v - 1 - log v) + log y + log Gamma(k) - k log k + k."""
        log_y, k = np.log(y), np.exp(z[1])
        w = np.minimum(log_y - z[0], _HELD)
        return k * (np.expm1(w) - w) + log_y + stirling(k) - 0.5 * z[1]

    def score(self, y: Array, *z: Array) -> Parts:
        """See the class."""
        k, w = np.exp(z[1]), np.minimum(np.log(y) - z[0], _HELD)
        excess = np.expm1(w)
        return -k * excess, k * (digamma(k) - z[1] + excess - w)

    def information(self, *z: Array) -> Parts:
        """k and k^2 psi'(k) - k."""
        k = np.exp(z[1])
        return k, k * (k * trigamma(k) - 1.0)

    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        """Minka's approximation: k from log mean - mean log."""
        mean = float(np.average(y, weights=sample_weight))
        gap = math.log(mean) - float(np.average(np.log(y), weights=sample_weight))
        gap = max(gap, 1e-12)
        k = (3.0 - gap + math.sqrt((gap - 3.0) ** 2 + 24.0 * gap)) / (12.0 * gap)
        return [math.log(mean), math.log(k)]

    def mean(self, parameters: Array) -> Array:
        """The first parameter."""
        return parameters[:, 0]

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.gamma`."""
        from scipy.stats import gamma

        mean, shape = parameters.T
        return gamma(shape, scale=mean / shape)


@dataclass(frozen=True, slots=True)
class WeibullDistribution(PositiveLabels):
    """Weibull's distribution of lifetimes: (y/scale)^k is exponential.

    Domain of y: y > 0. Raw parameters: log scale and log k. Gradient, with w = k log(y/scale): k (1 - exp(w)) and
    w (exp(w) - 1) - 1; Fisher k^2, pi^2/6 + (1 - gamma)^2, and -(1 - gamma) k beside, gamma Euler's constant.
    """

    name: ClassVar[str] = "weibull"
    parameters = ("scale", "shape")
    parameter_links: ClassVar[tuple[Link, ...]] = (SCALE, SHAPE)

    def likelihood(self, y: Array, *z: Array) -> Array:
        """exp(w) - w - log k + log y."""
        log_y = np.log(y)
        w = np.minimum(np.exp(z[1]) * (log_y - z[0]), _HELD)
        return np.exp(w) - w - z[1] + log_y

    def score(self, y: Array, *z: Array) -> Parts:
        """See the class."""
        k = np.exp(z[1])
        w = np.minimum(k * (np.log(y) - z[0]), _HELD)
        excess = np.expm1(w)
        return -k * excess, w * excess - 1.0

    def information(self, *z: Array) -> Parts:
        """k^2 and pi^2/6 + (1 - gamma)^2."""
        return np.exp(2.0 * z[1]), np.full_like(z[1], math.pi**2 / 6.0 + (1.0 - _EULER) ** 2)

    @override
    def crossed(self, *z: Array) -> dict[tuple[int, int], Array]:
        return {(0, 1): -(1.0 - _EULER) * np.exp(z[1])}

    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        """From mean and standard deviation of the logarithms, whose distribution is Gumbel's."""
        mean, spread = moments(np.log(y), sample_weight)
        log_k = math.log(math.pi / math.sqrt(6.0) / max(spread, 1e-6))
        return [mean + _EULER * math.exp(-log_k), log_k]

    def mean(self, parameters: Array) -> Array:
        """scale Gamma(1 + 1/k)."""
        scale, shape = parameters.T
        return scale * gamma_function(1.0 + 1.0 / np.maximum(shape, 0.006))

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.weibull_min`."""
        from scipy.stats import weibull_min

        scale, shape = parameters.T
        return weibull_min(shape, scale=scale)


@dataclass(frozen=True, slots=True)
class BetaDistribution(DistributionLoss):
    """The beta distribution of shares, by its mean m and its precision phi; the variance is m (1 - m)/(phi + 1).

    Domain of y: 0 < y < 1. Raw parameters: logit m and log phi; a = m phi, b = (1 - m) phi. Ferrari & Cribari-Neto
    (2004), https://doi.org/10.1080/0266476042000214501.
    """

    name: ClassVar[str] = "beta"
    parameters = ("mean", "precision")
    parameter_links: ClassVar[tuple[Link, ...]] = (SHARE, SHAPE)

    def likelihood(self, y: Array, *z: Array) -> Array:
        """log B(a, b) - (a - 1) log y - (b - 1) log(1 - y), as the divergence of (m, 1 - m) from (y, 1 - y)."""
        m, rest, phi = expit(z[0]), expit(-z[0]), np.exp(z[1])
        log_y, log_rest = np.log(y), np.log1p(-y)
        log_m, log_1m = -np.logaddexp(0.0, -z[0]), -np.logaddexp(0.0, z[0])
        divergence = phi * (m * (log_m - log_y) + rest * (log_1m - log_rest))
        remainder = stirling(m * phi) + stirling(rest * phi) - stirling(phi)
        return divergence + remainder - 0.5 * (log_m + log_1m + z[1]) + log_y + log_rest

    def score(self, y: Array, *z: Array) -> Parts:
        """phi m (1 - m) (psi(a) - psi(b) - logit y), and a dA + b dB."""
        m, rest, phi = expit(z[0]), expit(-z[0]), np.exp(z[1])
        a, b = m * phi, rest * phi
        log_y, log_rest, whole = np.log(y), np.log1p(-y), digamma(phi)
        of_a, of_b = digamma(a) - whole - log_y, digamma(b) - whole - log_rest
        return phi * m * rest * (of_a - of_b), a * of_a + b * of_b

    def information(self, *z: Array) -> Parts:
        """By the chain rule from that of a and b."""
        m, rest, phi = expit(z[0]), expit(-z[0]), np.exp(z[1])
        a, b = m * phi, rest * phi
        of_a, of_b = trigamma(a), trigamma(b)
        precision = a * a * of_a + b * b * of_b - phi * phi * trigamma(phi)
        return (phi * m * rest) ** 2 * (of_a + of_b), np.maximum(precision, 0.0)

    @override
    def crossed(self, *z: Array) -> dict[tuple[int, int], Array]:
        m, rest, phi = expit(z[0]), expit(-z[0]), np.exp(z[1])
        a, b = m * phi, rest * phi
        return {(0, 1): phi * m * rest * (a * trigamma(a) - b * trigamma(b))}

    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        """By mean and variance."""
        mean, spread = moments(y, sample_weight)
        precision = max(mean * (1.0 - mean) / spread**2 - 1.0, 0.1)
        return [math.log(mean / (1.0 - mean)), math.log(precision)]

    @override
    def check_labels(self, y_true: Array) -> bool:
        return bool(y_true.min() > 0 and y_true.max() < 1)

    @override
    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        reject_non_finite("y_true", y_true)
        ends = (y_true == 0) | (y_true == 1)
        inside = bool(((y_true >= 0) & (y_true <= 1)).all())
        advice = (
            "Move shares of 0 and 1 inwards, to (y (n - 1) + .5)/n of n rows; for labels that are only 0 or 1 use "
            'distribution("bernoulli").'
            if inside
            else "Divide by the largest possible value, or use a family of another domain."
        )
        given = "a label of 0 or 1" if inside else "a label outside (0, 1)"
        wrong = ends if inside else (y_true <= 0) | (y_true >= 1)
        reject_rows(
            "y_true", wrong, f"{given}, for the beta distribution", "labels strictly between 0 and 1",
            self._advice(raw_prediction, advice),
        )  # fmt: skip

    def mean(self, parameters: Array) -> Array:
        """The first parameter."""
        return parameters[:, 0]

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.beta`."""
        from scipy.stats import beta

        mean, precision = parameters.T
        return beta(mean * precision, (1.0 - mean) * precision)
