"""What a formula does, as a graph of elementwise operations: made by `Recorded`, read by `_source`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

#: How the values of a node are arranged. "": one number; "n": one for each row; "nk": one for each row and output; "n1": one for each row,
#: to be met with "nk"; "kn" and "1n": these two transposed.
Shape = str

#: Numbers that stay in the source of a kernel; all others are arguments of it.
_LITERALS = (0.0, math.inf, -math.inf)


class UnrecordableError(TypeError):
    """A formula does something that no kernel can do: NumPy has to."""


class Node(NamedTuple):
    """An operation and its operands, by their numbers in the graph."""

    operation: str
    operands: tuple[int, ...]
    dtype: str
    shape: Shape
    detail: Any = None


@dataclass
class Graph:
    """Nodes in the order in which they are computed, each only once; numbers of the formulas are kept apart.

    So two losses that differ by a parameter alone, such as the delta of two rounds, have the same nodes.
    """

    nodes: list[Node] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    tables: list[Any] = field(default_factory=list)
    draws: list[int] = field(default_factory=list)
    _places: dict[Node, int] = field(default_factory=dict)
    _numbered: dict[float, int] = field(default_factory=dict)

    def add(
        self,
        operation: str,
        operands: tuple[int, ...],
        dtype: str,
        shape: Shape,
        detail: Any = None,
    ) -> int:
        """The place of a node, which may be there already."""
        node = Node(operation, operands, dtype, shape, detail)
        place = self._places.get(node)
        if place is None:
            place = self._places[node] = len(self.nodes)
            self.nodes.append(node)
        return place

    def number(self, value: float, dtype: str) -> int:
        """The place of a scalar."""
        value = float(value)
        if value in _LITERALS:
            return self.add("literal", (), dtype, "", repr(value))
        if math.isnan(value):
            raise UnrecordableError("NaN in a formula")
        place = self._numbered.get(value)
        if place is None:
            place = self._numbered[value] = len(self.numbers)
            self.numbers.append(value)
        return self.add("number", (), dtype, "", place)

    def table(self, values: Any) -> int:
        """The number of an array that is looked up in."""
        for place, other in enumerate(self.tables):
            if other is values:
                return place
        self.tables.append(values)
        return len(self.tables) - 1

    def draw(self, key: int) -> int:
        """The place of the random bits of the rows."""
        if key not in self.draws:
            self.draws.append(key)
        return self.add("draw", (), "f8", "n", self.draws.index(key))

    def cast(self, place: int, dtype: str) -> int:
        """The place of the node in another type."""
        node = self.nodes[place]
        if node.dtype == dtype:
            return place
        if node.operation in ("number", "literal"):
            return self.add(node.operation, (), dtype, "", node.detail)
        return self.add("cast", (place,), dtype, node.shape)


def shape_together(shapes: set[Shape]) -> Shape:
    """The shape of an operation on operands of these shapes."""
    shapes = shapes - {""}
    if not shapes:
        return ""
    if len(shapes) == 1:
        return next(iter(shapes))
    for pair, both in (({"nk", "n1"}, "nk"), ({"kn", "n"}, "kn"), ({"kn", "1n"}, "kn")):
        if shapes == pair:
            return both
    raise UnrecordableError(f"an operation on arrays of shapes {sorted(shapes)}")


def code(dtype: Any) -> str:
    """The name of a type in the graph."""
    dtype = np.dtype(dtype)
    if dtype == np.float32:
        return "f4"
    if dtype == np.float64:
        return "f8"
    if dtype == np.bool_:
        return "b1"
    if dtype.kind in "iu":
        return "i8"
    raise UnrecordableError(f"an array of {dtype}")


DTYPES = {name: np.dtype(name) for name in ("f4", "f8", "b1", "i8")}
