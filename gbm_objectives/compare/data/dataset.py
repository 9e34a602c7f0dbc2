"""The data of a comparison: features as both libraries take them, a target, and its task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from gbm_objectives._core.validation import Array, message, open_unit, reject_masked
from gbm_objectives.compare.reading import column, read_csv

TaskName = Literal["regression", "quantile", "binary", "multiclass"]
TASKS: tuple[str, ...] = get_args(TaskName)

#: Text with more distinct values is no target of classes.
MOST_CLASSES = 20
#: Whole numbers with more distinct values are a target to be regressed on.
MOST_NUMBERED_CLASSES = 10
#: Columns of text with more distinct values than this, or than half of the rows, are names of rows.
MOST_CATEGORIES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A data set with its task.

    Parameters
    ----------
    name, target : for the reader.
    task : "regression", "quantile", "binary" or "multiclass".
    x : (n_samples, n_features), numbers and pandas categoricals, missing values in both, named f0, f1 ...: neither
        library takes all names.
    matrix : x as float64 with codes for categories: what the libraries are given, for it costs them less.
    categorical : the columns of codes.
    y : (n_samples,), numbers or class codes.
    classes : names of the classes, in the order of their codes; empty for numbers.
    features : the columns' own names.
    tau : of the quantile.
    notes : what was done to the data, each a sentence.
    """

    name: str
    target: str
    task: TaskName
    x: pd.DataFrame
    matrix: Array
    categorical: tuple[int, ...]
    y: Array
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    tau: float | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def of_classes(self) -> bool:
        """Whether labels are class codes."""
        return bool(self.classes)


def from_csv(
    path: str | Path, target: str, task: str | None = None, tau: float | None = None
) -> Data:
    """The data of a file; raises ValueError with one line that says what is wrong."""
    frame, notes = read_csv(path)
    y = column(frame, target, str(path))
    return of_arrays(frame.drop(columns=target), y, task, tau, Path(path).stem, target, notes)


def diabetes(task: str | None = None, tau: float | None = None) -> Data:
    """The diabetes data of scikit-learn: 442 patients, ten measurements, progression after a year."""
    from sklearn.datasets import load_diabetes

    loaded = load_diabetes()
    x = pd.DataFrame(loaded.data, columns=list(loaded.feature_names))
    return of_arrays(x, loaded.target, task, tau, "diabetes", "progression")


def of_arrays(
    x: Any,
    y: Any,
    task: str | None = None,
    tau: float | None = None,
    name: str = "data",
    target: str = "",
    notes: Sequence[str] = (),
) -> Data:
    """The data of arrays, or of frames of pandas or polars.

    Parameters
    ----------
    x : (n_samples, n_features).
    y : (n_samples,), or the name of a column of x. Rows without a label are left out.
    task : one of "regression", "quantile", "binary", "multiclass"; found from the labels by default.
    tau : of the task "quantile", which it implies.
    name, target, notes : for the reader.

    Raises
    ------
    ValueError, TypeError
        For data that nothing can be learned from: no rows, a constant target, a class of one row, text for numbers.
    """
    if task is not None and task not in TASKS:
        raise ValueError(message("task", repr(task), " or ".join(TASKS)))
    if tau is not None:
        tau = open_unit("tau", tau)
        if task not in (None, "quantile"):
            raise ValueError(message("tau", f"{tau} for {task}", 'the task "quantile"'))
        task = "quantile"
    reject_masked("X", x)
    reject_masked("y", y)
    frame = _frame(x)
    if isinstance(y, str):
        target, y = y, column(frame, y, name)
        frame = frame.drop(columns=target)
    labels = _series(y)
    if len(labels) != len(frame):
        raise ValueError(message("y", f"{len(labels)} labels", f"{len(frame)}, one a row of X"))
    target = target or str(labels.name or "y")
    found: list[str] = list(notes)
    missing = labels.isna().to_numpy()
    if missing.any():
        found.append(f"{int(missing.sum())} rows without a {target} left out")
    labels, frame = labels[~missing], frame[~missing].reset_index(drop=True)
    if len(labels) == 0:
        given = f"{target} is missing in all {len(missing)} rows" if len(missing) else "no rows"
        raise ValueError(message("target", given, "rows with a label"))
    if labels.nunique() < 2:
        given = f"{target} is {labels.iloc[0]} in all {len(labels)} rows"
        raise ValueError(message("target", given, "at least two different values"))
    chosen, values, classes = _labels(labels, target, task)
    features, features_notes = _features(frame)
    return Data(
        name, target, chosen, features.set_axis([f"f{i}" for i in range(features.shape[1])], axis=1),
        *_coded(features), values, classes, tuple(map(str, features.columns)),
        (tau or 0.5) if chosen == "quantile" else None, (*found, *features_notes),
    )  # fmt: skip


def _frame(x: Any) -> pd.DataFrame:
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


def _series(y: Any) -> pd.Series:
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


def _labels(
    labels: pd.Series, target: str, task: str | None
) -> tuple[TaskName, Array, tuple[str, ...]]:
    """The task, the labels as numbers or codes, and the names of the classes."""
    numbers = _numbers(labels)
    if numbers is not None and not np.isfinite(numbers).all():
        raise ValueError(message("target", f"{target} has infinite values", "finite numbers"))
    if task is None:
        task = _task(labels, numbers, target)
    if task in ("regression", "quantile"):
        if numbers is None:
            parsed = pd.to_numeric(labels, errors="coerce")
            example = labels[parsed.isna()].iloc[0]
            given = f"{target} has text in {int(parsed.isna().sum())} of {len(labels)} rows, such as {example!r}"
            instead = f"Text can be a class: leave out task={task}."
            raise ValueError(message("target", given, "numbers", instead))
        return task, numbers, ()  # type: ignore[return-value]
    names, codes, counts = _classes(labels)
    if task == "binary" and len(names) != 2:
        given = f"{len(names)} classes in {target}"
        raise ValueError(message("task", given, "two for binary", "Or: multiclass, regression."))
    if len(names) > len(labels) // 2 or len(names) > 100:
        given = f"{len(names)} different values of {target} in {len(labels)} rows"
        raise ValueError(message("target", given, "few classes of many rows each"))
    if counts.min() < 2:
        given = f"the class {names[int(counts.argmin())]!r} of {target} has one row"
        instead = "Leave that row out, or merge the class with another."
        raise ValueError(message("target", given, "at least two rows a class", instead))
    return task, codes.astype(np.float64), names  # type: ignore[return-value]


def _numbers(labels: pd.Series) -> Array | None:
    """As float64; None where they are text or truth values."""
    if pd.api.types.is_bool_dtype(labels) or isinstance(labels.dtype, pd.CategoricalDtype):
        return None
    if pd.api.types.is_numeric_dtype(labels):
        values: Array = labels.to_numpy(dtype=np.float64)
        return values
    parsed = pd.to_numeric(labels, errors="coerce")
    return None if parsed.isna().any() else parsed.to_numpy(dtype=np.float64)


def _task(labels: pd.Series, numbers: Array | None, target: str) -> str:
    distinct = labels.nunique()
    if distinct == 2:
        return "binary"
    if numbers is None:
        if distinct <= MOST_CLASSES:
            return "multiclass"
        text = labels[pd.to_numeric(labels, errors="coerce").isna()]
        if len(text) < len(labels):
            given = (
                f"{target} has text in {len(text)} of {len(labels)} rows, such as {text.iloc[0]!r}"
            )
            raise ValueError(message("target", given, "numbers", "Leave those rows empty."))
        given = f"{target} is text with {distinct} different values, such as {text.iloc[0]!r}"
        needed = f"numbers, or at most {MOST_CLASSES} classes"
        raise ValueError(message("target", given, needed, "For more classes: task=multiclass."))
    # Few whole numbers without gaps, many rows each, are codes; counts and grades have more values.
    whole = bool((numbers == np.floor(numbers)).all())
    without_gaps = float(np.ptp(numbers)) == distinct - 1 and numbers.min() in (0.0, 1.0)
    codes = whole and without_gaps and distinct <= MOST_NUMBERED_CLASSES
    return "multiclass" if codes and len(numbers) >= 10 * distinct else "regression"


def _classes(labels: pd.Series) -> tuple[tuple[str, ...], Array, Array]:
    values = labels.astype(object)
    try:
        names, codes, counts = np.unique(values.to_numpy(), return_inverse=True, return_counts=True)
    except TypeError:  # text and numbers together have no order
        texts = values.astype(str).to_numpy()
        names, codes, counts = np.unique(texts, return_inverse=True, return_counts=True)
    shown = (f"{name:g}" if isinstance(name, float) else str(name) for name in names)
    return tuple(shown), codes, counts


def _features(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Numbers as they are, text as categories; what can't be learned from is left out with a note."""
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
    several = "s" * (categories != 1)
    notes = [f"{categories} column{several} of text as categories"] if categories else []
    if left_out:
        shown = ", ".join(left_out[:5]) + (" ..." if len(left_out) > 5 else "")
        notes.append(f"left out, empty or a different text in most rows: {shown}")
    return pd.DataFrame(kept), notes


def _coded(frame: pd.DataFrame) -> tuple[Array, tuple[int, ...]]:
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
        return values.astype(np.float64).replace([np.inf, -np.inf], np.nan)
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
