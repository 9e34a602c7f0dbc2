"""Cross-entropy of decisions that have costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from gbm_objectives._core.frozen import FrozenArray
from gbm_objectives._core.validation import Array, invalid, numeric_array, reject_non_finite
from gbm_objectives.loss import HasColumns
from gbm_objectives.losses._classes import (
    ABSENT,
    ClassLoss,
    ClassScores,
    centred,
    log_softmax,
)
from gbm_objectives.losses.multiclass import CrossEntropy, SoftmaxCrossEntropy

__all__ = ["CostSensitiveCrossEntropy"]

#: What every wrong class costing 1 comes to.
_PLAIN = SoftmaxCrossEntropy()


@dataclass(frozen=True, slots=True)
class CostSensitiveCrossEntropy(HasColumns, CrossEntropy, ClassLoss):
    """-sum_k w_k log p_k, p = softmax(z), w_k = max_j c_j - c_k: what deciding for class k saves of a row's costs c.

    Domain of y: class codes 0..K-1. Link: softmax. The expected loss is least where p_k is proportional to E[w_k | x],
    so the class of the largest score is that of the least expected cost: a consistent surrogate of the cost. With
    W = sum_k w_k the gradient is W p - w, the diagonal of the Hessian W p q, the majorizer W/2.

    ``cost`` is the column of each row's costs, (n_rows, K). Without it the loss is `SoftmaxCrossEntropy`, whose p are
    probabilities; ``matrix``, (K, K), then says what a decision costs: row j has the costs where the class is j.
    """

    cost: FrozenArray | None = None
    matrix: FrozenArray | None = None

    name: ClassVar[str] = "cost_sensitive_cross_entropy"
    columns = ("cost",)
    of_two_classes = True

    def __post_init__(self) -> None:
        matrix: Any = self.matrix
        if matrix is not None and not isinstance(matrix, FrozenArray):
            array = _costs("matrix", matrix)
            if array.shape[0] != array.shape[1]:
                needed = (
                    "(n_classes, n_classes): a row for each true class, a column for each decision"
                )
                raise invalid("matrix", given=f"shape {array.shape}", needed=needed)
            object.__setattr__(self, "matrix", FrozenArray(array))
        HasColumns.__post_init__(self)
        if self.cost is not None and self.matrix is not None:
            raise invalid("cost", given="costs of rows beside a matrix", needed="one of the two")

    @override
    def _as_column(self, name: str, values: Any) -> FrozenArray:
        return FrozenArray(_costs(name, values))

    @property
    @override
    def missing_columns(self) -> tuple[str, ...]:
        """None: without them every wrong class costs 1."""
        return ()

    @property
    def gradient_bound(self) -> float | None:  # type: ignore[override]
        """None: costs have no bound."""
        return 1.0 if self._plain else None

    @property
    def probabilistic(self) -> bool:  # type: ignore[override]
        """Without costs of rows: with them, scores say which decision is cheap."""
        return self._plain

    @property
    def _plain(self) -> bool:
        return self.cost is None

    def _savings(self, n_classes: int, dtype: Any) -> Array:
        """w, (n, K): what each decision saves of the row's largest cost."""
        costs = self.column("cost")
        if costs.shape[1] != n_classes:
            given = f"costs of {costs.shape[1]} classes for scores of {n_classes}"
            raise invalid("cost", given=given, needed="a cost for each class")
        savings = costs.max(axis=1, keepdims=True) - costs
        return np.asfortranarray(savings, dtype=dtype)

    def decisions(self, probabilities: Array) -> NDArray[np.intp]:
        """The class of the least expected cost in each row, by the matrix; the likeliest one without it."""
        if self.matrix is None:
            return np.asarray(probabilities.argmax(axis=1))
        costs = self.matrix.values
        if costs.shape[1] != probabilities.shape[1]:
            given = f"a matrix of {costs.shape[1]} classes for {probabilities.shape[1]}"
            raise invalid("cost", given=given, needed="a row and a column for each class")
        return np.asarray((probabilities @ costs).argmin(axis=1))

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """-sum_k w_k log p_k."""
        if self._plain:
            return _PLAIN.value(y_true, raw_prediction)
        log_p = log_softmax(raw_prediction)
        savings = self._savings(log_p.shape[1], log_p.dtype)
        return -(savings * log_p).sum(axis=1)

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """W p - w and W p q; q = 1 - p as a sum of the other classes' p, so that it keeps its digits."""
        if self._plain:
            return _PLAIN.gradient_hessian(y_true, raw_prediction)
        log_p = log_softmax(raw_prediction)
        savings = self._savings(log_p.shape[1], log_p.dtype)
        total = savings.sum(axis=1)[:, None]
        p = np.exp(log_p)
        q = -np.expm1(log_p)
        # W p - w = (W - w) p - w q: nothing cancels where p is near 1.
        gradient = (total - savings) * p - savings * q
        return gradient, total * p * q

    @override
    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """W/2: W times that of cross-entropy."""
        if self._plain:
            return _PLAIN.majorizer(y_true, raw_prediction)
        n_classes = raw_prediction.shape[1]
        total = self._savings(n_classes, raw_prediction.dtype).sum(axis=1)
        return np.asfortranarray(np.repeat(0.5 * total[:, None], n_classes, axis=1))

    @override
    def log_probabilities(self, raw_prediction: Array) -> Array:
        """The log of the softmax; an error with costs of rows."""
        if self._plain:
            return _PLAIN.log_probabilities(raw_prediction)
        return ClassScores.log_probabilities(self, raw_prediction)

    @override
    def intercept(self, y_true: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        """The log of the mean savings, centred to sum to 0."""
        if self._plain:
            return _PLAIN.intercept(y_true, sample_weight)
        savings = self._savings(self.column("cost").shape[1], np.float64)
        mean = np.average(savings, axis=0, weights=sample_weight)
        if not mean.any():
            given = "the same for all classes, in all rows"
            raise invalid("cost", given=given, needed="decisions that differ in their cost")
        return centred(np.log(np.maximum(mean / mean.sum(), ABSENT)))


def _costs(argument: str, values: Any) -> Array:
    """Finite numbers (n, K) in float64."""
    array = numeric_array(argument, values).astype(np.float64)
    if array.ndim != 2 or array.shape[1] < 2:
        needed = "a cost for each class: (n_rows, n_classes) or (n_classes, n_classes)"
        raise invalid(argument, given=f"shape {array.shape}", needed=needed)
    reject_non_finite(argument, array)
    return array
