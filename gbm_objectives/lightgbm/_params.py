"""LightGBM's parameters by all their names, and the values that they take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gbm_objectives._training.metrics import split_named

OBJECTIVE = ("objective", "objective_type", "app", "application", "loss")
METRIC = ("metric", "metrics", "metric_types")
NUM_CLASS = ("num_class", "num_classes")
BOOSTING = ("boosting", "boosting_type", "boost")
LINEAR_TREE = ("linear_tree", "linear_trees")
MONOTONE = ("monotone_constraints", "mc", "monotone_constraint", "monotonic_cst")
LAMBDA_L1 = ("lambda_l1", "reg_alpha", "l1_regularization")
LAMBDA_L2 = ("lambda_l2", "reg_lambda", "lambda", "l2_regularization")
MIN_DATA = (
    "min_data_in_leaf",
    "min_data_per_leaf",
    "min_data",
    "min_child_samples",
    "min_samples_leaf",
)
MAX_DELTA_STEP = ("max_delta_step", "max_tree_output", "max_leaf_output")
MACHINES = ("num_machines", "num_machine")
THREADS = ("num_threads", "num_thread", "nthread", "nthreads", "n_jobs")
EARLY_STOPPING = (
    "early_stopping_round",
    "early_stopping_rounds",
    "early_stopping",
    "n_iter_no_change",
)

#: No metric at all.
_NO_METRIC = {"none", "null", "na", "custom", ""}


def named_metrics(metric: Any) -> list[str]:
    """The built-in metrics that a parameter names."""
    names, _ = split_named(metric)
    return [name for name in names if name.strip().lower() not in _NO_METRIC]


def first(params: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The first value that is given under any of these names."""
    return next((params[name] for name in names if params.get(name) is not None), None)


def is_on(params: Mapping[str, Any], names: Iterable[str], default: bool = False) -> bool:
    """Whether a switch is on, by any of its names; words count as LightGBM reads them."""
    value = first(params, names)
    if value is None:
        return default
    return value.strip().lower() not in ("false", "-") if isinstance(value, str) else bool(value)
