"""The figure of accuracy against contamination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.displays.base import (
    GRID,
    Display,
    axes_of,
    grouped,
    is_heavy,
    legend,
    plain,
)
from gbm_objectives.compare.report.displays.focus import focus, styles_of
from gbm_objectives.compare.report.statistics import Key


@dataclass(frozen=True)
class ContaminationDisplay(Display):
    """Lines over the share of contaminated labels, those in focus in colour; their means set the range."""

    name: ClassVar = "contamination"
    title: ClassVar = "Accuracy against contamination"
    caption: ClassVar = (
        "The metric on clean test labels against the share of contaminated training labels. In "
        "colour the constant and, of each library, the best of ours and the best built-in, and "
        "the best of all where contamination is highest; grey the rest."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """The mean and interval of each candidate at each contamination; empty where there is only one."""
        board = statistics.leaderboard(frames)
        if board.empty or board["contamination"].nunique() < 2:
            return pd.DataFrame()
        chosen = focus(frames)
        keys = [Key(*pair) for pair in zip(board["library"], board["candidate"], strict=True)]
        columns = ["library", "candidate", "kind", "contamination", "mean", "low", "high"]
        return board[columns].assign(highlighted=[key in chosen for key in keys])

    @override
    def draw(self) -> Figure:
        figure, (axes,) = axes_of(5.4, 3.9)
        styles = styles_of(self.frames)
        chosen = self.frame["highlighted"]
        rest = self.frame[~chosen].pivot(
            index="contamination", columns=["library", "candidate"], values="mean"
        )
        axes.plot(100 * rest.index.to_numpy(), rest.to_numpy(), color=GRID, linewidth=1, zorder=1)
        handles: list[Any] = []
        labels: list[str] = []
        for name, own in grouped(self.frames, self.frame[chosen]):
            x = 100 * own["contamination"]
            handles += axes.plot(x, own["mean"], marker="o", markersize=4, **styles[name])
            labels.append(name)
        means = self.frame.loc[chosen, "mean"]
        if is_heavy(means):
            axes.set_yscale("log")
            axes.set_ylim(means.min() / 1.2, means.max() * 1.2)
        else:
            margin = 0.06 * (means.max() - means.min()) or 1.0
            axes.set_ylim(means.min() - margin, means.max() + margin)
        axes.set_xlabel("training labels contaminated, %")
        axes.set_ylabel(plain(self.frames.info["metric"]))
        legend(figure, handles, labels)
        return figure
