"""Progress: the scores as they come, with the time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gbm_objectives.compare.run import Score


def collect(
    scores: Iterator[Score], folds: int, per_fold: int, console: Console
) -> tuple[list[Score], bool]:
    """All scores, or those up to Ctrl-C, and whether it was pressed.

    A terminal shows a bar; anything else gets a line a fold.
    """
    done: list[Score] = []
    live = console.is_terminal and not console.is_dumb_terminal
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("time left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    try:
        with bar if live else nullcontext():
            models = bar.add_task("models", total=folds * per_fold)
            for score in scores:
                done.append(score)
                bar.advance(models)
                if not live and len(done) % per_fold == 0:
                    console.print(f"fold {len(done) // per_fold} of {folds} done", highlight=False)
    except KeyboardInterrupt:
        return done, True
    return done, False
