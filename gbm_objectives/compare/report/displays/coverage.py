"""The figure of coverage: how often labels lie below a predicted quantile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from gbm_objectives.compare.distributions import LEVEL
from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.displays.base import TEXT, Display, axes_of, dot_rows, height
from gbm_objectives.compare.report.displays.ends import ends_of, over_folds


@dataclass(frozen=True)
class CoverageDisplay(Display):
    """Shares with intervals, and the level asked for."""

    name: ClassVar = "coverage"
    title: ClassVar = "Coverage"
    caption: ClassVar = (
        "How often the label lies at or below the predicted quantile, of several levels from the lowest to the "
        "highest, of distributions in the central 80% interval; the line is what was asked for. Intervals of counts hold "
        "more, for their ends are whole numbers."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """The share of true labels at or below the prediction, with its interval over folds."""
        frame = ends_of(frames)
        if frame.empty:
            return frame
        inside = (frame["lower"] <= frame["y_true"]) & (frame["y_true"] <= frame["upper"])
        found = over_folds(frames, frame, inside, "coverage")
        return found.assign(low=found["low"].clip(0, 1), high=found["high"].clip(0, 1))

    @override
    def draw(self) -> Figure:
        figure, (axes,) = axes_of(5.4, height(len(self.frame)))
        handles = dot_rows(axes, self.frame, "coverage")
        level = self.frames.info.get("tau")
        if self.frames.info["task"] == "distribution":
            tail = 0.5 * (1 - LEVEL)
            level = (tail, 1 - tail)
        several = isinstance(level, (list, tuple))
        if level is not None:
            axes.axvline(level[-1] - level[0] if several else level, color=TEXT, linewidth=1)
        inside = "share of labels within"
        axes.set_xlabel(inside if several else "share of true labels at or below the prediction")
        figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))
        return figure
