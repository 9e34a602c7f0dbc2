"""The quantile of a few rows as each library defines it for its own leaves and intercepts.

All lie between neighbouring order statistics, so they differ by less than the data can tell; a model that is
to equal the library's own needs the library's own. Values keep their dtype, levels are float32, as there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array

#: (values, weights or None, level) -> the quantile; of at least one value.
Rule = Callable[[Array, Array | None, float], Any]


def xgboost(values: Array, weight: Array | None, level: float) -> Any:
    """Interpolated at level (n + 1); with weights the first value whose share reaches the level.

    ``Quantile`` and ``WeightedQuantile`` in XGBoost's src/common/stats.h.
    """
    alpha, n = float(np.float32(level)), len(values)
    if weight is None:
        position = min(max(alpha * (n + 1) - 1, 0.0), n - 1.0)
        below, above = _neighbours(values, int(position))
        return values.dtype.type(float(below) + position % 1 * float(above - below))
    order = np.argsort(values)
    shares = np.cumsum(weight[order], dtype=np.float32)
    at = int(np.searchsorted(shares, np.float32(float(shares[-1]) * alpha)))
    return values[order[min(at, n - 1)]]


def lightgbm(values: Array, weight: Array | None, level: float) -> Any:
    """Interpolated at level (n - 1), as by `numpy.quantile`; with weights before the value whose share passes it.

    LightGBM's ``PercentileFun`` and, as version 4.7 has it, ``WeightedPercentileFun``, which interpolates towards
    that value where its weight is 1 or more.
    """
    alpha, last = float(np.float32(level)), len(values) - 1
    if not last:
        return values[0]
    if weight is None:
        from_top = last * (1.0 - alpha)
        below, above = _neighbours(values, max(last - int(from_top) - 1, 0))
        return values.dtype.type(above - (above - below) * (from_top % 1))
    order = np.argsort(values, kind="stable")
    shares = np.cumsum(weight[order], dtype=np.float64)
    threshold = shares[-1] * alpha
    at = min(int(np.searchsorted(shares, threshold, side="right")), last)
    if at in (0, last):
        return values[order[at]]
    below, above = values[order[at - 1]], values[order[at]]
    passing = shares[at] - shares[at - 1]
    if passing < 1.0:
        return below
    return values.dtype.type((threshold - shares[at - 1]) / passing * (above - below) + below)


def _neighbours(values: Array, rank: int) -> tuple[Any, Any]:
    """The value of this rank from 0 and the next larger one, itself if there is none."""
    ordered = np.partition(values, rank)
    above = ordered[rank + 1 :]
    return ordered[rank], above.min() if len(above) else ordered[rank]
