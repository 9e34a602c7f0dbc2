"""Cross-entropies of classes that exclude each other, on softmax scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from gbm_objectives._core.validation import Array, message, reject_non_finite, reject_rows
from gbm_objectives.curvature import Damped
from gbm_objectives.loss import HasDamping, HasMajorizer, Labels
from gbm_objectives.losses._classes import (
    ABSENT,
    ClassLoss,
    ClassScores,
    TrueClass,
    centred,
    log_softmax,
    shifted,
    softmax_parts,
)
from gbm_objectives.losses._smoothing import LabelSmoothing

__all__ = ["KLDivergence", "SoftmaxCrossEntropy"]


class CrossEntropy(ClassScores, HasMajorizer, HasDamping):
    """What softmax cross-entropies have in common: the Hessian doesn't depend on the labels."""

    __slots__ = ()

    #: max(2 p q, |g|/2): steps of at most 2.
    default_curvature = Damped(trust=2.0)
    gradient_bound = 1.0

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """p - t."""
        return self.gradient_hessian(y_true, raw_prediction)[0]

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """p q, the diagonal."""
        return self.gradient_hessian(y_true, raw_prediction)[1]

    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """1/2: diag(p) - p p' <= (I - 1 1'/K)/2 everywhere (Böhning 1992)."""
        return np.full_like(raw_prediction, 0.5)

    def bounding_factor(self, n_outputs: int) -> float:
        """2: diag(2 p q) bounds the matrix diag(p) - p p' at the current scores (Gershgorin)."""
        return 2.0

    def average_factor(self, n_outputs: int) -> float:
        """K/(K - 1), for scores that sum to 0: Friedman (2001), https://doi.org/10.1214/aos/1013203451."""
        return n_outputs / max(n_outputs - 1.0, 1.0)

    def log_probabilities(self, raw_prediction: Array) -> Array:
        """The log of the softmax."""
        return log_softmax(np.asarray(raw_prediction, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class SoftmaxCrossEntropy(LabelSmoothing, CrossEntropy, ClassLoss):
    """-sum_k t_k log p_k, p = softmax(z), t the (smoothed) one-hot label.

    Domain of y: class codes 0..K-1. Link: softmax. Gradient p - t, in [-1, 1]; diagonal of the Hessian
    p q > 0; majorizer 1/2: Böhning (1992), https://doi.org/10.1007/BF00048682.
    """

    name: ClassVar[str] = "softmax_cross_entropy"

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """-(t_y - t_other) log p_y - t_other sum_k log p_k."""
        log_p = log_softmax(raw_prediction)
        true, other = self.smoothed(log_p.shape[1])
        value = (other - true) * TrueClass(y_true).of(log_p)
        if other:
            value -= other * log_p.sum(axis=1)
        return value

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one exponential; the true class's is -q, a sum, where labels aren't smoothed."""
        true_class = TrueClass(y_true)
        gradient, p, q = softmax_parts(raw_prediction, true_class)
        hessian = 1.0 - gradient
        hessian *= gradient
        true_class.put(hessian, p * q)
        true, other = self.smoothed(gradient.shape[1])
        if other:
            gradient -= other
        true_class.put(gradient, (1.0 - true) - q)
        return gradient, hessian

    def intercept(self, y_true: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        """The log of the (smoothed) shares of the classes, centred to sum to 0."""
        shares = np.maximum(self.shares(y_true, sample_weight), ABSENT)
        true, other = self.smoothed(len(shares))
        return centred(np.log(other + (true - other) * shares))


@dataclass(frozen=True, slots=True)
class KLDivergence(CrossEntropy):
    """sum_k t_k log(t_k / p_k), p = softmax(z): labels are distributions t over the classes.

    Domain of y: (n, K), not negative, rows that sum to 1. Link: softmax. The gradient, p - t, and the Hessian
    are those of cross-entropy with soft labels, which differs by the entropy of t.
    """

    name: ClassVar[str] = "kl_divergence"
    labels: ClassVar[Labels] = "distribution"

    def check_labels(self, y_true: Array) -> bool:
        """Distributions, up to the rounding of float32."""
        return y_true.ndim == 2 and bool(
            (y_true >= 0).all() and (np.abs(y_true.sum(axis=1) - 1.0) <= 1e-4).all()
        )

    @override
    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        reject_non_finite("y_true", y_true)
        instead = (
            "Where labels must be one column, give the distributions as "
            "kl_divergence(targets=table) and row numbers of the table as labels."
        )
        if y_true.ndim != 2:
            needed = "a distribution a row, (n_samples, n_outputs)"
            raise ValueError(message("y_true", f"shape {y_true.shape}", needed, instead))
        reject_rows("y_true", y_true < 0, "a negative share", "shares >= 0 that sum to 1")
        wrong = np.abs(y_true.sum(axis=1) - 1.0) > 1e-4
        reject_rows("y_true", wrong, "shares that don't sum to 1", "shares >= 0 that sum to 1")

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """-sum_k t_k log p_k less the entropy of t."""
        log_p = log_softmax(raw_prediction)
        tiny = float(np.finfo(y_true.dtype).tiny)
        return (y_true * (np.log(np.clip(y_true, tiny, None)) - log_p)).sum(axis=1)

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """p - t and p q."""
        p = shifted(raw_prediction)
        np.exp(p, out=p)
        p /= p.sum(axis=1)[:, None]
        hessian = p * (1.0 - p)
        p -= y_true
        return p, hessian

    def shares(
        self, y_true: Array, sample_weight: Array | None, n_outputs: int | None = None
    ) -> NDArray[np.float64]:
        """The mean distribution."""
        return np.asarray(np.average(y_true, axis=0, weights=sample_weight), dtype=np.float64)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        """The log of the mean distribution, centred to sum to 0."""
        return centred(np.log(np.maximum(self.shares(y_true, sample_weight), ABSENT)))
