"""Squared error of logarithms, on the log scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gbm_objectives._core.numerics import odds, softplus
from gbm_objectives._core.validation import Array
from gbm_objectives.curvature import Fisher
from gbm_objectives.links import LOG
from gbm_objectives.losses.positive import PositiveLoss

__all__ = ["SquaredLogError"]


@dataclass(frozen=True, slots=True)
class SquaredLogError(PositiveLoss):
    """r^2/2 with r = log(1 + mu) - log(1 + y) = softplus(z) - log(1 + y).

    Domain of y: y >= 0. Link: log. With s = sigmoid(z): gradient s r; second derivative s^2 + s (1 - s) r, negative for
    labels far above the mean; Fisher (of a normal log(1 + y)) s^2, the Gauss-Newton matrix. Not convex.

    Why the log link and not the identity: there the gradient is r/(1 + mu) and the Gauss-Newton
    Hessian 1/(1 + mu)^2. A target of 1e4 has Hessians of 1e-8, so no split passes min_child_weight=1 and lambda=1
    flattens every leaf, and a score may leave the domain, mu > -1. Here all of it is of order 1 where mu > 1.

    Default: max(s^2, |g|), so leaves move by a factor e at most: without that bound a row of small mu, whose
    curvature grows with its score, is carried too far by others in its leaf.
    """

    name: ClassVar[str] = "squared_log_error"
    #: Not for labels far above the mean.
    convex = False
    #: max(s^2, |g|).
    default_curvature = Fisher(trust=1.0)

    def _parts(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array, Array]:
        """r, s and 1 - s."""
        o = odds(raw_prediction)
        below = 1.0 / (1.0 + o)
        return softplus(raw_prediction, o) - np.log1p(y_true), o * below, below

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """r^2/2."""
        r, _, _ = self._parts(y_true, np.clip(raw_prediction, -LOG.held, LOG.held))
        return 0.5 * r * r

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """s r."""
        r, s, _ = self._parts(y_true, raw_prediction)
        return s * r

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """s^2 + s (1 - s) r."""
        return self.gradient_hessian(y_true, raw_prediction)[1]

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one exponential and two logarithms."""
        r, s, below = self._parts(y_true, raw_prediction)
        gradient = s * r
        return gradient, s * s + below * gradient

    def fisher(self, y_true: Array, raw_prediction: Array) -> Array:
        """s^2."""
        o = odds(raw_prediction)
        s = o / (1.0 + o)
        return s * s

    def best(self, y_true: Array, sample_weight: Array | None) -> float:
        """exp(mean log(1 + y)) - 1."""
        return math.expm1(float(np.average(np.log1p(y_true), weights=sample_weight)))
