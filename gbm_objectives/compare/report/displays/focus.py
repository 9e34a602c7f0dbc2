"""The candidates worth a line in a figure, each with one style in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gbm_objectives._core.validation import Array
from gbm_objectives.compare.frames import Frames
from gbm_objectives.compare.report import statistics
from gbm_objectives.compare.report.displays.base import KINDS, line_style, plain
from gbm_objectives.compare.report.names import names
from gbm_objectives.compare.report.statistics import RIVALS, Key

OURS = ("ours", "user")


def focus(frames: Frames) -> list[Key]:
    """The candidates worth a line: in each library the best of ours and the best rival, and the constant.

    At the lowest contamination; at the highest, the best of ours and the best rival of all.
    """
    shares = statistics.contaminations(frames)
    if not shares:
        return []
    lowest, highest = (statistics.table(frames, share) for share in (shares[0], shares[-1]))
    libraries = dict.fromkeys(key.library for key in lowest)
    found = [
        statistics.best_of(frames, lowest, group, library)
        for group in (OURS, RIVALS)
        for library in libraries
    ]
    found += [statistics.best_of(frames, highest, group) for group in (OURS, RIVALS)]
    found.append(statistics.best_of(frames, lowest, ("baseline",)))
    return list(dict.fromkeys(key for key in found if key is not None))


def styles_of(frames: Frames) -> dict[str, dict[str, Any]]:
    """One line style for each candidate in focus, the same in all figures; grey for the constant."""
    kinds, shown = statistics.kinds(frames), names(frames)
    places = iter((0, 1, 2, 3, 5, 6, 7, *range(8, 99)))
    grey = KINDS["baseline"]
    return {
        plain(shown[key]): line_style(grey if kinds[key] == "baseline" else next(places))
        for key in focus(frames)
    }


def clean_predictions(frames: Frames, keys: Sequence[Key]) -> pd.DataFrame:
    """The predictions of some candidates at the lowest contamination."""
    frame = frames.predictions
    if frame.empty:
        return frame
    lowest = (frame["contamination"] == frame["contamination"].min()).to_numpy()
    return frame[lowest & rows_of(frame, keys)]


def rows_of(frame: pd.DataFrame, keys: Sequence[Key]) -> Array:
    """Which rows are of some candidates; a column at a time, for there may be millions."""
    found = np.zeros(len(frame), dtype=bool)
    for key in keys:
        found |= (
            (frame["library"] == key.library) & (frame["candidate"] == key.candidate)
        ).to_numpy()
    return found


def codes(y_true: pd.Series, classes: Sequence[Any] | None) -> Array:
    """Class codes, also where the predictions name the classes."""
    if classes is None or pd.api.types.is_numeric_dtype(y_true):
        return np.asarray(y_true)
    return np.asarray(y_true.map({name: code for code, name in enumerate(classes)}))
