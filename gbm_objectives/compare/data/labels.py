"""The target of a comparison: which task its labels ask for, and the labels as numbers or class codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gbm_objectives._core.validation import Array, message, open_unit
from gbm_objectives.compare.data.tables import where_infinite
from gbm_objectives.compare.tasks import TASKS, Levels

#: The levels of the task "quantiles" where none are given.
INTERVAL = (0.05, 0.95)
#: Text with more distinct values is no target of classes.
MOST_CLASSES = 20
#: Whole numbers with more distinct values are a target to be regressed on.
MOST_NUMBERED_CLASSES = 10


def read_labels(
    labels: pd.Series, target: str, task: str | None
) -> tuple[str, Array, tuple[str, ...]]:
    """The task, the labels as numbers or codes, and the names of the classes."""
    numbers = _numbers(labels)
    if numbers is not None and (where := where_infinite(pd.Series(numbers, labels.index))):
        instead = "Leave these labels empty: rows without a label are left out."
        raise ValueError(message("target", f"{target} has {where}", "finite numbers", instead))
    if task is None:
        task = _task(labels, numbers, target)
    if not TASKS[task].of_classes:
        if numbers is None:
            parsed = pd.to_numeric(labels, errors="coerce")
            example = labels[parsed.isna()].iloc[0]
            given = f"{target} has text in {int(parsed.isna().sum())} of {len(labels)} rows, such as {example!r}"
            instead = f"Text can be a class: leave out task={task}."
            raise ValueError(message("target", given, "numbers", instead))
        least = TASKS[task].least
        if (few := int(np.count_nonzero(numbers < least))) > 0:
            given = f"{target} is below {least:g} in {few} of {len(numbers)} rows"
            raise ValueError(
                message("task", f"{task}: {given}", f"numbers from {least:g}", "Or: regression.")
            )
        return task, numbers, ()
    names, codes, counts = (_levels if TASKS[task].ordered else _classes)(labels, target)
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
    return task, codes.astype(np.float64), names


def read_levels(tau: float | Sequence[float] | None, task: str | None) -> tuple[str, Levels]:
    """The task that levels ask for, and these: one number, or several in their order."""
    if tau is None:
        tau = INTERVAL if task == "quantiles" else 0.5
    given = (tau,) if isinstance(tau, (int, float)) else tuple(tau)
    levels = tuple(open_unit("tau", one) for one in given)
    chosen = "quantile" if len(levels) == 1 else "quantiles"
    if task not in (None, chosen):
        raise ValueError(message("tau", f"{tau} for {task}", f'the task "{chosen}"'))
    if list(levels) != sorted(set(levels)) or not levels:
        raise ValueError(
            message("tau", str(tau), "different levels, from the smallest to the largest")
        )
    return chosen, levels[0] if len(levels) == 1 else levels


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
    if getattr(labels.dtype, "ordered", False):
        return "ordinal"
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


def _levels(labels: pd.Series, target: str) -> tuple[tuple[str, ...], Array, Array]:
    """Classes in their order, the lowest first: that of an ordered categorical, or of numbers."""
    if getattr(labels.dtype, "ordered", False):
        present = labels.cat.remove_unused_categories()
        codes = present.cat.codes.to_numpy()
        return tuple(map(str, present.cat.categories)), codes, np.bincount(codes)
    numbers = _numbers(labels)
    if numbers is None:
        given = f"ordinal: {target} is text, such as {labels.iloc[0]!r}, whose order is not known"
        needed = "numbers, an ordered categorical of pandas, or the classes in their order"
        instead = "Such as levels=low,middle,high, the lowest first."
        raise ValueError(message("task", given, needed, instead))
    return _classes(pd.Series(numbers, labels.index), target)


def in_order(labels: pd.Series, levels: Sequence[Any], target: str) -> pd.Series:
    """The labels as an ordered categorical of these levels, the lowest first."""
    names = [_shown(one) for one in levels]
    if len(set(names)) < max(2, len(names)):
        raise ValueError(message("levels", ", ".join(names), "two or more different classes"))
    found = labels.astype(object).map(_shown, na_action="ignore")
    unknown = found.notna() & ~found.isin(names)
    if unknown.any():
        given = f"{target} is {found[unknown].iloc[0]!r} in row {unknown.idxmax()}"
        raise ValueError(message("levels", given, f"one of {', '.join(names)}"))
    return pd.Series(pd.Categorical(found, names, ordered=True), labels.index, name=labels.name)


def _shown(name: Any) -> str:
    return f"{name:g}" if isinstance(name, float) else str(name)


def _classes(labels: pd.Series, target: str) -> tuple[tuple[str, ...], Array, Array]:
    values = labels.astype(object)
    try:
        names, codes, counts = np.unique(values.to_numpy(), return_inverse=True, return_counts=True)
    except TypeError:  # text and numbers together have no order
        texts = values.astype(str).to_numpy()
        names, codes, counts = np.unique(texts, return_inverse=True, return_counts=True)
    return tuple(map(_shown, names)), codes, counts
