"""Likelihoods of whole distributions: a few parameters a row, each a function of the features."""

from __future__ import annotations

from typing import Any

from gbm_objectives.losses.distributions._base import DistributionLoss as DistributionLoss
from gbm_objectives.losses.distributions._base import Family as Family
from gbm_objectives.losses.distributions._base import PositiveLabels as PositiveLabels
from gbm_objectives.losses.distributions.amounts import (
    BetaDistribution,
    GammaDistribution,
    LogNormalDistribution,
    WeibullDistribution,
)
from gbm_objectives.losses.distributions.counts import (
    NegativeBinomialDistribution,
    ZeroInflatedNegativeBinomialDistribution,
    ZeroInflatedPoissonDistribution,
)
from gbm_objectives.losses.distributions.location import (
    LaplaceDistribution,
    LogisticDistribution,
    NormalDistribution,
    StudentTDistribution,
)
from gbm_objectives.losses.distributions.single import (
    BernoulliDistribution,
    PoissonDistribution,
)

__all__ = [
    "BernoulliDistribution",
    "BetaDistribution",
    "GammaDistribution",
    "LaplaceDistribution",
    "LogNormalDistribution",
    "LogisticDistribution",
    "NegativeBinomialDistribution",
    "NormalDistribution",
    "PoissonDistribution",
    "StudentTDistribution",
    "WeibullDistribution",
    "ZeroInflatedNegativeBinomialDistribution",
    "ZeroInflatedPoissonDistribution",
]

#: Each family by its name: the loss, whose `Family` part makes its distribution.
FAMILIES: dict[str, type[Any]] = {
    "normal": NormalDistribution,
    "student_t": StudentTDistribution,
    "laplace": LaplaceDistribution,
    "logistic": LogisticDistribution,
    "lognormal": LogNormalDistribution,
    "gamma": GammaDistribution,
    "weibull": WeibullDistribution,
    "beta": BetaDistribution,
    "poisson": PoissonDistribution,
    "negative_binomial": NegativeBinomialDistribution,
    "zero_inflated_poisson": ZeroInflatedPoissonDistribution,
    "zero_inflated_negative_binomial": ZeroInflatedNegativeBinomialDistribution,
    "bernoulli": BernoulliDistribution,
}
