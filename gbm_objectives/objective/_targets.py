"""Label matrices for libraries whose labels are one column."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.validation import (
    Array,
    message,
    numeric_array,
    reject_non_finite,
    reject_rows,
)


class Targets:
    """A table of label rows (n, n_outputs); labels are then row numbers of it.

    So a row keeps its targets through folds, samples and evaluation sets. Compares and hashes by content.
    """

    __slots__ = ("_hash", "table")

    def __init__(self, table: ArrayLike) -> None:
        array = numeric_array("targets", table)
        if array.ndim != 2:
            raise ValueError(message("targets", f"shape {array.shape}", "(n_rows, n_outputs)"))
        reject_non_finite("targets", array)
        self.table: Array = np.array(array, dtype=np.float32, order="F")
        self.table.flags.writeable = False
        self._hash = hash((self.table.shape, self.table.tobytes()))

    @property
    def n_outputs(self) -> int:
        """Columns of the table."""
        return int(self.table.shape[1])

    def rows(self, y_true: ArrayLike) -> Array:
        """The label matrix of row numbers (n_samples,); a matrix (n_samples, n_outputs) stands for itself."""
        numbers = numeric_array("y_true", y_true)
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
        found: Array = np.take(self.table, numbers.astype(np.intp), axis=0)
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Targets) and np.array_equal(self.table, other.table)

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Targets], tuple[Array]]:
        return Targets, (self.table,)

    def __repr__(self) -> str:
        return f"<targets {self.table.shape}>"
