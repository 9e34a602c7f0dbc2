"""Names of the objectives, for the command line, the comparison and the tests."""

from __future__ import annotations

from collections.abc import Callable

from gbm_objectives import factories
from gbm_objectives.objective import Objective

#: Every factory by its name.
OBJECTIVES: dict[str, Callable[..., Objective]] = {
    name: getattr(factories, name) for name in factories.__all__
}
