"""The report of a comparison: one HTML file that asks nothing of the network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import displays, statistics, tuned
from gbm_objectives.compare.report.contests import contests
from gbm_objectives.compare.report.displays.base import COLOURS, GRID, TEXT
from gbm_objectives.compare.report.names import names
from gbm_objectives.compare.report.numbers import number, percent, signed, span
from gbm_objectives.compare.report.recommendation import recommend
from gbm_objectives.compare.report.suspects import suspects
from gbm_objectives.compare.report.verdict import label, power, verdict

#: Figures whose data fit in a table of so many rows show it.
ROWS = 80
#: So many suspect labels are shown.
SUSPECTS = 20


def write(result: Frames, path: str | Path, figures: str | Path | None = None) -> Path:
    """Write the report; returns its path. Folders that are missing are made.

    Parameters
    ----------
    result : Frames
        What has been found.
    path : str or Path
        The file.
    figures : str or Path, optional
        A folder for the figures as files; they are drawn once for both.

    Returns
    -------
    Path
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(result, figures), encoding="utf-8")
    return path


def render(result: Frames, folder: str | Path | None = None) -> str:
    """The report as text; figures as files go into the folder."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters.update(number=number, signed=signed, interval=span, percent=percent)
    source = resources.files("gbm_objectives.compare.report").joinpath("report.html.j2")
    info = {key: result.info.get(key) for key in _INFO} | result.info
    return environment.from_string(source.read_text(encoding="utf-8")).render(
        info=info,
        title=f"Which {'distribution' if info['task'] == 'distribution' else 'loss'} for {info['target'] or info['name'] or 'this data'}?",
        facts=facts(info),
        verdict=verdict(result),
        power=power(result),
        recommendation=recommend(result),
        suspects=suspect_rows(result),
        tuned=tuned.rows(result),
        contests=contests(result),
        names={(key.library, key.candidate): name for key, name in names(result).items()},
        boards=boards(result),
        gain=statistics.higher_is_better(result),
        ratio_to_constant=statistics.is_ratio(result),
        figures=figures(result, folder),
        failures=statistics.failures(result).to_dict("records"),
        warnings=warnings(result),
        folds=statistics.n_folds(result),
        ratio=statistics.test_to_train(result),
    )  # fmt: skip


_INFO = (
    "task", "name", "target", "n_rows", "n_features", "classes", "metric", "seeds", "versions",
    "command", "seconds", "complete", "notes", "n_test", "repeats",
)  # fmt: skip


def facts(info: dict[str, Any]) -> list[tuple[str, str]]:
    """The line under the title: what was compared on what."""
    seeds = info["seeds"]
    n_seeds = len(seeds) if isinstance(seeds, (list, tuple)) else 1
    n_folds = info["folds"] if isinstance(info["folds"], int) else len(info["folds"])
    found = {
        "data": info["name"],
        "task": info["task"],
        "rows": f"{info['n_rows']:,}" if info["n_rows"] else None,
        "features": info["n_features"],
        "classes": len(info["classes"]) if info["classes"] else None,
        "metric": info["metric"],
        "test rows": info["n_test"],
        "folds": None if info["n_test"] else _folds(n_folds, n_seeds, len(info["repeats"] or ())),
        "took": f"{info['seconds']:.0f} s" if info["seconds"] is not None else None,
    }
    return [(name, str(value)) for name, value in found.items() if value is not None]


def _folds(folds: int, seeds: int, repeats: int) -> str:
    if repeats:
        return f"{folds}, {seeds} times (contaminated labels {seeds - repeats} times)"
    return f"{folds} × {seeds} seeds" if seeds > 1 else str(folds)


def boards(result: Frames) -> list[tuple[str, list[dict[str, Any]]]]:
    """A leaderboard for each contamination, with its heading."""
    board = statistics.leaderboard(result)
    if board.empty:
        return []
    return [
        (label(share), [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")])
        for share, rows in board.groupby("contamination")
    ]


def suspect_rows(result: Frames) -> dict[str, Any]:
    """The most suspect labels as a table, and how many there are in all."""
    found = suspects(result)
    rows = [
        [*map(_cell, row[:-1]), f"{100 * row[-1]:.1f}%"]
        for row in found.head(SUSPECTS).itertuples(index=False)
    ]
    columns = [*map(str, found.columns[:-1]), "chance that it is right"]
    return {"count": len(found), "columns": columns, "rows": rows}


def warnings(result: Frames) -> list[dict[str, Any]]:
    """Each warning once, with how often and where it was given."""
    frame = result.warnings
    if frame.empty:
        return []
    found = frame.groupby(["candidate", "library", "text"], sort=False, dropna=False)
    counts: list[dict[str, Any]] = found.size().rename("times").reset_index().to_dict("records")
    return counts


def figures(result: Frames, folder: str | Path | None = None) -> list[dict[str, Any]]:
    """What the page needs of each figure: its SVG and, where it is short, the table behind it."""
    found = []
    for drawn in displays.drawn(result):
        if folder is not None:
            drawn.save(Path(folder))
        display = drawn.display
        frame, name = display.frame, display.name
        shown = frame if len(frame) <= ROWS and name != "scores" else frame.head(0)
        found.append({
            "name": name, "title": display.title, "caption": display.text(),
            "svg": inline(drawn.svg, name), "columns": list(shown.columns),
            "rows": [[_cell(value) for value in row] for row in shown.itertuples(index=False)],
        })  # fmt: skip
    return found


def inline(text: str, name: str) -> Markup:
    """An SVG file as a part of the page, in its colours and its typeface, without a background.

    Ids start with ``name``: those of several figures on one page must differ.
    """
    text = text.replace("fill: #ffffff", "fill: none")
    text = text[text.index("<svg") :]
    text = re.sub(r"<(metadata|style)\b.*?</\1>", "", text, flags=re.S)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r"'DejaVu Sans'[^;\"]*", "var(--sans)", text)
    for colour, stands_for in _colours():
        text = text.replace(colour, stands_for)
    size = r'<svg width="([\d.]+)pt" height="([\d.]+)pt"'
    head = f'<svg role="img" aria-labelledby="{name}-title {name}-caption"'
    return Markup(re.sub(size, head, text, count=1))


def _colours() -> Iterable[tuple[str, str]]:
    yield TEXT, "currentColor"
    yield GRID, "var(--line)"
    for index, colour in enumerate(COLOURS):
        yield colour, f"var(--c{index})"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    return str(value) if not pd.api.types.is_number(value) else f"{value:g}"
