"""The summary: what the scores amount to, as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np
import pandas as pd

from gbm_objectives.compare.candidates import Kind


@dataclass(frozen=True, slots=True)
class Score:
    """One candidate on one fold: its loss on the test rows, or the reason why there is none.

    The loss is the deciding metric, times -1 where higher is better.
    """

    candidate: str
    library: str
    kind: Kind
    contamination: float
    fold: tuple[int, int]
    loss: float | None
    reason: str = ""
    status: str = "ok"


def of_frame(frame: pd.DataFrame, metric: str) -> list[Score]:
    """The scores by one metric; a fold is (seed, fold)."""
    rows = frame[frame["metric"] == metric]
    return [
        Score(
            row.candidate, row.library, row.kind, row.contamination, (row.seed, row.fold),
            (-row.value if row.higher_is_better else row.value) if row.status == "ok" else None,
            row.reason, row.status,
        )
        for row in rows.itertuples()
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over folds and its standard error, which is NaN for a single fold.

    The error is that of independent values. Folds share most of their training rows, so it is
    more likely too small than too large.
    """

    mean: float
    error: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Estimate:
        """The estimate from one value a fold."""
        array = np.fromiter(values, dtype=np.float64)
        error = array.std(ddof=1) / len(array) ** 0.5 if len(array) > 1 else nan
        return cls(float(array.mean()), float(error))


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate's losses: for each contamination that of each fold; none where a fold failed."""

    library: str
    candidate: str
    kind: Kind
    losses: dict[float, dict[tuple[int, int], float]]

    def estimate(self, contamination: float) -> Estimate | None:
        """The mean over folds."""
        values = self.losses.get(contamination)
        return Estimate.of(values.values()) if values else None

    def mean(self, contamination: float) -> float:
        """The mean over folds, infinite where there is none."""
        estimate = self.estimate(contamination)
        return estimate.mean if estimate else inf


def complete_folds(scores: Sequence[Score], scores_per_fold: int) -> list[Score]:
    """The scores of the folds that have them all: means over different folds don't compare."""
    counts = Counter(score.fold for score in scores)
    return [score for score in scores if counts[score.fold] == scores_per_fold]


def contaminations(scores: Iterable[Score]) -> list[float]:
    """All that occur, from clean upwards."""
    return sorted({score.contamination for score in scores})


def rows(scores: Sequence[Score]) -> list[Row]:
    """One row a candidate and library, by library, then by the mean over all contaminations."""
    found: dict[tuple[str, str], Row] = {}
    failed = {(s.library, s.candidate, s.contamination) for s in scores if s.loss is None}
    for score in scores:
        row = Row(score.library, score.candidate, score.kind, {})
        row = found.setdefault((score.library, score.candidate), row)
        cell = (score.library, score.candidate, score.contamination)
        if score.loss is not None and cell not in failed:
            row.losses.setdefault(score.contamination, {})[score.fold] = score.loss
    shares = contaminations(scores)
    return sorted(found.values(), key=lambda row: (row.library, sum(map(row.mean, shares))))
