"""Cross-entropies of classes that exclude each other, on softmax scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array, message, reject_non_finite, reject_rows
from gbm_objectives.loss import HasBuiltIn, HasMajorizer
from gbm_objectives.losses._smoothing import LabelSmoothing
from gbm_objectives.losses._vector import (
    ABSENT,
    ClassLoss,
    TrueClass,
    VectorLoss,
    log_softmax,
    shifted,
    softmax_parts,
)


class CrossEntropy(VectorLoss, HasMajorizer, HasBuiltIn):
    """What softmax cross-entropies have in common: the Hessian doesn't depend on the labels."""

    __slots__ = ()

    @property
    def default_curvature(self) -> tuple[str, float | None]:
        """2 p q as in XGBoost, which bounds the coupling of the classes at the current scores; steps of at most 2."""
        return "xgboost", 2.0

    @property
    def gradient_bound(self) -> float:
        """1."""
        return 1.0

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """p - t."""
        return self.gradient_hessian(y_true, raw_prediction)[0]

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """p q, the diagonal."""
        return self.gradient_hessian(y_true, raw_prediction)[1]

    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """1/2: diag(p) - p p' <= (I - 1 1'/K)/2 everywhere (Böhning 1992)."""
        return np.full_like(raw_prediction, 0.5)

    def gradient_xgboost(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """p - t and 2 p q."""
        gradient, hessian = self.gradient_hessian(y_true, raw_prediction)
        hessian *= 2.0
        return gradient, hessian

    def gradient_lightgbm(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """p - t and K/(K - 1) p q (Friedman 2001)."""
        gradient, hessian = self.gradient_hessian(y_true, raw_prediction)
        n_outputs = hessian.shape[1]
        hessian *= n_outputs / max(n_outputs - 1.0, 1.0)
        return gradient, hessian

    def log_probabilities(self, raw_prediction: Array) -> Array:
        """The log of the softmax."""
        return log_softmax(np.asarray(raw_prediction, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class SoftmaxCrossEntropy(LabelSmoothing, CrossEntropy, ClassLoss):
    """-sum_k t_k log p_k, p = softmax(z), t the (smoothed) one-hot label.

    Domain of y: class codes 0..K-1. Link: softmax. Gradient p - t, in [-1, 1]; diagonal of the Hessian
    p q > 0; majorizer 1/2: Böhning (1992), https://doi.org/10.1007/BF00048682.
    """

    @property
    def name(self) -> str:
        """The metric's name."""
        return "softmax_cross_entropy"

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """-(t_y - t_other) log p_y - t_other sum_k log p_k."""
        log_p = log_softmax(raw_prediction)
        true, other = self.smoothed(log_p.shape[1])
        value: Array = (other - true) * TrueClass(y_true).of(log_p)
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

    def intercept(
        self, y_true: Array, sample_weight: Array | None, n_outputs: int | None = None
    ) -> NDArray[np.float64]:
        """The log of the (smoothed) shares of the classes, centred to sum to 0."""
        shares = np.maximum(self.shares(y_true, sample_weight, n_outputs), ABSENT)
        true, other = self.smoothed(len(shares))
        scores: NDArray[np.float64] = np.log(other + (true - other) * shares)
        scores -= scores.mean()
        return scores


@dataclass(frozen=True, slots=True)
class KLDivergence(CrossEntropy):
    """sum_k t_k log(t_k / p_k), p = softmax(z): labels are distributions t over the classes.

    Domain of y: (n, K), not negative, rows that sum to 1. Link: softmax. The gradient, p - t, and the Hessian
    are those of cross-entropy with soft labels, which differs by the entropy of t.
    """

    @property
    def name(self) -> str:
        """The metric's name."""
        return "kl_divergence"

    def check_labels(self, y_true: Array) -> bool:
        """Distributions, up to the rounding of float32."""
        return y_true.ndim == 2 and bool(
            (y_true >= 0).all() and (np.abs(y_true.sum(axis=1) - 1.0) <= 1e-4).all()
        )

    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        """Say which rows are no distributions."""
        reject_non_finite("y_true", y_true)
        instead = (
            "Where labels have one column (LightGBM), give the distributions as "
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
        value: Array = (y_true * (np.log(np.clip(y_true, tiny, None)) - log_p)).sum(axis=1)
        return value

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

    def intercept(
        self, y_true: Array, sample_weight: Array | None, n_outputs: int | None = None
    ) -> NDArray[np.float64]:
        """The log of the mean distribution, centred to sum to 0."""
        shares = self.shares(y_true, sample_weight)
        scores: NDArray[np.float64] = np.log(np.maximum(shares, ABSENT))
        scores -= scores.mean()
        return scores
