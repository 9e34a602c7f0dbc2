"""What a comparison has found, as a plain record of data frames: the ground that statistics and figures stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from gbm_objectives.objective import Objective

#: Columns of `Frames.scores`; one row a candidate, fold and metric, also where a candidate failed.
SCORES = (
    "task", "candidate", "kind", "library", "contamination", "seed", "fold", "metric", "value",
    "higher_is_better", "seconds", "rounds", "status", "reason",
)  # fmt: skip
#: Columns of `Frames.predictions`; one row a test row. Classes have one column ``p_0`` ... each instead of ``y_pred``,
#: several levels ``q_0.05`` ....; distributions have ``y_pred``, the mean, ``family``, ``parameter_0`` ....
PREDICTIONS = (
    "candidate", "library", "contamination", "seed", "fold", "row", "y_true", "y_pred",
)  # fmt: skip
#: Columns of `Frames.curves`; the metric on held-out rows after each round, and the seconds up to it.
CURVES = (
    "candidate", "library", "contamination", "seed", "fold", "round", "seconds", "metric", "value",
)  # fmt: skip
#: Columns of `Frames.warnings`.
WARNINGS = ("candidate", "library", "contamination", "seed", "fold", "text")


@dataclass(frozen=True)
class Frames:
    """The frames of a comparison, and what they are about.

    Parameters
    ----------
    scores, predictions, curves, warnings : DataFrame
        With the columns of this module. ``kind`` is one of "baseline", "built-in", "transformed", "ours", "user";
        ``status`` is one of "ok", "failed", "skipped", with its ``reason``.
    info : dict
        task (a name in `tasks.TASKS`), name, target, n_rows, n_features, classes, metric
        (the one that decides), contaminations, seeds, folds, versions (a dict), command (that repeats it), seconds,
        complete (False where the run was interrupted), tau of quantiles, notes; where
        candidates were tuned, tuning: a record a search.
    objectives : dict of str to Objective
        The objectives of this package among the candidates, by the names that the frames have for them.
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame
    curves: pd.DataFrame
    warnings: pd.DataFrame
    info: dict[str, Any] = field(default_factory=dict)
    objectives: dict[str, Objective] = field(default_factory=dict)
