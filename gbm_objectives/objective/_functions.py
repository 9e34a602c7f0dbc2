"""Objectives of functions that users give."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from gbm_objectives._core.validation import invalid, message, number
from gbm_objectives.loss import Loss
from gbm_objectives.losses.functions import (
    BinaryFunction,
    Formula,
    Function,
    LogFunction,
    NumberFunction,
    OutputsFunction,
)
from gbm_objectives.losses.functions._source import Source, tool_of, tools_loaded
from gbm_objectives.losses.functions._text import is_name

_LINKS: dict[str, Callable[[Source], Loss]] = {
    "identity": NumberFunction,
    "logit": BinaryFunction,
    "log": LogFunction,
}


def loss_of(
    loss: Any,
    outputs: int | Sequence[str] | None,
    link: str,
    parameters: Mapping[str, float] | None,
    tool: Any,
) -> Loss:
    """See `Objective.from_function`."""
    names = _names(outputs)
    if link not in _LINKS:
        raise invalid("link", given=repr(link), needed='"identity", "logit" or "log"')
    if len(names) > 1 and link != "identity":
        needed = "none: the formulas of several outputs have their links in them"
        raise invalid("link", given=f"{link!r} for {len(names)} outputs", needed=needed)
    source: Source
    if isinstance(loss, str):
        if tool is not None:
            raise invalid("tool", given=f"{tool!r} for a formula", needed="None: SymPy takes it")
        source = Formula(loss, names, _numbers(parameters, names))
    elif not callable(loss):
        needed = "a formula as text, or a function loss(y_true, raw_prediction)"
        raise invalid("loss", given=repr(loss), needed=needed, kind=TypeError)
    elif parameters:
        hint = "Give a function its parameters by functools.partial."
        raise invalid("parameters", given="some for a function", needed="none", hint=hint)
    elif tool not in (None, "jax", "torch"):
        raise invalid("tool", given=repr(tool), needed='"jax", "torch" or None')
    else:
        tools = tools_loaded() if tool is None else [tool]
        source = Function(loss, tool_of(loss, len(names), tools), names)
    return _LINKS[link](source) if len(names) == 1 else OutputsFunction(source)


def warn_of_failures(objective: Any) -> None:
    """Run the self-test and warn of what fails.

    It lies in a room above this one, which knows all objectives; so it is looked up by its name, as a user would.
    """
    testing = import_module("gbm_objectives.testing")
    report = testing.check_objective(objective, train=False)
    if not report.passed:
        text = message("loss", f"it fails its self-test:\n{report}", "a loss that passes it")
        warnings.warn(text + " check=False leaves the test out.", stacklevel=4)


def _names(outputs: int | Sequence[str] | None) -> tuple[str, ...]:
    needed = "None, a number from 2 on, or a sequence of two different names or more"
    if outputs is None:
        return ("raw",)
    if isinstance(outputs, int) and not isinstance(outputs, bool) and outputs >= 2:
        return tuple(f"raw_{k}" for k in range(outputs))
    if isinstance(outputs, (str, int)) or not all(map(is_name, outputs)):
        raise invalid("outputs", given=repr(outputs), needed=needed)
    names = tuple(outputs)
    if len(names) < 2 or len({*names, "y", "y_true", "pi"}) < len(names) + 3:
        raise invalid("outputs", given=repr(outputs), needed=needed)
    return names


def _numbers(
    parameters: Mapping[str, float] | None, names: tuple[str, ...]
) -> tuple[tuple[str, float], ...]:
    taken = {*names, "y", "y_true", "r", "raw_prediction", "pi"}
    numbers = []
    for name, value in (parameters or {}).items():
        if not is_name(name) or name in taken:
            given, needed = repr(name), f"names other than {', '.join(sorted(taken))}"
            raise invalid("parameters", given=given, needed=needed)
        numbers.append((name, number(name, value, lambda x: True, "a finite number")))
    return tuple(sorted(numbers))
