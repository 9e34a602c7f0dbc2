"""Transformed targets: least squares on another scale, the usual answer to skewed labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

import numpy as np

from gbm_objectives._core.validation import Array


@dataclass(frozen=True, slots=True)
class Transform(ABC):
    """An increasing map of labels and its inverse."""

    @abstractmethod
    def fitted(self, y: Array) -> Transform:
        """The map for these training labels."""

    @abstractmethod
    def forward(self, y: Array) -> Array:
        """From labels to the scale of training."""

    @abstractmethod
    def inverse(self, z: Array) -> Array:
        """Back; never overflows."""


@dataclass(frozen=True, slots=True)
class Log(Transform):
    """log(y + shift), for labels above -shift."""

    shift: float = 0.0

    def fitted(self, y: Array) -> Transform:
        """The map itself."""
        return self

    def forward(self, y: Array) -> Array:
        """log(y + shift)."""
        logs: Array = np.log(y + self.shift)
        return logs

    def inverse(self, z: Array) -> Array:
        """exp(z) - shift."""
        values: Array = np.exp(np.clip(np.asarray(z, dtype=np.float64), -80.0, 80.0)) - self.shift
        return values


@dataclass(frozen=True, slots=True, eq=False)
class QuantileNormal(Transform):
    """To normal scores: the normal quantile of a label's rank, linear between the training labels."""

    knots: Array = field(default_factory=lambda: np.zeros(0))
    scores: Array = field(default_factory=lambda: np.zeros(0))

    def fitted(self, y: Array) -> Transform:
        """The map whose knots are the training labels' quantiles."""
        from scipy.special import ndtri

        values, counts = np.unique(y, return_counts=True)
        ranks = (np.cumsum(counts) - 0.5 * counts) / len(y)
        return replace(self, knots=values, scores=ndtri(ranks))

    def forward(self, y: Array) -> Array:
        """The normal score; beyond the training labels the outermost one."""
        scores: Array = np.interp(y, self.knots, self.scores)
        return scores

    def inverse(self, z: Array) -> Array:
        """The label of that score, within the range of the training labels."""
        values: Array = np.interp(z, self.scores, self.knots)
        return values
