"""The figures of a comparison, each with the frame behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from gbm_objectives._core.validation import message
from gbm_objectives.compare import drawing, plot_data, shapes

if TYPE_CHECKING:
    from gbm_objectives.compare.result import Result


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure: what it shows, the frame behind it, how that is drawn, and what is left out."""

    name: str
    title: str
    caption: str
    data: Callable[[Result], pd.DataFrame]
    draw: Callable[[Result, pd.DataFrame], Figure]
    left_out: Callable[[Result], str] | None = None

    def text(self, result: Result) -> str:
        """The caption, and what is left out of the figure."""
        more = self.left_out(result) if self.left_out else ""
        return f"{self.caption} {more}".rstrip()

    def figure(self, result: Result) -> Figure:
        """The figure, or an error where the result has nothing to show in it."""
        frame = self.data(result)
        if frame.empty:
            given = f"a {result.info.get('task')} result without data for it"
            raise ValueError(message(f"plot_{self.name}", given, "another figure or more data"))
        return self.drawn(result, frame)

    def drawn(self, result: Result, frame: pd.DataFrame) -> Figure:
        """The figure of its frame."""
        with rc_context(drawing.STYLE):
            return self.draw(result, frame)


#: In the order of the report.
PICTURES = {
    picture.name: picture
    for picture in (
        Picture(
            "scores",
            "Scores",
            "Mean over folds and seeds at the lowest contamination; ticks are single folds, bars the "
            "95% interval of the mean. Folds move together: intervals of means may overlap where the "
            "paired difference is clear. Numbers at the edge lie far beyond it, and very wide bars are cut.",
            plot_data.scores,
            drawing.scores,
        ),
        Picture(
            "contamination",
            "Accuracy against contamination",
            "The metric on clean test labels against the share of contaminated training labels. In "
            "colour the constant and, of each library, the best of ours and the best built-in, and "
            "the best of all where contamination is highest; grey the rest.",
            plot_data.contamination,
            drawing.contamination,
        ),
        Picture(
            "residuals",
            "Predicted against true",
            "Held-out rows, the best of ours and the best built-in at the lowest contamination; the line "
            "is a perfect prediction.",
            plot_data.residuals,
            drawing.residuals,
        ),
        Picture(
            "reliability",
            "Calibration",
            "Bins of equally many held-out predictions. Below the line, probabilities are too high.",
            plot_data.reliability,
            drawing.reliability,
        ),
        Picture(
            "coverage",
            "Coverage",
            "How often the label lies at or below the predicted quantile; the line is the level asked for.",
            plot_data.coverage,
            drawing.coverage,
        ),
        Picture(
            "learning",
            "Learning curves",
            "The metric on held-out rows after each round, against rounds and seconds; means over the "
            "folds that all get that far, at the lowest contamination.",
            plot_data.learning,
            drawing.learning,
        ),
        Picture(
            "shapes",
            "Gradients and Hessians",
            "What our objectives in this comparison give the trees for one row of weight 1. Scales and sums "
            "are those of the first round, weights of GHM and OHEM those around the held-out predictions. "
            "Where a label is named, both are over the Hessian at x = 0. Curves far above the others leave "
            "their panel.",
            shapes.shapes,
            drawing.shapes,
            shapes.undrawn,
        ),
    )
}


def plot_scores(result: Result) -> Figure:
    """Every candidate's mean score with its interval, at the lowest contamination."""
    return PICTURES["scores"].figure(result)


def plot_contamination(result: Result) -> Figure:
    """The score against the share of contaminated training labels."""
    return PICTURES["contamination"].figure(result)


def plot_residuals(result: Result) -> Figure:
    """Predicted against true labels, on log axes where they are heavy-tailed."""
    return PICTURES["residuals"].figure(result)


def plot_calibration(result: Result) -> Figure:
    """The reliability curve of classes, the coverage of quantiles."""
    name = "coverage" if result.info["task"] == "quantile" else "reliability"
    return PICTURES[name].figure(result)


def plot_learning(result: Result) -> Figure:
    """The metric on held-out rows against rounds and seconds."""
    return PICTURES["learning"].figure(result)


def plot_shapes(result: Result) -> Figure:
    """Gradient and Hessian of our objectives in the comparison."""
    return PICTURES["shapes"].figure(result)


def drawn(result: Result) -> Iterator[tuple[Picture, pd.DataFrame, Figure]]:
    """Every picture that the result has data for, with its frame and its figure.

    The figure is laid out once, for that takes as long as drawing it.
    """
    for picture in PICTURES.values():
        frame = picture.data(result)
        if not frame.empty:
            figure = picture.drawn(result, frame)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            yield picture, frame, figure


def figures(result: Result) -> dict[str, Figure]:
    """Every figure that the result has data for, by name."""
    return {picture.name: figure for picture, _, figure in drawn(result)}


def save_figures(result: Result, folder: str | Path) -> list[Path]:
    """Every figure as PNG and SVG, and the frame behind it as CSV; returns the paths."""
    return [path for one in drawn(result) for path in save(Path(folder), *one)]


def save(folder: Path, picture: Picture, frame: pd.DataFrame, figure: Figure) -> list[Path]:
    """One figure as PNG and SVG, and its frame as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{picture.name}.{suffix}" for suffix in ("png", "svg", "csv")]
    for path in paths[:2]:
        figure.savefig(path, facecolor="white", dpi=150)
    frame.to_csv(paths[2], index=False)
    return paths
