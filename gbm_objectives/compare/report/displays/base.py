"""What the figures of a comparison have in common: a display with its frame, and the style they are drawn in.

No pyplot, so there is no state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from typing_extensions import Self

from gbm_objectives._core.validation import message
from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.names import name_of, names
from gbm_objectives.compare.report.statistics import Key

TEXT, GRID = "#22262b", "#d5d9de"
#: Distinct on white; the report gives each a second value for dark mode.
COLOURS = (
    "#0b62c4", "#c2570c", "#2f7d32", "#8e3bb0", "#6b7280", "#b3123f", "#0f7c85", "#8a6d00",
)  # fmt: skip
KINDS = {"ours": 0, "built-in": 1, "transformed": 2, "user": 3, "baseline": 4}
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
STYLE: dict[Any, Any] = {
    "font.size": 9.0, "text.color": TEXT, "axes.labelcolor": TEXT, "axes.edgecolor": GRID,
    "xtick.color": TEXT, "ytick.color": TEXT, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.6, "axes.axisbelow": True,
    "axes.titlesize": 9.0, "legend.frameon": False, "legend.fontsize": 8.0, "savefig.dpi": 150,
}  # fmt: skip


@dataclass(frozen=True)
class Display(ABC):
    """A figure of a comparison and the frame behind it; `plot` draws what is in the frame and nothing else.

    Parameters
    ----------
    frames : Frames
        What has been found.
    frame : DataFrame
        What the figure shows; empty where the frames have nothing to show in it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    caption: ClassVar[str]

    frames: Frames
    frame: pd.DataFrame

    @classmethod
    def of(cls, frames: Frames) -> Self:
        """The display of what has been found."""
        return cls(frames, cls.data(frames))

    @staticmethod
    @abstractmethod
    def data(frames: Frames) -> pd.DataFrame:
        """The frame behind the figure."""

    @abstractmethod
    def draw(self) -> Figure:
        """The figure of a frame that isn't empty."""

    def plot(self) -> Figure:
        """The figure.

        Returns
        -------
        Figure
            Of matplotlib, without pyplot.

        Raises
        ------
        ValueError
            Where there is nothing to show.
        """
        if self.frame.empty:
            given = f"a {self.frames.info.get('task')} result without data for it"
            raise ValueError(message(f"plot_{self.name}", given, "another figure or more data"))
        with rc_context(STYLE):
            return self.draw()

    def text(self) -> str:
        """The caption, and what is left out of the figure."""
        return self.caption


def axes_of(
    width: float, height: float, columns: int = 1, **options: Any
) -> tuple[Figure, list[Axes]]:
    """A figure with panels side by side."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(1, columns, squeeze=False, **options)[0])


def is_heavy(values: Iterable[float]) -> bool:
    """Whether a few positive values lie so far out that the rest shares a few pixels."""
    array = np.asarray(list(values), dtype=np.float64)
    return bool(array.size and array.min() > 0 and array.max() > 8 * np.median(array))


def legend(figure: Figure, handles: list[Any], labels: list[str]) -> None:
    """The legend, below the panels: names are long."""
    longest = max(map(len, labels))
    ncols = 2 if longest < 30 or (len(labels) < 5 and longest < 45) else 1
    figure.legend(handles, labels, loc="outside lower left", ncols=ncols)


def plain(text: object) -> str:
    """A name as it is: a dollar sign would start a formula."""
    return str(text).replace("$", r"\$")


def grouped(frames: Frames, frame: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    """The rows of each candidate, with its name."""
    shown = names(frames)
    for key, own in frame.groupby(["library", "candidate"], sort=False, observed=True):
        yield plain(shown[Key(*key)]), own


def line_style(index: int) -> dict[str, Any]:
    """Colour and dashes of a line, for many lines different ones."""
    return {
        "color": COLOURS[index % len(COLOURS)], "linewidth": 1.6, "linestyle": DASHES[(index + index // 8) % 4],
    }  # fmt: skip


def dot_rows(
    axes: Axes, frame: pd.DataFrame, middle: str, inside: pd.Series | None = None
) -> list[Any]:
    """Dots with intervals, and scores of folds where there are, a row each, the first on top.

    Only rows ``inside`` get them; returns the legend handles of the kinds.
    """
    places = np.arange(len(frame))
    kept = np.ones(len(frame), dtype=bool) if inside is None else inside.to_numpy()
    for kind in frame["kind"].unique():
        chosen = kept & (frame["kind"] == kind).to_numpy()
        own, y, colour = frame[chosen], places[chosen], COLOURS[KINDS.get(str(kind), 3)]
        axes.hlines(y, own["low"], own["high"], color=colour, linewidth=2, alpha=0.55)
        if "folds" in frame and len(own):
            folds = own["folds"].to_list()
            x, heights = np.concatenate(folds), np.repeat(y, [len(one) for one in folds])
            axes.plot(x, heights, "|", color=colour, alpha=0.6, markersize=6)
        axes.plot(own[middle], y, "o", color=colour, markersize=6)
    axes.set_yticks(
        range(len(frame)),
        [plain(name_of(Key(row.library, row.candidate), row.kind)) for row in frame.itertuples()],
    )
    axes.set_ylim(len(frame) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    return [
        Line2D([], [], marker="o", linestyle="", color=COLOURS[KINDS[kind]], label=kind)
        for kind in KINDS
        if (frame["kind"] == kind).any()
    ]


def height(rows: int) -> float:
    """The inches that so many rows of dots need."""
    return 1.2 + 0.23 * rows
