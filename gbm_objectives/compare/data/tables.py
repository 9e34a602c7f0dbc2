"""Tables and columns of NumPy, pandas and polars, as those of pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gbm_objectives._core.validation import message


def as_frame(x: Any) -> pd.DataFrame:
    """The features as a frame, whose index are the numbers of the rows."""
    if hasattr(x, "to_pandas"):  # polars, without its extra dependency pyarrow
        plain = {name: x[name].to_list() for name in x.columns if _polars_text(x[name])}
        return pd.DataFrame({c: plain.get(c, _polars_values(x[c])) for c in x.columns})
    if isinstance(x, pd.DataFrame):
        return x.reset_index(drop=True)
    array = np.asarray(x)
    if array.ndim != 2:
        raise ValueError(message("X", f"shape {array.shape}", "shape (n_samples, n_features)"))
    return pd.DataFrame(array).infer_objects()


def _polars_text(values: Any) -> bool:
    return not (values.dtype.is_numeric() or values.dtype.is_temporal())


def _polars_values(values: Any) -> Any:
    if values.dtype.is_numeric():
        return values.cast(float).to_numpy() if values.null_count() else values.to_numpy()
    return values.to_list()


def as_series(y: Any) -> pd.Series:
    """The labels as a series, whose index are the numbers of the rows."""
    if hasattr(y, "to_list") and not isinstance(y, pd.Series):
        return pd.Series(y.to_list(), name=getattr(y, "name", None))
    if isinstance(y, pd.Series):
        return y.reset_index(drop=True)
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(message("y", f"shape {array.shape}", "shape (n_samples,)"))
    return pd.Series(array).infer_objects()


def where_infinite(values: pd.Series) -> str:
    """How many numbers are infinite, and the first row (by the index) where one is; empty where none is.

    A number that float32 can't hold is infinite too: XGBoost keeps all numbers in float32, LightGBM the labels.
    """
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.abs(numbers) > np.finfo(np.float32).max
    count = int(np.count_nonzero(bad))
    if not count:
        return ""
    what = "inf" if np.isinf(numbers).any() else "numbers above 3.4e38, the end of float32,"
    return f"{what} in {count} of {len(values)} rows, first in row {values.index[bad.argmax()]}"
