"""The text of a node's value, from the names of its operands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from gbm_objectives.engine._graph import Node, UnrecordableError
from gbm_objectives.engine._kernel import SCOPES, VECTOR, Kernel, operands

_INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "less": "<", "less_equal": "<=",
    "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=", "and": "&", "or": "|",
}  # fmt: skip
_CALLS = {"absolute": "absolute", "sqrt": "sqrt", "floor": "floor", "rint": "rint", "where": "where",
          "maximum": "maximum", "minimum": "minimum", "fmax": "fmax", "fmin": "fmin"}  # fmt: skip
_INTEGER = {"add": "plus", "subtract": "minus", "multiply": "times", "right_shift": "shifted"}
_TYPED = ("exp", "expm1", "log", "log1p", "tanh", "sinh", "cosh", "power", "sign", "kl_div")
#: Types in a kernel.
TYPES = {"f4": "f4", "f8": "f8", "i8": "np.int32", "b1": "np.bool_"}


def _number(dtype: str, value: int) -> str:
    return f"{TYPES[dtype]}({value})"


@dataclass
class Expressions(ABC):
    """What nodes are called, and read.

    Parameters
    ----------
    kernel : Kernel
    raw_by_rows : bool
        Whether the outputs of a row lie side by side.
    """

    kernel: Kernel
    raw_by_rows: bool
    scopes: dict[str, int] = field(default_factory=dict)

    @abstractmethod
    def name(self, place: int, user: int | None = None, level: int | None = None) -> str:
        """What a node is called in the loop of its user, or of this level."""

    def node(self, place: int) -> Node:
        return self.kernel.graph.nodes[place]

    def operands(self, place: int) -> tuple[int, ...]:
        return operands(self.kernel.graph, place)

    def expression(self, place: int) -> str:
        """A node's value, from the names of its operands."""
        node = self.node(place)
        names = [self.name(operand, place) for operand in self.operands(place)]
        operation, dtype = node.operation, node.dtype
        if dtype == "i8" and operation in _INTEGER:
            return f"{_INTEGER[operation]}({', '.join(names)})"
        if operation in _INFIX:
            return f"{names[0]} {_INFIX[operation]} {names[1]}"
        if operation in _CALLS:
            return f"{_CALLS[operation]}({', '.join(names)})"
        if operation in _TYPED:
            return f"{operation}{dtype[1]}({', '.join(names)})"
        if operation == "input":
            return self.read(node)
        if operation == "draw":
            if self.kernel.vector or self.kernel.n_columns:
                raise UnrecordableError("a draw beside several outputs")
            return f"f8({self.element(f'draw{node.detail}', 'n')})"
        if operation in ("column", "column_difference"):
            # Rows of predictions are given transposed, those of the stretch alone.
            first = "(stop - start)" if self.raw_by_rows else "rows + start"
            raw = f"load{self.scope('raw')}(raw, {node.detail} * {first} + i)"
            difference = operation == "column_difference"
            return f"{dtype}({raw} - {self.element('y', 'n')})" if difference else f"{dtype}({raw})"
        if operation == "difference":
            raw = self.element("raw", node.shape)
            return f"f4({raw} - {self.element('y', 'n')})"
        if operation == "literal":
            number = f"np.{node.detail}" if "inf" in node.detail else node.detail
            return f"{TYPES[dtype]}({number})"
        if operation == "cast":
            if self.node(node.operands[0]).dtype == "b1":
                return f"where({names[0]}, {_number(dtype, 1)}, {_number(dtype, 0)})"
            return f"{TYPES[dtype]}({names[0]})"
        if operation == "take":
            table = f"table{node.detail}"
            return f"load{self.scope(table)}({table}, within({names[0]}, np.int32(len({table}))))"
        templates = {
            "negative": "-{0}", "positive": "{0}", "view": "{0}", "spread": "{0}", "square": "{0} * {0}",
            "at_least": "where({0} < {1}, {1}, {0})", "at_most": "where({0} > {1}, {1}, {0})",
            "bits": "magnitude_bits({0})",
            "reciprocal": f"{dtype}(1.0) / {{0}}", "not": "not {0}",
            "put": "where({1} == at, {2}, {0})",
        }  # fmt: skip
        if operation not in templates:
            raise UnrecordableError(operation)
        return templates[operation].format(*names)

    def read(self, node: Node) -> str:
        """An element of an array that the kernel is given."""
        return f"{node.dtype}({self.element(node.detail, node.shape)})"

    def scope(self, memory: str) -> int:
        """The number of a memory, for LLVM to tell it from others."""
        number = self.scopes.setdefault(memory, len(self.scopes))
        if number >= SCOPES:
            raise UnrecordableError("a formula of so many parts")
        return number

    def index(self, name: str, shape: str) -> str:
        """Where the element of the row, and of the output, lies in an array."""
        if self.kernel.n_columns:
            return "start + i"
        if not self.kernel.vector:
            return "i"
        if shape not in VECTOR:
            return "start + i"
        if name == "raw" and self.raw_by_rows:
            return "(start + i) * width + k"
        return "k * rows + start + i"

    def element(self, name: str, shape: str) -> str:
        """An element of an array, read."""
        return f"load{self.scope(name)}({name}, {self.index(name, shape)})"
