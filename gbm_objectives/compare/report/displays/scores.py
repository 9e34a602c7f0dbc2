"""The figure of the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.displays.base import (
    Display,
    axes_of,
    dot_rows,
    height,
    is_heavy,
    plain,
)
from gbm_objectives.compare.report.numbers import number
from gbm_objectives.compare.report.statistics import Key


@dataclass(frozen=True)
class ScoresDisplay(Display):
    """Means with intervals and the scores of single folds, a row a candidate.

    A mean more than twice as far from the best as the constant is a number at the edge.
    """

    name: ClassVar = "scores"
    title: ClassVar = "Scores"
    caption: ClassVar = (
        "Mean over folds and seeds at the lowest contamination; ticks are single folds, bars the "
        "95% interval of the mean. Folds move together: intervals of means may overlap where the "
        "paired difference is clear. Numbers at the edge lie far beyond it, and very wide bars are cut."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """The leaderboard at the lowest contamination, and the score of each fold as a list."""
        board = statistics.leaderboard(frames)
        if board.empty:
            return board
        share = board["contamination"].min()
        wide = statistics.table(frames, share)
        board = board[board["contamination"] == share].reset_index(drop=True)
        keys = [Key(*pair) for pair in zip(board["library"], board["candidate"], strict=True)]
        return board.assign(folds=[wide[key].tolist() for key in keys])

    @override
    def draw(self) -> Figure:
        figure, (axes,) = axes_of(5.4, height(len(self.frame)))
        best = self.frame["mean"].iloc[0]
        away = (self.frame["mean"] - best).abs()
        reach = 2 * away[self.frame["kind"] == "baseline"].max()
        inside = away <= reach if reach > 0 else away >= 0
        handles = dot_rows(axes, self.frame, "mean", inside)
        if is_heavy(self.frame.loc[inside, "mean"]):
            axes.set_xscale("log")
        folds = np.concatenate(self.frame.loc[inside, "folds"].to_list())
        margin = 0.35 * float(np.ptp(folds))
        low, high = axes.get_xlim()  # of intervals, which few folds make very wide
        low, high = max(low, folds.min() - margin), min(high, folds.max() + margin)
        if low < high and axes.get_xscale() == "linear":
            axes.set_xlim(low, high)
        for place in np.flatnonzero(~inside):
            mean = self.frame["mean"].iloc[place]
            x, side, text = (1, "right", "{} →") if mean > best else (0, "left", "← {}")
            axes.text(
                x, float(place), text.format(number(mean)), ha=side, va="center", fontsize=8,
                transform=axes.get_yaxis_transform(),
            )  # fmt: skip
        share = self.frame["contamination"].iloc[0]
        where = "clean training labels" if share == 0 else f"{100 * share:g}% contaminated"
        axes.set_xlabel(f"{plain(self.frames.info['metric'])} ({where})")
        figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))
        return figure
