"""The figure of coverage: how often labels lie below a predicted quantile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.displays.base import TEXT, Display, axes_of, dot_rows, height
from gbm_objectives.compare.report.displays.focus import clean_predictions
from gbm_objectives.compare.report.statistics import Key


@dataclass(frozen=True)
class CoverageDisplay(Display):
    """Shares with intervals, and the level asked for."""

    name: ClassVar = "coverage"
    title: ClassVar = "Coverage"
    caption: ClassVar = (
        "How often the label lies at or below the predicted quantile, of several levels from the lowest to the "
        "highest; the line is what was asked for."
    )

    @staticmethod
    @override
    def data(frames: Frames) -> pd.DataFrame:
        """The share of true labels at or below the prediction, with its interval over folds."""
        columns = [c for c in frames.predictions if re.fullmatch(r"y_pred|q_[\d.e-]+", str(c))]
        if frames.info["task"] not in ("quantile", "quantiles") or not columns:
            return pd.DataFrame()
        shares = statistics.contaminations(frames)
        kind = statistics.kinds(frames)
        keys = list(statistics.table(frames, shares[0])) if shares else []
        frame = clean_predictions(frames, keys)
        rows: list[dict[str, Any]] = []
        for (library, name), own in frame.groupby(
            ["library", "candidate"], sort=False, observed=True
        ):
            inside = own["y_true"] <= own[columns[-1]]
            if len(columns) > 1:
                inside &= own["y_true"] >= own[columns[0]]
            found = statistics.corrected_interval(
                inside.groupby([own["seed"], own["fold"]]).mean().to_numpy(),
                statistics.test_to_train(frames),
            )
            rows.append({
                "library": library, "candidate": name, "kind": kind[Key(library, name)],
                "coverage": found.mean, "low": np.clip(found.low, 0, 1), "high": np.clip(found.high, 0, 1),
            })  # fmt: skip
        return pd.DataFrame(rows)

    @override
    def draw(self) -> Figure:
        figure, (axes,) = axes_of(5.4, height(len(self.frame)))
        handles = dot_rows(axes, self.frame, "coverage")
        level = self.frames.info.get("tau")
        several = isinstance(level, (list, tuple))
        if level is not None:
            axes.axvline(level[-1] - level[0] if several else level, color=TEXT, linewidth=1)
        inside = "share of labels within"
        axes.set_xlabel(inside if several else "share of true labels at or below the prediction")
        figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))
        return figure
