"""How many outputs a model has, and what its labels are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array, message
from gbm_objectives.objective import Objective
from gbm_objectives.objective._rows import LARGEST

#: Fewer rows may be a trial.
_FEW = 20


def number_of_outputs(
    objective: Objective, params: Mapping[str, Any], names: tuple[str, ...], y_true: Array
) -> int:
    """num_class of the parameters, by one of its names, or what the labels show; 1 for one score for each label.

    Raises
    ------
    ValueError
        For a num_class that the objective has no use for, or that the labels contradict.
    """
    given = next((params[name] for name in names if params.get(name) is not None), None)
    if objective.n_outputs is not None:
        if given not in (None, objective.n_outputs):
            needed = f"{objective.n_outputs}, the levels of {objective.name}, or none"
            raise ValueError(message("params", f"{names[0]}={given!r}", needed))
        return objective.n_outputs
    table = objective.rows
    if not objective.vector and not (table is not None and table.several):
        if given is not None and given not in (0, 1):
            raise ValueError(
                message(
                    "params", f"{names[0]}={given!r} with {objective.name}", f"no {names[0]}",
                    "The objective has one output for each column of labels; give it targets, or use one of classes.",
                )
            )  # fmt: skip
        return 1
    y_true = y_true if table is None else table.table
    fixed = y_true.ndim == 2
    shown = y_true.shape[1] if fixed else int(np.nanmax(y_true)) + 1
    n_outputs = shown if given is None else int(given)
    if n_outputs < max(shown, 2) or (fixed and n_outputs != shown):
        what = "the columns of the labels" if fixed else "or more: the largest class code + 1"
        raise ValueError(
            message("params", f"{names[0]}={n_outputs}", f"{shown}, {what}")
            if shown > 1
            else message(
                "y_true", "one class", "class codes 0..K-1 of two classes at least",
                "A class that no row has is counted by num_class.",
            )
        )  # fmt: skip
    return n_outputs


def no_row_numbers(objective: Objective, y_true: Array) -> str:
    """What is to be said where labels beside a table look like labels, not row numbers of it; or nothing.

    Class codes and counts are row numbers of some rows of any table. Samples repeat rows, but not as often.
    """
    table = objective.rows
    if table is None or min(len(y_true), len(table)) < _FEW:
        return ""
    different = len(np.unique(y_true))
    if 4 * different >= len(y_true):
        return ""
    return (
        f"The labels are row numbers of the objective's table, and {len(y_true)} rows have {different} different "
        "ones. Are they the labels themselves? They are in the table: give the data np.arange(len(targets)), or the "
        "numbers of its rows."
    )


def has_columns(objective: Objective) -> bool:
    """Whether losses have columns of their training rows, or other data of these."""
    return any(term.loss.n_rows is not None for term in objective.terms)


def numbered(argument: str, matrices: list[Array]) -> tuple[Array, list[Array]]:
    """One table of all rows of some label matrices, and the row numbers of each.

    Raises
    ------
    ValueError
        For matrices of different columns, or more rows than float32 can number.
    """
    shapes = {labels.shape[1:] for labels in matrices}
    if len(shapes) > 1:
        given = f"labels of shapes {', '.join(str(labels.shape) for labels in matrices)}"
        needed = "label matrices with the columns of the training labels"
        raise ValueError(message(argument, given, needed))
    table = np.concatenate(matrices)
    if len(table) > LARGEST:
        raise ValueError(message(argument, f"{len(table)} label rows", f"at most {LARGEST}"))
    ends = np.cumsum([len(labels) for labels in matrices])
    return table, np.split(np.arange(len(table)), ends[:-1])
