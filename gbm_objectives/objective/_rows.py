"""A table of rows: the labels of several columns, and what else a row has. Labels are then row numbers of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import override

from gbm_objectives._core.frozen import FrozenArray
from gbm_objectives._core.validation import (
    Array,
    invalid,
    numeric_array,
    reject_rows,
)

#: Row numbers beyond are not exact in the libraries' float32 labels.
LARGEST = 1 << 24
#: Rows of a table: all of them, or by number.
Numbers = slice | NDArray[np.intp]


@dataclass(frozen=True, slots=True, repr=False)
class RowTable:
    """Label rows, (n_rows,) or (n_rows, n_outputs), and the exposure of each row; labels are row numbers of it.

    So a row keeps what belongs to it through folds, samples and evaluation sets. The columns that a loss needs are
    kept by the loss.

    Parameters
    ----------
    targets : FrozenArray
        In float32. NaN is a label that is missing.
    log_exposure : FrozenArray or None, default None
        The logarithm of each row's exposure, which is added to its raw predictions.
    partial : bool, default False
        Whether labels are missing.
    n_parameters : int, default 1
        Of a distribution. The exposure belongs to the first one.
    """

    targets: FrozenArray
    log_exposure: FrozenArray | None = None
    partial: bool = False
    n_parameters: int = 1

    @classmethod
    def of(
        cls, targets: ArrayLike, exposure: ArrayLike | None = None, n_parameters: int = 1
    ) -> RowTable:
        """The table, or an error that says what is wrong with it."""
        table = _label_rows(targets)
        partial = bool(np.isnan(table).any())
        if exposure is None:
            return cls(FrozenArray(table), None, partial)
        given = numeric_array("exposure", exposure)
        given = given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given
        if given.shape != (len(table),):
            needed = f"one number a row, ({len(table)},)"
            raise invalid("exposure", given=f"shape {given.shape}", needed=needed)
        bad = ~(np.isfinite(given) & (given > 0))
        reject_rows("exposure", bad, "a number that is not above 0", "finite numbers > 0")
        logs = FrozenArray(np.log(given).astype(np.float32))
        return cls(FrozenArray(table), logs, partial, n_parameters)

    @property
    def table(self) -> Array:
        """The label rows, (n_rows,) or (n_rows, n_outputs)."""
        return self.targets.values

    @property
    def several(self) -> bool:
        """Whether a row has several labels."""
        return self.table.ndim == 2

    def numbers(self, y_true: ArrayLike) -> Numbers:
        """The row numbers that labels (n_samples,) are, or an error; all rows in their order are a slice."""
        given = numeric_array("y_true", y_true, may_be_empty=True)
        if not given.size:  # of a machine without rows
            return slice(0, 0)
        numbers = given.reshape(len(given), -1)[:, 0]
        n_rows = len(self)
        wrong = ~((numbers >= 0) & (numbers < n_rows) & (numbers == np.floor(numbers)))
        wrong = wrong if given.size == len(given) else np.ones(len(given), dtype=bool)
        needed = f"row numbers of targets, 0..{n_rows - 1}"
        reject_rows("y_true", wrong, "a label that is no row number", needed)
        if len(numbers) == n_rows and np.array_equal(numbers, np.arange(n_rows)):
            return slice(None)
        return numbers.astype(np.intp)

    def labels(self, y_true: ArrayLike) -> Array:
        """The label rows of row numbers (n_samples,)."""
        rows: Array = self.table[self.numbers(y_true)]
        return rows

    def offset(self, numbers: Numbers) -> Array | None:
        """What is added to the raw predictions of rows by number, (n_samples,) or (n_parameters, n_samples)."""
        if self.log_exposure is None:
            return None
        logs: Array = self.log_exposure.values[numbers]
        if self.n_parameters == 1:
            return logs
        return np.pad(logs[None], ((0, self.n_parameters - 1), (0, 0)))

    def __len__(self) -> int:
        return len(self.targets)

    @override
    def __repr__(self) -> str:
        return f"<rows of targets {self.table.shape}>"


def _label_rows(targets: Any) -> Array:
    """Labels in float32, a single column as (n_rows,); NaN where several columns leave one in each row."""
    array = numeric_array("targets", targets)
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if len(array) > LARGEST:
        needed = f"at most {LARGEST}: the libraries hold labels in float32"
        raise invalid("targets", given=f"{len(array)} rows", needed=needed)
    reject_rows("targets", np.isinf(array), "inf", "finite numbers, or NaN for a missing label")
    with np.errstate(over="ignore"):
        table = np.asfortranarray(array, dtype=np.float32)
    reject_rows("targets", np.isinf(table), "a label beyond 3e38", "labels that float32 holds")
    observed = ~np.isnan(table)
    if observed.all():
        return table
    empty: Array = np.asarray(~observed if table.ndim == 1 else ~observed.any(axis=1))
    reject_rows("targets", empty, "no label (NaN)", "a label in each row", "Leave these rows out.")
    if not observed.any(axis=0).all():
        column = int(np.argmin(observed.any(axis=0)))
        raise invalid(
            "targets", given=f"no label (NaN in all rows) in column {column}",
            needed="a label in each column", hint="Leave the column out.",
        )  # fmt: skip
    return table
