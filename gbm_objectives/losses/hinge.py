"""Margin losses: raw scores are margins, so the link is the identity.

With s = 2 y - 1 and a = 1 - s z, the smoothed hinge of width w is 0 for a <= 0, a^2/(2 w) up to w and a - w/2 beyond:
a tilted Huber loss, so its majorizer is (1/w)/max(1, 2 |a/w - 1/2|).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from gbm_objectives._core.numerics import CAP
from gbm_objectives._core.validation import Array, positive
from gbm_objectives.links import IDENTITY
from gbm_objectives.loss import HasHessian, HasMajorizer
from gbm_objectives.losses._classes import ClassLoss, TrueClass
from gbm_objectives.losses.binary import BinaryLoss

__all__ = ["Hinge", "MulticlassHinge", "SquaredHinge"]


def _bend(u: Array, width: float) -> Array:
    """The majorizer of the smoothed hinge at u = a/w."""
    distance = u - 0.5
    np.abs(distance, out=distance)
    distance *= 2.0 * width
    np.clip(distance, width, np.inf, out=distance)
    return np.divide(1.0, distance, out=distance)


def _inside(u: Array, width: float) -> Array:
    """The second derivative: 1/w for 0 < u < 1, 0 elsewhere."""
    inside = ((u > 0) & (u < 1)).astype(u.dtype)
    inside *= 1.0 / width
    return inside


@dataclass(frozen=True, slots=True)
class Hinge(BinaryLoss, HasHessian, HasMajorizer):
    """The smoothed hinge of a = 1 - (2 y - 1) z.

    Domain of y: {0, 1}. Link: identity; class 1 for z > 0. Gradient -(2 y - 1) clip(a/w, 0, 1), bounded by 1;
    exact Hessian 1/w for 0 < a < w, else 0. As w -> 0 the hinge max(0, a).
    """

    width: float = 1.0

    name: ClassVar[str] = "hinge"
    probabilistic = False
    gradient_bound = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", positive("width", self.width))

    def _parts(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """1 - 2 y and a/w."""
        turn = 1.0 - 2.0 * y_true
        u = turn * raw_prediction
        u += 1.0
        u *= 1.0 / self.width
        return turn, u

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """w c (u - c/2) with c = clip(u, 0, 1)."""
        _, u = self._parts(y_true, raw_prediction)
        clipped = np.clip(u, 0.0, 1.0)
        return self.width * clipped * (u - 0.5 * clipped)

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """(1 - 2 y) clip(u, 0, 1)."""
        turn, u = self._parts(y_true, raw_prediction)
        turn *= np.clip(u, 0.0, 1.0, out=u)
        return turn

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """1/w within, 0 beyond."""
        return _inside(self._parts(y_true, raw_prediction)[1], self.width)

    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """(1/w)/max(1, 2 |u - 1/2|)."""
        return _bend(self._parts(y_true, raw_prediction)[1], self.width)

    def gradient_majorizer(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one margin."""
        turn, u = self._parts(y_true, raw_prediction)
        majorizer = _bend(u, self.width)
        turn *= np.clip(u, 0.0, 1.0, out=u)
        return turn, majorizer

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """In closed form: 2 rate - 1 where both classes are within the width, else in the larger class's bend."""
        rate = float(np.average(y_true, weights=sample_weight))
        larger = max(rate, 1.0 - rate)
        best = 2.0 * larger - 1.0
        if self.width < 2.0 * larger:
            best = 1.0 - self.width * (1.0 - larger) / larger
        return best if rate >= 0.5 else -best


@dataclass(frozen=True, slots=True)
class SquaredHinge(BinaryLoss, HasHessian, HasMajorizer):
    """max(0, a)^2/2, a = 1 - (2 y - 1) z; Keras and scikit-learn leave out the 1/2.

    Domain of y: {0, 1}. Link: identity; class 1 for z > 0. Gradient -(2 y - 1) max(0, a), unbounded; exact
    Hessian 1 for a > 0, else 0; majorizer 1. Its minimum is z = 2 P - 1: Zhang (2004),
    https://doi.org/10.1214/aos/1079120130.
    """

    name: ClassVar[str] = "squared_hinge"
    #: 1e18, so that a^2 is finite in float32.
    limit = CAP

    def _parts(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """1 - 2 y and a."""
        turn = 1.0 - 2.0 * y_true
        margin = turn * raw_prediction
        margin += 1.0
        return turn, margin

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """max(0, a)^2/2."""
        _, a = self._parts(y_true, raw_prediction)
        np.clip(a, 0.0, np.inf, out=a)
        return 0.5 * a * a

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """(1 - 2 y) max(0, a)."""
        turn, a = self._parts(y_true, raw_prediction)
        turn *= np.clip(a, 0.0, np.inf, out=a)
        return turn

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """1 for a > 0, else 0."""
        _, a = self._parts(y_true, raw_prediction)
        return (a > 0).astype(a.dtype)

    @override
    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        return np.ones_like(raw_prediction)

    def log_odds(self, raw_prediction: Array) -> Array:
        """The logit of (1 + z)/2, within +-700."""
        z = np.asarray(raw_prediction, dtype=np.float64)
        towards, against = (np.clip(1.0 + m, 1e-304, 2.0) for m in (z, -z))
        return np.log(towards) - np.log(against)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """2 rate - 1."""
        return 2.0 * float(np.average(y_true, weights=sample_weight)) - 1.0


@dataclass(frozen=True, slots=True)
class MulticlassHinge(ClassLoss, HasMajorizer):
    """The sum over wrong classes j of the smoothed hinge of 1 + z_j - z_y: Weston & Watkins (1999).

    Crammer & Singer (2001) take the largest of them instead. Domain of y: class codes 0..K-1. Link: identity; the
    class is that of the largest score. With m_j the majorizers of the hinges, the matrix sum m_j (e_j - e_y)(e_j - e_y)'
    bounds the curvature and 2 m_j, 2 sum m_j for class y, bound the matrix (Gershgorin).
    """

    width: float = 1.0

    name: ClassVar[str] = "multiclass_hinge"
    link = IDENTITY
    probabilistic = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", positive("width", self.width))

    def _parts(self, y_true: Array, raw_prediction: Array) -> tuple[TrueClass, Array]:
        """Where the true classes are, and a/w of all; -1 of the true ones, beyond their hinge."""
        true = TrueClass(y_true)
        least = true.of(raw_prediction) - 1.0
        u = np.subtract(raw_prediction, least[:, None], order="F")
        u *= 1.0 / self.width
        true.put(u, -1.0)
        return true, u

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """The sum of the hinges."""
        _, u = self._parts(y_true, raw_prediction)
        clipped = np.clip(u, 0.0, 1.0)
        return self.width * (clipped * (u - 0.5 * clipped)).sum(axis=1)

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """clip(u, 0, 1), and minus their sum for the true class."""
        true, u = self._parts(y_true, raw_prediction)
        np.clip(u, 0.0, 1.0, out=u)
        true.put(u, -u.sum(axis=1))
        return u

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """The diagonal: the second derivatives of the hinges, and their sum."""
        true, u = self._parts(y_true, raw_prediction)
        hessian = _inside(u, self.width)
        true.put(hessian, hessian.sum(axis=1))
        return hessian

    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        """2 m_j, and 2 sum m_j for the true class."""
        true, u = self._parts(y_true, raw_prediction)
        return self._coupled(true, u)

    def gradient_majorizer(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Both from one set of margins."""
        true, u = self._parts(y_true, raw_prediction)
        majorizer = self._coupled(true, u)
        np.clip(u, 0.0, 1.0, out=u)
        true.put(u, -u.sum(axis=1))
        return u, majorizer

    def _coupled(self, true: TrueClass, u: Array) -> Array:
        majorizer = _bend(u, 0.5 * self.width)
        true.put(majorizer, 0.0)
        true.put(majorizer, majorizer.sum(axis=1))
        return majorizer
