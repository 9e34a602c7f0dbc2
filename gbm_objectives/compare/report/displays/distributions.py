"""The figures of predicted distributions: where labels lie in them, what their quantiles hold, how wide they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from gbm_objectives._core.validation import Array
from gbm_objectives.compare import distributions
from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.displays.base import (
    TEXT,
    Display,
    axes_of,
    dot_rows,
    grouped,
    height,
    legend,
)
from gbm_objectives.compare.report.displays.ends import ends_of, over_folds
from gbm_objectives.compare.report.displays.focus import (
    OURS,
    clean_predictions,
    focus,
    styles_of,
)
from gbm_objectives.compare.report.statistics import RIVALS, Key
from gbm_objectives.metrics import pit_error
from gbm_objectives.metrics._distributions import LEVELS


def shares_below(frames: Frames, keys: list[Key]) -> pd.DataFrame:
    """The share of labels at or below the predicted quantile at 5%, 10%, ... 95%; of counts at the quantile in part."""
    frame = clean_predictions(frames, keys)
    if frame.empty or "family" not in frame:
        return pd.DataFrame()
    found: dict[tuple[str, str], list[Array]] = {}
    for own, rows in distributions.of_frame(frame):
        family, parameters = distributions.unpacked(rows)
        key = (str(own["library"].iloc[0]), str(own["candidate"].iloc[0]))
        below = pit_error(family).rows(own["y_true"].to_numpy(np.float64), parameters)
        found.setdefault(key, []).append(below)
    parts = [
        pd.DataFrame({
            "library": library, "candidate": candidate, "level": LEVELS,
            "share": np.concatenate(below).mean(axis=0),
        })
        for (library, candidate), below in found.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


@dataclass(frozen=True)
class PITDisplay(Display):
    """Steps a candidate, and the line of distributions that are right."""

    name: ClassVar = "pit"
    title: ClassVar = "Where labels lie in their distributions"
    caption: ClassVar = (
        "The histogram of F(y), the probability integral transform, of held-out rows: of the best of ours, the best "
        "built-in and the best constant. Flat at 1 where the distributions are right; high ends: too narrow; a hill in "
        "the middle: too wide; a slope: too low or too high."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """The share of labels in each twentieth of their distributions, over 1/20."""
        shares = statistics.contaminations(frames)
        groups = (OURS, RIVALS, ("baseline",)) if shares else ()
        keys = [statistics.best(frames, shares[0], group) for group in groups]
        frame = shares_below(frames, [key for key in keys if key is not None])
        edges = np.concatenate([[0.0], LEVELS, [1.0]])
        parts = [
            pd.DataFrame({
                "library": library, "candidate": candidate, "from": edges[:-1], "to": edges[1:],
                "density": np.diff(np.concatenate([[0.0], own["share"], [1.0]])) / np.diff(edges),
            })
            for (library, candidate), own in (
                frame.groupby(["library", "candidate"], sort=False) if len(frame) else ()
            )
        ]  # fmt: skip
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    @override
    def draw(self) -> Figure:
        figure, (axes,) = axes_of(5.4, 3.7)
        styles = styles_of(self.frames)
        axes.axhline(1.0, color=TEXT, linewidth=1, alpha=0.6)
        handles: list[Any] = []
        labels: list[str] = []
        for name, own in grouped(self.frames, self.frame):
            x, y = np.append(own["from"], 1.0), np.append(own["density"], own["density"].iloc[-1])
            handles += axes.plot(x, y, drawstyle="steps-post", **styles[name])
            labels.append(name)
        axes.set(xlabel="F(y)", ylabel="density", xlim=(0, 1))
        axes.set_ylim(bottom=0)
        legend(figure, handles, labels)
        return figure


@dataclass(frozen=True)
class QuantilesDisplay(Display):
    """A line a candidate, and the line of quantiles that hold what they promise."""

    name: ClassVar = "quantiles"
    title: ClassVar = "Reliability of quantiles"
    caption: ClassVar = (
        "How much more or less often held-out labels lie at or below a predicted quantile than its level says. Right is "
        "the line at 0. Too narrow distributions have too many labels below low levels and too few below high ones."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """Levels, and the share of labels at or below the quantile there."""
        frame = shares_below(frames, focus(frames))
        return frame.assign(excess=frame["share"] - frame["level"]) if len(frame) else frame

    @override
    def draw(self) -> Figure:
        figure, (axes,) = axes_of(5.4, 3.9)
        styles = styles_of(self.frames)
        axes.axhline(0.0, color=TEXT, linewidth=1, alpha=0.6)
        handles: list[Any] = []
        labels: list[str] = []
        for name, own in grouped(self.frames, self.frame):
            handles += axes.plot(
                own["level"], own["excess"], marker="o", markersize=3, **styles[name]
            )
            labels.append(name)
        most = max(0.05, 1.1 * float(self.frame["excess"].abs().max()))
        axes.set(xlabel="level of the quantile", ylabel="share of labels below it - level")
        axes.set(xlim=(0, 1), ylim=(-most, most))
        legend(figure, handles, labels)
        return figure


@dataclass(frozen=True)
class SharpnessDisplay(Display):
    """Mean widths with intervals, a row a candidate."""

    name: ClassVar = "sharpness"
    title: ClassVar = "Sharpness"
    caption: ClassVar = (
        "The mean width of the central 80% interval, in the units of the target, with its 95% interval over folds. Of "
        "distributions whose coverage is right, the narrower are better."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """The mean width of each candidate, with its interval over folds."""
        frame = ends_of(frames)
        if frame.empty:
            return frame
        return over_folds(frames, frame, frame["upper"] - frame["lower"], "width")

    @override
    def draw(self) -> Figure:
        figure, (axes,) = axes_of(5.4, height(len(self.frame)))
        handles = dot_rows(axes, self.frame, "width")
        axes.set_xlabel("mean width of the 80% interval")
        figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))
        return figure
