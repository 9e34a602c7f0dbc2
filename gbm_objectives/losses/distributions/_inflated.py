"""Counts with more zeros as distributions of `scipy.stats`. Imported where one is asked for: scipy.stats is slow."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import nbinom, poisson, rv_discrete

from gbm_objectives._core.validation import Array

#: Its stubs are narrower than what its methods are given.
_Discrete: Any = rv_discrete


class _ZeroInflated(_Discrete):  # type: ignore[misc]
    """0 with a chance of the last shape, and else a count of ``base`` with the other shapes."""

    base: Any

    def _argcheck(self, *args: Array) -> Array:
        *others, share = args
        fit: Array = self.base._argcheck(*others) & (share >= 0) & (share <= 1)
        return fit

    def _pmf(self, k: Array, *args: Array) -> Array:
        return np.exp(self._logpmf(k, *args))

    def _logpmf(self, k: Array, *args: Array) -> Array:
        *others, share = args
        with np.errstate(divide="ignore"):
            own = np.log1p(-share) + self.base._logpmf(k, *others)
            return np.where(k == 0, np.logaddexp(np.log(share), own), own)

    def _cdf(self, k: Array, *args: Array) -> Array:
        *others, share = args
        return share + (1.0 - share) * self.base._cdf(np.floor(k), *others)

    def _sf(self, k: Array, *args: Array) -> Array:
        *others, share = args
        return (1.0 - share) * self.base._sf(np.floor(k), *others)

    def _ppf(self, q: Array, *args: Array) -> Array:
        *others, share = args
        with np.errstate(invalid="ignore", divide="ignore"):
            rest = np.clip((q - share) / (1.0 - share), 0.0, 1.0)
        return np.where(rest > 0.0, np.maximum(self.base._ppf(rest, *others), 0.0), 0.0)

    def _rvs(self, *args: Array, size: Any = None, random_state: Any = None) -> Array:
        *others, share = args
        drawn = self.base._rvs(*others, size=size, random_state=random_state)
        return np.where(random_state.uniform(size=size) < share, 0, drawn)

    def _stats(self, *args: Array) -> Any:
        *others, share = args
        mean, variance = self.base._stats(*others)[:2]
        return (1.0 - share) * mean, (1.0 - share) * (variance + share * mean * mean), None, None


class _ZeroInflatedPoisson(_ZeroInflated):
    base = poisson


class _ZeroInflatedNbinom(_ZeroInflated):
    base = nbinom


zero_inflated_poisson = _ZeroInflatedPoisson(name="zero_inflated_poisson", shapes="mu, inflation")
zero_inflated_nbinom = _ZeroInflatedNbinom(name="zero_inflated_nbinom", shapes="n, p, inflation")
