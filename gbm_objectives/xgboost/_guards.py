"""Guards over XGBoost's trees: whether they split, and whether their leaves are finite."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xgboost as xgb

from gbm_objectives._training.starts import (
    Limits,
    Start,
    no_split,
    non_finite,
    raise_gains,
    rescale,
)

#: XGBoost refuses splits that gain no more (kRtEps in its source), whatever gamma is. LightGBM has no floor.
GAIN_FLOOR = 1e-6
#: Below this many floors the splits that are lost cost accuracy: 7% with Huber at 6e4 floors, 0 at 6e6
#: (`benchmarks/end_to_end.py scale`).
_FLOORS = 3e5
#: XGBoost computes gains in float32.
_CEILING = 1e38
#: Rounds in which some tree should have split.
_FIRST = 3


def foresee(start: Start, params: Mapping[str, Any]) -> str:
    """What is wrong with gains that are too small or too large, or nothing."""
    start = _of_a_tree(start, params)
    if 0 < start.gain < _FLOORS * GAIN_FLOOR:
        return _small_gains(start)
    return _large_gains(start) if start.gain > _CEILING else ""


def diagnose(booster: xgb.Booster, start: Callable[[], Start]) -> str:
    """What is wrong with the trees, or nothing.

    Of the leaves the last round's are looked at: those before have been predictions that the objective saw.
    """
    rounds = booster.num_boosted_rounds()
    first = min(rounds, _FIRST)
    if not rounds:
        return ""
    if not all(_finite(tree) for tree in _trees(booster[rounds - 1 :])):
        return non_finite(f"round {rounds}")
    if any(len(tree["left_children"]) > 1 for tree in _trees(booster[:first])):
        return ""
    config = json.loads(booster.save_config())["learner"]
    found = _of_a_tree(start(), config["learner_train_param"])
    settings = _tree_parameters(config["gradient_booster"])
    if found.gain == 0:  # constant labels: so is the model
        return ""
    gamma = float(settings["gamma"])
    fixed = gamma <= GAIN_FLOOR
    gain = ("XGBoost's floor", GAIN_FLOOR) if fixed else ("gamma", gamma)
    hessian = ("min_child_weight", float(settings["min_child_weight"]))
    return no_split(found, first, Limits(hessian, gain, fixed_gain=fixed))


def _of_a_tree(start: Start, params: Mapping[str, Any]) -> Start:
    """With the gain of all outputs, where a leaf has a value for each: XGBoost sums their gains."""
    together = params.get("multi_strategy") == "multi_output_tree"
    return replace(start, gain=start.gain_of_all) if together else start


def _trees(booster: xgb.Booster) -> list[dict[str, Any]]:
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    trees: list[dict[str, Any]] = model.get("gbtree", model)["model"]["trees"]
    return trees


def _finite(tree: dict[str, Any]) -> bool:
    """Whether all leaves are: with values for several outputs they stand apart from the nodes' (XGBoost 3.2)."""
    return all(np.isfinite(tree.get(name, 0.0)).all() for name in ("base_weights", "leaf_weights"))


def _tree_parameters(config: Mapping[str, Any]) -> dict[str, str]:
    parameters: dict[str, str] = config.get("gbtree", config)["tree_train_param"]
    return parameters


def _small_gains(start: Start) -> str:
    """The floor under the gain eats into what splits can gain."""
    return (
        f"The gradients are small for XGBoost, which refuses every split that gains {GAIN_FLOOR:g} or less. {start}, "
        f"{start.gain / GAIN_FLOOR:.2g} times that floor: trees will split too little or not at all. "
        f"{raise_gains(start, GAIN_FLOOR)}"
    )


def _large_gains(start: Start) -> str:
    """Gains leave the range of XGBoost's float32."""
    excess = start.gain / _CEILING
    return (
        f"The gradients are large for XGBoost, whose gains must stay below {_CEILING:g}. {start}: trees will not "
        f"split. {rescale(start, 'Divide', 'multiply', 100 * excess)}"
    )
