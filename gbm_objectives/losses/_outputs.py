"""Losses of several outputs: one value for each row from all of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize

from gbm_objectives._core.validation import Array
from gbm_objectives.loss import Loss


class MultiOutputLoss(Loss):
    """A loss of several outputs: one value for each row from all its raw predictions.

    ``raw_prediction`` is (n, n_outputs) in Fortran order, so a sum over axis 1 adds whole columns. ``y_true`` is
    one label for each row, (n,), whatever the number of outputs. ``value`` returns (n,). ``gradient`` returns
    (n, n_outputs), as do ``hessian`` and ``majorizer``, which stand for a matrix in each row: ``hessian`` is its
    diagonal, ``majorizer`` a diagonal that bounds it.

    For a likelihood of two parameters, such as mean and log scale, derive from this and from `HasHessian`, set
    ``n_outputs = 2``, and give ``name``, ``value``, ``gradient`` and ``hessian``. For scores of classes derive
    from `ClassLoss`.
    """

    __slots__ = ()

    vector = True

    @property
    @abstractmethod
    def n_outputs(self) -> int | None:
        """How many outputs a row has; None: as many as there are classes."""

    def intercept(self, y_true: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        """The best constants, (n_outputs,), sought from 0 on; a loss overrides this where they are known."""
        weight = np.ones(len(y_true)) if sample_weight is None else sample_weight
        share = weight / weight.sum(dtype=np.float64)
        start = np.zeros(self.n_outputs or 0)

        def mean(constants: Array) -> tuple[float, Array]:
            raw = np.asfortranarray(np.broadcast_to(constants, (len(y_true), len(constants))))
            return float(share @ self.value(y_true, raw)), share @ self.gradient(y_true, raw)

        return minimum(mean, start)


def minimum(
    function: Callable[[Array], tuple[float, Array]],
    start: NDArray[np.float64],
    bounds: Bounds | None = None,
) -> NDArray[np.float64]:
    """Where a smooth function of a few numbers is least, from its value and gradient, by a quasi-Newton method."""
    return minimize(
        function, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 10_000, "maxfun": 100_000, "ftol": 1e-16, "gtol": 1e-11},
    ).x  # fmt: skip
