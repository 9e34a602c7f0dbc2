"""The features of a comparison: numbers and categories, as both libraries take them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gbm_objectives._core.validation import Array, message
from gbm_objectives.compare.data.tables import where_infinite

#: Columns of text with more distinct values than this, or than half of the rows, are names of rows.
MOST_CATEGORIES = 1000


def read_features(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Numbers as they are, text as categories; what can't be learned from is left out with a note.

    The index of the frame are the rows as the user numbers them, for the errors.
    """
    kept: dict[Any, pd.Series] = {}
    categories, left_out = 0, []
    for i, name in enumerate(frame.columns):
        values = _feature(frame.iloc[:, i])
        if values is None:
            left_out.append(str(name))
            continue
        categories += isinstance(values.dtype, pd.CategoricalDtype)
        kept[name if name not in kept else f"{name}.{i}"] = values
    if not kept:
        raise ValueError(message("X", "no column of numbers or categories", "at least one feature"))
    _reject_infinite(kept)
    several = "s" * (categories != 1)
    notes = [f"{categories} column{several} of text as categories"] if categories else []
    if left_out:
        shown = ", ".join(left_out[:5]) + (" ..." if len(left_out) > 5 else "")
        notes.append(f"left out, empty or a different text in most rows: {shown}")
    return pd.DataFrame(kept).reset_index(drop=True), notes


def _reject_infinite(columns: dict[Any, pd.Series]) -> None:
    """The libraries don't agree on infinities: XGBoost refuses them, LightGBM orders them as numbers."""
    found = {
        name: where
        for name, values in columns.items()
        if not isinstance(values.dtype, pd.CategoricalDtype) and (where := where_infinite(values))
    }
    if not found:
        return
    (name, where), *others = found.items()
    more = ", ".join(repr(other) for other, _ in others[:5]) + " ..." * (len(others) > 5)
    given = f"column {name!r} has {where}" + (f"; columns {more} have some too" if others else "")
    instead = (
        "Replace inf by NaN where it means that the value is missing, and by a large number where "
        "it means a value beyond the scale."
    )
    raise ValueError(message("X", given, "finite numbers, or NaN", instead))


def as_matrix(frame: pd.DataFrame) -> tuple[Array, tuple[int, ...]]:
    """The frame as a matrix, in which a category is its code, and the columns of these."""
    matrix = np.empty(frame.shape)
    categorical = []
    for i in range(frame.shape[1]):
        values = frame.iloc[:, i]
        if isinstance(values.dtype, pd.CategoricalDtype):
            categorical.append(i)
            values = values.cat.codes.astype(np.float64).replace(-1.0, np.nan)
        matrix[:, i] = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return matrix, tuple(categorical)


def _feature(values: pd.Series) -> pd.Series | None:
    if values.isna().all():
        return None
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.rename_categories([str(c) for c in values.cat.categories])
    if pd.api.types.is_datetime64_any_dtype(values):
        return _since_the_first(values)
    if pd.api.types.is_bool_dtype(values):
        return values.astype(np.float64)
    if pd.api.types.is_complex_dtype(values):
        raise TypeError(message("X", f"complex numbers in {values.name!r}", "real numbers"))
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(np.float64)
    present = values.dropna()
    numbers = pd.to_numeric(present, errors="coerce")
    if numbers.notna().mean() > 0.95:  # numbers but for a few blanks or marks of missing values
        return pd.to_numeric(values, errors="coerce").astype(np.float64)
    if present.nunique() > min(MOST_CATEGORIES, len(values) / 2):
        return _days(values)
    return values.where(values.isna(), values.astype(str)).astype("category")


def _days(values: pd.Series) -> pd.Series | None:
    """Texts of dates as days since the first; None where they are no dates, or could be read in two ways."""
    for form in ("ISO8601", "%d.%m.%Y", "%d.%m.%Y %H:%M"):
        dates = pd.to_datetime(values, format=form, errors="coerce", utc=True)
        if dates[values.notna()].notna().mean() > 0.95:
            return _since_the_first(dates)
    return None


def _since_the_first(dates: pd.Series) -> pd.Series:
    return (dates - dates.min()).dt.total_seconds() / 86400.0
