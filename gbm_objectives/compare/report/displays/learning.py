"""The figure of learning curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.displays.base import (
    Display,
    axes_of,
    grouped,
    is_heavy,
    legend,
    plain,
)
from gbm_objectives.compare.report.displays.focus import focus, rows_of, styles_of


@dataclass(frozen=True)
class LearningDisplay(Display):
    """Two panels: over rounds and over seconds."""

    name: ClassVar = "learning"
    title: ClassVar = "Learning curves"
    caption: ClassVar = (
        "The metric on held-out rows after each round, against rounds and seconds; means over the "
        "folds that all get that far, at the lowest contamination."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """The metric on held-out rows and the seconds after each round: means over the folds that all get there."""
        frame = frames.curves
        if frame.empty:
            return pd.DataFrame()
        frame = frame[frame["contamination"] == frame["contamination"].min()]
        metric = frames.info["metric"]
        frame = frame[
            frame["metric"]
            == (metric if (frame["metric"] == metric).any() else frame["metric"].iloc[0])
        ]
        found = []
        own_rows = frame[rows_of(frame, focus(frames))]
        for (library, name), own in own_rows.groupby(
            ["library", "candidate"], sort=False, observed=True
        ):
            means = own.groupby("round").agg(
                seconds=("seconds", "mean"), value=("value", "mean"), folds=("value", "size")
            )
            means = means[means["folds"] == means["folds"].max()].reset_index()
            found.append(
                means.assign(library=library, candidate=name, metric=own["metric"].iloc[0])
            )
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame()

    @override
    def draw(self) -> Figure:
        figure, (rounds, seconds) = axes_of(5.4, 3.7, 2, sharey=True)
        styles = styles_of(self.frames)
        handles: list[Any] = []
        labels: list[str] = []
        for name, own in grouped(self.frames, self.frame):
            rounds.plot(own["round"], own["value"], **styles[name])
            handles += seconds.plot(own["seconds"], own["value"], **styles[name])
            labels.append(name)
        if is_heavy(self.frame["value"]):
            rounds.set_yscale("log")
        rounds.set(xlabel="round", ylabel=plain(self.frame["metric"].iloc[0]))
        seconds.set_xlabel("seconds of training")
        legend(figure, handles, labels)
        return figure
