"""The functions of NumPy that formulas call, of arrays that aren't there."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gbm_objectives.engine._columns import Columns
from gbm_objectives.engine._graph import UnrecordableError, code, shape_together
from gbm_objectives.engine._recorded import Recorded
from gbm_objectives.engine._sums import Count, Sums


def _clip(
    self: Recorded, a: Any, low: Any = None, high: Any = None, out: Any = None, **named: Any
) -> Any:
    low, high = named.get("min", low), named.get("max", high)
    place, _ = self._operands((a,))
    result: Any = self._new(place[0])
    if low is not None and not _is(low, -math.inf):
        result = self._new(self._make("at_least", (result, low)))
    if high is not None and not _is(high, math.inf):
        result = self._new(self._make("at_most", (result, high)))
    return result if out is None else out._write(result.place)


def _is(value: Any, number: float) -> bool:
    return not isinstance(value, (Recorded, np.ndarray)) and float(value) == number


def _where(self: Recorded, condition: Any, a: Any, b: Any) -> Recorded:
    places, dtype = self._operands((a, b))
    at = self._given(condition)
    if isinstance(at, float):
        raise UnrecordableError("a condition that is a number")
    shape = shape_together({self.graph.nodes[place].shape for place in (at, *places)})
    at = self.graph.cast(at, "b1")
    return self._new(self.graph.add("where", (at, *places), dtype, shape))


def _full(self: Recorded, like: Recorded, value: Any, dtype: Any = None, **_: Any) -> Recorded:
    name = code(like.dtype if dtype is None else dtype)
    given = self._given(value)
    place = self.graph.number(given, name) if isinstance(given, float) else given
    return like._new(self.graph.add("spread", (self.graph.cast(place, name),), name, like._shape))


def _copyto(self: Recorded, target: Any, source: Any, where: Any = True, **_: Any) -> None:
    if not isinstance(target, Recorded):
        raise UnrecordableError("a result written into an array")
    changed = source if where is True else _where(self, where, source, target)
    target._write(self._operands((changed,))[0][0])


def _bincount(self: Recorded, index: Any, weights: Any = None, minlength: int = 0) -> Sums:
    """A histogram of as many bins as are asked for: no row lies beyond."""
    if not isinstance(index, Recorded) or index.ndim != 1 or code(index.dtype) != "i8":
        raise UnrecordableError("a histogram of that")
    weight = None if weights is None else self._operands((weights,))[0][0]
    return Sums(counts=(Count(index.place, weight, int(minlength)),), size=int(minlength))


def _stack(self: Recorded, arrays: Any, axis: int = 0) -> Columns:
    if not all(isinstance(array, Recorded) and array.ndim == 1 for array in arrays):
        raise UnrecordableError("a stack of such arrays")
    return Columns(arrays, by_columns=axis == 0)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.clip: _clip,
    np.where: _where,
    np.copyto: _copyto,
    np.bincount: _bincount,
    np.stack: _stack,
    np.column_stack: lambda self, arrays: _stack(self, arrays, 1),
    np.full_like: _full,
    np.ones_like: lambda self, like, dtype=None, **_: _full(self, like, 1.0, dtype),
    np.zeros_like: lambda self, like, dtype=None, **_: _full(self, like, 0.0, dtype),
    np.copy: lambda self, a, **_: a.copy(),
    np.sum: lambda self, a, axis=None, **options: a.sum(axis, **options),
    np.max: lambda self, a, axis=None, **options: a.max(axis, **options),
    np.min: lambda self, a, axis=None, **options: a.min(axis, **options),
}
