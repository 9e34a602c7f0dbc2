"""What a comparison has found, as data frames: scores, predictions, curves, warnings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: Columns of `Result.scores`; one row a candidate, fold and metric, also where a candidate failed.
SCORES = (
    "task", "candidate", "kind", "library", "contamination", "seed", "fold", "metric", "value",
    "higher_is_better", "seconds", "rounds", "status", "reason",
)  # fmt: skip
#: Columns of `Result.predictions`; one row a test row. Classes have one column ``p_0`` ... each instead of ``y_pred``.
PREDICTIONS = (
    "candidate", "library", "contamination", "seed", "fold", "row", "y_true", "y_pred",
)  # fmt: skip
#: Columns of `Result.curves`; the metric on held-out rows after each round, and the seconds up to it.
CURVES = (
    "candidate", "library", "contamination", "seed", "fold", "round", "seconds", "metric", "value",
)  # fmt: skip
#: Columns of `Result.warnings`.
WARNINGS = ("candidate", "library", "contamination", "seed", "fold", "text")


@dataclass(frozen=True)
class Result:
    """What `compare` returns.

    Parameters
    ----------
    scores, predictions, curves, warnings : data frames with the columns above. ``kind`` is one of "baseline",
        "built-in", "transformed", "ours", "user"; ``status`` one of "ok", "failed", "skipped", with its ``reason``.
    info : task ("regression", "quantile", "binary", "multiclass"), name, target, n_rows, n_features, classes,
        metric (the one that decides), contaminations, seeds, folds, versions (a dict), command (that repeats it),
        seconds, complete (False where it was interrupted).
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame
    curves: pd.DataFrame
    warnings: pd.DataFrame
    info: dict[str, Any] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """The scores, tidy: one row a task, candidate, fold, seed and metric."""
        return self.scores.copy()
