"""A short name of an objective: the call that makes it, such as ``huber(delta=2.0)``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import product
from reprlib import Repr
from typing import Any

from gbm_objectives.compare.distributions import family_of
from gbm_objectives.compare.expressions import parse_calls
from gbm_objectives.curvature import POLICIES, Curvature
from gbm_objectives.losses import OrdinalLoss
from gbm_objectives.objective import Objective
from gbm_objectives.registry import OBJECTIVES

_SHORT = Repr()  # tables of labels and groups have thousands of values
_SHORT.maxstring = _SHORT.maxother = 60


def name_of(objective: Objective) -> str:
    """The call of the factory that makes this objective; for a loss of the user's own, the loss.

    Examples
    --------
    >>> name_of(huber(2.0) + 0.5 * dice())
    'huber(delta=2.0) + 0.5 * dice()'
    """
    return " + ".join(_of_term(replace(objective, terms=(term,))) for term in objective.terms)


def objective_of(name: str) -> Objective | None:
    """The objective that a name stands for; None for a name that is no call of our factories.

    A comparison that was saved knows its objectives by their names alone.
    """
    try:
        ((_, found),) = parse_calls("objectives", name, OBJECTIVES)
    except ValueError:
        return None
    return found if isinstance(found, Objective) else None


def _of_term(objective: Objective) -> str:
    (term,) = objective.terms
    times = "" if term.coefficient == 1.0 else f"{term.coefficient:g} * "
    plain = replace(objective, terms=(replace(term, coefficient=1.0),))
    return times + min(_calls(plain), key=len, default=_of_loss(plain))


def _calls(objective: Objective) -> Iterator[str]:
    """The calls of factories that make exactly this objective."""
    (term,) = objective.terms
    known: dict[str, Any] = {**objective.parameters, "curvature": named(term.curvature)}
    if isinstance(term.loss, OrdinalLoss):  # a class of losses for each link
        known["link"] = term.loss.kind
    if family := family_of(objective):
        known["family"] = family
    variants = [known]
    if term.weightings:  # ohem(huber()) is given what it weighs
        weighed = replace(objective, terms=(replace(term, weightings=()),))
        variants += [known | {"objective": weighed}, {**known, "curvature": None}]
    for (name, factory), values in product(OBJECTIVES.items(), variants):
        given = {
            argument: values[argument]
            for argument, parameter in inspect.signature(factory).parameters.items()
            if argument in values
            and (argument == "family" or not _equal(values[argument], parameter.default))
        }
        try:
            made = factory(**given)
        except (TypeError, ValueError):
            continue
        if _equal(made, objective):
            yield f"{name}({_arguments(given)})"


def _of_loss(objective: Objective) -> str:
    """The loss with its parameters, where these are not the defaults, and the policy where one is given."""
    (term,) = objective.terms
    loss: Any = term.loss
    given = {
        one.name: getattr(loss, one.name)
        for one in (fields(loss) if is_dataclass(loss) else ())
        if one.repr and one.init and not _equal(getattr(loss, one.name), one.default)
    }
    for argument in ("curvature", "clip"):
        value = getattr(term, argument)
        if value is not None:
            given[argument] = named(value)
    weightings = "".join(f", {_SHORT.repr(weighting)}" for weighting in term.weightings)
    return f"{type(term.loss).__name__}({_arguments(given)}{weightings})"


def named(curvature: Any) -> Any:
    """A policy by its name, where that has its defaults."""
    if isinstance(curvature, Curvature):
        return next((name for name, policy in POLICIES.items() if policy() == curvature), curvature)
    return curvature


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except ValueError:  # arrays
        return False


def _arguments(given: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{argument}={name_of(value) if isinstance(value, Objective) else _SHORT.repr(value)}"
        for argument, value in given.items()
    )
