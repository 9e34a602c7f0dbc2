"""An array as a value: a field of a frozen dataclass."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import override

from gbm_objectives._core.validation import Array


class FrozenArray:
    """A read-only array that compares and hashes by its content.

    Parameters
    ----------
    values : array_like
        Copied, so that nobody else can change it.
    """

    __slots__ = ("_hash", "values")

    def __init__(self, values: ArrayLike) -> None:
        self.values: Array = np.array(values)
        self.values.flags.writeable = False
        self._hash: int | None = None

    def part(self, rows: slice | NDArray[np.intp]) -> FrozenArray:
        """Some rows; a slice without a copy."""
        part = object.__new__(type(self))
        part.values, part._hash = self.values[rows], None
        return part

    def __len__(self) -> int:
        return len(self.values)

    @override
    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return False
        may_miss = self.values.dtype.kind == other.values.dtype.kind == "f"  # NaN: a missing label
        return np.array_equal(self.values, other.values, equal_nan=may_miss)

    @override
    def __hash__(self) -> int:
        if self._hash is None:  # not before it is asked for: it is a pass over all values
            self._hash = hash((self.values.shape, self.values.tobytes()))
        return self._hash

    def __deepcopy__(self, memo: dict[int, object]) -> FrozenArray:
        """Itself: nobody can change it, and tables of rows are large."""
        return self

    @override
    def __reduce__(self) -> tuple[type[FrozenArray], tuple[Array]]:
        return type(self), (self.values,)

    @override
    def __repr__(self) -> str:
        return f"<array of shape {self.values.shape}>"
