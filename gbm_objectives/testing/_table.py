"""An objective with a table of targets against the same objective on the rows of the table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gbm_objectives.objective import Objective
from gbm_objectives.testing._calls import DatasetLike, DMatrixLike, words
from gbm_objectives.testing._report import Check
from gbm_objectives.testing._subject import identical


def targets(objective: Objective) -> list[Check]:
    """One check for an objective with a table; an empty list for others."""
    return [] if objective.targets is None else [_checked(objective, objective.targets.table)]


def _checked(objective: Objective, table: np.ndarray) -> Check:
    rng = np.random.default_rng(4)
    numbers = rng.integers(0, len(table), 400)
    raw = rng.standard_normal((len(numbers), table.shape[1]))
    weight = rng.integers(1, 4, len(numbers)).astype(np.float32)
    rows = numbers.astype(np.float32)
    try:
        wanted = replace(objective, targets=None)(table[numbers], raw, weight)
        calls = {
            "f(y_true, y_pred, sample_weight)": objective(rows, raw, weight),
            "f(preds, DMatrix)": objective(raw, DMatrixLike(rows, weight)),
            "f(preds, Dataset)": objective(raw, DatasetLike(rows, weight)),
        }
    except Exception as error:  # whatever a user's loss raises, too
        told = f"with row numbers of the table as labels: {type(error).__name__}: {words(error)}"
        return Check("targets", "failure", told, "Are all rows of the table labels of the loss?")
    wrong = [call for call, found in calls.items() if not all(map(identical, found, wanted))]
    if wrong:
        told = f"row numbers and the rows themselves give different results in {', '.join(wrong)}"
        return Check("targets", "failure", told)
    return Check("targets", "ok", f"row numbers stand for the rows of a table {table.shape}")
