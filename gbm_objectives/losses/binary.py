"""Losses of a binary label on the logit scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from gbm_objectives._numerics import odds, power, softplus
from gbm_objectives._validation import (
    Array,
    non_negative,
    number,
    reject_non_finite,
    reject_rows,
)
from gbm_objectives.links import LOGIT
from gbm_objectives.losses._base import HasHessian


@dataclass(frozen=True, slots=True)
class Focal(HasHessian):
    """Binary focal loss: -alpha_t q^gamma log p, p the probability of the true class, q = 1 - p.

    Domain of y: {0, 1}. Link: logit. With m = z for y = 1 and -z for y = 0:
    dL/dm = alpha_t q^gamma (gamma p log p - q), bounded by alpha_t;
    d2L/dm2 = alpha_t q^gamma ((1 + 2 gamma) p q + gamma (q - gamma p) p log p), negative for confident
    errors where gamma > 0 (p < .058 for gamma = 2). gamma = 0 is cross-entropy and convex.
    alpha_t is alpha for y = 1 and 1 - alpha for y = 0; 1 for both where alpha is None (torchvision's
    default is .25). Lin et al. (2017), https://arxiv.org/abs/1708.02002.
    """

    gamma: float = 2.0
    alpha: float | None = None

    link = LOGIT

    def __post_init__(self) -> None:
        object.__setattr__(self, "gamma", non_negative("gamma", self.gamma))
        if self.alpha is not None:
            needed = "None or a number strictly between 0 and 1"
            alpha = number("alpha", self.alpha, lambda a: 0 < a < 1, needed)
            object.__setattr__(self, "alpha", alpha)

    @property
    def name(self) -> str:
        """The metric's name."""
        return "focal"

    @property
    def convex(self) -> bool:
        """Only where gamma is 0."""
        return self.gamma == 0

    def _parts(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array, Array, Array]:
        """dm/dz with its sign turned, -m, exp(-m) and q."""
        turn = 1.0 - 2.0 * y_true
        z = turn * raw_prediction
        o = odds(z)
        return turn, z, o, o / (1.0 + o)

    def _focus(self, y_true: Array, q: Array) -> Array:
        """alpha_t q^gamma."""
        focus = power(q, self.gamma)
        if self.alpha is not None:
            focus *= (1.0 - self.alpha) + (2.0 * self.alpha - 1.0) * y_true
        return focus

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """-alpha_t q^gamma log p."""
        _, z, o, q = self._parts(y_true, raw_prediction)
        return self._focus(y_true, q) * softplus(z, o)

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """dL/dz."""
        return self.gradient_hessian(y_true, raw_prediction)[0]

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """d2L/dz2, which equals d2L/dm2."""
        return self.gradient_hessian(y_true, raw_prediction)[1]

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one exponential and one logarithm; -p log p is kept as one product."""
        turn, z, o, q = self._parts(y_true, raw_prediction)
        p = 1.0 / (1.0 + o)
        if self.gamma == 0 and self.alpha is None:
            return turn * q, p * q
        focus = self._focus(y_true, q)
        entropy = self.gamma * (p * softplus(z, o))
        gradient = turn * focus * (entropy + q)
        hessian = focus * ((1.0 + 2.0 * self.gamma) * (p * q) - (q - self.gamma * p) * entropy)
        return gradient, hessian

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The logit of the best constant; not the logit of the base rate where gamma > 0.

        Where a class has no rows there is no finite minimum: a base rate of 1e-6 or 1 - 1e-6 stands in.
        """
        rate = float(np.average(y_true, weights=sample_weight))
        rate = min(max(rate, 1e-6), 1.0 - 1e-6)
        both = np.array([0.0, 1.0])

        def slope(z: float) -> float:
            return float(np.array([1.0 - rate, rate]) @ self.gradient(both, np.full(2, z)))

        return float(brentq(slope, -40.0, 40.0, xtol=1e-12))

    def check_labels(self, y_true: Array) -> bool:
        """All labels are 0 or 1."""
        return bool(((y_true == 0) | (y_true == 1)).all())

    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        """Say which labels are not 0 or 1, and whether the arguments look swapped."""
        reject_non_finite("y_true", y_true)
        swapped = (
            raw_prediction is not None
            and self.check_labels(raw_prediction)
            and raw_prediction.min() < raw_prediction.max()  # all 0: the first round's scores
        )
        reject_rows(
            "y_true",
            ~((y_true == 0) | (y_true == 1)),
            "a label other than 0 and 1",
            "labels 0 or 1",
            "The arguments look swapped: the call is objective(y_true, raw_prediction)."
            if swapped
            else "Encode the classes as 0 and 1.",
        )
