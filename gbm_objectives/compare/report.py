"""The report: the scores as a table, and what they do and don't show, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scipy.stats import t as student_t

from gbm_objectives.compare.candidates import LIBRARIES
from gbm_objectives.compare.run import Score
from gbm_objectives.compare.summary import (
    Comparison,
    Estimate,
    Row,
    comparisons,
    contaminations,
    rows,
    unbeaten,
)
from gbm_objectives.compare.tasks import SHIFT, Task


def report(console: Console, scores: Sequence[Score], task: Task) -> None:
    """Print the table, what failed, and the closing comparison of ours with the built-ins."""
    shares, found = contaminations(scores), rows(scores)
    folds = len({score.fold for score in scores})
    console.print(table(found, shares, _plus_minus(console)))
    say(console, "", *failures(scores), *notes(found, folds, task))
    if folds == 1:
        say(console, "", "One fold is too few to compare ours with the built-in ones.")
        return
    pairs = comparisons(found, shares)
    if pairs:
        say(console, "", "The best of ours against the best built-in, difference paired by fold:")
        say(console, *(sentence(pair, _plus_minus(console)) for pair in pairs))
        say(console, *(against_constant(pair) for pair in unbeaten(found, shares)))
        say(console, *caveats(folds, task))


def say(console: Console, *lines: str) -> None:
    """Print lines literally: wrapped at words in a terminal, whole in a pipe."""
    for line in lines:
        console.print(Text(line), soft_wrap=not console.is_terminal)


def table(found: Sequence[Row], shares: Sequence[float], plus_minus: str) -> Table:
    """One row a candidate and library, one column a contamination; the lowest mean is marked."""
    lowest = {share: min(row.mean(share) for row in found) for share in shares}
    result = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    result.add_column("library", no_wrap=True)
    result.add_column("objective", no_wrap=True)
    for share in shares:
        result.add_column(f"{label(share)} ", justify="right")
    previous = found[0].library
    for row in found:
        if row.library != previous:
            result.add_section()
            previous = row.library
        cells = [_cell(row.estimate(share), lowest[share], plus_minus) for share in shares]
        result.add_row(row.library, Text(row.candidate, _STYLES[row.kind]), *cells)
    return result


_STYLES = {"baseline": "dim", "built-in": "", "ours": "cyan"}


def _cell(estimate: Estimate | None, lowest: float, plus_minus: str) -> Text:
    if estimate is None:
        return Text("none ", "red")
    marked = estimate.mean == lowest
    shown = _shown(estimate, 1, plus_minus)
    return Text(shown + ("*" if marked else " "), "bold green" if marked else "")


def _shown(estimate: Estimate, decimals: int, plus_minus: str) -> str:
    """Mean and standard error; the mean alone where a single fold gives no error."""
    mean = _number(estimate.mean, decimals)
    if estimate.error != estimate.error:  # NaN
        return mean
    return f"{mean} {plus_minus} {_number(estimate.error, decimals)}"


def _number(value: float, decimals: int) -> str:
    """Short whatever its size, so that the table fits 80 columns."""
    if abs(value) < 1e4:
        return f"{value:.{decimals if abs(value) < 1000 else 0}f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _plus_minus(console: Console) -> str:
    return "+-" if console.options.ascii_only else "±"


def label(share: float) -> str:
    """The name of a contamination."""
    return f"{share:.0%}" if share else "clean"


def failures(scores: Sequence[Score]) -> list[str]:
    """A line for each reason of a candidate, with how often it occurred."""
    fits = Counter((score.library, score.candidate) for score in scores)
    failed = Counter((s.library, s.candidate, s.reason) for s in scores if s.mae is None)
    return [
        f"{library}, {candidate} failed in {count} of {fits[library, candidate]} fits: {reason}"
        for (library, candidate, reason), count in failed.items()
    ]


def notes(found: Sequence[Row], folds: int, task: Task) -> list[str]:
    """How to read the table."""
    over = f"mean and standard error over {folds} folds" if folds > 1 else "of a single fold"
    lines = [
        f"Mean absolute error on clean test labels, {over}. Columns: the probability with which each "
        f"training label was moved by {SHIFT:g} standard deviations, up or down. * the lowest of "
        "its column. Order: by library, then by the mean of the columns."
    ]
    names = {row.candidate for row in found}
    trees = [
        f"{library} {', '.join(f'{name} {value}' for name, value in booster.trees.items())}"
        for library, (booster, _) in LIBRARIES.items()
        if any(row.library == library for row in found)
    ]
    lines.append(
        f"Trees: {'; '.join(trees)}; no early stopping. Every objective has its default parameters."
    )
    fixed = [text for name, text in _FIXED_SCALES.items() if name in names]
    if fixed:
        lines[-1] += (
            f" The default scale of {', '.join(fixed)} is 1 or near it in the units of the target, "
            f"whose standard deviation is {task.y.std():.0f} here: tuned, they may do better."
        )
    return lines


_FIXED_SCALES = {
    "reg:pseudohubererror": "reg:pseudohubererror (huber_slope)",
    "huber": "huber (alpha)",
    "fair": "fair (fair_c)",
}


def sentence(pair: Comparison, plus_minus: str) -> str:
    """The best of ours against the best built-in."""
    share, difference = pair.contamination, pair.difference
    ours, built_in = (
        f"{row.candidate} {_number(row.mean(share), 1)}" for row in (pair.candidate, pair.other)
    )
    side = "lower" if difference.mean < 0 else "higher"
    verdict = f"ours {side} by more than 2 standard errors" if pair.clear else "no clear difference"
    return (
        f"- {pair.candidate.library}, {label(share)}: {ours}, built-in {built_in}; "
        f"difference {_shown(difference, 2, plus_minus)}: {verdict}."
    )


def against_constant(pair: Comparison) -> str:
    """The best model against a baseline that it does not clearly beat."""
    share, model = pair.contamination, pair.candidate
    return (
        f"- {label(share)}: no model is clearly better than the {pair.other.candidate}, "
        f"{_number(pair.other.mean(share), 1)}; the lowest is {model.candidate} of "
        f"{model.library}, {_number(model.mean(share), 1)}."
    )


def caveats(folds: int, task: Task) -> list[str]:
    """What the comparison does not show."""
    chance = 2 * float(student_t.sf(2, folds - 1))
    return [
        "Both were picked as the best on these same folds, which flatters both, the larger group "
        f"more; and one small data set ({task.name}) says little about others.",
        "Folds are not independent, for their training rows overlap: the standard errors are "
        f"rough, likely too small. The mean of {folds} independent normal differences around 0 "
        f"lies beyond 2 standard errors with probability {chance:.2f}.",
    ]
