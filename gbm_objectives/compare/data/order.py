"""What splits go by: the groups of rows, or their places in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from gbm_objectives._core.validation import Array, message
from gbm_objectives.compare.data.reading import column
from gbm_objectives.compare.data.tables import as_series


def read_order(
    frame: pd.DataFrame, groups: Any, time: Any, name: str
) -> tuple[pd.DataFrame, dict[str, Array]]:
    """The features without the column that splits go by, and that as whole numbers.

    Raises
    ------
    ValueError
        For groups and time together, a column that isn't there, another number of rows, and missing values.
    """
    given = {key: one for key, one in (("groups", groups), ("time", time)) if one is not None}
    if len(given) > 1:
        raise ValueError(message("groups, time", "both", "one of the two"))
    places = {}
    for key, one in given.items():
        if isinstance(one, str):
            values = column(frame, one, name, key)
            frame = frame.drop(columns=one)
        else:
            values = as_series(one)
        if len(values) != len(frame):
            raise ValueError(
                message(key, f"{len(values)} values", f"{len(frame)}, one for each row of X")
            )
        if values.isna().any():
            shown = f"missing in {int(values.isna().sum())} rows"
            raise ValueError(message(key, shown, "a value in every row"))
        if key == "time" and not pd.api.types.is_numeric_dtype(values):
            values = _times(values)
        places[key] = np.unique(values.to_numpy(), return_inverse=True)[1].ravel()
    return frame, places


def _times(values: pd.Series) -> pd.Series:
    """Texts of dates as dates."""
    try:
        return pd.to_datetime(values, format="ISO8601", utc=True)
    except (ValueError, TypeError) as error:
        given = f"text such as {values.iloc[0]!r}"
        needed = "numbers, or dates such as 2024-12-31"
        raise ValueError(message("time", given, needed)) from error


def with_test(
    frame: pd.DataFrame, test: pd.DataFrame, source: str, test_source: str
) -> tuple[pd.DataFrame, Array]:
    """The rows of two tables, one below the other, and which are those of the second; it must have all columns."""
    missing = [str(name) for name in frame.columns if name not in test]
    if missing:
        given = f"{test_source} without {', '.join(missing[:5])}{' ...' * (len(missing) > 5)}"
        raise ValueError(message("test", given, f"the columns of {source}"))
    both = pd.concat([frame, test[list(frame.columns)]], ignore_index=True)
    return both, np.arange(len(both)) >= len(frame)


def read_test(test: Any, n_rows: int, places: Mapping[str, Array]) -> Array:
    """Which rows are for tests."""
    if places:
        raise ValueError(message("test", f"with {next(iter(places))}", "one of the two"))
    rows = np.asarray(test)
    if rows.dtype != bool or rows.shape != (n_rows,):
        given = f"{rows.dtype} of shape {rows.shape}"
        raise ValueError(message("test", given, f"truth values, {n_rows}, one a row of X"))
    return rows


def by_groups(groups: Array, y: Array | None, folds: int, seed: int) -> list[tuple[Array, Array]]:
    """Folds of whole groups, of about as many rows each; stratified where classes ``y`` are given."""
    if y is not None:
        cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        return list(cut.split(np.zeros(len(y)), y, groups))
    sizes = np.bincount(groups)
    shuffled = np.random.default_rng(seed).permutation(len(sizes))
    filled, fold_of = np.zeros(folds), np.zeros(len(sizes), dtype=int)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold_of[group] = filled.argmin()
        filled[fold_of[group]] += sizes[group]
    fold = fold_of[groups]
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(folds)]


def by_time(time: Array, folds: int) -> list[tuple[Array, Array]]:
    """Each fold is a stretch of time, trained on all rows before it; equal times stay together."""
    starts = np.quantile(time, np.arange(1, folds + 1) / (folds + 1), method="higher")
    ends = [*starts[1:], time.max() + 1]
    return [
        (np.flatnonzero(time < start), np.flatnonzero((time >= start) & (time < end)))
        for start, end in zip(starts, ends, strict=True)
    ]


def last_rows(time: Array, share: float) -> tuple[Array, Array]:
    """The numbers of the earlier and of the last rows, of which there are about so many."""
    start = np.quantile(time, 1 - share, method="higher")
    return np.flatnonzero(time < start), np.flatnonzero(time >= start)
