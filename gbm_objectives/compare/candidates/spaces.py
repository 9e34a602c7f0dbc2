"""What is tuned of a candidate: the parameters of its trees, and those of its loss where it has some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.compare.candidates.boosted import Boosted
from gbm_objectives.objective import Objective


@dataclass(frozen=True, slots=True)
class Range:
    """From where to where a parameter of the trees is sought, and what it is where nothing is tuned."""

    low: float
    high: float
    untuned: float
    log: bool = True
    whole: bool = False


#: Learning rate, depth or leaves, rows a leaf, lambda, rows a tree; by the names of the libraries' ``train``.
TREES: dict[str, dict[str, Range]] = {
    "xgboost": {
        "eta": Range(0.02, 0.4, 0.1),
        "max_depth": Range(2, 8, 4, log=False, whole=True),
        "min_child_weight": Range(0.1, 100, 1),
        "lambda": Range(0.01, 100, 1),
        "subsample": Range(0.5, 1, 1, log=False),
    },
    "lightgbm": {
        "learning_rate": Range(0.02, 0.4, 0.1),
        "num_leaves": Range(4, 64, 15, whole=True),
        "min_data_in_leaf": Range(3, 100, 20, whole=True),
        "lambda_l2": Range(0.001, 100, 0.001),
        "bagging_fraction": Range(0.5, 1, 1, log=False),
    },
}
#: Parameters without which another has no effect.
FIXED: dict[str, dict[str, Any]] = {"lightgbm": {"bagging_freq": 1}}

#: Parameters of losses: the values that are tried beside the untuned one. A delta is in robust standard deviations of
#: the training labels.
LOSSES: dict[str, tuple[float, ...]] = {
    "delta": (0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
    "gamma": (0.0, 0.5, 1.0, 3.0, 5.0),
    "power": (1.1, 1.3, 1.7, 1.9),
    "alpha": (0.0, -2.0, 1.5),
}
#: What ours are without them. A parameter that the user has set stays.
DEFAULTS: dict[str, Any] = {"delta": "auto", "gamma": 2.0, "power": 1.5, "alpha": 1.0}
#: The parameters of ours that are tuned, by the class of the loss ...
OURS: dict[str, tuple[str, ...]] = {
    "Huber": ("delta",),
    "PseudoHuber": ("delta",),
    "LogCosh": ("delta",),
    "Cauchy": ("delta",),
    "Fair": ("delta",),
    "Welsch": ("delta",),
    "Tukey": ("delta",),
    "GemanMcClure": ("delta",),
    "GeneralRobust": ("delta", "alpha"),
    "Focal": ("gamma",),
    "SoftmaxFocal": ("gamma",),
    "Tweedie": ("power",),
}
#: ... and those of the libraries' own: what each is called there.
BUILT_IN: dict[str, dict[str, str]] = {
    "reg:pseudohubererror": {"delta": "huber_slope"},
    "reg:tweedie": {"power": "tweedie_variance_power"},
    "huber": {"delta": "alpha"},
    "fair": {"delta": "fair_c"},
    "tweedie": {"power": "tweedie_variance_power"},
}


def suggested(candidate: Boosted, y: Array, trial: Any) -> Boosted:
    """The candidate with the parameters that a trial of Optuna suggests for training labels ``y``."""
    trees = {
        name: _suggest(trial, name, one) for name, one in TREES[candidate.library].items()
    } | FIXED.get(candidate.library, {})
    own = {
        name: value
        for name in _of_loss(candidate)
        if (value := trial.suggest_categorical(name, ("untuned", *LOSSES[name]))) != "untuned"
    }
    if "delta" in own:
        own["delta"] = rounded(own["delta"] * _spread(y))
    return with_parameters(candidate, trees, own)


def untuned(candidate: Boosted) -> dict[str, Any]:
    """What a trial has to suggest for the candidate as it is."""
    trees = {name: one.untuned for name, one in TREES[candidate.library].items()}
    return trees | dict.fromkeys(_of_loss(candidate), "untuned")


def with_parameters(
    candidate: Boosted, trees: Mapping[str, Any], own: Mapping[str, Any]
) -> Boosted:
    """The candidate with other parameters, under its name."""
    objective = candidate.objective
    if isinstance(objective, str):
        called = BUILT_IN.get(objective, {})
        trees = {**trees, **{called[name]: value for name, value in own.items()}}
    elif isinstance(objective, Objective) and own:
        objective = objective.with_parameters(**own)
    return replace(candidate, params={**candidate.params, **trees}, objective=objective)


def _of_loss(candidate: Boosted) -> list[str]:
    """The parameters of its loss that are tuned; of sums none, and none that the user has set."""
    objective = candidate.objective
    if isinstance(objective, str):
        return list(BUILT_IN.get(objective, {}))
    if not isinstance(objective, Objective) or len(objective.terms) > 1:
        return []
    known = objective.parameters
    return [
        name
        for name in OURS.get(type(objective.terms[0].loss).__name__, ())
        if known[name] == DEFAULTS[name]
    ]


def _suggest(trial: Any, name: str, one: Range) -> float:
    if one.whole:
        return int(trial.suggest_int(name, int(one.low), int(one.high), log=one.log))
    return rounded(trial.suggest_float(name, one.low, one.high, log=one.log))


def rounded(value: float) -> float:
    """To three digits, so that code to paste is short and trains the same model."""
    return float(f"{value:.3g}")


def _spread(y: Array) -> float:
    """1.4826 x the median distance from the median; the standard deviation where half of the labels are equal."""
    spread = 1.4826 * float(np.median(np.abs(y - np.median(y))))
    return spread or float(y.std()) or 1.0
