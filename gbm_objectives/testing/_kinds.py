"""Which data an objective of this package is for: found by trying, so that every loss is known, a user's too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gbm_objectives._core.validation import Array, invalid
from gbm_objectives.curvature import default_for
from gbm_objectives.links import IDENTITY, LOG
from gbm_objectives.losses import SquaredError
from gbm_objectives.objective import Objective
from gbm_objectives.testing._samples import PROBED, Domain, Samples, Task, drawn

#: The numbers of classes that are tried, the likeliest first.
CLASSES = (3, 2, 4, 5, 6, 7, 8, 9, 10)


@dataclass(frozen=True, slots=True)
class Kind:
    """What an objective is, as far as its data are concerned.

    Parameters
    ----------
    objective : Objective
        What is checked. A penalty has a loss beside it, a table of targets is left out, and labels that
        are distributions over classes are rows of the unit matrix.
    task : str
    n_outputs : int or None
        The columns of the predictions.
    domain : str
        Of the labels of a regression.
    located : bool
        Whether predictions estimate the label.
    told : str
        What the report should say about the objective that is checked.
    """

    objective: Objective
    task: Task
    n_outputs: int | None = None
    domain: Domain = "real"
    located: bool = True
    told: str = ""

    @property
    def samples(self) -> Samples:
        """Its data."""
        samples = Samples(
            self.task, n_outputs=self.n_outputs, domain=self.domain, located=self.located
        )
        if samples.located:
            return samples
        y = samples.labels(np.random.default_rng(0))
        start = np.atleast_1d(np.asarray(self.objective.intercept(y), dtype=float))
        return replace(samples, centre=tuple(start.tolist()))


def kind_of(objective: Objective, n_classes: int | None) -> Kind:
    """The kind of an objective; of one that takes none of our labels, a regression."""
    if objective.of_tasks:
        given = f"{objective.name}, several tasks"
        needed = "one of them, or no arguments about data: each is checked on its own"
        raise invalid("objective", given=given, needed=needed)
    told, plain = "", _without_columns(objective)
    if not any(term.loss.stands_alone for term in plain.terms) and plain.link == IDENTITY:
        plain = Objective.of(SquaredError()) + plain
        told = "beside squared_error(), since a penalty has no minimum of its own"
    if plain.of_classes:
        return _of_classes(plain, n_classes)
    outputs = plain.n_outputs
    if plain.link == LOG and outputs is None:
        return Kind(plain, "positive", told=told)
    shifts = all(term.loss.shift_invariant for term in plain.terms)
    located = shifts if outputs is not None else plain.link == IDENTITY
    for task, domain, y in _labels():
        if (task == "regression" or outputs is None) and _takes(plain, y, outputs):
            return Kind(plain, task, outputs, domain, located or task == "binary", told)
    return Kind(plain, "regression", outputs, told=told)


def _without_columns(objective: Objective) -> Objective:
    """Without its table, and without columns that its losses can do without: made rows have none."""
    terms = []
    for term in objective.terms:
        bare = term.with_columns(dict.fromkeys(term.loss.columns))
        terms.append(term if bare.loss.missing_columns else bare)
    return Objective(tuple(terms))


def with_own_gradients(objective: Objective) -> Objective:
    """The objective whose gradients are the derivatives of its losses, where a policy gives others."""
    terms = [
        replace(term, curvature=term.policy.unpreconditioned) if term.policy.preconditions else term
        for term in objective.terms
    ]
    return replace(objective, terms=tuple(terms))


def policies_chosen(objective: Objective) -> list[str]:
    """The curvatures that the user chose over the defaults of the losses."""
    given = [(term.policy, default_for(term.loss)) for term in objective.terms]
    return [f"{own!r} in the place of {default!r}" for own, default in given if own != default]


def _labels() -> Iterator[tuple[Task, Domain, Array]]:
    """Labels of every kind, from those that few losses take to those that more do."""
    for domain in PROBED:
        if domain == "share":
            yield "binary", "real", np.array([0.0, 1.0, 1.0, 0.0])
        some = drawn(domain, np.random.default_rng(0))
        yield "regression", domain, np.concatenate([PROBED[domain], some])


def _takes(objective: Objective, y: Array, n_outputs: int | None) -> bool:
    """Whether it has a gradient for these labels."""
    shape = (len(y),) if n_outputs is None else (len(y), n_outputs)
    raw = np.linspace(-0.1, 0.1, int(np.prod(shape))).reshape(shape)
    try:
        objective(y, raw)
    except Exception:  # whatever a user's loss raises, too
        return False
    return True


def _of_classes(objective: Objective, n_classes: int | None) -> Kind:
    """With the number of classes that its class weights are for, and codes or distributions as labels."""
    for k in CLASSES if n_classes is None else (n_classes,):
        codes = np.arange(4 * k, dtype=float) % k
        for one in (objective, objective.with_targets(np.eye(k))):
            if _takes(one, codes, k):
                return Kind(one, "multiclass", k)
    return Kind(objective, "multiclass", n_classes or CLASSES[0])
