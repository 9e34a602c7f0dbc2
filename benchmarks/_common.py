"""What the benchmarks share: tables, bounds and the CSV file, and the interleaved clock."""

from __future__ import annotations

import argparse
import csv
import math
import random
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Bound:
    """A figure that must not exceed its limit; NaN exceeds every limit."""

    what: str
    measured: float
    limit: float

    @property
    def holds(self) -> bool:
        """Whether it does not."""
        return self.measured <= self.limit

    def row(self) -> Row:
        """The bound as a row of a table."""
        verdict = "yes" if self.holds else "NO"
        return {
            "bound": self.what,
            "measured": self.measured,
            "at most": self.limit,
            "holds": verdict,
        }


@dataclass
class Report:
    """The tables of one run, printed as they come and kept for the CSV file."""

    csv: Path | None = None
    rows: list[Row] = field(default_factory=list)

    def table(self, title: str, rows: Iterable[Row]) -> None:
        """Print a table (the first row names the columns) and keep its rows."""
        rows = list(rows)
        self.rows += [{"table": title, **row} for row in rows]
        columns = list(dict.fromkeys(column for row in rows for column in row))
        cells = [[text(row.get(column, "")) for column in columns] for row in rows]
        _print(title, columns, cells)

    def bounds(self, bounds: Iterable[Bound]) -> None:
        """Print the bounds and whether each holds."""
        if rows := [bound.row() for bound in bounds]:
            self.table("Bounds", rows)

    def save(self) -> None:
        """Write all tables into the one CSV file, if one was asked for."""
        if self.csv is None:
            return
        columns = list(dict.fromkeys(column for row in self.rows for column in row))
        with self.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(self.rows)


def text(value: object) -> str:
    """A cell: four significant digits, no exponent where it can be avoided."""
    if not isinstance(value, float):
        return str(value)
    if value == 0 or not math.isfinite(value) or not 1e-4 <= abs(value) < 1e7:
        return f"{value:.3g}"
    return f"{value:.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"


def _print(title: str, columns: list[str], cells: list[list[str]]) -> None:
    """A rich table on a terminal, aligned text elsewhere."""
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        Console = None  # type: ignore[assignment,misc]
    if Console is not None and sys.stdout.isatty():
        table = Table(*columns, title=title, title_justify="left")
        for line in cells:
            table.add_row(*line)
        Console().print(table)
        return
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    print(f"\n{title}")
    for line in (columns, ["-" * width for width in widths], *cells):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
    sys.stdout.flush()


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with the option that all benchmarks have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--csv", type=Path, help="write all tables into this file")
    return parser


def interleaved(
    calls: Mapping[str, Callable[[], object]], repeats: int, lead: int = 0
) -> dict[str, float]:
    """Median CPU seconds of each call; every repeat runs all of them, in a fresh random order.

    A measured call follows ``lead`` unmeasured ones of the same kind. The clock is the CPU time of the
    process: what other processes take is not counted.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    order, shuffle = list(calls), random.Random(0).shuffle
    for call in calls.values():
        call()  # compiles, imports, first touches
    for _ in range(repeats):
        shuffle(order)
        for name in order:
            for _ in range(lead):
                calls[name]()
            start = time.process_time()
            calls[name]()
            times[name].append(time.process_time() - start)
    return {name: median(values) for name, values in times.items()}
