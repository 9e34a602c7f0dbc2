"""From a graph to the source of one kernel.

The kernel goes through its rows in tiles. Within a tile there is a loop for each level: in loops of odd levels for each
output, in loops of even levels once a row. What a later loop needs is kept in a buffer that stays in the cache. A
loss of one output has one loop, and no buffers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gbm_objectives.engine._expressions import TYPES, Expressions
from gbm_objectives.engine._graph import Graph, UnrecordableError
from gbm_objectives.engine._kernel import HEADER, VECTOR, Kernel

_OVER_OUTPUTS = {"sum_outputs": ("0.0", "{0} + {1}"), "max_outputs": ("-inf", "maximum({1}, {0})"),
                 "min_outputs": ("inf", "minimum({1}, {0})")}  # fmt: skip


@dataclass
class _Writer(Expressions):
    """The source of a kernel, in the making."""

    levels: dict[int, int] = field(default_factory=dict)
    loops: dict[int, list[str]] = field(default_factory=dict)
    ends: dict[int, list[str]] = field(default_factory=dict)
    before: dict[int, list[str]] = field(default_factory=dict)
    slots: dict[int, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=lambda: {"rows": 0, "outputs": 0})

    def level(self, place: int) -> int:
        """The loop that computes a node: even once a row, odd for each output."""
        node, given = self.node(place), [self.levels[i] for i in self.operands(place)]
        least = max(given, default=0)
        wanted = 1 if node.shape in VECTOR else 0
        return least if least % 2 == wanted else least + 1

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
            kind = "outputs" if node.shape in VECTOR else "rows"
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
                constants.append(f"v{place} = {TYPES[node.dtype]}(numbers[{node.detail}])")
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
        vector = node.shape in VECTOR
        name = f"out{number}"
        target = (
            f"store{self.scope(name)}({name}, {self.index(name, node.shape if vector else 'n')}"
        )
        if self.kernel.vector and not vector:
            raise UnrecordableError("one number for each row where there are several outputs")
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


def source_of(kernel: Kernel, *, raw_by_rows: bool = False) -> tuple[str, int]:
    """The source of a kernel, and how many buffers it needs."""
    writer = _Writer(kernel, raw_by_rows)
    text = writer.write()
    return text, getattr(writer, "n_buffers", 0)
