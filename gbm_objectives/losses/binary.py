"""Losses of a binary label: what they share, and those that are proper on the logit scale."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import brentq
from scipy.special import logit
from typing_extensions import override

from gbm_objectives._core.numerics import magnitude, odds, power, softplus
from gbm_objectives._core.validation import (
    Array,
    message,
    non_negative,
    number,
    reject_non_finite,
    reject_rows,
)
from gbm_objectives.curvature import Curvature, Exact
from gbm_objectives.links import LOGIT
from gbm_objectives.loss import HasFisher, HasHessian, HasMajorizer, Labels, Loss
from gbm_objectives.losses._smoothing import LabelSmoothing

__all__ = ["BinaryCrossEntropy", "BinaryLoss", "Focal"]


class BinaryLoss(Loss):
    """A loss of one score and a label of two classes, 0 and 1."""

    __slots__ = ()

    labels: ClassVar[Labels] = "binary"
    probabilistic: ClassVar[bool] = True
    #: In words: the labels that the loss is defined for, and one that is none of these.
    domain: ClassVar[tuple[str, str]] = ("labels 0 or 1", "a label other than 0 and 1")

    def log_odds(self, raw_prediction: Array) -> Array:
        """logit P(y = 1) for which ``raw_prediction`` minimises the expected loss.

        What a model trained on this loss says about probabilities.
        """
        raise TypeError(
            message(
                "objective", f"{self.name}, whose scores tell classes and no probabilities",
                "a loss that is proper for probabilities, such as binary_cross_entropy()",
            )
        )  # fmt: skip

    def in_domain(self, y_true: Array) -> Array:
        """Which labels the loss is defined for: 0 and 1."""
        return (y_true == 0) | (y_true == 1)

    @override
    def check_labels(self, y_true: Array) -> bool:
        return bool(self.in_domain(y_true).all())

    @override
    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        reject_non_finite("y_true", y_true)
        needed, given = self.domain
        advice = self._advice(raw_prediction, "Encode the classes as 0 and 1.")
        reject_rows("y_true", ~self.in_domain(y_true), given, needed, advice)


class LogitLoss(BinaryLoss):
    """A loss of a binary label on the logit scale; raw predictions are z."""

    __slots__ = ()

    link = LOGIT

    @abstractmethod
    def log_odds(self, raw_prediction: Array) -> Array:
        """As for all binary losses; z itself where the loss is proper under the logit link."""


def base_rate(y_true: Array, sample_weight: Array | None) -> Any:
    """The weighted share of class 1; 1e-6 away from 0 and 1 where a class has no rows.

    There the loss has no finite minimum.
    """
    rate = float(np.average(y_true, weights=sample_weight))
    return rate if 0.0 < rate < 1.0 else min(max(rate, 1e-6), 1.0 - 1e-6)


@dataclass(frozen=True, slots=True)
class BinaryCrossEntropy(LabelSmoothing, LogitLoss, HasHessian, HasMajorizer, HasFisher):
    """-y log p - (1 - y) log q, p = sigmoid(z) the probability of class 1, q = 1 - p.

    Domain of y: [0, 1], probabilities too. Link: logit. Gradient p - y = (1 - y) p - y q, in [-1, 1];
    exact Hessian and Fisher p q > 0; majorizer tanh(z/2)/(2z) <= 1/4, of Jaakkola & Jordan (2000),
    https://doi.org/10.1023/A:1008932416310.
    """

    name: ClassVar[str] = "binary_cross_entropy"
    domain = ("labels between 0 and 1", "a label outside [0, 1]")
    gradient_bound = 1.0
    #: The exact one, as in both libraries.
    default_curvature = Exact()

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """softplus(z) - y z = log1p(exp(-|z|)) + (max(z, 0) - y z), exact for labels 0 and 1."""
        value = np.abs(raw_prediction)
        np.negative(value, out=value)
        np.exp(value, out=value)
        np.log1p(value, out=value)
        value += np.clip(raw_prediction, 0.0, np.inf) - self.smooth(y_true) * raw_prediction
        return value

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """p - y = (1 - y) p - y q."""
        o = odds(raw_prediction)
        q = 1.0 / (1.0 + o)
        o *= q
        y = self.smooth(y_true)
        return (1.0 - y) * o - y * q

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """p q."""
        return self.gradient_hessian(y_true, raw_prediction)[1]

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one exponential; no difference of near numbers for labels 0 and 1."""
        o = odds(raw_prediction)
        q = 1.0 / (1.0 + o)
        p = o * q
        y = self.smooth(y_true)
        return (1.0 - y) * p - y * q, p * q

    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """tanh(z/2)/(2z), 1/4 at 0: a linear tilt by y adds no curvature."""
        half = magnitude(0.5 * raw_prediction)
        return np.tanh(half) / (4.0 * half)

    def fisher(self, y_true: Array, raw_prediction: Array) -> Array:
        """p q, which doesn't depend on y."""
        return self.hessian(y_true, raw_prediction)

    def log_odds(self, raw_prediction: Array) -> Array:
        """z."""
        return raw_prediction

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The logit of the base rate, of smoothed labels."""
        rate = float(self.smooth(base_rate(y_true, sample_weight)))
        return float(logit(rate))

    def in_domain(self, y_true: Array) -> Array:
        """From 0 to 1."""
        return (y_true >= 0) & (y_true <= 1)


@dataclass(frozen=True, slots=True)
class Focal(LabelSmoothing, LogitLoss, HasHessian):
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

    name: ClassVar[str] = "focal"

    def __post_init__(self) -> None:
        LabelSmoothing.__post_init__(self)
        object.__setattr__(self, "gamma", non_negative("gamma", self.gamma))
        if self.alpha is not None:
            needed = "None or a number strictly between 0 and 1"
            alpha = number("alpha", self.alpha, lambda a: 0 < a < 1, needed)
            object.__setattr__(self, "alpha", alpha)

    @property
    def convex(self) -> bool:
        """Only where gamma is 0."""
        return self.gamma == 0

    @property
    def default_curvature(self) -> Curvature:
        """max(exact, |g|/2): no leaf moves by more than 2; the exact one for gamma = 0."""
        return Exact(trust=None if self.convex else 2.0)

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
        value = self._focus(y_true, q) * softplus(z, o)
        if not self.label_smoothing:
            return value
        other = replace(self, label_smoothing=0.0).value(1.0 - y_true, raw_prediction)
        return self._mixed(value, other)

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
        if self.gamma == 0 and self.alpha is None and not self.label_smoothing:
            return turn * q, p * q
        focus = self._focus(y_true, q)
        entropy = self.gamma * (p * softplus(z, o))
        gradient = turn * focus * (entropy + q)
        hessian = focus * ((1.0 + 2.0 * self.gamma) * (p * q) - (q - self.gamma * p) * entropy)
        if not self.label_smoothing:
            return gradient, hessian
        sharp = replace(self, label_smoothing=0.0)
        others = sharp.gradient_hessian(1.0 - y_true, raw_prediction)
        return self._mixed(gradient, others[0]), self._mixed(hessian, others[1])

    def _mixed(self, labelled: Array, other: Array) -> Array:
        """The loss of a smoothed label: that of both classes, by their shares."""
        share = self.smoothed(2)[1]
        return (1.0 - share) * labelled + share * other

    def log_odds(self, raw_prediction: Array) -> Array:
        """(1 + gamma) z + f(z) - f(-z) - logit(alpha), f(z) = log(1 + gamma softplus(z) exp(-z)); increasing.

        Charoenphakdee et al. (2021), "On focal loss for class-posterior probability estimation",
        https://arxiv.org/abs/2011.09172.
        """
        z = np.asarray(raw_prediction, dtype=np.float64)

        def f(z: Array) -> Array:
            o = odds(z)
            return np.log1p(self.gamma * softplus(z, o) / o)

        tilt = 0.0 if self.alpha is None else math.log(self.alpha) - math.log1p(-self.alpha)
        return (1.0 + self.gamma) * z + f(z) - f(-z) - tilt

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The raw score whose log-odds are those of the base rate; not these themselves if gamma > 0."""
        rate = float(self.smooth(base_rate(y_true, sample_weight)))
        target = float(logit(rate))

        def excess(z: float) -> float:
            return float(self.log_odds(np.array(z))) - target

        return float(brentq(excess, -750.0, 750.0, xtol=1e-12))
