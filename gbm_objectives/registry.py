"""Names of the objectives, for the command line, the comparison and the tests."""

from __future__ import annotations

from collections.abc import Callable

from gbm_objectives import factories
from gbm_objectives.objective import Objective

#: Every factory by its name.
OBJECTIVES: dict[str, Callable[..., Objective]] = {
    "squared_error": factories.squared_error,
    "huber": factories.huber,
    "pseudo_huber": factories.pseudo_huber,
    "log_cosh": factories.log_cosh,
    "quantile": factories.quantile,
    "binary_cross_entropy": factories.binary_cross_entropy,
    "focal": factories.focal,
    "mean_bias_error": factories.mean_bias_error,
}
