"""Transformed targets: least squares on another scale, the usual answer to skewed labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import ndtri
from typing_extensions import override

from gbm_objectives._core.validation import Array


@dataclass(frozen=True, slots=True)
class Transform(ABC):
    """An increasing map of labels and its inverse."""

    @property
    @abstractmethod
    def name(self) -> str:
        """For those who rebuild it elsewhere."""

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

    @property
    @override
    def name(self) -> str:
        return "log1p" if self.shift else "log"

    @override
    def fitted(self, y: Array) -> Transform:
        return self

    @override
    def forward(self, y: Array) -> Array:
        return np.asarray(np.log(y + self.shift))

    @override
    def inverse(self, z: Array) -> Array:
        return np.asarray(np.exp(np.clip(z.astype(np.float64), -80.0, 80.0)) - self.shift)


@dataclass(frozen=True, slots=True)
class Rounded(Transform):
    """Codes of ordered classes as numbers; predictions are rounded to the nearest level."""

    highest: int

    @property
    @override
    def name(self) -> str:
        return "levels"

    @override
    def fitted(self, y: Array) -> Transform:
        return self

    @override
    def forward(self, y: Array) -> Array:
        return y

    @override
    def inverse(self, z: Array) -> Array:
        return np.clip(np.rint(z), 0, self.highest)


@dataclass(frozen=True, slots=True, eq=False)
class QuantileNormal(Transform):
    """To normal scores: the normal quantile of a label's rank, linear between the training labels.

    Beyond the training labels it gives the outermost score, and back the outermost label.
    """

    knots: Array = field(default_factory=lambda: np.zeros(0))
    normal: Array = field(default_factory=lambda: np.zeros(0))

    @property
    @override
    def name(self) -> str:
        return "normal scores"

    @override
    def fitted(self, y: Array) -> Transform:
        values, counts = np.unique(y, return_counts=True)
        ranks = (np.cumsum(counts) - 0.5 * counts) / len(y)
        return replace(self, knots=values, normal=ndtri(ranks))

    @override
    def forward(self, y: Array) -> Array:
        return np.asarray(np.interp(y, self.knots, self.normal))

    @override
    def inverse(self, z: Array) -> Array:
        return np.asarray(np.interp(z, self.normal, self.knots))
