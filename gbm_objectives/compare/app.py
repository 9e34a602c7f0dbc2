"""The commands ``compare`` and ``list``. Importing this needs typer, rich and scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gbm_objectives._validation import message
from gbm_objectives.compare import tasks
from gbm_objectives.compare.candidates import LIBRARIES, Settings, candidates
from gbm_objectives.compare.progress import collect
from gbm_objectives.compare.report import report, say
from gbm_objectives.compare.run import describe, run
from gbm_objectives.compare.summary import complete_folds
from gbm_objectives.registry import OBJECTIVES

USAGE, INTERRUPTED = 2, 130

app = typer.Typer(
    help="Custom objectives for XGBoost and LightGBM.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# Typer brings a click of its own or, before that, imports it: the base class is found, not imported.
_UsageError: Any = typer.BadParameter.__mro__[1]


def main(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code. Bad usage is one line on stderr."""
    try:
        code = app(list(arguments) or ["--help"], "gbm-objectives", standalone_mode=False)
    except _UsageError as error:
        _line(f"{error.format_message().rstrip('.')}. See gbm-objectives --help.")
        return USAGE
    except typer.Abort:  # what some versions make of Ctrl-C
        return INTERRUPTED
    return code or 0


def _line(text: str) -> None:
    typer.echo(f"gbm-objectives: {' '.join(text.split())}", err=True)


def _refuse(text: str) -> NoReturn:
    _line(text)
    raise typer.Exit(USAGE)


def _stdout() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=200)  # a pipe must not cut or wrap


@app.command("list")
def list_objectives() -> None:
    """List the objectives of this package."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, make in OBJECTIVES.items():
        grid.add_row(Text(name, "cyan"), Text(str(inspect.getdoc(make)).splitlines()[0]))
    _stdout().print(grid)


@app.command()
def compare(
    quick: Annotated[
        bool, typer.Option("--quick", help="3 folds and 50 rounds; all else alike.")
    ] = False,
    folds: Annotated[
        int | None, typer.Option(help="Folds of the cross-validation.", show_default="5")
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(help="Trees of each model.", show_default="200")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the folds and the contamination.")] = 0,
    libraries: Annotated[
        str | None,
        typer.Option(help="Separated by commas.", show_default="those installed"),
    ] = None,
    threads: Annotated[int, typer.Option(help="Of each model.")] = 1,
) -> None:
    """Compare our objectives with the built-in ones, on clean and on contaminated labels."""
    task = tasks.diabetes()
    folds = folds if folds is not None else 3 if quick else 5
    rounds = rounds if rounds is not None else 50 if quick else 200
    try:
        settings = Settings(rounds, threads)
        splits = tasks.splits(task, folds, seed)
        wanted = _wanted(libraries)
    except ValueError as error:
        _refuse(str(error))
    reasons = {library: _unusable(library) for library in wanted}
    unusable = [reason for reason in reasons.values() if reason]
    versions = {
        library: import_module(library).__version__
        for library, reason in reasons.items()
        if not reason
    }
    if not versions or (libraries is not None and unusable):
        _refuse(f"{'; '.join(unusable)}. Try: pip install 'gbm-objectives[compare]'")

    out, err = _stdout(), Console(stderr=True)
    using = ", ".join(f"{name} {version}" for name, version in versions.items())
    say(
        out,
        f"{task.name}: {len(task.y)} rows, {folds} folds, {rounds} rounds, seed {seed}; {using}",
    )
    say(out, *(f"Left out: {reason}" for reason in unusable))
    compared = candidates(list(versions))
    per_fold = len(compared) * len(tasks.CONTAMINATIONS)
    scores, interrupted = collect(run(splits, compared, settings), folds, per_fold, err)
    done = complete_folds(scores, per_fold)
    if interrupted:
        say(out, _interruption(len(scores), per_fold, folds))
    if scores:
        report(out, done or scores, task)
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    if all(score.mae is None for score in scores if score.kind != "baseline"):
        raise typer.Exit(1)


def _wanted(libraries: str | None) -> list[str]:
    names = list(LIBRARIES) if libraries is None else [s.strip() for s in libraries.split(",")]
    for name in names:
        if name not in LIBRARIES:
            needed = f"{' or '.join(LIBRARIES)}, or both with a comma between"
            raise ValueError(message("libraries", repr(name), needed))
    return list(dict.fromkeys(names))


def _unusable(library: str) -> str:
    """Why it can't be imported; empty where it can."""
    try:
        import_module(library)
    except ModuleNotFoundError as error:
        return f"{library} is not installed" if error.name == library else describe(error)
    except Exception as error:  # it may be there and fail to load
        return f"{library} fails to load, {describe(error)}"
    return ""


def _interruption(scores: int, per_fold: int, folds: int) -> str:
    complete, rest = divmod(scores, per_fold)
    text = f"Interrupted after {complete} of {folds} folds."
    if complete and rest:
        return f"{text} The {rest} models of the next one are left out."
    return f"{text} Of the first, {rest} of {per_fold} models are done." if rest else text
