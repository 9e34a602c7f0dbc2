"""The figure of predicted against true labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.displays.base import TEXT, Display, axes_of, grouped, is_heavy
from gbm_objectives.compare.report.displays.focus import OURS, clean_predictions, styles_of
from gbm_objectives.compare.report.statistics import RIVALS

#: How many dots a panel of predicted against true shows.
DOTS = 400


@dataclass(frozen=True)
class ResidualsDisplay(Display):
    """A panel a candidate, on log axes where a few labels lie far out."""

    name: ClassVar = "residuals"
    title: ClassVar = "Predicted against true"
    caption: ClassVar = (
        "Held-out rows, the best of ours and the best built-in at the lowest contamination; the line "
        "is a perfect prediction."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """Predicted and true labels of the best of ours and of the best rival, at most `DOTS` of each."""
        shares = statistics.contaminations(frames)
        if not shares or "y_pred" not in frames.predictions:
            return pd.DataFrame()
        found = [statistics.best(frames, shares[0], group) for group in (OURS, RIVALS)]
        frame = clean_predictions(frames, [key for key in found if key is not None])
        if frame.empty:
            return frame
        frame = frame[frame["seed"] == frame["seed"].min()]
        rows = frame["row"].unique()
        if len(rows) > DOTS:
            frame = frame[
                frame["row"].isin(np.random.default_rng(0).choice(rows, DOTS, replace=False))
            ]
        columns = ["library", "candidate", "fold", "row", "y_true", "y_pred"]
        return (
            frame[columns].assign(residual=frame["y_pred"] - frame["y_true"]).reset_index(drop=True)
        )

    @override
    def draw(self) -> Figure:
        groups, styles = list(grouped(self.frames, self.frame)), styles_of(self.frames)
        figure, panels = axes_of(5.4, 3.1, len(groups), sharex=True, sharey=True)
        both = np.concatenate([self.frame["y_true"], self.frame["y_pred"]]).astype(np.float64)
        low, high = float(both.min()), float(both.max())
        spread = float(np.median(np.abs(self.frame["y_true"] - self.frame["y_true"].median())))
        for axes, (name, own) in zip(panels, groups, strict=True):
            axes.plot([low, high], [low, high], color=TEXT, linewidth=1, alpha=0.6)
            axes.plot(
                own["y_true"], own["y_pred"], "o", color=styles[name]["color"], markersize=3.5, alpha=0.45,
                markeredgewidth=0,
            )  # fmt: skip
            if is_heavy(self.frame["y_true"]) and low > 0:
                axes.set(xscale="log", yscale="log")
            elif (
                is_heavy(np.abs(self.frame["y_true"] - self.frame["y_true"].median()) + spread)
                and spread > 0
            ):
                axes.set_xscale("symlog", linthresh=spread)
                axes.set_yscale("symlog", linthresh=spread)
            axes.set_title(name)
            axes.set_xlabel("true")
        panels[0].set_ylabel("predicted")
        return figure
