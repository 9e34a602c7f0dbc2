"""What a comparison can be asked for, in one record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gbm_objectives._core.validation import message
from gbm_objectives._training.leaves import Leaves
from gbm_objectives.compare.candidates import Settings
from gbm_objectives.compare.data import CONTAMINATIONS, Contamination, Data, Plan


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
    folds: int = 5
    seeds: int | Iterable[int] = 0
    rounds: int = 200
    early_stopping: int | None = None
    threads: int = 1
    leaves: Leaves = "auto"
    workers: int = 1
    budget: float | None = None
    cache: str | Path | bool = False

    def __post_init__(self) -> None:
        for argument in ("workers", "budget"):
            value = getattr(self, argument)
            if value is not None and not value > 0:
                raise ValueError(message(argument, str(value), "a number above 0"))

    def settings(self) -> Settings:
        """What all models have in common."""
        return Settings(self.rounds, self.early_stopping, threads=self.threads, leaves=self.leaves)

    def plan(self, data: Data) -> Plan:
        """The splits of the data; an error where it has too few rows for them."""
        given = self.contamination
        shares = CONTAMINATIONS[data.task] if given is None else tuple(map(float, _tuple(given)))
        hits = Contamination(shares, self.contamination_size, self.one_sided)
        plan = Plan(self.folds, _tuple(self.seeds), hits)
        plan.check(data)
        return plan


def _tuple(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, Iterable) else (values,)
