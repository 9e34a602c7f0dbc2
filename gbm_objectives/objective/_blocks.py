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
        What the formulas are given: of losses that are shift invariant 0 and the residuals, but for data in
        float32, whose differences are the same when the formulas take them.
    apart : bool, default False
        Whether the formulas take differences of the two.
    """

    rows: slice
    labels: Array
    y_true: Array
    raw_prediction: Array
    apart: bool = False

    @classmethod
    def of(
        cls, rows: slice, y_true: Array, raw_prediction: Array, *, shift_invariant: bool
    ) -> Block:
        """These rows of all labels and predictions."""
        y, raw = y_true[rows], raw_prediction[rows]
        if shift_invariant and not y.dtype == raw.dtype == np.float32:
            return cls(rows, y, *as_residuals(y, raw))
        return cls(rows, y, *in_float32(y, raw), apart=shift_invariant)

    def within(self, limit: float) -> bool:
        """Whether no |raw_prediction|, or no residual, is larger; False for NaN."""
        reach = _largest(self.raw_prediction)
        if self.apart:
            reach += _largest(self.y_true)
        return reach <= limit

    def held(self, limit: float) -> Block:
        """The block with scores, or residuals, no larger than this."""
        y, raw = self.y_true, self.raw_prediction
        if self.apart:
            y, raw = as_residuals(y, raw)
        raw = np.clip(raw, -limit, limit)
        return replace(self, y_true=y, raw_prediction=raw, apart=False)


def _largest(values: Array) -> float:
    """max |values|, without an array of them; NaN where one is."""
    return float(max(values.max(), -values.min()))


def n_columns(values: Array) -> int:
    """Numbers of a row."""
    return values.shape[1] if values.ndim == 2 else 1
