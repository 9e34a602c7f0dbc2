"""The quantile of a few rows as LightGBM defines it for its own leaves and intercepts.

It lies between neighbouring order statistics, as every definition, so it differs from others by less than the data
can tell; a model that is to equal the library's own needs the library's own. Values keep their dtype, levels are
float32, as there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array


def quantile(values: Array, weight: Array | None, level: float) -> Any:
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
