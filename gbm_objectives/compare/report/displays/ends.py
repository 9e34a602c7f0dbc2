"""The ends of predicted intervals, and their means over folds."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from gbm_objectives.compare import distributions
from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.displays.focus import clean_predictions
from gbm_objectives.compare.report.statistics import Key


def ends_of(frames: Frames) -> pd.DataFrame:
    """The predictions of all candidates at the lowest contamination, with the ``lower`` and ``upper`` end of each row.

    Of one quantile the interval goes up to it; of several from the first to the last; of distributions it is the
    central one of 80%. Empty for other predictions.
    """
    shares = statistics.contaminations(frames)
    levels = [c for c in frames.predictions if re.fullmatch(r"q_[\d.e-]+", str(c))]
    if not shares or frames.info["task"] not in ("quantile", "quantiles", "distribution"):
        return pd.DataFrame()
    frame = clean_predictions(frames, list(statistics.table(frames, shares[0])))
    if levels:
        return frame.assign(lower=frame[levels[0]], upper=frame[levels[-1]])
    if "family" not in frame:
        return frame.assign(lower=-np.inf, upper=frame["y_pred"]) if "y_pred" in frame else frame
    parts = []
    for own, rows in distributions.of_frame(frame):
        lower, upper = distributions.ends(rows).T
        parts.append(own.assign(lower=lower, upper=upper))
    return pd.concat(parts) if parts else pd.DataFrame()


def over_folds(frames: Frames, frame: pd.DataFrame, values: pd.Series, name: str) -> pd.DataFrame:
    """The mean over folds of the mean of ``values``, with its interval: a row a candidate."""
    kind = statistics.kinds(frames)
    rows: list[dict[str, Any]] = []
    columns = ["library", "candidate"]
    for (library, candidate), own in values.groupby(
        [frame[column] for column in columns], sort=False, observed=True
    ):
        here = frame.loc[own.index]
        found = statistics.corrected_interval(
            own.groupby([here["seed"], here["fold"]]).mean().to_numpy(),
            statistics.test_to_train(frames),
        )
        rows.append({
            "library": library, "candidate": candidate, "kind": kind[Key(library, candidate)],
            name: found.mean, "low": found.low, "high": found.high,
        })  # fmt: skip
    return pd.DataFrame(rows)
