"""Links: from the raw score that trees add up to the response that users want."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gbm_objectives._numerics import odds
from gbm_objectives._validation import Array


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
        """Empty: raw scores are the response."""
        return ""

    def inverse(self, raw_prediction: Array) -> Array:
        """``raw_prediction`` itself."""
        return raw_prediction


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


IDENTITY = Identity()
LOGIT = Logit()
SOFTMAX = Softmax()
