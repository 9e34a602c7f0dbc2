"""The data of a comparison: features as both libraries take them, a target, and its task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gbm_objectives._core.validation import Array, message, reject_masked
from gbm_objectives.compare.data.features import as_matrix, read_features
from gbm_objectives.compare.data.labels import in_order, read_labels, read_levels
from gbm_objectives.compare.data.order import read_order, read_test, with_test
from gbm_objectives.compare.data.reading import column, read_csv
from gbm_objectives.compare.data.tables import as_frame, as_series
from gbm_objectives.compare.tasks import TASKS, Levels


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A data set with its task.

    Parameters
    ----------
    name, target : str
        For the reader.
    task : str
        What is predicted: a name in `tasks.TASKS`.
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
    tau : float or tuple of float, optional
        The level of the task "quantile", or those of "quantiles".
    notes : tuple of str, default ()
        What was done to the data, each a sentence.
    without_label : tuple of int, default ()
        The rows, as the user numbers them from 0, that are left out since they have no label.
    groups : ndarray of shape (n_samples,), optional
        The number of each row's group; no group is both trained on and tested.
    time : ndarray of shape (n_samples,), optional
        The place of each row in time, equal at equal times; later rows are never trained on.
    test : ndarray of bool of shape (n_samples,), optional
        The rows that all models are tested on and none is trained on.
    """

    name: str
    target: str
    task: str
    x: pd.DataFrame
    matrix: Array
    categorical: tuple[int, ...]
    y: Array
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    tau: Levels | None = None
    notes: tuple[str, ...] = field(default=())
    without_label: tuple[int, ...] = ()
    groups: Array | None = None
    time: Array | None = None
    test: Array | None = None

    @property
    def of_classes(self) -> bool:
        """Whether labels are class codes."""
        return bool(self.classes)


def from_csv(
    path: str | Path,
    target: str,
    task: str | None = None,
    tau: float | Sequence[float] | None = None,
    *,
    groups: str | None = None,
    time: str | None = None,
    test: str | Path | None = None,
    levels: Sequence[str] | None = None,
) -> Data:
    """The data of a file, and of another with the test rows; raises ValueError with one line that says what is wrong."""
    frame, notes = read_csv(path)
    column(frame, target, str(path))
    rows = None
    if test is not None:
        frame, rows = with_test(frame, read_csv(test)[0], str(path), str(test))
        notes.append(
            f"{int(rows.sum())} test rows from {Path(test).name}, numbered after the others"
        )
    y = frame[target]
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
        test=rows,
        levels=levels,
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
    tau: float | Sequence[float] | None = None,
    name: str = "data",
    target: str = "",
    notes: Sequence[str] = (),
    *,
    groups: Any = None,
    time: Any = None,
    test: Any = None,
    levels: Sequence[Any] | None = None,
) -> Data:
    """The data of arrays, or of frames of pandas or polars.

    Parameters
    ----------
    x : array-like or DataFrame of shape (n_samples, n_features)
        Numbers, text, categories, dates. NaN and None are missing values; infinite numbers are an error.
    y : array-like of shape (n_samples,), or str
        The labels, or the name of a column of x. Rows without a label are left out.
    task : {"regression", "quantile", "quantiles", "binary", "multiclass", "ordinal", "counts", "amounts", "distribution"}, optional
        Found from the labels by default; quantiles, counts, amounts and distribution are never found, and ordinal of an ordered
        categorical of pandas alone.
    tau : float or sequence of float, optional
        The level of the task "quantile", which it implies, or several, of the task "quantiles".
    name, target : str
        For the reader.
    notes : sequence of str, default ()
        What was done to the data already.
    groups, time : array-like of shape (n_samples,), or str, optional
        What the splits go by, one of the two; or the name of that column of x, which then is no feature.
    test : array-like of bool of shape (n_samples,), optional
        The rows to test on; all others are trained on.
    levels : sequence, optional
        Of the task "ordinal", which they imply: the classes in their order, the lowest first. Those that no row has are
        left out.

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
    if tau is not None or task in ("quantile", "quantiles"):
        task, tau = read_levels(tau, task)
    reject_masked("X", x)
    reject_masked("y", y)
    frame = as_frame(x)
    if isinstance(y, str):
        target, y = y, column(frame, y, name)
        frame = frame.drop(columns=target)
    frame, places = read_order(frame, groups, time, name)
    if test is not None:
        places["test"] = read_test(test, len(frame), places)
    labels = as_series(y)
    if len(labels) != len(frame):
        raise ValueError(
            message("y", f"{len(labels)} labels", f"{len(frame)}, one for each row of X")
        )
    target = target or str(labels.name or "y")
    if levels is not None:
        if task not in (None, "ordinal"):
            raise ValueError(message("levels", f"levels for {task}", 'the task "ordinal"'))
        labels, task = in_order(labels, levels, target), "ordinal"
    found: list[str] = list(notes)
    missing = labels.isna().to_numpy()
    if missing.any():
        found.append(f"{int(missing.sum())} rows without a {target} left out")
    labels, frame = labels[~missing], frame[~missing]
    places = {key: values[~missing] for key, values in places.items()}
    if test is not None and len(set(places["test"].tolist())) < 2:
        raise ValueError(
            message("test", "no rows with a label", "rows to train on and rows to test")
        )
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
        tau, (*found, *features_notes),
        tuple(map(int, missing.nonzero()[0])), places.get("groups"), places.get("time"),
        places.get("test"),
    )  # fmt: skip
