"""The data of a comparison: features as both libraries take them, a target, and its task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gbm_objectives._core.validation import Array, message, open_unit, reject_masked
from gbm_objectives.compare.data.features import as_matrix, read_features
from gbm_objectives.compare.data.labels import TASKS, TaskName, read_labels
from gbm_objectives.compare.data.order import read_order
from gbm_objectives.compare.data.reading import column, read_csv
from gbm_objectives.compare.data.tables import as_frame, as_series


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A data set with its task.

    Parameters
    ----------
    name, target : str
        For the reader.
    task : {"regression", "quantile", "binary", "multiclass"}
        What is predicted.
    x : DataFrame of shape (n_samples, n_features)
        Numbers and pandas categoricals, with missing values in both. The columns are named f0, f1 ..., since neither
        library takes all names.
    matrix : ndarray of shape (n_samples, n_features)
        x as float64 with codes for categories. The libraries are given this, which costs them less.
    categorical : tuple of int
        The columns of codes.
    y : ndarray of shape (n_samples,)
        Numbers or class codes.
    classes : tuple of str, default ()
        Names of the classes, in the order of their codes; empty for numbers.
    features : tuple of str, default ()
        The columns' own names.
    tau : float, optional
        The level of the task "quantile".
    notes : tuple of str, default ()
        What was done to the data, each a sentence.
    without_label : tuple of int, default ()
        The rows, as the user numbers them from 0, that are left out since they have no label.
    groups : ndarray of shape (n_samples,), optional
        The number of each row's group; no group is both trained on and tested.
    time : ndarray of shape (n_samples,), optional
        The place of each row in time, equal at equal times; later rows are never trained on.
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
    without_label: tuple[int, ...] = ()
    groups: Array | None = None
    time: Array | None = None

    @property
    def of_classes(self) -> bool:
        """Whether labels are class codes."""
        return bool(self.classes)


def from_csv(
    path: str | Path,
    target: str,
    task: str | None = None,
    tau: float | None = None,
    *,
    groups: str | None = None,
    time: str | None = None,
) -> Data:
    """The data of a file; raises ValueError with one line that says what is wrong."""
    frame, notes = read_csv(path)
    y = column(frame, target, str(path))
    return of_arrays(
        frame.drop(columns=target),
        y,
        task,
        tau,
        Path(path).stem,
        target,
        notes,
        groups=groups,
        time=time,
    )


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
    *,
    groups: Any = None,
    time: Any = None,
) -> Data:
    """The data of arrays, or of frames of pandas or polars.

    Parameters
    ----------
    x : array-like or DataFrame of shape (n_samples, n_features)
        Numbers, text, categories, dates. NaN and None are missing values; infinite numbers are an error.
    y : array-like of shape (n_samples,), or str
        The labels, or the name of a column of x. Rows without a label are left out.
    task : {"regression", "quantile", "binary", "multiclass"}, optional
        Found from the labels by default.
    tau : float, optional
        The level of the task "quantile", which it implies.
    name, target : str
        For the reader.
    notes : sequence of str, default ()
        What was done to the data already.
    groups, time : array-like of shape (n_samples,), or str, optional
        What the splits go by, one of the two; or the name of that column of x, which then is no feature.

    Returns
    -------
    Data

    Raises
    ------
    ValueError, TypeError
        For data that nothing can be learned from: no rows, a constant target, a class of one row, text for numbers,
        infinite numbers.
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
    frame = as_frame(x)
    if isinstance(y, str):
        target, y = y, column(frame, y, name)
        frame = frame.drop(columns=target)
    frame, places = read_order(frame, groups, time, name)
    labels = as_series(y)
    if len(labels) != len(frame):
        raise ValueError(
            message("y", f"{len(labels)} labels", f"{len(frame)}, one for each row of X")
        )
    target = target or str(labels.name or "y")
    found: list[str] = list(notes)
    missing = labels.isna().to_numpy()
    if missing.any():
        found.append(f"{int(missing.sum())} rows without a {target} left out")
    labels, frame = labels[~missing], frame[~missing]
    places = {key: values[~missing] for key, values in places.items()}
    if len(labels) == 0:
        given = f"{target} is missing in all {len(missing)} rows" if len(missing) else "no rows"
        raise ValueError(message("target", given, "rows with a label"))
    if labels.nunique() < 2:
        given = f"{target} is {labels.iloc[0]} in all {len(labels)} rows"
        raise ValueError(message("target", given, "at least two different values"))
    chosen, values, classes = read_labels(labels, target, task)
    features, features_notes = read_features(frame)
    return Data(
        name, target, chosen, features.set_axis([f"f{i}" for i in range(features.shape[1])], axis=1),
        *as_matrix(features), values, classes, tuple(map(str, features.columns)),
        (tau or 0.5) if chosen == "quantile" else None, (*found, *features_notes),
        tuple(map(int, missing.nonzero()[0])), places.get("groups"), places.get("time"),
    )  # fmt: skip
