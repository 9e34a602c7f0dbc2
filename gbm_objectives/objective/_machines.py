"""Rows that are spread over machines: what one of them computes from sums over all.

The libraries call an objective on each machine with the rows of that machine. Everything global is a vector of
sums, so all that is needed is their sum over the machines, by whatever the cluster has for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.reduction import NO_WEIGHT, Reduce, together, weighed
from gbm_objectives._core.validation import Array, message

if TYPE_CHECKING:
    from gbm_objectives.objective._loss_metric import LossMetric
    from gbm_objectives.objective._objective import Objective


def gradient_hessian(
    objective: Objective, y_true: Any, raw_prediction: Any, weight: Any, allreduce: Reduce
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`Objective.gradient_hessian` of the rows of this machine, which may be none."""
    raw = np.asarray(raw_prediction)

    def compute(reduce: Reduce) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        check(objective)
        if len(raw):
            return objective.gradient_hessian(y_true, raw, weighed(weight), reduce=reduce)
        objective.gradient_hessian(*no_rows(objective, y_true, raw), reduce=reduce)
        nothing = np.empty(raw.shape, dtype=np.float32)
        return nothing, nothing.copy()

    return together(compute, allreduce)


def check(objective: Objective) -> None:
    """Raise for data of the training rows: which rows this machine has is not known."""
    if any(term.loss.n_rows is not None for term in objective.terms):
        raise ValueError(
            message(
                "groups", "a group a row, with rows spread over machines", "no groups there",
                "mean_bias_error without groups sums over all machines; groups need one machine.",
            )
        )  # fmt: skip


def no_rows(
    objective: Objective | LossMetric, y_true: Any, raw: Array
) -> tuple[Array, Array, Array]:
    """One row of no weight, with a label that every objective allows: it joins in the sums and changes none."""
    matrix = np.ndim(y_true) == 2
    if objective.targets is not None:
        y = np.zeros(1)  # the number of a row of the table
    elif objective.terms[0].loss.vector:
        y = np.full((1, raw.shape[1]), 1.0 / raw.shape[1]) if matrix else np.ones(1)
    else:
        y = np.ones((1, *raw.shape[1:]))
    return y, np.zeros((1, *raw.shape[1:])), np.array([NO_WEIGHT])
