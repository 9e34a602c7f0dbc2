"""Likelihoods of whole distributions: a few parameters a row, each a function of the features."""

from gbm_objectives.losses.distributions._base import Family
from gbm_objectives.losses.distributions.amounts import *
from gbm_objectives.losses.distributions.amounts import __all__ as _amounts
from gbm_objectives.losses.distributions.counts import *
from gbm_objectives.losses.distributions.counts import __all__ as _counts
from gbm_objectives.losses.distributions.location import *
from gbm_objectives.losses.distributions.location import __all__ as _location
from gbm_objectives.losses.distributions.single import *
from gbm_objectives.losses.distributions.single import __all__ as _single

__all__ = [*_amounts, *_counts, *_location, *_single]

#: Each family by its name: the loss, whose `Family` part makes its distribution.
FAMILIES: dict[str, type] = {
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
