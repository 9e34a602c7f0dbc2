"""An array that a frozen dataclass can hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from typing_extensions import Self

from gbm_objectives._core.validation import Array


class FrozenArray:
    """A copy of an array that can't be written to; compares and hashes by content.

    Parameters
    ----------
    values : array_like
        What it holds.
    dtype : dtype or None, default None
        Of the copy, in Fortran order; None for that of the values.
    """

    __slots__ = ("_hash", "values")

    values: Array

    def __init__(self, values: ArrayLike, dtype: DTypeLike | None = None) -> None:
        self.values = np.array(values, dtype=dtype, order="F")
        self.values.flags.writeable = False
        self._hash = hash((self.values.shape, self.values.tobytes()))

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and np.array_equal(self.values, other.values)

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Self], tuple[Array]]:
        return type(self), (self.values,)
