"""The commands ``compare``, ``check`` and ``list``. Importing this needs typer, rich and scikit-learn."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import joblib
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gbm_objectives._training.leaves import validate_leaves
from gbm_objectives.compare.cli import importing, telling
from gbm_objectives.compare.options import Options
from gbm_objectives.compare.prepared import prepare
from gbm_objectives.compare.report.terminal import report, say
from gbm_objectives.compare.result import Result
from gbm_objectives.compare.running.cache import writable
from gbm_objectives.compare.running.progress import shown
from gbm_objectives.compare.saving import save
from gbm_objectives.compare.tasks import TASKS
from gbm_objectives.registry import OBJECTIVES

USAGE, INTERRUPTED = 2, 130

app = typer.Typer(
    help="Custom objectives for XGBoost and LightGBM.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# The click that typer brings or imports: the base class is found, not imported.
_UsageError: Any = typer.BadParameter.__mro__[1]


def main(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code. Bad usage is one line on stderr."""
    try:
        given = list(arguments) or ["--help"]
        code = app(given, "gbm-objectives", standalone_mode=False, obj=given)
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
def check(
    objective: Annotated[
        str, typer.Argument(metavar="MODULE:FUNCTION", help="Or FILE.py:FUNCTION.")
    ],
    task: Annotated[
        str | None,
        typer.Option(help="regression, binary, positive or multiclass.", show_default="regression"),
    ] = None,
) -> None:
    """Check a hand-written objective; the exit code is 1 if it fails."""
    from gbm_objectives.testing import check_objective

    try:
        found = check_objective(importing.imported("check", objective), task=task)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        _refuse(str(error))
    say(_stdout(), str(found))
    if not found.passed:
        raise typer.Exit(1)


@app.command()
def compare(
    context: typer.Context,
    csv: Annotated[
        Path | None,
        typer.Argument(help="Your table. Default: the diabetes data of scikit-learn."),
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    task: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(TASKS)}.", show_default="found by itself"),
    ] = None,
    tau: Annotated[
        str | None, typer.Option(help="The quantile, or several: .05,.95 for an interval.")
    ] = None,
    levels: Annotated[
        str | None, typer.Option(help="Ordered classes, lowest first: low,middle,high.")
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="No group of rows is both trained on and tested."),
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="No row is predicted by later rows.")
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Test rows; the table is trained on, without folds.",
            show_default="folds",
        ),
    ] = None,
    libraries: Annotated[
        str | None,
        typer.Option(help="Separated by commas.", show_default="those installed"),
    ] = None,
    objectives: Annotated[
        str | None,
        typer.Option(
            help='Of ours, such as "huber(delta=2.0),cauchy".', show_default="a few for the task"
        ),
    ] = None,
    candidates: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:NAME",
            help="Your own functions (y_true, y_pred) that return (gradient, hessian), estimators or objectives, "
            "also FILE.py:NAME, separated by commas.",
            show_default="none",
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help='The first decides, such as "rmse,mae,my_metrics:worst".',
            show_default="those of the task",
        ),
    ] = None,
    contamination: Annotated[
        str | None,
        typer.Option(
            help="Shares of the training labels that are moved or flipped, separated by commas.",
            show_default="0,0.1,0.4; classes 0,0.1,0.2",
        ),
    ] = None,
    contamination_size: Annotated[
        float, typer.Option(help="How far labels are moved, in standard deviations.")
    ] = 10.0,
    one_sided: Annotated[bool, typer.Option("--one-sided", help="Move labels up only.")] = False,
    folds: Annotated[
        int | None, typer.Option(help="Folds of the cross-validation.", show_default="5")
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds",
            "--seed",
            help="A cross-validation for each, such as 0,1,2.",
            show_default="0; more on few rows",
        ),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(help="Trees of each model, at most.", show_default="200")
    ] = None,
    early_stopping: Annotated[
        int | None,
        typer.Option(
            help="Rounds without improvement.", show_default="never; distributions 20, 0: never"
        ),
    ] = None,
    tune: Annotated[
        int | None,
        typer.Option(
            help="Trials for each candidate, built-in ones too: learning rate, depth or leaves, rows a leaf, lambda, "
            "rows a tree, the loss' own parameters; scored on training rows only. Needs optuna.",
            show_default="none",
        ),
    ] = None,
    tune_minutes: Annotated[
        float | None,
        typer.Option(
            help="Time for all trials; each search has an equal part.", show_default="no limit"
        ),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Seconds after which no model is begun.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes.", show_default="one a core")
    ] = None,
    threads: Annotated[int, typer.Option(help="Of each model.")] = 1,
    leaves: Annotated[
        str, typer.Option(help="Who sets the leaves of our models: auto, library, step or refit.")
    ] = "auto",
    out: Annotated[
        Path, typer.Option(help="A folder for the report, its figures and the scores as CSV.")
    ] = Path("comparison"),
    no_out: Annotated[bool, typer.Option("--no-out", help="Write nothing there.")] = False,
    cache: Annotated[
        Path | None,
        typer.Option(help="A folder for what is done.", show_default="the user's cache"),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Train all again, keep nothing.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="3 folds and 50 rounds; all else alike.")
    ] = False,
) -> None:
    """Compare our objectives with the built-in ones, on clean and on contaminated labels."""
    folds = folds if folds is not None else 3 if quick else None
    rounds = rounds if rounds is not None else 50 if quick else 200
    console = _stdout()
    try:
        folder = None if no_out else writable(out, "out")
        by = {"groups": groups, "time": time, "test": test, "levels": importing.words(levels)}
        data = importing.data(csv, target, task, importing.levels(tau), **by)
        options = Options(
            libraries=importing.words(libraries),
            objectives=objectives,
            candidates=None if candidates is None else importing.candidates(candidates),
            metrics=None if metrics is None else importing.metrics(metrics),
            contamination=importing.numbers("contamination", contamination, float),
            contamination_size=contamination_size,
            one_sided=one_sided,
            folds=folds,
            seeds=importing.numbers("seeds", seeds, int),
            rounds=rounds,
            early_stopping=early_stopping,
            threads=threads,
            leaves=validate_leaves(leaves),
            workers=joblib.cpu_count() if workers is None else workers,
            budget=budget,
            cache=not no_cache if cache is None else cache,
            tune=tune,
            tune_minutes=tune_minutes,
            tune_folder=folder and folder / "tuning",
        )
        prepared = prepare(data, options)
    except (ValueError, TypeError) as error:
        _refuse(str(error))
    using = [f"{name} {prepared.versions[name]}" for name in prepared.libraries]
    say(
        console,
        f"{data.name}: {len(data.y)} rows, {telling.of(data)}, {telling.splits(prepared)}, {rounds} rounds, "
        f"seed {seeds or 0}; {', '.join(using)}",
        *prepared.notes,
    )
    command = shlex.join(["gbm-objectives", *context.obj])
    _finish(console, prepared.run(shown(), command), folder)


def _finish(console: Console, result: Result, folder: Path | None) -> None:
    """Report, save and exit as it went."""
    complete = result.info["complete"]
    if not complete:
        say(console, telling.interruption(result))
    if folder is not None:
        save(result, folder)
    if len(result.scores):
        report(console, result)
        if folder is not None:
            path = result.report(folder / "report.html", folder / "figures")
            say(console, "", f"Report: {path}; beside it figures, scores and predictions as CSV.")
    if not complete:
        raise typer.Exit(INTERRUPTED)
    models = result.scores[result.scores["kind"] != "baseline"]
    if not (models["status"] == "ok").any():
        raise typer.Exit(1)
