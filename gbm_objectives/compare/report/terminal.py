"""The report in a terminal: the scores as a table, and what they do and don't show, in words."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics, verdict
from gbm_objectives.compare.report.names import name_of, names, short
from gbm_objectives.compare.report.recommendation import Recommendation, recommend
from gbm_objectives.compare.report.suspects import suspects

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Style:
    """How values are shown: with decimals that follow their size."""

    plus_minus: str
    decimals: int

    def number(self, value: float) -> str:
        """A value of the metric, short whatever its size, so that the table fits 80 columns."""
        if abs(value) < 1e5:
            return f"{value:.{self.decimals if abs(value) < 1000 else 0}f}"
        return _exponential(value, 2)

    def cell(self, mean: float, half: float) -> str:
        """A mean and half its interval; the mean alone where a single fold gives none."""
        shown = self.number(mean)
        if isnan(half):
            return shown
        spread = _exponential(half, 1) if "e" in shown else self.number(half)
        return f"{shown} {self.plus_minus} {spread}"


def _exponential(value: float, decimals: int) -> str:
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def report(console: Console, result: Frames) -> None:
    """Print the table, what failed, and the closing comparison of ours with the built-ins."""
    board = statistics.leaderboard(result)
    if board.empty:
        say(console, "No fold has a score.", *failures(result))
        return
    found = recommend(result)
    if found is not None:
        say(console, f"Recommendation: {found}", *recipe(found), "")
    folds = int(board["pairs"].max())
    console.print(table(result, board, _style(console, board)))
    say(console, "", *failures(result), *notes(folds, result.info))
    if folds == 1:
        say(console, "", "One fold is too few to compare ours with the built-in ones.")
        return
    yours = " and of yours" if "user" in set(board["kind"]) else ""
    say(console, "", f"The best of ours{yours} against the best built-in of the same library:")
    say(console, *(f"- {_plain(line, console)}" for line in verdict.lines(result)))
    say(console, *_suspects(result))


def _suspects(result: Frames) -> list[str]:
    """How many labels look wrong, and the first of them."""
    rows = suspects(result)["row"].tolist()
    if not rows:
        return []
    shown = ", ".join(map(str, rows[:5])) + (" ..." if len(rows) > 5 else "")
    what = "label looks" if len(rows) == 1 else "labels look"
    return ["", f"{len(rows)} {what} wrong, most of all in row {shown} (counted from 0)."]


def recipe(found: Recommendation) -> list[str]:
    """The code that trains what is recommended."""
    parts = (("The library's train", found.code.train), ("scikit-learn", found.code.sklearn))
    lines = [
        line
        for name, code in parts if code
        for line in ("", f"{name}:", *(f"    {line}" for line in code.splitlines()))
    ]  # fmt: skip
    if found.code.categorical and lines:
        text = 'X[column] = X[column].astype("category")'
        lines = ["", f"Columns of text in X must be categories: {text}.", *lines]
    return lines


def _plain(line: str, console: Console) -> str:
    """Without the signs that an ASCII terminal hasn't."""
    return line.replace("−", "-").replace("–", "none") if console.options.ascii_only else line


def _style(console: Console, board: pd.DataFrame) -> Style:
    sizes = board["mean"].abs()
    smallest = sizes.min()
    decimals = 0 if smallest >= 1000 else 1 if smallest >= 10 else 4 if sizes.max() < 10 else 2
    return Style("+-" if console.options.ascii_only else "±", decimals)


def say(console: Console, *lines: str) -> None:
    """Print lines literally: wrapped at words in a terminal, whole in a pipe."""
    for line in lines:
        console.print(Text(line), soft_wrap=not console.is_terminal)


def table(result: Frames, board: pd.DataFrame, style: Style) -> Table:
    """One row a candidate and library, one column a contamination of the leaderboard; the best mean is marked."""
    shares, kinds = statistics.contaminations(result), statistics.kinds(result)
    gain = statistics.higher_is_better(result)
    found = {
        share: {statistics.Key(row.library, row.candidate): row for row in rows.itertuples()}
        for share, rows in board.groupby("contamination")
    }
    tops = {share: next(iter(rows.values())).mean for share, rows in found.items()}
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    shown.add_column("library", no_wrap=True)
    shown.add_column("objective", overflow="fold")
    for share in shares:
        shown.add_column(f"{label(share)} ", justify="right", no_wrap=True)

    def place(key: statistics.Key) -> tuple[str, float]:
        rows = [found.get(share, {}).get(key) for share in shares]
        return key.library, sum(inf if r is None else -r.mean if gain else r.mean for r in rows)

    previous = None
    for key in sorted(kinds, key=place):
        if previous not in (None, key.library):
            shown.add_section()
        previous = key.library
        cells = []
        for share in shares:
            row = found.get(share, {}).get(key)
            if row is None:
                cells.append(Text("none ", "red"))
                continue
            best = row.mean == tops[share]
            text = style.cell(row.mean, (row.high - row.low) / 2) + ("*" if best else " ")
            cells.append(Text(text, "bold green" if best else ""))
        shown.add_row(key.library, Text(_objective(key, kinds[key]), _STYLES[kinds[key]]), *cells)
    return shown


def _objective(key: statistics.Key, kind: str) -> str:
    """Ours and the library's told apart; a transformed target is no name of either."""
    return name_of(key, kind) if kind == "built-in" else short(key.candidate, kind)


_STYLES = {"baseline": "dim", "built-in": "", "transformed": "", "ours": "cyan", "user": "magenta"}


def label(share: float) -> str:
    """The name of a contamination."""
    return f"{share:.0%}" if share else "clean"


def failures(result: Frames) -> list[str]:
    """A line for each reason of a candidate, with how often it occurred."""
    found = statistics.failures(result)
    scores = result.scores
    fits = scores[scores["metric"] == scores["metric"].iloc[0]] if len(scores) else scores
    counts = fits.groupby(["library", "candidate"]).size()
    skipped = found[found["status"] == "skipped"]
    if (
        sum(
            skipped["fits"].to_numpy()
            == [counts[key] for key in zip(skipped["library"], skipped["candidate"], strict=True)]
        )
        > 10
    ):
        return [f"{found['fits'].sum()} fits have no score: {skipped['reason'].iloc[0]}"]
    called = names(result)
    where: dict[str, list[str]] = {}
    for row in found.itertuples():
        what = "Failed" if row.status == "failed" else "Left out"
        why = f"{what} in {row.fits} of {counts[row.library, row.candidate]} fits: {row.reason}"
        where.setdefault(why, []).append(called[statistics.Key(row.library, row.candidate)])
    return [f"{why} ({', '.join(candidates)})" for why, candidates in where.items()]


def notes(folds: int, info: dict[str, Any]) -> list[str]:
    """How to read the table."""
    what = "parts of the test rows" if info["split"] == "test" else "folds"
    over = f"mean and 95% interval over {folds} {what}" if folds > 1 else "of a single fold"
    if info["repeats"] and len(info["contaminations"]) > 1:
        once = info["folds"] * (len(info["seeds"]) - len(info["repeats"]))
        over += f" (contaminated: {once})"
    hit = f"flipped to another class, of {len(info['classes'])}"
    if not info["classes"]:
        side = "up" if info["one_sided"] else "up or down"
        hit = f"moved by {info['contamination_size']:g} standard deviations, {side}"
    columns = f" Columns: the probability with which each training label was {hit}."
    lines = [
        f"{metric_name(info)} on clean test labels, {over}."
        f"{columns if any(info['contaminations']) else ''} * the best of "
        "its column. Order: by library, then by the mean of the columns."
    ]
    trees = [
        f"{library} {', '.join(f'{name} {value}' for name, value in values.items())}"
        for library, values in info["trees"].items()
    ]
    stopping = info["early_stopping"]
    early = "no early stopping"
    if stopping is not None:
        early = f"stopped after {stopping} rounds without improvement on 15% of the training rows"
    tuned = [one["trials"] for one in info.get("tuning") or ()]
    if tuned:
        lines.append(
            f"Trees and parameters of losses: tuned, {_span(tuned)} trials for each candidate on the training rows of "
            f"each fold; {early}."
        )
    else:
        lines.append(
            f"Trees: {'; '.join(trees)}; {early}. Built-in objectives have their defaults."
        )
    return lines


def _span(values: list[int]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"


def metric_name(info: dict[str, Any]) -> str:
    """In words."""
    names = {
        "mae": "Mean absolute error", "rmse": "Root mean squared error",
        "log_score": "Negative log-likelihood (log_score)",
    }  # fmt: skip
    return names.get(info["metric"], str(info["metric"]).replace("_", " ").capitalize())
