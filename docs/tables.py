"""The tables of measured figures: a Markdown table for each CSV file, written when the documentation is built.

A cell is shown as it is. ``best`` names the columns in which the row is the best, which are shown in bold; ``command``
and ``versions`` say where the figures come from, and are shown where they differ between the rows.
"""

from __future__ import annotations

import csv
from pathlib import Path


def write(figures: Path, folder: Path) -> None:
    """Write a table for each CSV file of ``figures`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(figures.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        (folder / f"{path.stem}.md").write_text(table(rows), encoding="utf-8")


def table(rows: list[dict[str, str]]) -> str:
    """The rows in Markdown."""
    told = {name for name in ("command", "versions") if len({row[name] for row in rows}) == 1}
    columns = [name for name in rows[0] if name not in told | {"best"}]
    lines = [["" if name == "what" else name for name in columns], ["---"] * len(columns)]
    for row in rows:
        best = row.get("best", "").split("; ")
        lines.append([_cell(name, row[name], name in best) for name in columns])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cell(name: str, text: str, best: bool) -> str:
    if name == "command":
        return f"`{text}`"
    return f"**{text}**" if best else text
