"""Label matrices for libraries whose labels are one column."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.frozen import FrozenArray
from gbm_objectives._core.validation import (
    Array,
    invalid,
    numeric_array,
    reject_non_finite,
    reject_rows,
)


class Targets(FrozenArray):
    """A table of label rows (n, n_outputs); labels are then row numbers of it.

    So a row keeps its targets through folds, samples and evaluation sets.

    Parameters
    ----------
    table : array_like of shape (n_rows, n_outputs)
        Held in float32.
    """

    __slots__ = ()

    def __init__(self, table: ArrayLike) -> None:
        array = numeric_array("targets", table)
        if array.ndim != 2:
            raise invalid("targets", given=f"shape {array.shape}", needed="(n_rows, n_outputs)")
        reject_non_finite("targets", array)
        FrozenArray.__init__(self, np.asfortranarray(array, dtype=np.float32))

    @property
    def table(self) -> Array:
        """The label rows, (n_rows, n_outputs)."""
        return self.values

    @property
    def n_outputs(self) -> int:
        """Columns of the table."""
        return int(self.table.shape[1])

    def rows(self, y_true: ArrayLike) -> Array:
        """The label matrix of row numbers (n_samples,); a matrix (n_samples, n_outputs) stands for itself."""
        numbers = numeric_array("y_true", y_true, may_be_empty=True)
        if not numbers.size:  # of a machine without rows
            return self.table[:0]
        if numbers.ndim == 2 and numbers.shape[1] == self.n_outputs > 1:
            return numbers
        numbers = numbers.reshape(len(numbers), -1)[:, 0]
        n_rows = len(self.table)
        reject_non_finite("y_true", numbers)
        wrong = (numbers < 0) | (numbers >= n_rows) | (numbers != np.floor(numbers))
        needed = f"row numbers of targets, 0..{n_rows - 1}"
        reject_rows("y_true", wrong, "a label that is no row number", needed)
        if len(numbers) == n_rows and np.array_equal(numbers, np.arange(n_rows)):
            return self.table
        return np.asarray(self.table[numbers.astype(np.intp)])

    def __repr__(self) -> str:
        return f"<targets {self.table.shape}>"
