"""What a comparison has found, as data frames: scores, predictions, curves, warnings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

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
        seconds, complete (False where it was interrupted), tau of the task "quantile", notes.
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame
    curves: pd.DataFrame
    warnings: pd.DataFrame
    info: dict[str, Any] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """The scores, tidy: one row a task, candidate, fold, seed and metric."""
        return self.scores.copy()

    def leaderboard(self) -> pd.DataFrame:
        """One row a candidate and contamination, the best first; see `statistics.leaderboard`."""
        from gbm_objectives.compare import statistics

        return statistics.leaderboard(self)

    def verdict(self) -> str:
        """One to three plain sentences on what the comparison shows."""
        from gbm_objectives.compare import verdict

        return verdict.verdict(self)

    def report(self, path: str | Path, figures: str | Path | None = None) -> Path:
        """Write the report, one self-contained HTML file, and with a folder its figures; returns the report's path."""
        from gbm_objectives.compare.html import write

        return write(self, path, figures)

    def save_figures(self, folder: str | Path) -> list[Path]:
        """Write every figure as PNG and SVG, and the frame behind it as CSV; returns the paths."""
        from gbm_objectives.compare import plots

        return plots.save_figures(self, folder)

    def plot_scores(self) -> Figure:
        """Every candidate's mean score with its interval."""
        from gbm_objectives.compare import plots

        return plots.plot_scores(self)

    def plot_contamination(self) -> Figure:
        """The score against the share of contaminated training labels."""
        from gbm_objectives.compare import plots

        return plots.plot_contamination(self)

    def plot_residuals(self) -> Figure:
        """Predicted against true labels."""
        from gbm_objectives.compare import plots

        return plots.plot_residuals(self)

    def plot_calibration(self) -> Figure:
        """The reliability curve of classes, the coverage of quantiles."""
        from gbm_objectives.compare import plots

        return plots.plot_calibration(self)

    def plot_learning(self) -> Figure:
        """The metric on held-out rows against rounds and seconds."""
        from gbm_objectives.compare import plots

        return plots.plot_learning(self)

    def plot_shapes(self) -> Figure:
        """Gradient and Hessian of our objectives in the comparison."""
        from gbm_objectives.compare import plots

        return plots.plot_shapes(self)
