"""Focal loss of classes that exclude each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gbm_objectives._numerics import power
from gbm_objectives._validation import Array, non_negative
from gbm_objectives.losses._smoothing import LabelSmoothing
from gbm_objectives.losses._vector import ClassLoss, codes_of, log_softmax


def _sums_of_others(a: Array) -> Array:
    """For each column the sum of all others, without a difference of large numbers: D grows as q^(gamma - 1)."""
    rows, largest = np.arange(len(a)), np.abs(a).argmax(axis=1)
    value = a[rows, largest]
    rest = np.copy(a)  # in the order of a
    rest[rows, largest] = 0.0
    sums = rest.sum(axis=1)
    result: Array = (sums + value)[:, None] - a
    result[rows, largest] = sums
    return result


@dataclass(frozen=True, slots=True)
class SoftmaxFocal(LabelSmoothing, ClassLoss):
    """-sum_k t_k q_k^gamma log p_k, p = softmax(z), q = 1 - p, t the (smoothed) one-hot label.

    Domain of y: class codes 0..K-1. Link: softmax. With A = q^gamma (1 - gamma p log p / q), the slope of the
    loss of class y by -log p_y: gradient A p_k, -A q of the true class; diagonal of the Hessian
    A p_k q_k + D (delta_ky - p_k)^2, D = gamma p q^(gamma - 1) (2 + log p - (gamma - 1) p log p / q), which may be
    negative. gamma = 0 is softmax cross-entropy; K = 2 is binary focal loss of z_1 - z_0.
    """

    gamma: float = 2.0

    def __post_init__(self) -> None:
        LabelSmoothing.__post_init__(self)
        object.__setattr__(self, "gamma", non_negative("gamma", self.gamma))

    @property
    def name(self) -> str:
        """The metric's name."""
        return "softmax_focal"

    @property
    def convex(self) -> bool:
        """Only where gamma is 0."""
        return self.gamma == 0

    @property
    def default_curvature(self) -> tuple[str, float | None]:
        """max(exact, |g|/2): no leaf moves by more than 2."""
        return "exact", 2.0

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """-sum_k t_k q_k^gamma log p_k."""
        log_p = log_softmax(raw_prediction)
        losses = power(-np.expm1(log_p), self.gamma) * log_p
        true, other = self.smoothed(log_p.shape[1])
        value: Array = (other - true) * losses[np.arange(len(log_p)), codes_of(y_true)]
        if other:
            value -= other * losses.sum(axis=1)
        return value

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """A (p_k - delta_ky)."""
        return self.gradient_hessian(y_true, raw_prediction)[0]

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """The diagonal."""
        return self.gradient_hessian(y_true, raw_prediction)[1]

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one exponential a class and one logarithm a row."""
        if self.label_smoothing:
            return self._smoothed_derivatives(y_true, raw_prediction)
        rows, codes = np.arange(len(y_true)), codes_of(y_true)
        z = raw_prediction - raw_prediction.max(axis=1, keepdims=True)
        log_true = z[rows, codes]
        ratio = np.exp(z, out=z)
        true = ratio[rows, codes]
        ratio[rows, codes] = 0.0
        others = ratio.sum(axis=1)
        ratio /= np.clip(others, np.finfo(z.dtype).tiny, None)[:, None]  # p_k / q
        total = others + true
        p, q = true / total, others / total
        log_p = np.where(q < 0.5, np.log1p(-np.clip(q, 0.0, 0.5)), log_true - np.log(total))
        slope, bend = self._slope_bend(p, q, log_p)
        slope *= q
        bend *= q * q
        hessian = ratio * (bend - q * slope)[:, None]
        hessian += slope[:, None]
        hessian *= ratio
        ratio *= slope[:, None]
        ratio[rows, codes] = -slope
        hessian[rows, codes] = p * slope + bend
        return ratio, hessian

    def _slope_bend(self, p: Array, q: Array, log_p: Array) -> tuple[Array, Array]:
        """A and D; with q held above 0, as -log p / q goes to 1."""
        held = np.clip(q, np.finfo(q.dtype).tiny, None)
        entropy = -p * log_p / held
        focus = power(held, self.gamma)
        slope = focus * (1.0 + self.gamma * entropy)
        bend = (self.gamma * (focus / held)) * (
            2.0 * p + p * log_p + (self.gamma - 1.0) * p * entropy
        )
        return slope, bend

    def _smoothed_derivatives(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Sums over all classes k of the loss of class k, weighted by the smoothed label."""
        log_p = log_softmax(raw_prediction)
        p, q = np.exp(log_p), -np.expm1(log_p)
        true, other = self.smoothed(log_p.shape[1])
        labels = np.full_like(log_p, other)
        labels[np.arange(len(log_p)), codes_of(y_true)] = true
        slopes, bends = self._slope_bend(p, q, log_p)
        slopes *= labels
        bends *= labels
        other_slopes, other_bends = _sums_of_others(slopes), _sums_of_others(bends)
        gradient = p * other_slopes - slopes * q
        hessian = p * q * (slopes + other_slopes) + bends * q * q + p * p * other_bends
        return gradient, hessian

    def log_probabilities(self, raw_prediction: Array) -> Array:
        """log p_k - log A_k: the gradients of classes with these shares balance.

        Charoenphakdee et al. (2021), "On focal loss for class-posterior probability estimation",
        https://arxiv.org/abs/2011.09172.
        """
        log_p = log_softmax(np.asarray(raw_prediction, dtype=np.float64))
        slope, _ = self._slope_bend(np.exp(log_p), -np.expm1(log_p), log_p)
        return self.unsmoothed(log_p - np.log(slope))
