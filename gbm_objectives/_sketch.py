"""A mergeable weighted quantile sketch of non-negative numbers: counts in log-spaced bins.

The upper 13 bits of a non-negative float32 (8 of exponent, 5 of mantissa) number the bins: 32 to an
octave over the whole range of float32, found without a logarithm, a sort or a parameter. A sketch is
its vector of weights a bin, so sketches merge by addition, over blocks as over machines. A quantile
is linear inside its bin, about 1e-4 relative for a smooth density.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._validation import Array

_SHIFT = 18
N_BINS = 1 << (31 - _SHIFT)
_LAST = (0xFF << 5) - 1  # the last finite bin: above it are the patterns of inf and NaN
_EDGES = (np.arange(_LAST + 1, dtype=np.uint32) << _SHIFT).view(np.float32).astype(np.float64)
_EDGES = np.append(_EDGES, float(np.finfo(np.float32).max))
_SQRT_CENTRES = np.sqrt(0.5 * (_EDGES[1:] + _EDGES[:-1]))


def sketch(values: Array, sample_weight: Array | None) -> NDArray[np.float64]:
    """Weights a bin, shape (N_BINS,), of ``values`` >= 0 in float32 (contiguous)."""
    bins = values.view(np.uint32) >> np.uint32(_SHIFT)
    return np.bincount(bins, sample_weight, minlength=N_BINS).astype(np.float64)


def quantile(counts: NDArray[np.float64], q: float) -> float:
    """The q-quantile of a sketch."""
    cumulated = np.cumsum(counts)
    target = q * cumulated[-1]
    k = min(int(np.searchsorted(cumulated, target)), _LAST)
    inside = (target - (cumulated[k] - counts[k])) / counts[k] if counts[k] else 0.0
    return float(_EDGES[k] + inside * (_EDGES[k + 1] - _EDGES[k]))


def mean_sqrt(counts: NDArray[np.float64]) -> float:
    """The mean of the square roots of a sketch's values."""
    return float(counts[: _LAST + 1] @ _SQRT_CENTRES / counts.sum())
