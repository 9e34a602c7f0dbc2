"""Links: from the raw score that trees add up to the response that users want."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gbm_objectives._core.numerics import odds
from gbm_objectives._core.validation import Array, message


@dataclass(frozen=True, slots=True)
class Link(ABC):
    """response = inverse(raw_prediction)."""

    #: The built-in objective under which each library applies this inverse in ``predict``.
    xgboost: ClassVar[str]
    lightgbm: ClassVar[str]

    def lightgbm_header(self, n_outputs: int) -> str:
        """What LightGBM writes into the header of a model with this link; empty for none."""
        return self.lightgbm

    @abstractmethod
    def inverse(self, raw_prediction: Array) -> Array:
        """The response, in the shape of ``raw_prediction``."""


@dataclass(frozen=True, slots=True)
class Identity(Link):
    """response = raw_prediction, on the whole real line."""

    xgboost = "reg:squarederror"
    lightgbm = "regression"

    def lightgbm_header(self, n_outputs: int) -> str:
        """Empty for several outputs: LightGBM has no such objective, and raw scores are the response."""
        return self.lightgbm if n_outputs == 1 else ""

    def inverse(self, raw_prediction: Array) -> Array:
        """``raw_prediction`` itself."""
        return raw_prediction


@dataclass(frozen=True, slots=True)
class Sorted(Identity):
    """response = the raw predictions of a row in increasing order, of several levels of one target."""

    def inverse(self, raw_prediction: Array) -> Array:
        """Sorted along the last axis; neighbours may be equal, never crossed."""
        response: Array = np.sort(raw_prediction, axis=-1)
        return response


@dataclass(frozen=True, slots=True)
class Logit(Link):
    """response = 1 / (1 + exp(-raw_prediction)), a probability."""

    xgboost = "binary:logistic"
    lightgbm = "binary sigmoid:1"

    def lightgbm_header(self, n_outputs: int) -> str:
        """A sigmoid for each output."""
        several = f"multiclassova num_class:{n_outputs} sigmoid:1"
        return self.lightgbm if n_outputs == 1 else several

    def inverse(self, raw_prediction: Array) -> Array:
        """The probability of class 1; never overflows."""
        o = odds(np.asarray(raw_prediction, dtype=np.float64))
        return o / (1.0 + o)


@dataclass(frozen=True, slots=True)
class Softmax(Link):
    """response_k = exp(raw_k) / sum_j exp(raw_j), probabilities of classes that exclude each other."""

    xgboost = "multi:softprob"
    lightgbm = "multiclass"

    def lightgbm_header(self, n_outputs: int) -> str:
        """With the number of classes."""
        return f"{self.lightgbm} num_class:{n_outputs}"

    def inverse(self, raw_prediction: Array) -> Array:
        """Probabilities along the last axis; never overflows."""
        z = np.asarray(raw_prediction, dtype=np.float64)
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        response: Array = e / e.sum(axis=-1, keepdims=True)
        return response


@dataclass(frozen=True, slots=True)
class Log(Link):
    """response = exp(raw_prediction), a positive number.

    Raw scores are held within +-80: responses from 1.8e-35 to 5.5e34, which float32 holds, sums of them too.
    """

    #: count:poisson has this link too, but brings a max_delta_step of .7 into the trees.
    xgboost = "reg:gamma"
    lightgbm = "poisson"
    held: ClassVar[float] = 80.0

    def lightgbm_header(self, n_outputs: int) -> str:
        """For one output: LightGBM's poisson transforms no more than the first."""
        if n_outputs > 1:
            raise NotImplementedError(
                message(
                    "objective", f"the log link and {n_outputs} outputs in LightGBM", "one output",
                    "Its models transform the first output only: train one for each column.",
                )
            )  # fmt: skip
        return self.lightgbm

    def inverse(self, raw_prediction: Array) -> Array:
        """The mean, count or rate; never overflows, never 0."""
        z = np.asarray(raw_prediction, dtype=np.float64)
        response: Array = np.exp(np.clip(z, -self.held, self.held))
        return response


IDENTITY = Identity()
SORTED = Sorted()
LOGIT = Logit()
SOFTMAX = Softmax()
LOG = Log()
