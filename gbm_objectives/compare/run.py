"""The run: every candidate on every split, as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gbm_objectives import metrics
from gbm_objectives.compare.candidates import Candidate, Kind, Settings
from gbm_objectives.compare.tasks import Split


@dataclass(frozen=True, slots=True)
class Score:
    """One candidate on one split: its error on the test rows, or the reason why there is none."""

    candidate: str
    library: str
    kind: Kind
    contamination: float
    fold: int
    mae: float | None
    reason: str = ""


def run(
    splits: Iterable[Split], candidates: Sequence[Candidate], settings: Settings
) -> Iterator[Score]:
    """A row for each split and candidate, as soon as it is known."""
    for split in splits:
        for candidate in candidates:
            yield score(candidate, split, settings)


def score(candidate: Candidate, split: Split, settings: Settings) -> Score:
    """Train, predict and score; whatever goes wrong is the row's reason."""
    mae, reason = None, ""
    try:
        prediction = candidate.predict(split, settings)
        mae = metrics.mae().evaluate(split.y_test, prediction)
    except Exception as error:  # one candidate must not end the run of the others
        reason = describe(error)
    return Score(
        candidate.name, candidate.library, candidate.kind, split.contamination, split.fold,
        mae, reason,
    )  # fmt: skip


def describe(error: Exception) -> str:
    """An exception in one line: its type and the first line of its text."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
