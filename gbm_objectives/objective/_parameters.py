"""The parameters of an objective by name: what a search can change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from gbm_objectives._core.validation import invalid
from gbm_objectives.curvature import as_curvature
from gbm_objectives.loss import Loss
from gbm_objectives.objective._terms import Term
from gbm_objectives.weighting import Weighting

Terms = tuple[Term, ...]
Owner = Loss | Weighting | Term


def owners(terms: Terms) -> dict[str, tuple[int, Owner]]:
    """Each parameter that one term alone has: the term's index, and what it belongs to."""
    found: dict[str, list[tuple[int, Owner]]] = {}
    for index, term in enumerate(terms):
        parts: list[Loss | Weighting] = [term.loss, *term.weightings]
        for part in parts:
            for name in _public_fields(part):
                found.setdefault(name, []).append((index, part))
        for name in ("curvature", "clip"):
            found.setdefault(name, []).append((index, term))
    return {name: holders[0] for name, holders in found.items() if len(holders) == 1}


def changed(terms: Terms, changes: Mapping[str, Any]) -> Terms:
    """The terms with other parameters, or an error for a name that is none."""
    known, result = owners(terms), list(terms)
    for name, value in changes.items():
        if name not in known:
            given = f"{name!r} for {'+'.join(term.loss.name for term in terms)}"
            needed = f"one of {', '.join(known) or 'none'}"
            raise invalid("parameter", given=given, needed=needed)
        index, owner = known[name]
        if name == "curvature" and value is not None:
            value = as_curvature(value)
        if isinstance(owner, Loss):
            loss: Any = result[index].loss  # a dataclass, which its base class is not
            name, value = "loss", replace(loss, **{name: value})
        elif isinstance(owner, Weighting):
            name, value = "weightings", _replaced(terms[index], result[index], owner, name, value)
        result[index] = replace(result[index], **{name: value})
    return tuple(result)


def _public_fields(part: Any) -> list[str]:
    """A user's parameters; what the data set (a spread, biases) stays out of the repr, and of here."""
    return [field.name for field in fields(part) if field.repr]


def _replaced(before: Term, term: Term, owner: Any, name: str, value: Any) -> tuple[Weighting, ...]:
    """The term's weightings, one of them with another parameter and nothing that data set."""
    place = next(i for i, weighting in enumerate(before.weightings) if weighting is owner)
    weighting: Any = term.weightings[place]
    parameters = {field: getattr(weighting, field) for field in _public_fields(weighting)}
    new: Weighting = type(weighting)(**(parameters | {name: value}))
    return (*term.weightings[:place], new, *term.weightings[place + 1 :])
