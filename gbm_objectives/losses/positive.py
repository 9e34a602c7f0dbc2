"""Losses of a positive target on the log scale: raw predictions are z = log mu, mu the mean."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.special import kl_div
from typing_extensions import override

from gbm_objectives._core.numerics import odds
from gbm_objectives._core.validation import Array, number, reject_non_finite, reject_rows
from gbm_objectives.curvature import Halley
from gbm_objectives.links import LOG
from gbm_objectives.loss import HasDamping, HasFisher, HasHalley, HasHessian

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Gamma", "Poisson", "Tweedie"]

#: Stands in for the mean of labels that are all 0, whose loss has no finite minimum.
_LEAST_MEAN = 1e-6
#: Ratios of labels to means are held below it, so that weights of any usual size leave them finite.
_LARGEST = 1e35
#: How far a step of `Poisson` is expected to go where its Hessian is damped.
_STEP = 0.7


@dataclass(frozen=True, slots=True)
class PositiveLoss(HasHessian, HasFisher):
    """A loss of labels y >= 0 on the log scale.

    Parameters
    ----------
    constant : float
        The mean loss of the best constant, set by `anchored`: the unit of the metric, which is then the share
        of it that is left, 1 - D^2 for a deviance.
    """

    constant: float = field(default=1.0, repr=False)

    link = LOG
    #: Whether 0 is a label.
    zero: ClassVar[bool] = True

    #: 80, where the link is held.
    limit = LOG.held

    @property
    def unit(self) -> float:
        """The mean loss of the best constant, once anchored."""
        return self.constant

    @abstractmethod
    def best(self, y_true: Array, sample_weight: Array | None) -> float:
        """The mean mu of the best constant."""

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The logarithm of the best constant; of 1e-6 where all labels are 0."""
        return math.log(self.best(y_true, sample_weight) or _LEAST_MEAN)

    def anchored(self, y_true: Array, sample_weight: Array | None) -> Self:
        """The loss in units of the best constant's; constant labels leave the unit at 1."""
        y = y_true.astype(np.float64)
        z = np.full_like(y, self.intercept(y, sample_weight))
        constant = float(np.average(self.value(y, z), weights=sample_weight))
        rounding = 1e-12 * float(self.fisher(y[:1], z[:1])[0])
        return replace(self, constant=constant if constant > rounding else 1.0)

    @override
    def check_labels(self, y_true: Array) -> bool:
        low = y_true.min()
        return bool((low >= 0 if self.zero else low > 0) and y_true.max() <= _LARGEST)

    @override
    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        reject_non_finite("y_true", y_true)
        other = "use squared_error or huber" if self.zero else "with zeros use tweedie or poisson"
        reject_rows(
            "y_true",
            y_true < 0 if self.zero else y_true <= 0,
            "a negative label" if self.zero else "a label that is 0 or negative",
            f"labels {'>=' if self.zero else '>'} 0",
            self._advice(raw_prediction, f"For such a target {other}."),
        )
        reject_rows("y_true", y_true > _LARGEST, "a label above 1e35", "labels that float32 holds")


@dataclass(frozen=True, slots=True)
class Deviance(PositiveLoss, HasHalley):
    """Half the deviance of a distribution whose variance grows as mu^p: y from 0, 1 <= p <= 2.

    With A = y mu^(1-p) and B = mu^(2-p): gradient B - A, second derivative (p - 1) A + (2 - p) B > 0, which
    is B in expectation, the Fisher information. The sums of A and B over a leaf tell all about it: a step d
    leaves its gradient at B exp((2-p) d) - A exp((1-p) d), so the best step is log(A/B). The Hessian
    (A + B)/2 makes the leaf's step 2 (A - B)/(A + B) = 2 tanh(log(A/B)/2): on the way there, never beyond.
    So no step of a leaf raises its loss, at any learning rate up to 1 and any lambda. The second derivative
    has no such promise (but for p = 1.5, where it is the same): Newton's step is A/B - 1 for p = 1, 1 - B/A for p = 2.

    Default: max((A + B)/2, |g|), so a leaf changes mu by a factor e at most. Leaves whose labels are all 0 have no
    best value, and few rare counts make many of them: without that bound boosting overfits them.
    """

    #: max((A + B)/2, |g|).
    default_curvature = Halley(trust=1.0)

    @abstractmethod
    def rates(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """A and B."""

    @abstractmethod
    def second(self, a: Array, b: Array) -> Array:
        """(p - 1) A + (2 - p) B."""

    @abstractmethod
    def deviance(self, y_true: Array, z: Array) -> Array:
        """Half the deviance, for z within the limit."""

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """Half the deviance: the negative log-likelihood but for a constant, 0 where mu = y."""
        return self.deviance(y_true, np.clip(raw_prediction, -LOG.held, LOG.held))

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """B - A."""
        a, b = self.rates(y_true, raw_prediction)
        return b - a

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """(p - 1) A + (2 - p) B."""
        return self.second(*self.rates(y_true, raw_prediction))

    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from the same A and B."""
        a, b = self.rates(y_true, raw_prediction)
        return b - a, self.second(a, b)

    def gradient_halley(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """B - A and (A + B)/2."""
        a, b = self.rates(y_true, raw_prediction)
        half = a + b
        half *= 0.5
        return b - a, half

    def fisher(self, y_true: Array, raw_prediction: Array) -> Array:
        """B, the expectation of A too."""
        return self.rates(y_true, raw_prediction)[1]

    def best(self, y_true: Array, sample_weight: Array | None) -> float:
        """The weighted mean, for every p."""
        return float(np.average(y_true, weights=sample_weight))


@dataclass(frozen=True, slots=True)
class Poisson(Deviance, HasDamping):
    """mu - y + y log(y/mu): p = 1, A = y, B = mu.

    Domain of y: y >= 0, whole or not. Link: log. Gradient mu - y, in the units of y; second derivative and Fisher mu.
    """

    name: ClassVar[str] = "poisson"

    def rates(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """The label and the mean."""
        return y_true, odds(raw_prediction)

    def second(self, a: Array, b: Array) -> Array:
        """The mean."""
        return b

    def deviance(self, y_true: Array, z: Array) -> Array:
        """The Kullback-Leibler divergence of two numbers."""
        return kl_div(y_true, np.exp(z))

    def bounding_factor(self, n_outputs: int) -> float:
        """exp(.7): mu exp(.7) is the second derivative after a step of .7 upwards."""
        return math.exp(_STEP)

    @override
    def average_factor(self, n_outputs: int) -> float:
        return math.exp(_STEP)


@dataclass(frozen=True, slots=True)
class Gamma(Deviance):
    """y/mu - 1 - log(y/mu): p = 2, A = y/mu, B = 1.

    Domain of y: y > 0. Link: log. Gradient 1 - y/mu, without a unit; second derivative y/mu, Fisher 1.
    """

    name: ClassVar[str] = "gamma"
    zero = False

    def rates(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """The label over the mean, and 1."""
        ratio = y_true * odds(-raw_prediction)
        return np.clip(ratio, 0.0, _LARGEST, out=ratio), np.ones_like(ratio)

    def second(self, a: Array, b: Array) -> Array:
        """The label over the mean."""
        return a

    def deviance(self, y_true: Array, z: Array) -> Array:
        """Of the logarithm of the ratio, which neither overflows nor underflows."""
        log_ratio = np.log(y_true) - z
        return np.expm1(log_ratio) - log_ratio


@dataclass(frozen=True, slots=True)
class Tweedie(Deviance):
    """y^(2-p)/((1-p)(2-p)) - y mu^(1-p)/(1-p) + mu^(2-p)/(2-p), 1 < p < 2: many zeros beside positive amounts.

    Domain of y: y >= 0. Link: log. A sum of a Poisson number of gamma amounts has such a distribution. Gradient
    B - A, in the unit of y to the power 2 - p.
    """

    power: float = 1.5

    def __post_init__(self) -> None:
        needed = "a number strictly between 1 and 2; at 1 use poisson, at 2 gamma"
        object.__setattr__(self, "power", number("power", self.power, lambda p: 1 < p < 2, needed))

    @property
    @override
    def name(self) -> str:
        return f"tweedie_{self.power:g}"

    def rates(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """The label times mu^(1-p), and mu^(2-p)."""
        a = y_true * odds((1.0 - self.power) * raw_prediction)
        return np.clip(a, 0.0, _LARGEST, out=a), odds((2.0 - self.power) * raw_prediction)

    def second(self, a: Array, b: Array) -> Array:
        """Both parts are >= 0."""
        return (self.power - 1.0) * a + (2.0 - self.power) * b

    def deviance(self, y_true: Array, z: Array) -> Array:
        """The three powers."""
        p = self.power
        a, b = y_true * np.exp((1.0 - p) * z), np.exp((2.0 - p) * z)
        return a / (p - 1.0) + b / (2.0 - p) - y_true ** (2.0 - p) / ((p - 1.0) * (2.0 - p))
