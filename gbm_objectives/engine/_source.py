"""From a graph to the source of one kernel.

The kernel goes through its rows in tiles. Within a tile there is a loop for each level: in loops of odd levels for each
output, in loops of even levels once a row. What a later loop needs is kept in a buffer that stays in the cache. A
loss of one output has one loop, and no buffers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gbm_objectives.engine._graph import Graph, Node, UnrecordableError

_INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "less": "<", "less_equal": "<=",
    "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=", "and": "&", "or": "|",
    "right_shift": ">>",
}  # fmt: skip
_CALLS = {"absolute": "absolute", "sqrt": "sqrt", "floor": "floor", "rint": "rint", "where": "where",
          "maximum": "maximum", "minimum": "minimum", "fmax": "fmax", "fmin": "fmin"}  # fmt: skip
_TYPED = ("exp", "expm1", "log", "log1p", "tanh", "sinh", "cosh", "power", "sign", "kl_div")
_OVER_OUTPUTS = {"sum_outputs": ("0.0", "{0} + {1}"), "max_outputs": ("-inf", "maximum({1}, {0})"),
                 "min_outputs": ("inf", "minimum({1}, {0})")}  # fmt: skip
_VECTOR = ("nk", "kn")

#: Memories that a kernel may use, as in `_primitives`.
SCOPES = 40

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
        Nodes that are written into arrays of their types, one a row or one a row and output.
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
        return any(self.graph.nodes[place].shape in _VECTOR for place in self.needed)

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


@dataclass
class _Writer:
    """The source of a kernel, in the making."""

    kernel: Kernel
    raw_by_rows: bool
    levels: dict[int, int] = field(default_factory=dict)
    loops: dict[int, list[str]] = field(default_factory=dict)
    ends: dict[int, list[str]] = field(default_factory=dict)
    before: dict[int, list[str]] = field(default_factory=dict)
    slots: dict[int, str] = field(default_factory=dict)
    scopes: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=lambda: {"rows": 0, "outputs": 0})

    def node(self, place: int) -> Node:
        return self.kernel.graph.nodes[place]

    def operands(self, place: int) -> tuple[int, ...]:
        return operands(self.kernel.graph, place)

    def level(self, place: int) -> int:
        """The loop that computes a node: even once a row, odd for each output."""
        node, given = self.node(place), [self.levels[i] for i in self.operands(place)]
        least = max(given, default=0)
        wanted = 1 if node.shape in _VECTOR else 0
        return least if least % 2 == wanted else least + 1

    def expression(self, place: int) -> str:
        """A node's value, from the names of its operands."""
        node = self.node(place)
        names = [self.name(operand, place) for operand in self.operands(place)]
        operation, dtype = node.operation, node.dtype
        if operation in _INFIX:
            text = f"{names[0]} {_INFIX[operation]} {names[1]}"
            return f"np.int32({text})" if dtype == "i8" else text  # numba makes int64 of two int32
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
            return f"{_NAMES[dtype]}({number})"
        if operation == "cast":
            if self.node(node.operands[0]).dtype == "b1":
                return f"where({names[0]}, {_number(dtype, 1)}, {_number(dtype, 0)})"
            return f"{_NAMES[dtype]}({names[0]})"
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
        if shape not in _VECTOR:
            return "start + i"
        if name == "raw" and self.raw_by_rows:
            return "(start + i) * width + k"
        return "k * rows + start + i"

    def element(self, name: str, shape: str) -> str:
        """An element of an array, read."""
        return f"load{self.scope(name)}({name}, {self.index(name, shape)})"

    def kept(self, slot: str) -> str:
        """An element of a buffer, read."""
        return f"load{self.scope(slot)}(scratch, {self.place_in(slot)})"

    def keep(self, slot: str, value: str) -> str:
        """An element of a buffer, written."""
        return f"store{self.scope(slot)}(scratch, {self.place_in(slot)}, {value})"

    def place_in(self, slot: str) -> str:
        """Where the element lies."""
        return f"{slot} + k * tile + i" if slot.startswith("outputs") else f"{slot} + i"

    def name(self, place: int, user: int | None = None, level: int | None = None) -> str:
        """What a node is called in the loop of its user: a variable, or a buffer of an earlier loop."""
        node = self.node(place)
        if node.operation in ("number", "literal") or node.shape == "":
            return f"v{place}"
        if level is None:
            level = self.loop_of(user) if user is not None else self.levels[place]
        own = self.levels[place]
        if node.operation in _OVER_OUTPUTS or node.operation == "pick" or own != level:
            return self.kept(self.slot(place))
        return f"v{place}"

    def loop_of(self, place: int) -> int:
        """The loop in which a node reads its operands: reductions do so before they are done."""
        if self.node(place).operation in (*_OVER_OUTPUTS, "pick"):
            return self.levels[place] - 1
        return self.levels[place]

    def slot(self, place: int) -> str:
        """The buffer that keeps a node for later loops."""
        if place not in self.slots:
            node = self.node(place)
            kind = "outputs" if node.shape in _VECTOR else "rows"
            number = self.sizes[kind]
            self.sizes[kind] += 1
            if node.dtype not in ("f4", "f8"):
                raise UnrecordableError(f"a {node.dtype} that a later loop needs")
            self.slots[place] = f"{kind}{number}_{node.dtype}"
            if node.operation not in (*_OVER_OUTPUTS, "pick"):
                line = self.keep(self.slots[place], f"v{place}")
                self.ends.setdefault(self.levels[place], []).append(line)
        return self.slots[place]

    def write(self) -> str:
        """The whole source."""
        kernel, graph = self.kernel, self.kernel.graph
        places = kernel.needed
        constants, numbers = [], set()
        for place in places:
            node = self.node(place)
            if node.operation == "number":
                numbers.add(node.detail)
                constants.append(f"v{place} = {_NAMES[node.dtype]}(numbers[{node.detail}])")
                self.levels[place] = 0
            elif node.shape == "":
                self.levels[place] = 0
                constants.append(f"v{place} = {self.expression(place)}")
            else:
                self.levels[place] = self.level(place)
        for place in places:
            node = self.node(place)
            if node.shape == "":
                continue
            loop = self.loop_of(place)
            body = self.loops.setdefault(loop, [])
            if node.operation in _OVER_OUTPUTS:
                first, step = _OVER_OUTPUTS[node.operation]
                slot = self.slot(place)
                start = f"{node.dtype}({first.replace('inf', 'np.inf')})"
                self.before.setdefault(loop, []).append(self.keep(slot, start))
                value = self.name(node.operands[0], place)
                body.append(self.keep(slot, step.format(self.kept(slot), value)))
            elif node.operation == "pick":
                vector, codes = (self.name(operand, place) for operand in self.operands(place))
                slot = self.slot(place)
                self.before.setdefault(loop, []).append(self.keep(slot, f"{node.dtype}(0.0)"))
                body.append(self.keep(slot, f"where({codes} == at, {vector}, {self.kept(slot)})"))
            else:
                body.append(f"v{place} = {self.expression(place)}")
        for number, place in enumerate(kernel.stored):
            self.store(number, place)
        for number, place in enumerate(kernel.summed):
            # All are summed in the last loop over rows.
            level = self.levels[place]
            value = self.name(place, level=level)
            self.ends.setdefault(level, []).append(f"sum{number} = add(sum{number}, f8({value}))")
        return HEADER + self.function(constants, graph)

    def store(self, number: int, place: int) -> None:
        """Write a result, and keep the largest of the magnitudes."""
        node = self.node(place)
        value = self.name(place, level=self.levels[place])
        if self.kernel.apart:
            line = f"store{self.scope(f'out{number}')}(out{number}, i, {value})"
            self.ends.setdefault(0, []).append(line)
            return
        if self.kernel.n_columns:
            out, k = divmod(number, self.kernel.n_columns)
            line = f"store{self.scope(f'out{number}')}(out{out}, {k} * rows + start + i, {value})"
            self.ends.setdefault(0, []).append(line)
            return
        vector = node.shape in _VECTOR
        name = f"out{number}"
        target = (
            f"store{self.scope(name)}({name}, {self.index(name, node.shape if vector else 'n')}"
        )
        if self.kernel.vector and not vector:
            raise UnrecordableError("one number a row where there are several outputs")
        self.ends.setdefault(self.levels[place], []).append(f"{target}, {value})")

    def magnitudes(self) -> dict[str, dict[int, list[str]]]:
        """Of what is checked and of the results, for each loop."""
        found: dict[str, dict[int, list[str]]] = {"given": {}, "worst": {}}
        for variable, places in (("given", self.kernel.checked), ("worst", self.kernel.stored)):
            for place in places:
                value = self.name(place, level=self.levels[place])
                values = found[variable].setdefault(self.levels[place], [])
                if self.node(place).dtype != "f4":
                    value = f"f4({value})"
                values.append(f"magnitude_bits({value})")
        return found

    def function(self, constants: list[str], graph: Graph) -> str:
        """The function around the loops."""
        kernel = self.kernel
        arrays = kernel.inputs
        tables = [f"table{n}" for n in range(len(graph.tables))]
        draws = [f"draw{n}" for n in range(len(graph.draws))]
        outs = [f"out{n}" for n in range(kernel.n_arrays)]
        lines = ["worst = np.int32(0)", "given = np.int32(0)", *constants]
        lines += [f"sum{n} = 0.0" for n in range(len(kernel.summed))]
        # One update of each variable in a loop: of two LLVM makes no vector instructions.
        for variable, magnitudes in self.magnitudes().items():
            for level, values in magnitudes.items():
                largest = values[0]
                for value in values[1:]:
                    largest = f"larger({largest}, {value})"
                line = f"{variable} = larger({variable}, {largest})"
                self.ends.setdefault(level, []).append(line)
        if kernel.vector:
            lines += self.tiles()
        else:
            lines += [f"for i in range({'stop - start' if kernel.n_columns else 'rows'}):"]
            lines += [f"    {line}" for line in [*self.loops.get(0, []), *self.ends.get(0, [])]]
        if kernel.summed:
            lines += [f"sums[{n}] = sum{n}" for n in range(len(kernel.summed))]
        lines += ["return given, worst"]
        arguments = [
            "start",
            "stop",
            "width",
            "tile",
            "rows",
            *arrays,
            "numbers",
            *tables,
            *draws,
            "scratch",
            "sums",
            *outs,
        ]
        body = "\n".join(f"    {line}" for line in lines)
        return f"def kernel({', '.join(arguments)}):\n{body}\n"

    def tiles(self) -> list[str]:
        """The loops over tiles, and the loops of each level within."""
        slots = sorted(set(self.slots.values()))
        inside: list[str] = []
        last = max([*self.loops, *self.ends])
        for level in range(last + 1):
            body = [*self.loops.get(level, []), *self.ends.get(level, [])]
            if before := self.before.get(level):
                inside += ["for i in range(size):", *(f"    {line}" for line in before)]
            if not body:
                continue
            loop = ["for i in range(size):", *(f"    {line}" for line in body)]
            if level % 2:
                loop = [
                    "for k in range(width):",
                    "    at = f4(k)",
                    *(f"    {line}" for line in loop),
                ]
            inside += loop
        head, used = [], 0
        for slot in slots:
            head.append(f"{slot} = {used} * tile * width")
            used += 1
            if slot[-2:] != self.scratch:
                raise UnrecordableError("buffers of two types")
        self.n_buffers = used
        return [
            *head,
            "while start < stop:",
            "    size = min(tile, stop - start)",
            *(f"    {line}" for line in inside),
            "    start += size",
        ]

    @property
    def scratch(self) -> str:
        """The type of all buffers."""
        return next(iter(self.slots.values()))[-2:] if self.slots else "f4"


_NAMES = {"f4": "f4", "f8": "f8", "i8": "np.int32", "b1": "np.bool_"}


def _number(dtype: str, value: int) -> str:
    return f"{_NAMES[dtype]}({value})"


def source_of(kernel: Kernel, *, raw_by_rows: bool = False) -> tuple[str, int]:
    """The source of a kernel, and how many buffers it needs."""
    writer = _Writer(kernel, raw_by_rows)
    text = writer.write()
    return text, getattr(writer, "n_buffers", 0)
