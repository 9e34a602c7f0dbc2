"""Predicted distributions as arrays: each row has the number of a family and its parameters.

So families with different parameters can be scored, kept and drawn by the same code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gbm_objectives._core.validation import Array, message
from gbm_objectives.losses.distributions import FAMILIES
from gbm_objectives.objective import Objective

if TYPE_CHECKING:
    import pandas as pd

#: Families by their numbers.
NAMES = tuple(FAMILIES)
#: The number of parameters that are kept; families with fewer have zeros at the end.
PARAMETERS = max(len(family.parameters) for family in FAMILIES.values())
#: The interval whose coverage and width are compared.
LEVEL = 0.8


def family_of(objective: Any) -> str:
    """The family of an objective that predicts a distribution; empty for others."""
    if isinstance(objective, Objective) and len(objective.terms) == 1:
        loss = type(objective.terms[0].loss)
        return next((name for name, one in FAMILIES.items() if one is loss), "")
    return ""


def packed(family: str, parameters: Any) -> Array:
    """The array of parameters (n_samples,) or (n_samples, n_parameters) of one family."""
    values = np.asarray(parameters, dtype=np.float64).reshape(len(parameters), -1)
    rows = np.zeros((len(values), 1 + PARAMETERS))
    rows[:, 0] = NAMES.index(family)
    rows[:, 1 : 1 + values.shape[1]] = values
    return rows


def unpacked(rows: Array) -> tuple[str, Array]:
    """The family and the parameters of the predictions of one model.

    Raises
    ------
    ValueError
        For predictions that are no distributions.
    """
    if rows.ndim != 2 or rows.shape[1] != 1 + PARAMETERS:
        given = f"predictions of shape {rows.shape}"
        raise ValueError(message("task", f"distribution: {given}", "a distribution for each row"))
    family = NAMES[int(rows[0, 0])]
    return family, rows[:, 1 : 1 + len(FAMILIES[family].parameters)]


def frozen(rows: Array) -> Any:
    """The distribution of `scipy.stats` over the rows of one model."""
    family, parameters = unpacked(rows)
    return FAMILIES[family]().frozen(parameters)


def mean(rows: Array) -> Array:
    """The means of the rows of one model."""
    family, parameters = unpacked(rows)
    found: Array = FAMILIES[family]().mean(parameters)
    return found


def ends(rows: Array, level: float = LEVEL) -> Array:
    """The ends of the central interval of each row, (n_samples, 2)."""
    tail, found = 0.5 * (1.0 - level), frozen(rows)
    return np.column_stack([found.ppf(tail), found.ppf(1.0 - tail)])


def framed(predictions: Sequence[Array]) -> pd.DataFrame:
    """The columns of predictions: the mean, the family, and its parameters."""
    import pandas as pd

    rows = np.concatenate(predictions)
    frame = pd.DataFrame({"y_pred": np.concatenate([mean(one) for one in predictions])})
    frame["family"] = pd.Categorical.from_codes(rows[:, 0].astype(int), NAMES)
    for number in range(PARAMETERS):
        frame[f"parameter_{number}"] = rows[:, 1 + number]
    return frame


def of_frame(frame: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, Array]]:
    """The rows of each candidate and family, and these packed."""
    for (_, _, family), own in frame.groupby(
        ["library", "candidate", "family"], sort=False, observed=True
    ):
        values = own[[f"parameter_{number}" for number in range(PARAMETERS)]].to_numpy(np.float64)
        yield own, packed(str(family), values)
