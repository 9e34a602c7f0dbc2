"""What a comparison can be asked for, in one record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gbm_objectives._core.validation import message
from gbm_objectives._training.leaves import Leaves
from gbm_objectives.compare.candidates import Settings
from gbm_objectives.compare.data import Contamination, Data, Plan
from gbm_objectives.compare.tasks import TASKS

FOLDS = 5
#: Up to so many rows x candidates the cross-validation is repeated so often, with the labels as they are. Beside the
#: three contaminations this takes up to 2.3 times as long.
REPEATS = ((30_000, 4), (100_000, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `compare`, which documents them; all but the data and how the run is shown."""

    libraries: Sequence[str] | None = None
    objectives: Any = None
    candidates: Any = None
    metrics: Any = None
    contamination: float | Iterable[float] | None = None
    contamination_size: float = 10.0
    one_sided: bool = False
    folds: int | None = None
    seeds: int | Iterable[int] | None = None
    rounds: int = 200
    early_stopping: int | None = None
    threads: int = 1
    leaves: Leaves = "auto"
    workers: int = 1
    budget: float | None = None
    cache: str | Path | bool = False
    tune: int | None = None
    tune_minutes: float | None = None
    tune_folder: str | Path | None = None

    def __post_init__(self) -> None:
        for argument in ("workers", "budget", "tune", "tune_minutes"):
            value = getattr(self, argument)
            if value is not None and not value > 0:
                raise ValueError(message(argument, str(value), "a number above 0"))

    def settings(self, task: str) -> Settings:
        """What all models have in common."""
        usual, given = TASKS[task].early_stopping, self.early_stopping
        stop = usual or None if given is None else given
        if usual and given == 0:  # it switches off what the task does by itself
            stop = None
        return Settings(self.rounds, stop, threads=self.threads, leaves=self.leaves)

    def plan(self, data: Data, candidates: int = 1) -> Plan:
        """The splits of the data; an error where it has too few rows for them.

        By default the cross-validation is repeated where there is little data for so many candidates.
        """
        given, task = self.contamination, TASKS[data.task]
        shares = task.contaminations if given is None else tuple(map(float, _tuple(given)))
        # Labels of most families may not get below 0.
        up = task.one_sided or (data.task == "distribution" and data.y.min() >= 0)
        hits = Contamination(shares, self.contamination_size, self.one_sided or bool(up))
        folds = 1 if data.test is not None else FOLDS if self.folds is None else self.folds
        seeds = (0,) if self.seeds is None else _tuple(self.seeds)
        repeats: tuple[int, ...] = ()
        fixed = data.test is not None or data.time is not None or self.tune is not None
        if self.folds is None and self.seeds is None and not fixed:
            work = len(data.y) * candidates
            repeats = next((tuple(range(1, 1 + n)) for most, n in REPEATS if work <= most), ())
        plan = Plan(folds, seeds, hits, repeats)
        plan.check(data)
        return plan


def _tuple(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, Iterable) else (values,)
