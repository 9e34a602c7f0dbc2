"""Links: from the raw score that trees add up to the response that users want."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy.special import expit, ndtr, softmax
from typing_extensions import override

from gbm_objectives._core.validation import Array, invalid

CumulativeLink = Literal["logit", "probit", "cloglog"]


@dataclass(frozen=True, slots=True)
class Link(ABC):
    """response = inverse(raw_prediction)."""

    @abstractmethod
    def inverse(self, raw_prediction: Array) -> Array:
        """The response, in the shape of ``raw_prediction``."""


@dataclass(frozen=True, slots=True)
class Identity(Link):
    """response = raw_prediction, on the whole real line."""

    @override
    def inverse(self, raw_prediction: Array) -> Array:
        """``raw_prediction`` itself."""
        return raw_prediction


@dataclass(frozen=True, slots=True)
class Sorted(Identity):
    """response = the raw predictions of a row in increasing order, of several levels of one target."""

    @override
    def inverse(self, raw_prediction: Array) -> Array:
        """Sorted along the last axis; neighbours may be equal, never crossed."""
        response: Array = np.sort(raw_prediction, axis=-1)
        return response


@dataclass(frozen=True, slots=True)
class Logit(Link):
    """response = 1 / (1 + exp(-raw_prediction)), a probability."""

    @override
    def inverse(self, raw_prediction: Array) -> Array:
        """The probability of class 1; never overflows."""
        response: Array = expit(np.asarray(raw_prediction, dtype=np.float64))
        return response


@dataclass(frozen=True, slots=True)
class Softmax(Link):
    """response_k = exp(raw_k) / sum_j exp(raw_j), probabilities of classes that exclude each other."""

    @override
    def inverse(self, raw_prediction: Array) -> Array:
        """Probabilities along the last axis; never overflows."""
        response: Array = softmax(np.asarray(raw_prediction, dtype=np.float64), axis=-1)
        return response


@dataclass(frozen=True, slots=True)
class Log(Link):
    """response = exp(raw_prediction), a positive number.

    Raw scores are held within +-80: responses from 1.8e-35 to 5.5e34, which float32 holds, sums of them too.
    """

    held: ClassVar[float] = 80.0

    @override
    def inverse(self, raw_prediction: Array) -> Array:
        """The mean, count or rate; never overflows, never 0."""
        z = np.asarray(raw_prediction, dtype=np.float64)
        response: Array = np.exp(np.clip(z, -self.held, self.held))
        return response


@dataclass(frozen=True, slots=True)
class HeldLog(Link):
    """response = offset + exp(raw_prediction), raw scores held within +-``held``: a parameter above ``offset``."""

    held: float = 80.0
    offset: float = 0.0

    @override
    def inverse(self, raw_prediction: Array) -> Array:
        """The parameter; never overflows, never ``offset`` itself."""
        z = np.asarray(raw_prediction, dtype=np.float64)
        response: Array = self.offset + np.exp(np.clip(z, -self.held, self.held))
        return response


@dataclass(frozen=True, slots=True)
class HeldLogit(Link):
    """response = 1 / (1 + exp(-raw_prediction)), raw scores held within +-``held``: strictly between 0 and 1."""

    held: float = 30.0

    @override
    def inverse(self, raw_prediction: Array) -> Array:
        """The share; 0 and 1 are never reached."""
        z = np.asarray(raw_prediction, dtype=np.float64)
        response: Array = expit(np.clip(z, -self.held, self.held))
        return response


@dataclass(frozen=True, slots=True)
class Columns(Identity):
    """A link of its own for each output of a row: the parameters of a distribution.

    Neither library has a built-in objective that applies it. So models keep raw scores, and
    ``objective.response(raw)`` or ``objective.predict(booster, data)`` makes the parameters.
    """

    links: tuple[Link, ...] = ()

    @override
    def inverse(self, raw_prediction: Array) -> Array:
        """The parameters, (n_samples, n_outputs), in float64."""
        columns = np.asarray(raw_prediction, dtype=np.float64).T
        response = [link.inverse(z) for link, z in zip(self.links, columns, strict=True)]
        return np.array(response).T


@dataclass(frozen=True, slots=True)
class Cumulative(Identity):
    """P(level <= k) = G(threshold_k - raw_prediction): probabilities of ordered classes from one score.

    Parameters
    ----------
    kind : {"logit", "probit", "cloglog"}, default "logit"
        G: the logistic, the normal, or the Gumbel distribution of minima.
    thresholds : tuple of float or None, default None
        Increasing, one less than levels. None: they are not known yet.
    """

    kind: CumulativeLink = "logit"
    thresholds: tuple[float, ...] | None = None

    @override
    def inverse(self, raw_prediction: Array) -> Array:
        """The probability of each level, (n_samples, n_levels), in float64; rows sum to 1."""
        if self.thresholds is None:
            raise invalid(
                "objective",
                given=f"an ordinal one ({self.kind}) whose thresholds are not known",
                needed="the thresholds of the trained model",
                hint="objective.predict(booster, data) reads those of a booster from our train; objective.fixed("
                "y, raw, weight) finds them from the raw predictions of the training rows.",
            )
        below = self.cumulative(raw_prediction)
        above = self._survival(raw_prediction)
        # In each tail the small numbers are subtracted.
        left = np.diff(below, axis=1, prepend=0.0, append=1.0)
        right = -np.diff(above, axis=1, prepend=1.0, append=0.0)
        in_left = np.concatenate([below, np.ones((len(below), 1))], axis=1) < 0.5
        response: Array = np.where(in_left, left, right)
        return response

    def cumulative(self, raw_prediction: Array) -> Array:
        """P(level <= k) for all levels but the highest, (n_samples, n_levels - 1): increasing."""
        return self._distribution(self._distances(raw_prediction))

    def _distances(self, raw_prediction: Array) -> Array:
        z = np.asarray(raw_prediction, dtype=np.float64)
        distances: Array = np.array(self.thresholds) - z[:, None]
        return distances

    def _distribution(self, x: Array) -> Array:
        if self.kind == "probit":
            below: Array = ndtr(x)
        elif self.kind == "logit":
            below = expit(x)
        else:
            below = -np.expm1(-np.exp(np.clip(x, -700.0, 700.0)))
        return below

    def _survival(self, raw_prediction: Array) -> Array:
        x = self._distances(raw_prediction)
        if self.kind == "cloglog":
            above: Array = np.exp(-np.exp(np.clip(x, -700.0, 700.0)))
            return above
        return self._distribution(-x)


IDENTITY = Identity()
SORTED = Sorted()
LOGIT = Logit()
SOFTMAX = Softmax()
LOG = Log()
