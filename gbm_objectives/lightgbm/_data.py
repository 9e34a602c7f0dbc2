"""Labels of a LightGBM data set, before or after it is constructed, and its start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from gbm_objectives._core.validation import Array, message, numeric_array, reject_non_finite
from gbm_objectives._training.starts import LocalLabels
from gbm_objectives.objective import Objective


def labels_of(data: lgb.Dataset) -> LocalLabels:
    """Labels and weights in LightGBM's float32.

    Raises
    ------
    ValueError
        For no labels, several columns, groups of rows, or numbers that are not finite in float32.
    """
    label, weight = field(data, "label"), field(data, "weight")
    if label is None:
        raise ValueError(message("Dataset", "no labels", "labels"))
    if field(data, "group") is not None:
        given = "groups of rows, which no objective of this package heeds"
        raise ValueError(message("Dataset", given, "data without group"))
    y = in_float32("y_true", label)
    if y.size != len(y):
        given = f"labels of shape {y.shape}"
        hint = (
            "Train on a matrix with objective.with_rows(targets=matrix) and row numbers as labels."
        )
        raise ValueError(message("Dataset", given, "one column of labels", hint))
    w = None if weight is None else in_float32("sample_weight", weight)
    return LocalLabels(y.reshape(len(y)), w)


@contextmanager
def numbered_rows(objective: Objective, data: lgb.Dataset) -> Iterator[Objective]:
    """The objective with the labels of the data as a table, row numbers in their place; as they were afterwards."""
    labels = labels_of(data).y_true
    try:
        data.set_label(np.arange(len(labels)))
        yield objective.with_rows(labels)
    finally:
        data.set_label(labels)


def in_float32(argument: str, values: Any) -> Array:
    """Checked before LightGBM makes 0 of NaN, and a large number of inf."""
    with np.errstate(over="ignore"):
        found: Array = numeric_array(argument, values).astype(np.float32)
    reject_non_finite(argument, found)
    return found


def field(data: lgb.Dataset, name: str) -> Any:
    """Of the data set if it is constructed, else what the user gave."""
    return getattr(data, name) if data._handle is None else data.get_field(name)


def construct_unread(data_sets: list[lgb.Dataset], params: Mapping[str, Any]) -> None:
    """Data sets whose labels are elsewhere are constructed: those in files, and parts of others.

    The first one is the training set, to which the others refer.
    """
    train_set = data_sets[0]
    for data in data_sets:
        if data._handle is not None:
            continue
        part = data.used_indices is not None
        if part or isinstance(data.data, (str, Path)):
            if data is not train_set and not part:
                data.set_reference(train_set)
            whole = data.reference if part else data
            if whole is not None and whole._handle is None:
                whole._update_params({**params, "objective": "none"})
            data._update_params({**params, "objective": "none"}).construct()


def has_start(data: lgb.Dataset) -> bool:
    """Whether the user has given an init_score."""
    return field(data, "init_score") is not None


def validate_starts(train_set: lgb.Dataset, valid_sets: list[lgb.Dataset]) -> None:
    """Raise where a validation set has a start and the training set has none."""
    if any(has_start(data) for data in valid_sets if data is not train_set):
        given = "an init_score where train_set has none"
        hint = "The intercept needs none: it is found from the labels."
        raise ValueError(message("valid_sets", given, "both or neither", hint))


def set_start(intercept: Array, data_sets: list[lgb.Dataset]) -> None:
    """The intercept as the init_score of data sets, one output after the other."""
    for data in data_sets:
        n_samples = len(field(data, "label"))
        data.set_init_score(np.repeat(np.atleast_1d(intercept), n_samples))


@contextmanager
def starting_at(intercept: Array | None, data_sets: list[lgb.Dataset]) -> Iterator[None]:
    """The data sets with the intercept as their init_score, and as they were afterwards."""
    if intercept is None:
        yield
        return
    try:
        set_start(intercept, data_sets)
        yield
    finally:
        for data in data_sets:
            data.init_score = None
            if data._handle is not None:
                data.set_field("init_score", None)


@contextmanager
def features_kept(data: lgb.Dataset, keep: bool) -> Iterator[None]:
    """A data set whose features outlive its construction, for its folds, and are then freed as they would have been."""
    if not (keep and data.free_raw_data):
        yield
        return
    data.free_raw_data = False
    try:
        yield
    finally:
        data.free_raw_data = True
        if data._handle is not None:
            data.data = None
