"""Rows in blocks, as formulas are given them, and a sample of rows that stands for all."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from gbm_objectives._core.numerics import residual
from gbm_objectives._core.validation import Array

#: Numbers of a block: temporaries stay in the caches, and the cost of a NumPy call, 1 us, is spread thin.
BLOCK = 1 << 16
#: As many zeros as rows can be, of which one is stored.
_ZEROS = np.broadcast_to(np.float32(0.0), sys.maxsize // 8)


def row_blocks(n_samples: int, n_outputs: int = 1) -> Iterator[slice]:
    """Consecutive slices that cover the rows, of ``BLOCK`` numbers where a row has ``n_outputs``."""
    n_rows = max(BLOCK // n_outputs, 1)
    for start in range(0, n_samples, n_rows):
        yield slice(start, min(start + n_rows, n_samples))


def _recorded(array: object) -> bool:
    """Whether a formula is being recorded, to be compiled: there are no numbers."""
    return not isinstance(array, np.ndarray)


def in_float32(y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
    """A block in float32, outputs as contiguous columns: a sum over outputs adds whole columns."""
    if _recorded(y_true):
        return y_true.astype(np.float32, copy=False), raw_prediction.astype(np.float32, copy=False)
    y_true = np.asfortranarray(y_true, dtype=np.float32)
    return y_true, np.asfortranarray(raw_prediction, dtype=np.float32)


def as_residuals(y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
    """0 and the differences in float32, for losses with value(y, raw) = value(0, raw - y).

    The difference is taken in the precision of the data, so targets with a large offset lose nothing.
    """
    if raw_prediction.ndim == 2 and y_true.ndim == 1:  # several outputs of one label
        y_true, raw_prediction = y_true[:, None], np.asfortranarray(raw_prediction)
    if _recorded(y_true):
        return np.zeros_like(y_true, dtype=np.float32), residual(y_true, raw_prediction)
    return _ZEROS[: len(y_true)], residual(y_true, raw_prediction)


def sample(
    y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> tuple[Array, Array, Array | None]:
    """Rows that stand for all where a scale is sought: above 2^19 rows, 64 of each 1024.

    Whole runs, so that rows in an order or with a period are sampled evenly, and so that the
    memory is read in lines.
    """
    if len(y_true) <= 8 * BLOCK:
        return y_true, raw_prediction, sample_weight
    whole = len(y_true) - len(y_true) % 1024

    def runs(rows: Array) -> Array:
        if rows.ndim == 2:
            several: Array = rows[(np.arange(0, whole, 1024)[:, None] + np.arange(64)).ravel()]
            return several
        return rows[:whole].reshape(-1, 1024)[:, :64].reshape(-1)

    weight = None if sample_weight is None else runs(sample_weight)
    if weight is not None and not weight.any():
        return y_true, raw_prediction, sample_weight
    return runs(y_true), runs(raw_prediction), weight
