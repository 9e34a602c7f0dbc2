"""What rows have beside labels, as the estimators take it in ``fit``: one table, and the numbers of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import message
from gbm_objectives.objective import Objective

Pairs = list[tuple[Any, Any]]


def numbered(
    objective: Objective,
    y: NDArray[Any],
    evaluations: Pairs | None,
    columns: Mapping[str, Any],
    eval_rows: Any,
) -> tuple[Objective, NDArray[Any], Pairs | None]:
    """The objective with a table of all rows, and row numbers in the place of all labels.

    Parameters
    ----------
    objective : Objective
    y : ndarray
        Labels of the training rows.
    evaluations : list of (X, y) or None
        Evaluation sets; one whose labels are ``y`` itself has the training rows.
    columns : mapping of str to array_like
        Of the training rows.
    eval_rows : list of mappings, or None
        The same columns of each evaluation set.
    """
    pairs = evaluations or []
    if objective.rows is not None:
        given = f"{', '.join(columns) or 'missing labels'} beside an objective with a table of rows"
        raise ValueError(message("fit", given, "one of the two"))
    own = [i for i, (_, labels) in enumerate(pairs) if labels is not y]
    found = _of_evaluations(eval_rows, len(pairs))
    table: dict[str, list[NDArray[Any]]] = {}
    for name, values in columns.items():
        parts = [_column(name, values, len(y))]
        for i in own:
            if name not in found[i]:
                given = f"none of evaluation set {i}"
                hint = f"Write eval_rows=[{{{name!r}: ...}}], one mapping for each evaluation set."
                raise ValueError(message(name, given, "a value for each of its rows", hint))
            parts.append(_column(name, found[i][name], len(pairs[i][1])))
        table[name] = parts
    targets = np.concatenate([y, *(pairs[i][1] for i in own)])
    stacked = {name: np.concatenate(parts) for name, parts in table.items()}
    numbers = np.split(
        np.arange(len(targets)), np.cumsum([len(y), *(len(pairs[i][1]) for i in own)])[:-1]
    )
    of_set = dict(zip(own, numbers[1:], strict=True))
    if evaluations is not None:
        evaluations = [(x, of_set.get(i, numbers[0])) for i, (x, _) in enumerate(pairs)]
    return objective.with_rows(targets, **stacked), numbers[0], evaluations


def exposures(objective: Objective, exposure: Any, n_samples: int) -> NDArray[Any]:
    """The exposure of each row, or an error where the objective takes none."""
    objective.with_rows(np.zeros(n_samples), exposure=exposure)  # refuses others
    return np.asarray(exposure, dtype=np.float64).reshape(n_samples)


def refuse_columns(estimator: str, arguments: Mapping[str, Any], names: Sequence[str]) -> None:
    """Raise for columns that no loss of an estimator uses."""
    for name in names:
        if arguments.get(name) is not None:
            given = f"a column that {estimator} has no use for"
            hint = "ObjectiveRegressor takes it, with an objective that uses it."
            raise ValueError(message(name, given, f"no {name}", hint))


def _of_evaluations(eval_rows: Any, count: int) -> list[Any]:
    if eval_rows is None:
        return [{}] * count
    found = list(eval_rows) if isinstance(eval_rows, (list, tuple)) else [eval_rows]
    if len(found) != count:
        given = f"{len(found)} for {count} evaluation sets"
        raise ValueError(message("eval_rows", given, "one mapping or data frame for each"))
    return [{} if one is None else one for one in found]


def _column(name: str, values: Any, n_samples: int) -> NDArray[Any]:
    column = np.asarray(values)
    if column.ndim < 1 or len(column) != n_samples:
        needed = f"a value, or a row of values, for each of {n_samples} rows"
        raise ValueError(message(name, f"shape {column.shape}", needed))
    return column
