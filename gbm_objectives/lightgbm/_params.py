"""LightGBM's parameters by all their names, and the values that they take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

OBJECTIVE = ("objective", "objective_type", "app", "application", "loss")
METRIC = ("metric", "metrics", "metric_types")
NUM_CLASS = ("num_class", "num_classes")
BOOSTING = ("boosting", "boosting_type", "boost")
LINEAR_TREE = ("linear_tree", "linear_trees")
MONOTONE = ("monotone_constraints", "mc", "monotone_constraint", "monotonic_cst")
MAX_DELTA_STEP = ("max_delta_step", "max_tree_output", "max_leaf_output")
MACHINES = ("num_machines", "num_machine")
THREADS = ("num_threads", "num_thread", "nthread", "nthreads", "n_jobs")
EARLY_STOPPING = (
    "early_stopping_round",
    "early_stopping_rounds",
    "early_stopping",
    "n_iter_no_change",
)


def first(params: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The first value that is given under any of these names."""
    return next((params[name] for name in names if params.get(name) is not None), None)


def is_on(params: Mapping[str, Any], names: Iterable[str], default: bool = False) -> bool:
    """Whether a switch is on, by any of its names; words count as LightGBM reads them."""
    value = first(params, names)
    if value is None:
        return default
    return value.strip().lower() not in ("false", "-") if isinstance(value, str) else bool(value)
