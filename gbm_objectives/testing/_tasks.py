"""An objective of several targets: the checks of each target's own objective, and of all together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gbm_objectives.objective import Objective
from gbm_objectives.objective._tasks import by_output
from gbm_objectives.testing._kinds import kind_of
from gbm_objectives.testing._report import Check, Report
from gbm_objectives.testing._subject import same
from gbm_objectives.testing._table import targets


def of_tasks(objective: Objective, check: Callable[[Objective], Report]) -> Report:
    """The report of an objective from `multi_task`; names of checks begin with the number of the output."""
    parts = [
        Objective(tuple(replace(term, output=None) for term in terms))
        for terms in by_output(objective.terms)
    ]
    checks = [
        replace(found, name=f"{k} {found.name}")
        for k, part in enumerate(parts)
        for found in check(part).checks
    ]
    names = ", ".join(f"{k} {part.name}" for k, part in enumerate(parts))
    assumed = f"An objective for each output, each checked on its own: {names}."
    checks += [_together(objective, parts), *targets(objective)]
    return Report(repr(objective), assumed, tuple(checks))


def _together(objective: Objective, parts: list[Objective]) -> Check:
    """Whether each column of gradients and Hessians is that of its own objective."""
    kinds = [kind_of(part, None) for part in parts]
    samples = [kind.samples.typical() for kind in kinds]
    rows = min(map(len, samples))
    y, raw = (
        np.column_stack([getattr(one, name)[:rows] for one in samples]) for name in ("y", "raw")
    )
    weight = np.random.default_rng(4).integers(1, 4, rows).astype(np.float32)
    whole = replace(objective, rows=None)(y, raw, weight)
    for k, part in enumerate(parts):
        own = part(y[:, k], raw[:, k], weight)
        if not all(same(found[:, k], wanted) for found, wanted in zip(whole, own, strict=True)):
            told = f"gradient or Hessian of output {k} is not that of {part.name}"
            return Check("tasks", "failure", told)
    return Check("tasks", "ok", "gradient and Hessian of each output are those of its objective")
