"""The figure of calibration: predicted probabilities against shares of rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report.displays.base import TEXT, Display, axes_of, grouped, legend
from gbm_objectives.compare.report.displays.focus import clean_predictions, codes, focus, styles_of

#: Equally many predictions are in each.
BINS = 10


@dataclass(frozen=True)
class ReliabilityDisplay(Display):
    """A line a candidate and the diagonal."""

    name: ClassVar = "reliability"
    title: ClassVar = "Calibration"
    caption: ClassVar = (
        "Bins of equally many held-out predictions. Below the line, probabilities are too high."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """Predicted probability and share of rows, in bins of equally many predictions.

        Two classes: of the second class. More: of each class against the rest, all in one curve.
        """
        columns = [name for name in frames.predictions if re.fullmatch(r"p_\d+", str(name))]
        frame = clean_predictions(frames, focus(frames)) if columns else pd.DataFrame()
        rows: list[dict[str, Any]] = []
        if frame.empty:
            return frame
        classes = range(1, 2) if len(columns) == 2 else range(len(columns))
        for (library, name), own in frame.groupby(
            ["library", "candidate"], sort=False, observed=True
        ):
            p = np.concatenate([own[f"p_{k}"].to_numpy(np.float64) for k in classes])
            found = codes(own["y_true"], frames.info.get("classes"))
            hit = np.concatenate([found == k for k in classes])
            edges = np.quantile(p, np.linspace(0, 1, min(BINS, max(1, len(p) // 5)) + 1))
            place = np.searchsorted(np.unique(edges)[1:-1], p, side="right")  # equals stay together
            parts = [np.flatnonzero(place == number) for number in np.unique(place)]
            rows += [
                {
                    "library": library, "candidate": name, "predicted": p[part].mean(),
                    "observed": hit[part].mean(), "rows": len(part),
                }
                for part in parts
            ]  # fmt: skip
        return pd.DataFrame(rows)

    @override
    def draw(self) -> Figure:
        figure, (axes,) = axes_of(5.4, 4.3)
        styles = styles_of(self.frames)
        axes.plot([0, 1], [0, 1], color=TEXT, linewidth=1, alpha=0.6)
        handles: list[Any] = []
        labels: list[str] = []
        for name, own in grouped(self.frames, self.frame):
            handles += axes.plot(
                own["predicted"], own["observed"], marker="o", markersize=4, **styles[name]
            )
            labels.append(name)
        top = min(1.0, 1.15 * float(self.frame[["predicted", "observed"]].to_numpy().max()))
        ends = (-0.02 * top, 1.02 * top)  # of rare classes, the corner where they are
        axes.set(xlabel="predicted probability", ylabel="share of rows", xlim=ends, ylim=ends)
        legend(figure, handles, labels)
        return figure
