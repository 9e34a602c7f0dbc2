"""Rows in blocks, and a sample of rows that stands for all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gbm_objectives._core.validation import Array

#: Numbers of a block: temporaries stay in the caches, and the cost of a NumPy call, 1 us, is spread thin.
BLOCK = 1 << 16


def row_blocks(n_samples: int, n_outputs: int = 1) -> Iterator[slice]:
    """Consecutive slices that cover the rows, of ``BLOCK`` numbers where a row has ``n_outputs``."""
    n_rows = max(BLOCK // n_outputs, 1)
    for start in range(0, n_samples, n_rows):
        yield slice(start, min(start + n_rows, n_samples))


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
