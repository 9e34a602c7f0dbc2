"""Focal loss of classes that exclude each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gbm_objectives._core.numerics import power
from gbm_objectives._core.validation import Array, non_negative
from gbm_objectives.curvature import Exact
from gbm_objectives.losses._classes import (
    ClassLoss,
    TrueClass,
    log_softmax,
    shifted,
)
from gbm_objectives.losses._smoothing import LabelSmoothing

__all__ = ["SoftmaxFocal"]


@dataclass(frozen=True, slots=True)
class SoftmaxFocal(LabelSmoothing, ClassLoss):
    """-sum_k t_k q_k^gamma log p_k, p = softmax(z), q = 1 - p, t the (smoothed) one-hot label.

    Domain of y: class codes 0..K-1. Link: softmax. With A = q^gamma (1 - gamma p log p / q), the slope of the
    loss of class y by -log p_y: gradient A p_k, -A q of the true class; diagonal of the Hessian
    A p_k q_k + D (delta_ky - p_k)^2, D = gamma p q^(gamma - 1) (2 + log p - (gamma - 1) p log p / q), which may be
    negative. gamma = 0 is softmax cross-entropy; K = 2 is binary focal loss of z_1 - z_0.
    """

    gamma: float = 2.0

    name: ClassVar[str] = "softmax_focal"
    #: max(exact, |g|/2): no leaf moves by more than 2.
    default_curvature = Exact(trust=2.0)

    def __post_init__(self) -> None:
        LabelSmoothing.__post_init__(self)
        object.__setattr__(self, "gamma", non_negative("gamma", self.gamma))

    @property
    def convex(self) -> bool:
        """Only where gamma is 0."""
        return self.gamma == 0

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """-sum_k t_k q_k^gamma log p_k."""
        log_p = log_softmax(raw_prediction)
        losses = power(-np.expm1(log_p), self.gamma) * log_p
        true, other = self.smoothed(log_p.shape[1])
        value = (other - true) * TrueClass(y_true).of(losses)
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
        """Both from one exponential for each class and one logarithm for each row."""
        if self.label_smoothing:
            return self._smoothed_derivatives(y_true, raw_prediction)
        true_class = TrueClass(y_true)
        z = shifted(raw_prediction)
        log_true = true_class.of(z)
        ratio = np.exp(z, out=z)
        true = true_class.of(ratio)
        true_class.put(ratio, 0.0)
        others = ratio.sum(axis=1)
        ratio /= np.clip(others, np.finfo(z.dtype).tiny, None)[:, None]  # p_k / q
        total = others + true
        p, q = true / total, others / total
        log_p = np.where(q < 0.5, np.log1p(-np.clip(q, 0.0, 0.5)), log_true - np.log(total))
        slope, bend = self._slope_bend(p, q, log_p, power(q, self.gamma))
        slope *= q
        bend *= q * q
        hessian = ratio * (bend - q * slope)[:, None]
        hessian += slope[:, None]
        hessian *= ratio
        ratio *= slope[:, None]
        true_class.put(ratio, -slope)
        true_class.put(hessian, p * slope + bend)
        return ratio, hessian

    def _slope_bend(self, p: Array, q: Array, log_p: Array, focus: Array) -> tuple[Array, Array]:
        """A and D, times what a class weighs: ``focus`` is q^gamma times that.

        With s = -gamma p log p / q: A = q^gamma (1 + s), D = q^gamma (p/q (2 gamma + (gamma - 1) s) - s).
        """
        odds = p / (q + np.finfo(q.dtype).tiny)  # log p is 0 where q is
        s = odds * log_p
        s *= -self.gamma
        bend = (self.gamma - 1.0) * s
        bend += 2.0 * self.gamma
        odds *= focus
        bend *= odds
        s *= focus
        bend -= s
        s += focus
        return s, bend

    def _smoothed_derivatives(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Sums over all classes k of the loss of class k, weighted by the smoothed label."""
        log_p = shifted(raw_prediction)
        p = np.exp(log_p)
        total = p.sum(axis=1)[:, None]
        p /= total
        log_p -= np.log(total)
        q = 1.0 - p
        true, other = self.smoothed(log_p.shape[1])
        true_class = TrueClass(y_true)
        focus = power(q, self.gamma)
        focus_true = true * true_class.of(focus)
        focus *= other
        true_class.put(focus, focus_true)
        slopes, bends = self._slope_bend(p, q, log_p, focus)
        other_bends = bends.sum(axis=1, keepdims=True) - bends
        if self.gamma < 1:
            # Of the class near p = 1, if there is one, bend is huge: sums of the others are made without it.
            huge = bends * (q < 0.5)
            other_bends = bends - huge
            other_bends = other_bends.sum(axis=1, keepdims=True) - other_bends
            other_bends += huge.sum(axis=1, keepdims=True) - huge
        slope = slopes.sum(axis=1, keepdims=True)
        # q (p slope + q bends) + p^2 (the others' bends)
        gradient = p * slope
        hessian = bends
        hessian *= q
        hessian += gradient
        hessian *= q
        other_bends *= p
        other_bends *= p
        hessian += other_bends
        gradient -= slopes
        return gradient, hessian

    def log_probabilities(self, raw_prediction: Array) -> Array:
        """log p_k - log A_k: the gradients of classes with these shares balance.

        Charoenphakdee et al. (2021), "On focal loss for class-posterior probability estimation",
        https://arxiv.org/abs/2011.09172.
        """
        log_p = log_softmax(np.asarray(raw_prediction, dtype=np.float64))
        q = -np.expm1(log_p)
        slope, _ = self._slope_bend(np.exp(log_p), q, log_p, power(q, self.gamma))
        return log_p - np.log(slope)
