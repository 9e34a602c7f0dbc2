"""Distributions of counts: negative binomial, and Poisson and negative binomial with more zeros."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit, gammaln
from typing_extensions import override

from gbm_objectives._core.validation import Array, reject_non_finite, reject_rows
from gbm_objectives.links import Link
from gbm_objectives.losses.distributions._base import (
    SCALE,
    SHAPE,
    SHARE,
    DistributionLoss,
    Parts,
)
from gbm_objectives.losses.distributions._special import (
    digamma_rise,
    log_rising,
    size_information,
)

__all__ = [
    "NegativeBinomialDistribution",
    "ZeroInflatedNegativeBinomialDistribution",
    "ZeroInflatedPoissonDistribution",
]

#: Counts beyond are none.
_LARGEST_COUNT = 1e15
#: Stands in for the mean of labels that are all 0.
_LEAST_MEAN = 1e-6
#: Boosting starts from no less inflation, logit .01: from 0 it would not come back.
_LEAST_INFLATION = -4.6


def reject_no_counts(name: str, loss: Any, y_true: Array, raw_prediction: Array | None) -> None:
    """The error for labels that are no counts."""
    reject_non_finite("y_true", y_true)
    negative = bool((y_true < 0).any())
    advice = (
        'For such labels use distribution("normal") or "student_t".'
        if negative
        else 'For amounts above 0 use distribution("gamma") or "lognormal", with zeros tweedie().'
    )
    reject_rows(
        "y_true", ~are_counts(y_true),
        f"{'a negative label' if negative else 'a label that is no count'}, for the {name} distribution",
        "counts 0, 1, 2, ...", loss._advice(raw_prediction, advice),
    )  # fmt: skip


def are_counts(y: Array) -> Array:
    """Which labels are whole numbers from 0 on."""
    counts: Array = (y >= 0) & (y <= _LARGEST_COUNT) & (y == np.floor(y))
    return counts


class Counts(DistributionLoss):
    """Labels 0, 1, 2, ..."""

    __slots__ = ()

    discrete = True

    @override
    def check_labels(self, y_true: Array) -> bool:
        return bool(are_counts(y_true).all())

    @override
    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        reject_no_counts(self.name, self, y_true, raw_prediction)


def mean_and_size(y: Array, sample_weight: Array | None) -> tuple[float, float]:
    """Logarithms of the mean and, by the variance, of the size; as good as Poisson where there is no more."""
    mean = max(float(np.average(y, weights=sample_weight)), _LEAST_MEAN)
    variance = float(np.average((y - mean) ** 2, weights=sample_weight))
    size = mean * mean / (variance - mean) if variance > mean else math.inf
    return math.log(mean), math.log(min(max(size, 0.01), 1000.0))


@dataclass(frozen=True, slots=True)
class NegativeBinomialDistribution(Counts):
    """Counts of mean mu and size r: the variance is mu + mu^2/r, more than the Poisson distribution's.

    Domain of y: 0, 1, 2, ... Raw parameters: log mu and log r. Gradient r (mu - y)/(mu + r) and
    r (psi(r) - psi(r + y) + log(1 + mu/r) + (y - mu)/(mu + r)); the Fisher matrix is diagonal, r mu/(mu + r) and a
    tabulated function of both. Lawless (1987), https://doi.org/10.2307/3314912.
    """

    name: ClassVar[str] = "negative_binomial"
    parameters = ("mean", "size")
    parameter_links: ClassVar[tuple[Link, ...]] = (SCALE, SHAPE)

    def likelihood(self, y: Array, *z: Array) -> Array:
        """log Gamma(r) - log Gamma(r + y) + log y! + r log(1 + mu/r) + y log(1 + r/mu)."""
        mu, r = np.exp(z[0]), np.exp(z[1])
        combinations = gammaln(y + 1.0) - log_rising(r, y)
        return combinations + r * np.log1p(mu / r) + y * np.logaddexp(0.0, z[1] - z[0])

    def score(self, y: Array, *z: Array) -> Parts:
        """See the class."""
        mu, r = np.exp(z[0]), np.exp(z[1])
        surplus = (mu - y) / (mu + r)
        return r * surplus, r * (np.log1p(mu / r) - digamma_rise(r, y) - surplus)

    def information(self, *z: Array) -> Parts:
        """r mu/(mu + r), and that of log r."""
        mu, r = np.exp(z[0]), np.exp(z[1])
        return mu / (1.0 + mu / r), size_information(*z)

    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        """By mean and variance."""
        return list(mean_and_size(y, sample_weight))

    def mean(self, parameters: Array) -> Array:
        """The first parameter."""
        return parameters[:, 0]

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.nbinom`."""
        from scipy.stats import nbinom

        mean, size = parameters.T
        return nbinom(size, 1.0 / (1.0 + mean / size))


class ZeroInflated(Counts):
    """A count that is 0 with a chance of pi, and else of another distribution f.

    Domain of y: 0, 1, 2, ... Raw parameters: those of f, and logit pi. Lambert (1992),
    https://doi.org/10.2307/1269547. A zero is one of the first kind with a chance of w = pi/P(0): the gradient is
    1 - w times that of f at 0, and pi - w; of other labels that of f, and pi.
    """

    __slots__ = ()

    @property
    @override
    def has_best_constant(self) -> bool:
        return False  # where zeros are no more than f has, the best pi is 0

    @override
    def intercept(self, y_true: Array, sample_weight: Array | None) -> Any:
        best = DistributionLoss.intercept(self, y_true, sample_weight)
        best[-1] = max(best[-1], _LEAST_INFLATION)
        return best

    #: The negative log-likelihood, its score and information, without the inflation.
    def base_likelihood(self, y: Array, *z: Array) -> Array:
        """-log f."""
        raise NotImplementedError

    def base_score(self, y: Array, *z: Array) -> Parts:
        """Its derivatives."""
        raise NotImplementedError

    def base_information(self, *z: Array) -> Parts:
        """The diagonal of its Fisher matrix, which has nothing beside it."""
        raise NotImplementedError

    def likelihood(self, y: Array, *z: Array) -> Array:
        """-log(pi + (1 - pi) f(0)), or -log(1 - pi) - log f(y)."""
        others = self.base_likelihood(y, *z[:-1]) + np.logaddexp(0.0, z[-1])
        zeros = -np.logaddexp(-np.logaddexp(0.0, -z[-1]), -others)
        return np.where(y == 0.0, zeros, others)

    def score(self, y: Array, *z: Array) -> Parts:
        """See the class."""
        share = expit(z[-1])
        inflated = np.where(y == 0.0, self._inflated(*z), 0.0)
        rest = 1.0 - inflated
        return *(rest * part for part in self.base_score(y, *z[:-1])), share - inflated

    def _inflated(self, *z: Array) -> Array:
        """The chance that a zero is of the first kind: its log-odds are logit pi - log f(0)."""
        chance: Array = expit(z[-1] + self.base_likelihood(np.zeros_like(z[0]), *z[:-1]))
        return chance

    def information(self, *z: Array) -> Parts:
        """(1 - pi) (I - f(0) w s^2), s the score of f at 0; of pi pi w (1 - pi) (1 - f(0))."""
        zero, twice, rest = self._at_zero(*z)
        parts = zip(self.base_information(*z[:-1]), zero, strict=True)
        own = tuple(np.maximum(rest * i - twice * s * s, 0.0) for i, s in parts)
        some = -np.expm1(-self.base_likelihood(np.zeros_like(rest), *z[:-1]))
        return *own, expit(z[-1]) * rest * some * self._inflated(*z)

    @override
    def crossed(self, *z: Array) -> dict[tuple[int, int], Array]:
        """-(1 - pi) f(0) w times the products of the scores at 0, that of pi taken as 1."""
        zero, twice, rest = self._at_zero(*z)
        scores = (*zero, np.ones_like(rest))
        pairs = [(j, k) for k in range(len(z)) for j in range(k)]
        return {(j, k): -twice * scores[j] * scores[k] for j, k in pairs}

    def _at_zero(self, *z: Array) -> tuple[Parts, Array, Array]:
        """The score of f at 0, (1 - pi) f(0) w, and 1 - pi."""
        y, rest = np.zeros_like(z[0]), expit(-z[-1])
        of_zero = np.exp(-self.base_likelihood(y, *z[:-1]))
        return self.base_score(y, *z[:-1]), rest * of_zero * self._inflated(*z), rest

    def mean(self, parameters: Array) -> Array:
        """(1 - pi) times the mean of f."""
        return (1.0 - parameters[:, -1]) * parameters[:, 0]

    def inflated_start(self, y: Array, sample_weight: Array | None) -> tuple[float, float]:
        """The logarithm of the mean of f, and logit pi: by the share of zeros and the mean of the others."""
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        share = float(np.average(y == 0.0, weights=weight))
        if share >= 1.0:
            return math.log(_LEAST_MEAN), 0.0
        others = float(np.average(y, weights=weight)) / (1.0 - share)
        mean = max(others - 0.5, 0.1)
        pi = min(max(share - (1.0 - share) * math.expm1(mean) ** -1.0, 0.02), 0.98)
        return math.log(mean), math.log(pi / (1.0 - pi))


@dataclass(frozen=True, slots=True)
class ZeroInflatedPoissonDistribution(ZeroInflated):
    """A Poisson count with more zeros: rate mu, and pi."""

    name: ClassVar[str] = "zero_inflated_poisson"
    parameters = ("rate", "inflation")
    parameter_links: ClassVar[tuple[Link, ...]] = (SCALE, SHARE)

    @override
    def base_likelihood(self, y: Array, *z: Array) -> Array:
        return np.exp(z[0]) - y * z[0] + gammaln(y + 1.0)

    @override
    def base_score(self, y: Array, *z: Array) -> Parts:
        return (np.exp(z[0]) - y,)

    @override
    def base_information(self, *z: Array) -> Parts:
        return (np.exp(z[0]),)

    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        """By the zeros, and the mean of the others."""
        return list(self.inflated_start(y, sample_weight))

    def frozen(self, parameters: Array) -> Any:
        """As `scipy.stats.poisson`, with more zeros."""
        from gbm_objectives.losses.distributions._inflated import zero_inflated_poisson

        return zero_inflated_poisson(*parameters.T)


@dataclass(frozen=True, slots=True)
class ZeroInflatedNegativeBinomialDistribution(ZeroInflated):
    """A negative binomial count with more zeros: mean mu, size r, and pi."""

    name: ClassVar[str] = "zero_inflated_negative_binomial"
    parameters = ("rate", "size", "inflation")
    parameter_links: ClassVar[tuple[Link, ...]] = (SCALE, SHAPE, SHARE)

    @override
    def base_likelihood(self, y: Array, *z: Array) -> Array:
        return _COUNT.likelihood(y, *z)

    @override
    def base_score(self, y: Array, *z: Array) -> Parts:
        return _COUNT.score(y, *z)

    @override
    def base_information(self, *z: Array) -> Parts:
        return _COUNT.information(*z)

    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        """As with a Poisson count, and a size of 2."""
        log_mean, log_odds = self.inflated_start(y, sample_weight)
        return [log_mean, math.log(2.0), log_odds]

    def frozen(self, parameters: Array) -> Any:
        """As `scipy.stats.nbinom`, with more zeros."""
        from gbm_objectives.losses.distributions._inflated import zero_inflated_nbinom

        mean, size, share = parameters.T
        return zero_inflated_nbinom(size, 1.0 / (1.0 + mean / size), share)


_COUNT = NegativeBinomialDistribution()
