"""Softmax cross-entropy on a sample of the classes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from gbm_objectives._core import draws as _draws
from gbm_objectives._core.frozen import FrozenArray
from gbm_objectives._core.validation import Array, message, whole_number
from gbm_objectives.loss import Loss
from gbm_objectives.losses._classes import ClassLoss, TrueClass, codes_of
from gbm_objectives.losses.multiclass import CrossEntropy, SoftmaxCrossEntropy

__all__ = ["SampledSoftmax"]

Distribution = Literal["uniform", "frequency"]


@dataclass(frozen=True, slots=True, repr=False)
class Draw:
    """The classes that were drawn, with what is known of them.

    Parameters
    ----------
    classes : FrozenArray of shape (m,)
        The codes, increasing.
    probability : FrozenArray of shape (m,)
        Of being drawn.
    shares : FrozenArray of shape (K,)
        Of all classes in the data.
    """

    classes: FrozenArray
    probability: FrozenArray
    shares: FrozenArray

    @override
    def __repr__(self) -> str:
        return f"<{len(self.classes)} of {len(self.shares)} classes>"

    def places(self) -> NDArray[np.intp]:
        """The place of each class among those drawn, or -1, (K,)."""
        places = np.full(len(self.shares), -1)
        places[self.classes.values] = np.arange(len(self.classes))
        return places


@dataclass(frozen=True, slots=True)
class SampledSoftmax(CrossEntropy, ClassLoss):
    """log(exp z_y + sum_{j in S, j != y} exp(z_j)/pi_j) - z_y: softmax cross-entropy with an estimated partition.

    Domain of y: class codes 0..K-1. Link: softmax. S holds ``n_negatives`` classes, drawn without replacement for
    all rows at once, class j with probability pi_j, so the estimate in the logarithm is unbiased and the loss is
    too small on average (Jensen). Gradient q - onehot, q the softmax of z_y and z_j - log pi_j; 0 for classes
    that are neither drawn nor the row's own. Exact Hessian q (1 - q), 0 there too. Majorizer 1/2 (Böhning 1992).

    Parameters
    ----------
    n_negatives : int, default 20
        How many classes are drawn; from K on it is the full loss.
    distribution : {"uniform", "frequency"}, default "uniform"
        "frequency": pi is proportional to the class count to the power of .75; counts below a tenth of the mean
        one are raised to that.
    seed : int, default 0
        What the draw depends on, beside a checksum of the predictions.
    draw : Draw or None
        Set by `resolve`.
    """

    n_negatives: int = 20
    distribution: Distribution = "uniform"
    seed: int = 0
    draw: Draw | None = field(default=None, repr=False)

    name: ClassVar[str] = "sampled_softmax"
    drawn = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_negatives", whole_number("n_negatives", self.n_negatives, 1))
        object.__setattr__(self, "seed", whole_number("seed", self.seed, 0))
        if self.distribution not in ("uniform", "frequency"):
            needed = '"uniform" or "frequency"'
            raise ValueError(message("distribution", repr(self.distribution), needed))

    @property
    def criterion(self) -> Loss:
        """The full softmax cross-entropy."""
        return SoftmaxCrossEntropy()

    @property
    @override
    def pending(self) -> bool:
        return self.draw is None

    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """A checksum of the predictions, and the weighted count of each class."""
        counts = np.bincount(codes_of(y_true), sample_weight, raw_prediction.shape[1])
        return np.append(counts, _draws.checksum(raw_prediction, sample_weight))

    def resolve(self, sums: Array) -> Loss:
        """With the classes drawn; the full loss where all of them are."""
        counts, total = sums[:-1], float(sums[-1])
        if self.n_negatives >= len(counts):
            return self.criterion
        shares = counts / counts.sum()
        sizes = np.ones_like(shares)
        if self.distribution == "frequency":
            sizes = np.maximum(shares, 0.1 / len(shares)) ** 0.75
        probability = _draws.inclusion(sizes, self.n_negatives)
        classes = _draws.systematic(probability, _draws.key(self.seed, total))
        parts = (classes, probability[classes], shares)
        return replace(self, draw=Draw(*map(FrozenArray, parts)))

    def _drawn(self) -> Draw:
        if self.draw is None:
            needed = "drawn classes"
            raise ValueError(message("draw", "None", needed, "Call resolve(sums) first."))
        return self.draw

    def _parts(
        self, true_class: TrueClass, y_true: Array, raw_prediction: Array
    ) -> tuple[Array, Array, Array, Array]:
        """(n, m): exp(z_j - log pi_j), 0 for the row's own class, whose exp(z_y) follows; both over exp(top).

        And the sum of the two, and top - z_y.
        """
        draw = self._drawn()
        # By the transpose: columns are contiguous, and stay so.
        z = raw_prediction.T[draw.classes.values].T
        z -= np.log(draw.probability.values).astype(z.dtype)
        place = draw.places()[codes_of(y_true)]
        hit = np.flatnonzero(place >= 0)
        z[hit, place[hit]] = -np.inf
        own = true_class.of(raw_prediction)
        top = np.maximum(z.max(axis=1), own)
        z -= top[:, None]
        e = np.exp(z, out=z)
        true = np.exp(own - top)
        return e, true, e.sum(axis=1) + true, top - own

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """The logarithm of the estimated partition less z_y."""
        _, _, total, lead = self._parts(TrueClass(y_true), y_true, raw_prediction)
        return lead + np.log(total)

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one exponential a drawn class and one of the row's own."""
        hessian = np.zeros(raw_prediction.shape, raw_prediction.dtype, order="F")
        return self._gradient(y_true, raw_prediction, hessian, 1.0), hessian

    def _gradient(
        self, y_true: Array, raw_prediction: Array, hessian: Array, probability: Array | float
    ) -> Array:
        """q - onehot; p (1 - p) is written into ``hessian``, p = q ``probability``, q of the row's own class."""
        true_class, classes = TrueClass(y_true), self._drawn().classes.values
        q, true, total, _ = self._parts(true_class, y_true, raw_prediction)
        q /= total[:, None]
        true /= total
        others = q.sum(axis=1)  # 1 - q of the row's own class
        gradient = np.zeros_like(hessian)
        gradient.T[classes] = q.T
        true_class.put(gradient, -others)
        q *= probability
        hessian.T[classes] = (q * (1.0 - q)).T
        true_class.put(hessian, true * others)
        return gradient

    def gradient_undamped(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """p (1 - p), p the probability in the full softmax as well as it is known without computing it.

        Of drawn classes pi q; of others, where nothing is computed, the class' share of the data. With the
        exact Hessian a leaf would step up by a Newton step in every round, for its own rows alone, and down in
        the few rounds in which its class is drawn; so made, steps of both kinds have one length, and add up
        to those of the full loss.
        """
        draw, dtype = self._drawn(), raw_prediction.dtype
        hessian = np.empty(raw_prediction.shape, dtype, order="F")
        shares = draw.shares.values
        hessian.T[:] = (shares * (1.0 - shares)).astype(dtype)[:, None]
        probability = draw.probability.values.astype(dtype)
        return self._gradient(y_true, raw_prediction, hessian, probability), hessian

    def intercept(self, y_true: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        """That of the full loss."""
        return SoftmaxCrossEntropy().intercept(y_true, sample_weight)
