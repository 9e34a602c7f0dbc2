"""A block of rows, as the formulas of losses are given them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gbm_objectives._core.rows import as_residuals, in_float32
from gbm_objectives._core.validation import Array


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive rows in float32. On blocks that stay in cache NumPy runs at the speed of the memory.

    Parameters
    ----------
    rows : slice
        Which rows these are.
    labels : ndarray
        The labels as they were given.
    y_true, raw_prediction : ndarray
        What the formulas are given. For losses that are shift invariant these are 0 and the residuals.
    """

    rows: slice
    labels: Array
    y_true: Array
    raw_prediction: Array

    @classmethod
    def of(
        cls, rows: slice, y_true: Array, raw_prediction: Array, *, shift_invariant: bool
    ) -> Block:
        """These rows of all labels and predictions."""
        labels, raw = y_true[rows], raw_prediction[rows]
        shape = as_residuals if shift_invariant else in_float32
        return cls(rows, labels, *shape(labels, raw))

    def within(self, limit: float) -> bool:
        """Whether no |raw_prediction| is larger; False for NaN."""
        raw = self.raw_prediction
        return bool(-limit <= raw.min() and raw.max() <= limit)

    def held(self, limit: float) -> Block:
        """The block with scores no larger than this."""
        return replace(self, raw_prediction=np.clip(self.raw_prediction, -limit, limit))


def n_columns(values: Array) -> int:
    """Numbers of a row."""
    return values.shape[1] if values.ndim == 2 else 1
