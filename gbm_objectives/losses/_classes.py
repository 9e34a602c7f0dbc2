"""Losses of several classes that exclude each other: one score for each class.

Blocks are ``raw_prediction`` of shape (n, K) in Fortran order and ``y_true`` of shape (n,), class codes
0..K-1, or (n, K), a distribution over the classes. Formulas reduce over axis 1, which in Fortran order
adds whole columns.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from gbm_objectives._core.validation import Array, message, reject_non_finite, reject_rows
from gbm_objectives.links import SOFTMAX, Link
from gbm_objectives.loss import HasHessian, Labels
from gbm_objectives.losses._outputs import MultiOutputLoss, minimum

#: The share that a class without rows is given in intercepts, where its best score is -inf.
ABSENT = 1e-6


class ClassScores(MultiOutputLoss, HasHessian):
    """A loss of one score for each class, (n, K); ``hessian`` is the diagonal of the matrix of second derivatives.

    Labels are class codes (`ClassLoss`) or distributions over the classes (`KLDivergence`).
    """

    __slots__ = ()

    link: ClassVar[Link] = SOFTMAX
    probabilistic: ClassVar[bool] = True
    n_outputs = None
    #: Whether two classes are a task of it too; for others there are losses of one binary score.
    of_two_classes: ClassVar[bool] = False
    #: Differences of scores within 1e30 are finite.
    limit = 1e30

    @abstractmethod
    def shares(
        self, y_true: Array, sample_weight: Array | None, n_outputs: int | None = None
    ) -> NDArray[np.float64]:
        """The weight of each class, (K,); K is what the labels show where ``n_outputs`` isn't given."""

    def log_probabilities(self, raw_prediction: Array) -> Array:
        """log P(class k), up to a constant a row, for which the scores minimise the expected loss, (n, K).

        What a model trained on this loss says about probabilities.
        """
        raise TypeError(
            message(
                "objective", f"{self.name}, whose scores say nothing about probabilities",
                "a cross-entropy or focal loss",
            )
        )  # fmt: skip


class ClassLoss(ClassScores):
    """Labels are codes of classes that exclude each other: 0..K-1."""

    __slots__ = ()

    labels: ClassVar[Labels] = "class"

    def check_labels(self, y_true: Array) -> bool:
        """Whole numbers from 0 on; that they are below K is checked where K is known."""
        return y_true.ndim == 1 and bool((y_true >= 0).all() and (y_true == np.floor(y_true)).all())

    @override
    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        reject_non_finite("y_true", y_true)
        if y_true.ndim != 1:
            given = f"shape {y_true.shape}"
            instead = "For a distribution over the classes use kl_divergence()."
            raise ValueError(
                message("y_true", given, "one class code for each row, (n_samples,)", instead)
            )
        n_outputs = np.inf if raw_prediction is None else raw_prediction.shape[1]
        codes = f"codes 0..{n_outputs - 1:.0f}" if raw_prediction is not None else "codes from 0 on"
        wrong = (y_true < 0) | (y_true != np.floor(y_true)) | (y_true >= n_outputs)
        instead = (
            "Encode the classes (sklearn.preprocessing.LabelEncoder); num_class is their number."
        )
        reject_rows("y_true", wrong, "a label that is no class code", codes, instead)

    def shares(
        self, y_true: Array, sample_weight: Array | None, n_outputs: int | None = None
    ) -> NDArray[np.float64]:
        """Weighted counts over the total."""
        counts = np.bincount(codes_of(y_true), sample_weight, n_outputs or 0)
        return counts / counts.sum()

    def intercept(self, y_true: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        """Sought on one row for each class, centred to sum to 0."""
        shares = np.maximum(self.shares(y_true, sample_weight), ABSENT)
        labels = np.arange(len(shares), dtype=np.float64)

        def sums(scores: Array) -> tuple[float, Array]:
            raw = np.asfortranarray(np.broadcast_to(scores, (len(shares), len(shares))))
            value = shares @ self.value(labels, raw)
            return float(value), np.asarray(shares @ self.gradient(labels, raw))

        return best_scores(sums, shares)


def best_scores(
    sums: Callable[[Array], tuple[float, Array]], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The constant scores that minimise a loss, from its mean value and gradient at scores (K,).

    They are centred: only differences of scores matter.
    """
    return centred(minimum(sums, centred(np.log(shares))))


def centred(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores less their mean."""
    return scores - scores.mean()


def codes_of(y_true: Array) -> NDArray[np.intp]:
    """Class codes as an index."""
    return y_true.astype(np.intp)


def shifted(raw_prediction: Array) -> Array:
    """Scores less the largest of each row, a fresh array in Fortran order."""
    return np.subtract(raw_prediction, raw_prediction.max(axis=1, keepdims=True), order="F")


class TrueClass:
    """Reads and writes the true class's column of each row of arrays in Fortran order.

    By flat indices: several times faster than an index of rows and one of columns.
    """

    __slots__ = ("index", "recorded")

    def __init__(self, y_true: Array) -> None:
        codes: Any = codes_of(y_true)
        self.recorded = not isinstance(codes, np.ndarray)  # to be compiled
        if not self.recorded:
            codes *= len(codes)
            codes += np.arange(len(codes))
        self.index = codes

    def of(self, array: Any) -> Array:
        """The true class's entries, (n,)."""
        if self.recorded:
            return array.pick(self.index)
        return array.reshape(-1, order="F").take(self.index)

    def put(self, array: Any, values: Array | float) -> None:
        """Write them, into an array in Fortran order."""
        if self.recorded:
            array.put(self.index, values)
            return
        array.reshape(-1, order="F")[self.index] = values


def softmax_parts(raw_prediction: Array, true_class: TrueClass) -> tuple[Array, Array, Array]:
    """exp(z - max z) over the sum of all (n, K), and of the true class p and q = 1 - p, (n,).

    q is a sum of the other classes' terms, so it keeps its digits where p is near 1.
    """
    e = shifted(raw_prediction)
    np.exp(e, out=e)
    true = true_class.of(e)
    true_class.put(e, 0.0)
    others = e.sum(axis=1)
    total = others + true
    true_class.put(e, true)
    e /= total[:, None]
    return e, true / total, others / total


def log_softmax(raw_prediction: Array) -> Array:
    """z - log sum exp z, exact where one class holds nearly all: log1p of the others."""
    z = shifted(raw_prediction)
    below = z < 0
    e = np.exp(z)
    e *= below
    as_large = (~below).astype(z.dtype).sum(axis=1) - 1.0  # others as large as the largest
    z -= np.log1p(e.sum(axis=1) + as_large)[:, None]
    return z
