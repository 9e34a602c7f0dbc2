"""Rows that are spread over machines: what one of them computes from sums over all.

The libraries call an objective on each machine with the rows of that machine. Everything global is a vector of
sums, so all that is needed is their sum over the machines, by whatever the cluster has for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array, message
from gbm_objectives.objective._blocks import Reduce

if TYPE_CHECKING:
    from gbm_objectives.objective import Objective
    from gbm_objectives.objective._loss_metric import LossMetric

#: Of an error's text.
_LETTERS = 2000
#: Of rows on a machine without rows of weight: they are allowed for, and change no sum.
_NO_WEIGHT = 1e-300
Result = TypeVar("Result")


class ClusterError(RuntimeError):
    """Machines that train together and have lost each other, or that another one's error has stopped."""


def collective() -> Reduce | None:
    """The sum over the machines of XGBoost's communicator; None where there is one machine only.

    XGBoost on Dask, on Ray and wherever else its collective is set up calls objectives and metrics within it, on
    every machine. Who calls one by hand there must do so on all, or use `gradient_hessian` and `evaluate`.
    """
    xgboost = sys.modules.get("xgboost.collective")
    if xgboost is None or not xgboost.is_distributed():
        return None

    def allreduce(sums: Array) -> Array:
        total: Array = xgboost.allreduce(np.asarray(sums, dtype=np.float64), xgboost.Op.SUM)
        return total

    return allreduce


def together(compute: Callable[[Reduce], Result], allreduce: Reduce) -> Result:
    """``compute(reduce)`` on all machines, or an error on all of them.

    A machine that fails would leave the others waiting for its sums. So before each sum, and at the end, the
    machines tell each other whether they have failed, and why.
    """

    def summed(sums: Array) -> Array:
        try:
            return allreduce(sums)
        except Exception as error:
            raise ClusterError(f"The machines could not add up their sums: {error}") from error

    def agree(error: Exception | None) -> None:
        failed = summed(np.array([error is not None], dtype=np.float64))[0]
        if not failed:
            return
        text = np.zeros(_LETTERS)
        if error is not None:
            letters = str(error).encode()[:_LETTERS]
            text[: len(letters)] = np.frombuffer(letters, dtype=np.uint8)
        text = summed(text)
        if error is None:
            told = bytes(text[text > 0].astype(np.uint8)).decode(errors="replace")
            why = told if failed == 1 else "their own errors tell why"
            raise ClusterError(f"{failed:.0f} of the other machines failed: {why}")

    def reduce(sums: Array) -> Array:
        agree(None)
        return summed(sums)

    try:
        result = compute(reduce)
    except ClusterError:
        raise
    except Exception as error:
        agree(error)
        raise
    agree(None)
    return result


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


def weighed(sample_weight: Any) -> Any:
    """The weights; of rows that all weigh 0, which is no error beside other machines, next to nothing."""
    weight = None if sample_weight is None else np.asarray(sample_weight)
    if weight is None or not weight.size or weight.any():
        return weight
    return np.full(len(weight), _NO_WEIGHT)


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
    return y, np.zeros((1, *raw.shape[1:])), np.array([_NO_WEIGHT])
