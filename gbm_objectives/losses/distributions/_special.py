"""Special functions of likelihoods, without the cancellation of their textbook forms. All in float64."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.special import digamma, expit, gammaln, zeta

from gbm_objectives._core.validation import Array

#: From here on the series of Stirling's remainder is exact to 1e-15.
_LARGE = 20.0


def trigamma(x: Array) -> Array:
    """psi'(x), x > 0."""
    value: Array = zeta(2.0, x)
    return value


def stirling(x: Array) -> Array:
    """log Gamma(x) - (x - 1/2) log x + x, which tends to log(2 pi)/2: what is left of log Gamma where x is large."""
    square = 1.0 / (np.maximum(x, _LARGE) ** 2)
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) * np.sqrt(square)
    value: Array = np.where(
        x < _LARGE, gammaln(x) - (x - 0.5) * np.log(x) + x, 0.5 * np.log(2.0 * np.pi) + series
    )
    return value


def log_rising(x: Array, y: Array) -> Array:
    """log Gamma(x + y) - log Gamma(x)."""
    remainder = stirling(x + y) - stirling(x)
    value: Array = remainder + (x - 0.5) * np.log1p(y / x) + y * np.log(x + y) - y
    return value


def digamma_rise(x: Array, y: Array) -> Array:
    """psi(x + y) - psi(x)."""
    value: Array = digamma(x + y) - digamma(x)
    return value


def size_information(log_mean: Array, log_size: Array) -> Array:
    """The information of a negative binomial count about the logarithm of its size r, of mean mu.

    It tends to (mu/(r + mu))^2/2 for large r, and else has no closed form: splines go through a table of the
    quotient. See Lawless (1987), https://doi.org/10.2307/3314912.
    """
    spline, low, high = _information_table()
    at = (np.clip(z, a, b) for z, a, b in zip((log_mean, log_size), low, high, strict=True))
    share = expit(log_mean - log_size)
    information: Array = 0.5 * share * share * np.exp(spline(*at))
    return information


@lru_cache(maxsize=1)
def _information_table() -> tuple[Callable[..., Array], Array, Array]:
    from scipy.interpolate import RectBivariateSpline

    means, sizes = np.linspace(-10.0, 14.0, 49), np.linspace(-10.0, 5.0, 31)
    mu, r = np.exp(means)[:, None, None], np.exp(sizes)[:, None]
    # Counts one by one, then at distances that grow: the trapezoid rule where the probability is smooth.
    spaced = np.exp(np.arange(np.log(64.0), 30.0, 0.05))
    gaps = np.diff(spaced)
    y = np.concatenate([np.arange(64.0), spaced])
    width = np.concatenate([np.ones(64), 0.5 * (np.append(gaps, 0.0) + np.append(1.0, gaps))])
    log_p = log_rising(r, y) - gammaln(y + 1.0) - r * np.log1p(mu / r) - y * np.log1p(r / mu)
    score = r * (np.log1p(mu / r) - digamma_rise(r, y) - (mu - y) / (mu + r))
    information = (width * np.exp(log_p) * score * score).sum(axis=-1)
    share = (mu / (mu + r))[..., 0]
    table = np.log(information / (0.5 * share * share))
    ends = np.array([means[[0, -1]], sizes[[0, -1]]]).T
    return RectBivariateSpline(means, sizes, table).ev, ends[0], ends[1]
