"""Guards over XGBoost's trees: whether they split, and whether their leaves are finite."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import xgboost as xgb

from gbm_objectives._training.common import (
    GAIN_FLOOR,
    Guard,
    Limits,
    Start,
    large_gains,
    no_split,
    non_finite,
    raise_alarm,
    small_gains,
)

#: Below this many floors the splits that are lost cost accuracy: 7% with Huber at 6e4 floors, 0 at 6e6
#: (`benchmarks/end_to_end.py scale`).
_FLOORS = 3e5
#: XGBoost computes gains in float32.
_CEILING = 1e38
#: Rounds in which some tree should have split.
_FIRST = 3


def check_gains(start: Callable[[], Start], guard: Guard) -> Guard:
    """Warn or raise where gains are too small or too large; then the trees need no second alarm."""
    if guard == "ignore":
        return guard
    found = start()
    if 0 < found.gain < _FLOORS * GAIN_FLOOR:
        raise_alarm(guard, small_gains(found))
    elif found.gain > _CEILING:
        raise_alarm(guard, large_gains(found, _CEILING))
    else:
        return guard
    return "ignore"


def check_trees(booster: xgb.Booster, start: Callable[[], Start], guard: Guard) -> None:
    """Warn or raise where the first trees don't split or the last leaves are not finite."""
    if guard != "ignore" and (found := problem(booster, start)):
        raise_alarm(guard, found)


def problem(booster: xgb.Booster, start: Callable[[], Start]) -> str:
    """What is wrong with the trees, or nothing.

    Of the leaves the last round's are looked at: those before have been predictions that the objective saw.
    """
    rounds = booster.num_boosted_rounds()
    first = min(rounds, _FIRST)
    if not rounds:
        return ""
    if not all(np.isfinite(tree["base_weights"]).all() for tree in _trees(booster[rounds - 1 :])):
        return non_finite(f"round {rounds}")
    if any(len(tree["left_children"]) > 1 for tree in _trees(booster[:first])):
        return ""
    found, settings = start(), _tree_parameters(booster)
    if found.gain == 0:  # constant labels: so is the model
        return ""
    gamma = float(settings["gamma"])
    gain = ("gamma", gamma) if gamma > GAIN_FLOOR else ("XGBoost's floor", GAIN_FLOOR)
    hessian = ("min_child_weight", float(settings["min_child_weight"]))
    return no_split(found, first, Limits(hessian, gain))


def _trees(booster: xgb.Booster) -> list[dict[str, Any]]:
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    trees: list[dict[str, Any]] = model.get("gbtree", model)["model"]["trees"]
    return trees


def _tree_parameters(booster: xgb.Booster) -> dict[str, str]:
    config = json.loads(booster.save_config())["learner"]["gradient_booster"]
    parameters: dict[str, str] = config.get("gbtree", config)["tree_train_param"]
    return parameters
