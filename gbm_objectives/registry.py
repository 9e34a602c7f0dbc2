"""Names of the objectives, for the command line, the comparison and the tests."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

from gbm_objectives import factories
from gbm_objectives.objective import Objective

#: Every factory by its name: the functions that the families export.
OBJECTIVES: dict[str, Callable[..., Objective]] = {
    name: factory
    for name, factory in sorted(vars(factories).items())
    if isinstance(factory, FunctionType)
}
