"""What a kernel is made of: a graph, and what is wanted of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gbm_objectives.engine._graph import Graph

#: Shapes with a number for each output.
VECTOR = ("nk", "kn")
#: Memories that a kernel may use.
SCOPES = 40
#: Of its source.
HEADER = "from gbm_objectives.engine._primitives import *\n\n\n"


def operands(graph: Graph, place: int) -> tuple[int, ...]:
    """Those of a node; class codes are compared as the numbers that they are."""
    node = graph.nodes[place]
    if node.operation not in ("pick", "put"):
        return node.operands
    vector, codes, *value = node.operands
    while graph.nodes[codes].operation == "cast":
        (codes,) = graph.nodes[codes].operands
    return vector, codes, *value


@dataclass(frozen=True)
class Kernel:
    """What a kernel is made of: a graph, and which of its nodes are the results.

    Parameters
    ----------
    graph : Graph
    stored : tuple of int
        Nodes that are written into arrays of their types, one for each row or one for each row and output.
    summed : tuple of int
        Nodes that are added up over the rows, in float64.
    checked : tuple of int
        Nodes of float32 whose largest magnitude is told.
    apart : bool, default False
        Whether each of the stored nodes has an array of its own, for the rows of a stretch.
    """

    graph: Graph
    stored: tuple[int, ...] = ()
    summed: tuple[int, ...] = ()
    checked: tuple[int, ...] = ()
    apart: bool = False
    #: What it is compiled to, by whether predictions lie in memory row by row.
    forms: dict[bool, tuple[Any, int]] = field(default_factory=dict, compare=False)

    @cached_property
    def needed(self) -> list[int]:
        """The nodes that lead to results, in their order."""
        waiting, seen = [*self.stored, *self.summed, *self.checked], set()
        while waiting:
            place = waiting.pop()
            if place not in seen:
                seen.add(place)
                waiting += operands(self.graph, place)
        return sorted(seen)

    @property
    def vector(self) -> bool:
        """Whether rows have several outputs."""
        return any(self.graph.nodes[place].shape in VECTOR for place in self.needed)

    @cached_property
    def n_columns(self) -> int:
        """The outputs of a row where each is recorded on its own, else 0; results are stored column by column."""
        nodes = (self.graph.nodes[place] for place in self.needed)
        columns = [n.detail for n in nodes if n.operation in ("column", "column_difference")]
        return max(columns, default=-1) + 1

    @property
    def n_arrays(self) -> int:
        """How many it fills."""
        return len(self.stored) // (1 if self.apart else max(self.n_columns, 1))

    @cached_property
    def inputs(self) -> list[str]:
        """The arrays that it is given."""
        nodes = [self.graph.nodes[place] for place in self.needed]
        names = {str(node.detail) for node in nodes if node.operation == "input"}
        operations = {node.operation for node in nodes}
        if operations & {"difference", "column_difference"}:
            names.add("y")
        if operations & {"difference", "column_difference", "column"}:
            names.add("raw")
        return [name for name in ("y", "raw", "weight") if name in names]
