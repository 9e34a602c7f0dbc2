"""What a training refuses before it begins: arguments that contradict the objective, or that nobody would heed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gbm_objectives._core.validation import message
from gbm_objectives.links import Link
from gbm_objectives.objective import Objective


def validate_objective(objective: object, guard: object) -> Objective:
    """The objective, if both arguments are what `train` takes."""
    if not isinstance(objective, Objective):
        given = f"{objective!r} of type {type(objective).__name__}"
        needed = "an objective of gbm_objectives, such as huber()"
        hint = "A built-in objective or a function of your own goes to the library's own train."
        raise TypeError(message("objective", given, needed, hint))
    if guard not in ("warn", "raise", "ignore"):
        raise ValueError(message("guard", repr(guard), '"warn", "raise" or "ignore"'))
    return objective


def validate_data(argument: str, data: object, kind: type, make: str) -> None:
    """Raise for what is no data set of the library, such as an array; ``make`` is how one is made."""
    if not isinstance(data, kind):
        raise TypeError(
            message(argument, f"a {type(data).__name__}", f"a {kind.__name__}", f"Write {make}.")
        )


def refuse_contradicting(params: Mapping[str, Any], contradicting: Mapping[str, str]) -> None:
    """Raise for parameters that the library would ignore in silence, or that say something else.

    ``contradicting`` maps their names to what to do instead.
    """
    for name, instead in contradicting.items():
        value = params.get(name)
        if value is not None and (value is True or value not in (0, 1)):  # 0, 1: not given
            given = f"{name}={value!r}, which has no effect on a custom objective"
            raise ValueError(message("params", given, f"no {name}", instead))


def refuse_family(
    argument: str, name: str, needed: str, families: Iterable[Collection[str]]
) -> None:
    """Raise where two built-in objectives have different links; those of no family have the identity."""
    if any((name in family) != (needed in family) for family in families):
        raise ValueError(message(argument, f"a model of {name}", f"one with the link of {needed}"))


def refuse_named_metrics(given_as: str, names: Iterable[str], why: str, instead: str) -> None:
    """Raise for built-in metrics, of which any is one too many; ``why`` says what they would be computed on."""
    for name in names:
        given = f"{given_as}={name!r}, {why}"
        needed = "a metric of gbm_objectives.metrics, or one that needs an order only, such as auc"
        raise ValueError(message("params", given, needed, instead))


def library_name(link: Link, names: Mapping[type[Link], str], library: str) -> str:
    """A library's name for a link; a link of a user's own has none, unless it derives from one that has.

    Raises
    ------
    TypeError
        For a link under which the library could not save a model that answers on the response scale.
    """
    for kind in type(link).__mro__:
        if kind in names:
            return names[kind]
    known = ", ".join(kind.__name__ for kind in names)
    hint = "Take the identity link, and apply your own to the predictions."
    given = f"the link {link!r}, which models of {library} can't save"
    raise TypeError(message("objective", given, f"one of {known}", hint))
