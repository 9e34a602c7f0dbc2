"""Families of one parameter: the losses that the package has anyway, with their distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array
from gbm_objectives.losses.binary import BinaryCrossEntropy, BinaryLoss
from gbm_objectives.losses.distributions._base import Family
from gbm_objectives.losses.distributions.counts import are_counts, reject_no_counts
from gbm_objectives.losses.positive import Poisson

__all__ = ["BernoulliDistribution", "PoissonDistribution"]


@dataclass(frozen=True, slots=True)
class PoissonDistribution(Family, Poisson):
    """Counts of one parameter, the mean, which is the variance too: the loss of `poisson`.

    Domain of y: 0, 1, 2, ... Link: log.
    """

    parameters = ("mean",)
    discrete = True

    @override
    def check_labels(self, y_true: Array) -> bool:
        return bool(are_counts(y_true).all())

    @override
    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        reject_no_counts(self.name, self, y_true, raw_prediction)

    def mean(self, parameters: Array) -> Array:
        """The parameter."""
        return _column(parameters)

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.poisson`."""
        from scipy.stats import poisson

        return poisson(_column(parameters))


@dataclass(frozen=True, slots=True)
class BernoulliDistribution(Family, BinaryCrossEntropy):
    """Labels 0 and 1 of one parameter, the chance of 1: the loss of `binary_cross_entropy`."""

    name: ClassVar[str] = "bernoulli"
    domain = BinaryLoss.domain
    parameters = ("mean",)
    discrete = True

    @override
    def in_domain(self, y_true: Array) -> Array:
        zero_or_one: Array = (y_true == 0) | (y_true == 1)
        return zero_or_one

    def mean(self, parameters: Array) -> Array:
        """The parameter."""
        return _column(parameters)

    def frozen(self, parameters: Array) -> Any:
        """`scipy.stats.bernoulli`."""
        from scipy.stats import bernoulli

        return bernoulli(np.clip(_column(parameters), 0.0, 1.0))


def _column(parameters: Array) -> Array:
    """The one parameter, also as models of one output predict it: (n,)."""
    return parameters if parameters.ndim == 1 else parameters[:, 0]
