"""Special functions of likelihoods, without the cancellation of their textbook forms. All in float64."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import betainc, digamma, gammaln, zeta

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


def shape_information(log_mean: Array, log_size: Array) -> Array:
    """The information of a negative binomial count about the logarithm of its size r, of mean mu.

    r^2 (sum_j P(Y > j) / (r + j)^2 - mu / (r (r + mu))) has no closed form: it is interpolated in a table of its
    logarithm, to 1%. See Lawless (1987), https://doi.org/10.2307/3314912.
    """
    means, sizes, table = _information_table()
    i, s = _place(means, log_mean)
    j, t = _place(sizes, log_size)
    low = table[i, j] * (1.0 - t) + table[i, j + 1] * t
    high = table[i + 1, j] * (1.0 - t) + table[i + 1, j + 1] * t
    information: Array = np.exp(low * (1.0 - s) + high * s)
    return information


def _place(grid: Array, x: Array) -> tuple[Array, Array]:
    """The cell of an even grid, and where in it."""
    at = np.clip((x - grid[0]) / (grid[1] - grid[0]), 0.0, len(grid) - 1.0)
    cell = np.minimum(at.astype(np.intp), len(grid) - 2)
    return cell, at - cell


@lru_cache(maxsize=1)
def _information_table() -> tuple[Array, Array, Array]:
    means, sizes = np.linspace(-10.0, 14.0, 61), np.linspace(-10.0, 10.0, 51)
    mu, r = np.exp(means)[:, None, None], np.exp(sizes)[:, None]
    # Counts one by one, then at distances that grow: the trapezoid rule on a smooth tail.
    j = np.unique(np.concatenate([np.arange(64.0), np.round(np.geomspace(64, 1e8, 160))]))
    width = np.concatenate([np.ones(63), 0.5 * (1.0 + np.diff(j)[63:64]), np.zeros(len(j) - 64)])
    gaps = np.diff(j)[63:]
    width[64:-1], width[-1] = 0.5 * (gaps[:-1] + gaps[1:]), 0.5 * gaps[-1]
    above = betainc(j + 1.0, r, mu / (r + mu))
    # sum_j P(Y > j) = mu, so both terms are one sum without cancellation where r is large.
    weight = 1.0 / (r + j) ** 2 - 1.0 / (r * (r + mu))
    information = (r * r * width * above * weight).sum(axis=-1)
    return means, sizes, np.log(np.maximum(information, 1e-30))


def digamma_rise(x: Array, y: Array) -> Array:
    """psi(x + y) - psi(x)."""
    value: Array = digamma(x + y) - digamma(x)
    return value
