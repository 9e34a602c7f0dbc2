"""Sums of vectors over the machines of a training: everything global that an objective or a metric needs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from gbm_objectives._core.validation import Array

#: Of an error's text.
_LETTERS = 2000
Reduce = Callable[[Array], Array]
Result = TypeVar("Result")


class ClusterError(RuntimeError):
    """Machines that train together and have lost each other, or that another one's error has stopped."""


def collective() -> Reduce | None:
    """The sum over the machines of XGBoost's communicator; None where there is one machine only.

    XGBoost on Dask, on Ray and wherever else its collective is set up calls objectives and metrics within it, on
    every machine. Who calls one by hand there must do so on all, or use `Objective.gradient_hessian` and
    `Metric.evaluate`.
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
