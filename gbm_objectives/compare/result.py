"""What `compare` returns: the frames of a comparison, with tables, figures and a report of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gbm_objectives.compare.frames import CURVES, PREDICTIONS, SCORES, WARNINGS, Frames

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from gbm_objectives.compare.report.recommendation import Recommendation

__all__ = ["CURVES", "PREDICTIONS", "SCORES", "WARNINGS", "Result"]


@dataclass(frozen=True)
class Result(Frames):
    """The frames of a comparison, with their tables, figures and report.

    The report and the figures are imported when they are asked for: matplotlib takes a second.

    Parameters
    ----------
    scores : DataFrame
        One row for each candidate, fold and metric, also where a candidate failed. ``kind`` is one of "baseline",
        "built-in", "transformed", "ours", "user". ``status`` is one of "ok", "failed", "skipped", with its ``reason``.
    predictions : DataFrame
        One row for each test row. For classes, ``p_0``, ``p_1``, ... take the place of ``y_pred``. Of distributions,
        ``y_pred`` is the mean, and ``family``, ``parameter_0``, ... are beside it.
    curves : DataFrame
        The metric on held-out rows after each round, and the seconds up to it.
    warnings : DataFrame
        One row for each warning, with its text.
    info : dict
        What the comparison is about: task, name, target, n_rows, n_features, classes, metric (the one that decides),
        contaminations, seeds, folds, versions, command, seconds, complete (False where the run was interrupted), tau
        (of quantiles), notes.
    objectives : dict of str to Objective
        The objectives of this package among the candidates, by their names in the frames.
    """

    def frame(self) -> pd.DataFrame:
        """The scores, tidy.

        Returns
        -------
        DataFrame
            One row a task, candidate, fold, seed and metric.
        """
        return self.scores.copy()

    def leaderboard(self) -> pd.DataFrame:
        """The candidates at each contamination, the best first.

        Returns
        -------
        DataFrame
            One row a candidate and contamination; for the columns see `report.statistics.leaderboard`.
        """
        from gbm_objectives.compare.report import statistics

        return statistics.leaderboard(self)

    @cached_property
    def recommendation(self) -> Recommendation | None:
        """Which candidate to use, why, how sure that is, and the code; None where none has scores.

        See `report.recommendation.Recommendation`.
        """
        from gbm_objectives.compare.report.recommendation import recommend

        return recommend(self)

    def tuning(self) -> pd.DataFrame:
        """What ``compare(tune=...)`` has found.

        Returns
        -------
        DataFrame
            One row a search. Columns: candidate, library, contamination, seed, fold (missing for all rows, on which the
            recommended candidate is tuned once more), trials, given_up, failed, seconds, untuned and value (of the
            metric on folds of the training rows, before and after), params.
        """
        from gbm_objectives.compare.report import tuned

        return tuned.frame(self)

    def suspects(self, rate: float = 0.05) -> pd.DataFrame:
        """The rows whose labels don't fit the out-of-fold predictions, the most suspect first.

        Of numbers, the residuals of the recommended model tell which labels are further out than its noise reaches.
        Of classes, the labels tell that go against the model where it is surest. It needs scores at contamination 0.

        Parameters
        ----------
        rate : float, default 0.05
            The false discovery rate: at most this share of the rows is expected to have a right label, and where all
            labels are right, rows are named with at most about this probability.

        Returns
        -------
        DataFrame
            Columns: row (as in your data, from 0), label, prediction; of numbers ``distance`` (label - prediction,
            in robust standard deviations of such residuals), of classes ``probability`` (of the given label);
            ``false_discovery``, the estimated probability that the label is right. No row where nothing is suspect.

        Raises
        ------
        ValueError
            For a rate that is not between 0 and 1.
        """
        from gbm_objectives.compare.report.suspects import suspects

        return suspects(self, rate)

    def verdict(self) -> str:
        """What the comparison shows, in one to three plain sentences.

        Returns
        -------
        str
            The sentences.
        """
        from gbm_objectives.compare.report import verdict

        return verdict.verdict(self)

    def report(self, path: str | Path, figures: str | Path | None = None) -> Path:
        """Write the report: one HTML file that needs nothing else.

        Parameters
        ----------
        path : str or Path
            The file. Folders that are missing are made.
        figures : str or Path, optional
            A folder for the figures as PNG and SVG and for the frames behind them as CSV.

        Returns
        -------
        Path
            The file.
        """
        from gbm_objectives.compare.report.html import write

        return write(self, path, figures)

    def save_figures(self, folder: str | Path) -> list[Path]:
        """Write every figure as PNG and SVG, and the frame behind it as CSV.

        Parameters
        ----------
        folder : str or Path
            It is made where it is missing.

        Returns
        -------
        list of Path
            The files.
        """
        from gbm_objectives.compare.report import displays

        return displays.save(self, folder)

    def plot_scores(self) -> Figure:
        """Every candidate's mean score with its interval, at the lowest contamination.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``savefig`` writes it.
        """
        from gbm_objectives.compare.report.displays import ScoresDisplay

        return ScoresDisplay.of(self).plot()

    def plot_contamination(self) -> Figure:
        """The score against the share of contaminated training labels.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``savefig`` writes it.
        """
        from gbm_objectives.compare.report.displays import ContaminationDisplay

        return ContaminationDisplay.of(self).plot()

    def plot_residuals(self) -> Figure:
        """Predicted against true labels, on log axes where these are heavy-tailed.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``savefig`` writes it.
        """
        from gbm_objectives.compare.report.displays import ResidualsDisplay

        return ResidualsDisplay.of(self).plot()

    def plot_calibration(self) -> Figure:
        """The reliability curve of classes, the coverage of quantiles, the reliability of a distribution's quantiles.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``savefig`` writes it.
        """
        from gbm_objectives.compare.report import displays

        of_task: dict[str, type[displays.Display]] = {
            "quantile": displays.CoverageDisplay,
            "quantiles": displays.CoverageDisplay,
            "distribution": displays.QuantilesDisplay,
        }
        return of_task.get(self.info["task"], displays.ReliabilityDisplay).of(self).plot()

    def plot_pit(self) -> Figure:
        """The histogram of F(y), the probability integral transform, of predicted distributions.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``savefig`` writes it.
        """
        from gbm_objectives.compare.report.displays import PITDisplay

        return PITDisplay.of(self).plot()

    def plot_sharpness(self) -> Figure:
        """The mean width of the 80% interval of predicted distributions.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``savefig`` writes it.
        """
        from gbm_objectives.compare.report.displays import SharpnessDisplay

        return SharpnessDisplay.of(self).plot()

    def plot_learning(self) -> Figure:
        """The metric on held-out rows against rounds and seconds.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``savefig`` writes it.
        """
        from gbm_objectives.compare.report.displays import LearningDisplay

        return LearningDisplay.of(self).plot()

    def plot_shapes(self) -> Figure:
        """Gradient and Hessian of our objectives in the comparison.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``savefig`` writes it.
        """
        from gbm_objectives.compare.report.displays import ShapesDisplay

        return ShapesDisplay.of(self).plot()
