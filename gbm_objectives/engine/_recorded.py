"""An array that isn't there: formulas are called with it, and it writes down what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray
from scipy.special import kl_div

from gbm_objectives.engine._graph import DTYPES, Graph, UnrecordableError, code, shape_together
from gbm_objectives.engine._sums import Sums

#: ufunc: (the operation, the type of the result: that of the operands, "b1", or "float")
_UFUNCS: dict[str, tuple[str, str]] = {
    **{name: (name, "same") for name in ("add", "subtract", "multiply", "negative", "floor")},
    **{name: (name, "same") for name in ("maximum", "minimum", "fmax", "fmin", "sign")},
    "absolute": ("absolute", "same"),
    "fabs": ("absolute", "same"),
    "positive": ("positive", "same"),
    "rint": ("rint", "same"),
    "square": ("square", "same"),
    **{name: (name, "float") for name in ("exp", "expm1", "log", "log1p", "sqrt", "reciprocal")},
    **{name: (name, "float") for name in ("tanh", "sinh", "cosh", "power", "kl_div")},
    "divide": ("divide", "float"),
    "true_divide": ("divide", "float"),
    **{name: (name, "b1") for name in ("less", "less_equal", "greater", "greater_equal")},
    "equal": ("equal", "b1"),
    "not_equal": ("not_equal", "b1"),
    **{f"{kind}_{name}": (name, "b1") for kind in ("logical", "bitwise") for name in ("and", "or")},
    "logical_not": ("not", "b1"),
    "invert": ("not", "b1"),
    "right_shift": ("right_shift", "same"),
}


class Recorded(NDArrayOperatorsMixin):
    """Stands for a block of rows, whose number nobody knows, while a formula is recorded.

    Operations give further ones; those in place change it, as they change an array. Whatever asks for numbers (a
    branch on them, a loop over rows, a conversion) raises `UnrecordableError`.
    """

    __slots__ = ("graph", "place", "readonly", "width")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, graph: Graph, place: int, width: int = 0, *, readonly: bool = False) -> None:
        self.graph, self.place, self.width, self.readonly = graph, place, width, readonly

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the array that it stands for."""
        return DTYPES[self.graph.nodes[self.place].dtype]

    @property
    def _shape(self) -> str:
        return self.graph.nodes[self.place].shape

    @property
    def ndim(self) -> int:
        """Of the array that it stands for."""
        return len(self._shape)

    @property
    def shape(self) -> tuple[Any, ...]:
        """The number of outputs is known, that of rows is not."""
        sizes = {"n": _Rows(), "k": self.width, "1": 1}
        return tuple(sizes[axis] for axis in self._shape)

    @property
    def T(self) -> Recorded:  # noqa: N802
        """Transposed; itself where it is one number for each row."""
        return self if self.ndim < 2 else self._view(self._shape[::-1])

    def _view(self, shape: str) -> Recorded:
        place = self.graph.add("view", (self.place,), code(self.dtype), shape)
        return Recorded(self.graph, place, self.width, readonly=True)

    def _new(self, place: int) -> Recorded:
        return Recorded(self.graph, place, self.width)

    def _write(self, place: int) -> Recorded:
        node, own = self.graph.nodes[place], self.graph.nodes[self.place]
        if self.readonly or node.shape not in (own.shape, ""):
            raise UnrecordableError("a result written into a part of an array")
        place = self.graph.cast(place, own.dtype)
        if node.shape != own.shape:
            place = self.graph.add("spread", (place,), own.dtype, own.shape)
        self.place = place
        return self

    def _given(self, value: Any) -> int | float:
        """The place of an operand; a Python number is left as it is, for its type follows the others'."""
        if isinstance(value, Recorded):
            if value.graph is not self.graph:
                raise UnrecordableError("two formulas at once")
            return value.place
        if isinstance(value, np.ndarray) and value.size and not any(value.strides):
            value = value.flat[0]  # one number, however often
        if isinstance(value, (bool, int, float, np.generic)) or (
            isinstance(value, np.ndarray) and value.ndim == 0
        ):
            return float(value)
        raise UnrecordableError(f"an operand of type {type(value).__name__}")

    def _operands(
        self, values: tuple[Any, ...], *, floating: bool = False
    ) -> tuple[list[int], str]:
        """The places of operands in their common type."""
        given = [self._given(value) for value in values]
        types = [self.graph.nodes[g].dtype for g in given if isinstance(g, int)]
        dtype = code(np.result_type(*(DTYPES[name] for name in types))) if types else "f8"
        if dtype in ("i8", "b1") and (
            floating or any(isinstance(g, float) and not g.is_integer() for g in given)
        ):
            dtype = "f8"
        elif dtype == "b1" and any(isinstance(g, float) for g in given):
            dtype = "i8"
        places = [
            self.graph.cast(g, dtype) if isinstance(g, int) else self.graph.number(g, dtype)
            for g in given
        ]
        return places, dtype

    def _make(self, operation: str, values: tuple[Any, ...], kind: str = "same") -> int:
        """A node of an operation on these operands."""
        places, dtype = self._operands(values, floating=kind == "float")
        shape = shape_together({self.graph.nodes[place].shape for place in places})
        return self.graph.add(operation, tuple(places), "b1" if kind == "b1" else dtype, shape)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        if any(getattr(value, "columns", None) for value in inputs):
            return NotImplemented  # they take each of their columns
        known = ufunc.__name__ in _UFUNCS and getattr(np, ufunc.__name__, kl_div) is ufunc
        if method != "__call__" or not known:
            raise UnrecordableError(f"{ufunc.__name__} ({method})")
        dtype = options.pop("dtype", None)
        options.pop("order", None)
        if options:
            raise UnrecordableError(f"{ufunc.__name__} with {', '.join(options)}")
        if dtype is not None:
            inputs = tuple(i.astype(dtype) if isinstance(i, Recorded) else i for i in inputs)
        operation, kind = _UFUNCS[ufunc.__name__]
        if operation == "power":
            place = self._power(*inputs)
        else:
            place = self._make(operation, inputs, kind)
        if out is None:
            return self._new(place)
        (target,) = out
        if not isinstance(target, Recorded):
            raise UnrecordableError("a result written into an array")
        return target._write(place)

    def _power(self, base: Any, exponent: Any) -> int:
        """Products for small whole exponents; else NaN where the base is negative, and NumPy computes it."""
        if isinstance(exponent, (int, float, np.generic)) and float(exponent) in range(1, 9):
            result = base
            for _ in range(int(exponent) - 1):
                result = result * base
            return int(result.place)
        return self._make("power", (base, exponent), "float")

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        from gbm_objectives.engine._functions import FUNCTIONS

        handler = FUNCTIONS.get(function)
        if handler is None:
            raise UnrecordableError(f"numpy.{function.__name__}")
        return handler(self, *args, **kwargs)

    def astype(self, dtype: Any, order: str = "K", copy: bool = True, **_: Any) -> Recorded:
        """As of an array."""
        place = self.graph.cast(self.place, code(dtype))
        return self if place == self.place and not copy else self._new(place)

    def copy(self, order: str = "C") -> Recorded:
        """As of an array."""
        return self._new(self.place)

    def clip(self, low: Any = None, high: Any = None, out: Any = None) -> Any:
        """As of an array."""
        return np.clip(self, low, high, out=out)

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Recorded:
        """Over the outputs of each row."""
        return self._over_outputs("sum_outputs", axis, keepdims, dtype)

    def max(self, axis: Any = None, keepdims: bool = False) -> Recorded:
        """Over the outputs of each row."""
        return self._over_outputs("max_outputs", axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Recorded:
        """Over the outputs of each row."""
        return self._over_outputs("min_outputs", axis, keepdims)

    def _over_outputs(
        self, operation: str, axis: Any, keepdims: bool, dtype: Any = None
    ) -> Recorded:
        if axis not in (1, -1) or self._shape != "nk":
            raise UnrecordableError("a number that all rows decide")
        given = self if dtype is None else self.astype(dtype, copy=False)
        shape = "n1" if keepdims else "n"
        return self._new(self.graph.add(operation, (given.place,), code(given.dtype), shape))

    def summed(self, sample_weight: Any, parts: tuple[Any, ...]) -> Sums:
        """The sum of the weights, and those of the weighted parts."""
        one: Any = np.ones_like(self) if sample_weight is None else sample_weight
        weighted = [one, *(one * part for part in parts)]
        return Sums(tuple(self.graph.cast(each.place, "f8") for each in weighted))

    def drawn(self, key: int) -> Recorded:
        """Random bits of each row, of the draw with this key."""
        return self._new(self.graph.draw(key))

    def bits(self) -> Recorded:
        """The pattern of float32 that are not negative, as whole numbers."""
        if code(self.dtype) != "f4":
            raise UnrecordableError(f"the bits of {self.dtype}")
        return self._new(self.graph.add("bits", (self.place,), "i8", self._shape))

    def look_up(self, table: NDArray[Any]) -> Recorded:
        """``table[self]``."""
        at, number = self.graph.cast(self.place, "i8"), self.graph.table(table)
        return self._new(self.graph.add("take", (at,), code(table.dtype), self._shape, number))

    def pick(self, codes: Recorded) -> Recorded:
        """The output of each row that its code tells."""
        node = ("pick", (self.place, codes.place), code(self.dtype), "n")
        return self._new(self.graph.add(*node))

    def put(self, codes: Recorded, values: Any) -> None:
        """Write that output."""
        value = self._given(values)
        dtype = code(self.dtype)
        place = (
            self.graph.number(value, dtype)
            if isinstance(value, float)
            else self.graph.cast(value, dtype)
        )
        self._write(self.graph.add("put", (self.place, codes.place, place), dtype, "nk"))

    def __getitem__(self, key: Any) -> Recorded:
        if key is Ellipsis or (isinstance(key, slice) and key == slice(None)):
            return self._view(self._shape)
        if key == (slice(None), None) and self._shape == "n":
            return self._view("n1")
        if key == (slice(None), 0) and self._shape == "n1":
            return self._view("n")
        raise UnrecordableError("an index into an array")

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise UnrecordableError("the numbers of an array")

    __bool__ = __len__ = __iter__ = __float__ = __int__ = __index__ = __array__ = _refuse
    __setitem__ = __contains__ = __complex__ = _refuse


class _Rows:
    """The number of rows, which is not known."""

    __slots__ = ()

    def _refuse(self, *args: Any) -> Any:
        raise UnrecordableError("the number of rows")

    __index__ = __int__ = __float__ = __bool__ = __eq__ = __lt__ = __gt__ = _refuse
    __hash__ = None  # type: ignore[assignment]
