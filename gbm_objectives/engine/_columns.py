"""Several outputs of a row as columns that formulas tell apart, as levels do: arrays that aren't there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gbm_objectives.engine._graph import Graph, UnrecordableError
from gbm_objectives.engine._recorded import Recorded

#: Outputs of a row, at most: with all of them in one loop, more take long to compile.
MOST = 9


class Columns(NDArrayOperatorsMixin):
    """Stands for (n, K), of which each column is recorded on its own; ``by_columns`` for its transpose.

    Parameters
    ----------
    columns : sequence of Recorded
        One number a row each.
    by_columns : bool, default False
    """

    __slots__ = ("by_columns", "columns")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, columns: Sequence[Recorded], *, by_columns: bool = False) -> None:
        self.columns, self.by_columns = list(columns), by_columns

    @classmethod
    def of(cls, graph: Graph, operation: str, dtype: str, width: int) -> Columns:
        """The predictions, or their differences to the labels."""
        places = [graph.add(operation, (), dtype, "n", k) for k in range(width)]
        return cls([Recorded(graph, place, readonly=True) for place in places])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the array that it stands for."""
        return self.columns[0].dtype

    ndim = 2

    @property
    def shape(self) -> tuple[Any, ...]:
        """The number of outputs is known, that of rows is not."""
        shape = (*self.columns[0].shape, len(self.columns))
        return shape[::-1] if self.by_columns else shape

    @property
    def T(self) -> Columns:  # noqa: N802
        """Transposed: the same columns."""
        return Columns(self.columns, by_columns=not self.by_columns)

    def _part(self, value: Any, k: int) -> Any:
        """What meets column k."""
        if isinstance(value, Columns):
            if value.by_columns != self.by_columns:
                raise UnrecordableError("an operation on an array and a transposed one")
            return value.columns[k]
        if isinstance(value, Recorded):
            one_a_row = value.ndim == 1 if self.by_columns else value.ndim == 2
            if not one_a_row:
                raise UnrecordableError("an operation of rows on columns")
            return value if self.by_columns else value[:, 0]
        return value

    def _each(self, function: Callable[..., Any], *values: Any, out: Any = None) -> Columns:
        """A function of each column."""
        found = []
        for k in range(len(self.columns)):
            target = {} if out is None else {"out": out.columns[k]}
            found.append(function(*(self._part(value, k) for value in values), **target))
        return Columns(found, by_columns=self.by_columns) if out is None else out

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        if method != "__call__" or options:
            raise UnrecordableError(f"{ufunc.__name__} of columns")
        return self._each(ufunc, *inputs, out=None if out is None else out[0])

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        out = kwargs.pop("out", None)
        if function in (np.sum, np.max, np.min) and out is None:
            return getattr(self, function.__name__.removeprefix("a"))(*args[1:], **kwargs)
        chosen: Any = function
        if chosen in (np.clip, np.where, np.ones_like, np.zeros_like, np.full_like, np.copy):
            return self._each(
                lambda *values, **out: chosen(*values, **kwargs, **out), *args, out=out
            )
        raise UnrecordableError(f"numpy.{function.__name__} of columns")

    def astype(self, dtype: Any, **options: Any) -> Columns:
        """As of an array."""
        return self._each(lambda column: column.astype(dtype, **options), self)

    def copy(self, order: str = "C") -> Columns:
        """As of an array."""
        return self._each(lambda column: column.copy(), self)

    def _over(self, function: np.ufunc, axis: Any, keepdims: bool) -> Recorded:
        if axis not in ((0,) if self.by_columns else (1, -1)):
            raise UnrecordableError("a number that all rows decide")
        total: Recorded = reduce(function, self.columns)
        return total[:, None] if keepdims and not self.by_columns else total

    def sum(self, axis: Any = None, keepdims: bool = False) -> Recorded:
        """Over the outputs of each row."""
        return self._over(np.add, axis, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Recorded:
        """Over the outputs of each row."""
        return self._over(np.maximum, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Recorded:
        """Over the outputs of each row."""
        return self._over(np.minimum, axis, keepdims)

    def __iter__(self) -> Iterator[Recorded]:
        if not self.by_columns:
            raise UnrecordableError("a loop over rows")
        return iter(self.columns)

    def __getitem__(self, key: Any) -> Recorded:
        row, place = (slice(None), key) if self.by_columns else key
        if row != slice(None) or not isinstance(place, int):
            raise UnrecordableError("an index into an array")
        return self.columns[place]

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise UnrecordableError("the numbers of an array")

    __bool__ = __len__ = __float__ = __int__ = __index__ = __array__ = _refuse
    __setitem__ = __contains__ = __complex__ = _refuse
