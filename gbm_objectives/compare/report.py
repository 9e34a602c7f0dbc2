"""The report in a terminal: the scores as a table, and what they do and don't show, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gbm_objectives.compare import verdict
from gbm_objectives.compare.result import Result
from gbm_objectives.compare.summary import (
    Estimate,
    Row,
    Score,
    complete_folds,
    contaminations,
    of_frame,
    rows,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Style:
    """How values are shown: ``sign`` undoes that losses are minimised, decimals follow their size."""

    plus_minus: str
    sign: float
    decimals: int

    def number(self, loss: float, more: int = 0) -> str:
        """A value of the metric, short whatever its size, so that the table fits 80 columns."""
        value = self.sign * loss
        if abs(value) < 1e4:
            return f"{value:.{self.decimals + more if abs(value) < 1000 else 0}f}"
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"

    def estimate(self, estimate: Estimate, more: int = 0) -> str:
        """Mean and standard error; the mean alone where a single fold gives no error."""
        mean = self.number(estimate.mean, more)
        if estimate.error != estimate.error:  # NaN
            return mean
        return f"{mean} {self.plus_minus} {self.number(self.sign * estimate.error, more)}"


def report(console: Console, result: Result) -> None:
    """Print the table, what failed, and the closing comparison of ours with the built-ins."""
    info = result.info
    everything = of_frame(result.scores, info["metric"])
    counts = Counter(score.fold for score in everything)
    scores = complete_folds(everything, max(counts.values())) if counts else []
    folds = len({score.fold for score in scores})
    shares, found = contaminations(scores), rows(scores)
    if not found:
        say(console, "No fold has a score.")
        return
    style = _style(console, result, found)
    console.print(table(found, shares, style))
    say(console, "", *failures(everything), *notes(found, folds, info))
    if folds == 1:
        say(console, "", "One fold is too few to compare ours with the built-in ones.")
        return
    seen = replace(result, scores=_of_folds(result.scores, scores))
    say(console, "", "The best of ours against the best built-in of the same library:")
    say(console, *(f"- {_plain(line, console)}" for line in verdict.lines(seen)))


def _of_folds(frame: pd.DataFrame, scores: Sequence[Score]) -> pd.DataFrame:
    """The scores of the folds that the table shows."""
    folds = {score.fold for score in scores}
    return frame[[fold in folds for fold in zip(frame["seed"], frame["fold"], strict=True)]]


def _plain(line: str, console: Console) -> str:
    """Without the signs that an ASCII terminal hasn't."""
    return line.replace("−", "-").replace("–", "none") if console.options.ascii_only else line


def _style(console: Console, result: Result, found: Sequence[Row]) -> Style:
    higher = result.scores.loc[
        result.scores["metric"] == result.info["metric"], "higher_is_better"
    ].any()
    sizes = [abs(row.mean(share)) for row in found for share in row.losses]
    decimals = 1 if min(sizes, default=0.0) >= 10 else 4 if max(sizes, default=0.0) < 10 else 2
    plus_minus = "+-" if console.options.ascii_only else "±"
    return Style(plus_minus, -1.0 if higher else 1.0, decimals)


def say(console: Console, *lines: str) -> None:
    """Print lines literally: wrapped at words in a terminal, whole in a pipe."""
    for line in lines:
        console.print(Text(line), soft_wrap=not console.is_terminal)


def table(found: Sequence[Row], shares: Sequence[float], style: Style) -> Table:
    """One row a candidate and library, one column a contamination; the best mean is marked."""
    lowest = {share: min(row.mean(share) for row in found) for share in shares}
    result = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    result.add_column("library", no_wrap=True)
    result.add_column("objective", overflow="fold")
    for share in shares:
        result.add_column(f"{label(share)} ", justify="right", no_wrap=True)
    previous = found[0].library
    for row in found:
        if row.library != previous:
            result.add_section()
            previous = row.library
        cells = [_cell(row.estimate(share), lowest[share], style) for share in shares]
        result.add_row(row.library, Text(row.candidate, _STYLES[row.kind]), *cells)
    return result


_STYLES = {"baseline": "dim", "built-in": "", "transformed": "", "ours": "cyan", "user": "magenta"}


def _cell(estimate: Estimate | None, lowest: float, style: Style) -> Text:
    if estimate is None:
        return Text("none ", "red")
    marked = estimate.mean == lowest
    return Text(style.estimate(estimate) + ("*" if marked else " "), "bold green" if marked else "")


def label(share: float) -> str:
    """The name of a contamination."""
    return f"{share:.0%}" if share else "clean"


def failures(scores: Sequence[Score]) -> list[str]:
    """A line for each reason of a candidate, with how often it occurred."""
    fits = Counter((score.library, score.candidate) for score in scores)
    failed = Counter((s.library, s.candidate, s.status) for s in scores if s.loss is None)
    reason = {(s.library, s.candidate, s.status): s.reason for s in reversed(scores)}
    lines = []
    skipped = sum(count == fits[key[:2]] and key[2] == "skipped" for key, count in failed.items())
    for key, count in failed.items():
        library, candidate, status = key
        word = "failed" if status == "failed" else "was left out"
        lines.append(
            f"{library}, {candidate} {word} in {count} of {fits[library, candidate]} fits: {reason[key]}"
        )
    if skipped > 10:  # the time budget was small
        return [f"{sum(failed.values())} fits have no score: {lines[0].partition(': ')[2]}"]
    return lines


def notes(found: Sequence[Row], folds: int, info: dict[str, Any]) -> list[str]:
    """How to read the table."""
    over = f"mean and standard error over {folds} folds" if folds > 1 else "of a single fold"
    hit = f"flipped to another class, of {len(info['classes'])}"
    if not info["classes"]:
        side = "up" if info["one_sided"] else "up or down"
        hit = f"moved by {info['contamination_size']:g} standard deviations, {side}"
    columns = f" Columns: the probability with which each training label was {hit}."
    lines = [
        f"{metric_name(info)} on clean test labels, {over}."
        f"{columns if any(info['contaminations']) else ''} * the best of "
        "its column. Order: by library, then by the mean of the columns. Objectives with parentheses are ours."
    ]
    trees = [
        f"{library} {', '.join(f'{name} {value}' for name, value in values.items())}"
        for library, values in info["trees"].items()
    ]
    stopping = info["early_stopping"]
    early = "no early stopping"
    if stopping is not None:
        early = f"stopped after {stopping} rounds without improvement on 15% of the training rows"
    lines.append(f"Trees: {'; '.join(trees)}; {early}. Built-in objectives have their defaults.")
    return lines


def metric_name(info: dict[str, Any]) -> str:
    """In words."""
    names = {"mae": "Mean absolute error", "rmse": "Root mean squared error"}
    return names.get(info["metric"], str(info["metric"]).replace("_", " ").capitalize())
