"""The quantile of a few rows as XGBoost defines it for its own leaves and intercepts.

It lies between neighbouring order statistics, as every definition, so it differs from others by less than the data
can tell; a model that is to equal the library's own needs the library's own. Values keep their dtype, levels are
float32, as there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array


def quantile(values: Array, weight: Array | None, level: float) -> Any:
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


def _neighbours(values: Array, rank: int) -> tuple[Any, Any]:
    """The value of this rank from 0 and the next larger one, itself if there is none."""
    ordered = np.partition(values, rank)
    above = ordered[rank + 1 :]
    return ordered[rank], above.min() if len(above) else ordered[rank]
