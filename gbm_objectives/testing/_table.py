"""An objective with a table of rows against the same objective given the data of the rows by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gbm_objectives.objective import Objective
from gbm_objectives.objective._rows import RowTable
from gbm_objectives.objective._terms import Term
from gbm_objectives.testing._calls import DatasetLike, DMatrixLike, words
from gbm_objectives.testing._report import Check
from gbm_objectives.testing._subject import identical


def targets(objective: Objective) -> list[Check]:
    """One check for an objective with a table; an empty list for others."""
    return [] if objective.rows is None else [_checked(objective, objective.rows)]


def _checked(objective: Objective, rows: RowTable) -> Check:
    rng = np.random.default_rng(4)
    numbers = rng.integers(0, len(rows), 400)
    n_outputs = objective.n_outputs or (rows.table.shape[1] if rows.several else None)
    if n_outputs is None and objective.of_classes:
        n_outputs = int(rows.table.max()) + 1
    raw = rng.standard_normal((len(numbers), n_outputs) if n_outputs else len(numbers))
    weight = rng.integers(1, 4, len(numbers)).astype(np.float32)
    given = numbers.astype(np.float32)
    try:
        wanted = _by_hand(objective, rows, numbers, raw, weight)
        calls = {
            "f(y_true, y_pred, sample_weight)": objective(given, raw, weight),
            "f(preds, DMatrix)": objective(raw, DMatrixLike(given, weight)),
            "f(preds, Dataset)": objective(raw, DatasetLike(given, weight)),
        }
    except Exception as error:  # whatever a user's loss raises, too
        told = f"with row numbers of the table as labels: {type(error).__name__}: {words(error)}"
        return Check("targets", "failure", told, "Are all rows of the table labels of the loss?")
    wrong = [call for call, found in calls.items() if not all(map(identical, found, wanted))]
    if wrong:
        told = f"row numbers and the rows themselves give different results in {', '.join(wrong)}"
        return Check("targets", "failure", told)
    return Check("targets", "ok", f"row numbers stand for the rows of a table {rows.table.shape}")


def _by_hand(
    objective: Objective, rows: RowTable, numbers: np.ndarray, raw: np.ndarray, weight: np.ndarray
) -> list[np.ndarray]:
    """Gradient and Hessian without the table; of each column on its own where labels are missing."""
    y, offset = rows.table[numbers], rows.offset(numbers)
    terms = tuple(term.take(numbers) for term in objective.terms)
    raw = raw if offset is None else (raw.T + offset).T
    if not rows.partial:
        return list(Objective(terms)(y, raw, weight))
    results = np.zeros((2, *raw.shape), dtype=np.float32)
    for k, seen in enumerate(~np.isnan(y).T):
        own = [t for t in terms if t.output in (None, k)]
        single = Objective(tuple(_alone(term).take(np.flatnonzero(seen)) for term in own))
        results[:, seen, k] = single(y[seen, k], raw[seen, k], weight[seen])
    return list(results)


def _alone(term: Term) -> Term:
    return replace(term, output=None)
