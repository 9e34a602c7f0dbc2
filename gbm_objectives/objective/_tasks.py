"""The rows at hand: labels, scores and weights of each output that is computed on its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gbm_objectives._core.validation import Array, invalid, reject_non_finite
from gbm_objectives.objective._rows import RowTable
from gbm_objectives.objective._terms import Term
from gbm_objectives.objective._validation import (
    refuse_groups,
    validate_columns,
    validate_labels,
    validate_rows,
    validate_shapes,
)

Terms = tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One output, or all outputs of a loss of several; of the rows whose label is there.

    Parameters
    ----------
    terms : tuple of Term
        Their losses have the columns of these rows.
    y_true, raw_prediction : ndarray
        Labels and scores, the offset of an exposure in these.
    sample_weight : ndarray or None
        Weights.
    at : index
        Of the output in the arrays of all outputs.
    observed : ndarray of bool, or None
        The rows whose label is there; None: all.
    """

    terms: Terms
    y_true: Array
    raw_prediction: Array
    sample_weight: Array | None
    at: Any
    observed: Array | None = None


def at_hand(terms: Terms, rows: RowTable | None, y_true: ArrayLike) -> tuple[Any, Terms, Any]:
    """Labels, terms with the columns of their rows, and what is added to raw predictions (None: nothing)."""
    if rows is None:
        return y_true, terms, None
    numbers = rows.numbers(y_true)
    return rows.table[numbers], tuple(t.take(numbers) for t in terms), rows.offset(numbers)


def tasks_of(
    terms: Terms,
    rows: RowTable | None,
    y_true: ArrayLike,
    raw_prediction: ArrayLike,
    sample_weight: ArrayLike | None,
    *,
    alone: bool = True,
    finite: bool = False,
) -> tuple[tuple[int, ...], list[Task]]:
    """The shape of the predictions, and the tasks; every label is in the domain of its losses.

    Parameters
    ----------
    terms : tuple of Term
    rows : RowTable or None
        Of which ``y_true`` are the row numbers.
    y_true, raw_prediction, sample_weight : array_like
    alone : bool, default True
        Whether there are no other machines. Else there may be no rows, or only rows that weigh nothing.
    finite : bool, default False
        Whether predictions are checked too, and weights are made float64: the sum of large ones leaves float32.
    """
    labels, terms, offset = at_hand(terms, rows, y_true)
    losses = [term.loss for term in terms]
    validate_columns(losses)
    y, raw, weight = validate_shapes(losses, labels, raw_prediction, sample_weight, alone=alone)
    if rows is None:
        validate_rows(losses, len(y)) if alone else refuse_groups(losses)
    partial = rows is not None and rows.partial
    if finite:
        if not partial:
            reject_non_finite("y_true", y)
        reject_non_finite("raw_prediction", raw)
        weight = None if weight is None else weight.astype(np.float64, copy=False)
    if offset is not None:
        raw = (raw.T + offset).T
    if losses[0].vector:
        validate_labels(losses, y, raw)
        return raw.shape, [Task(terms, y, raw, weight, slice(None))]
    columns = [(slice(None), *column) for column in np.ndindex(raw.shape[1:])]
    several = any(term.output is not None for term in terms)
    if several and len(columns) != n_outputs_of(terms):
        needed = f"(n_samples, {n_outputs_of(terms)}), one column a task"
        raise invalid("raw_prediction", given=f"shape {raw.shape}", needed=needed)
    if not (several or partial):
        validate_labels(losses, y, raw)
        return raw.shape, [Task(terms, y[at], raw[at], weight, at) for at in columns]
    found = []
    for k, at in enumerate(columns):
        own = of_output(terms, k)
        task = Task(own, y[at], raw[at], weight, at)
        if partial:
            task = _observed(task, k, alone=alone)
        validate_labels([term.loss for term in task.terms], task.y_true, task.raw_prediction)
        found.append(task)
    return raw.shape, found


def _observed(task: Task, column: int, *, alone: bool) -> Task:
    """The task without the rows whose label is missing."""
    observed = ~np.isnan(task.y_true)
    if observed.all():
        return task
    weight = None if task.sample_weight is None else task.sample_weight[observed]
    if alone and not (observed.any() if weight is None else weight.any()):
        rest = "" if weight is None else " whose row weighs anything"
        raise invalid(
            "targets",
            given=f"no label{rest} in column {column} of the {len(observed)} rows at hand",
            needed="a label in each column",
            hint="Folds and evaluation sets need labels of each column too.",
        )
    numbers = np.flatnonzero(observed)
    terms = tuple(term.take(numbers) for term in task.terms)
    y, raw = task.y_true[observed], task.raw_prediction[observed]
    return Task(terms, y, raw, weight, task.at, observed)


def together_of(tasks: list[Task]) -> Task:
    """All outputs as one task; an error where labels are missing."""
    if len(tasks) == 1 and tasks[0].observed is None:
        return tasks[0]
    if any(task.observed is not None for task in tasks):
        raise invalid("targets", given="missing labels (NaN)", needed="all labels, to fix scales")
    y, raw = (
        np.column_stack([getattr(task, name) for task in tasks])
        for name in ("y_true", "raw_prediction")
    )
    return Task(tasks[0].terms, y, raw, tasks[0].sample_weight, slice(None))


def of_output(terms: Sequence[Term], output: int) -> Terms:
    """The terms of an output: its own, and those of all."""
    return tuple(term for term in terms if term.output in (None, output))


def n_outputs_of(terms: Sequence[Term]) -> int | None:
    """How many outputs have terms of their own; None where all terms are of all outputs."""
    outputs = [term.output for term in terms if term.output is not None]
    return max(outputs) + 1 if outputs else None


def by_output(terms: Sequence[Term]) -> Iterator[Terms]:
    """The terms of each output that has its own; all terms where none has."""
    for k in range(n_outputs_of(terms) or 1):
        yield of_output(terms, k)


def name_of(terms: Sequence[Term]) -> str:
    """The names of the losses, joined by +; those of several outputs each once."""
    sums = ("+".join(term.loss.name for term in own) for own in by_output(terms))
    return "+".join(dict.fromkeys(sums))
