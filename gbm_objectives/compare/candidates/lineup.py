"""The line-up: which candidates there are for a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gbm_objectives._core.validation import message
from gbm_objectives.compare.candidates.base import Candidate, Kind
from gbm_objectives.compare.candidates.boosted import Boosted
from gbm_objectives.compare.candidates.constant import Constant
from gbm_objectives.compare.candidates.estimator import Estimator
from gbm_objectives.compare.candidates.functions import LINKS, Plain
from gbm_objectives.compare.candidates.lightgbm import LightGBM, LightGBMLevels
from gbm_objectives.compare.candidates.naming import name_of
from gbm_objectives.compare.candidates.transforms import Log, QuantileNormal, Rounded
from gbm_objectives.compare.candidates.xgboost import XGBoost
from gbm_objectives.compare.data import Data
from gbm_objectives.compare.expressions import parse_calls
from gbm_objectives.compare.tasks import TASKS, holds
from gbm_objectives.links import IDENTITY, LOG
from gbm_objectives.loss import Loss
from gbm_objectives.objective import Objective
from gbm_objectives.registry import OBJECTIVES

#: For each library the class of its candidates.
LIBRARIES: dict[str, type[Boosted]] = {"xgboost": XGBoost, "lightgbm": LightGBM}

SQUARED = {"xgboost": "reg:squarederror", "lightgbm": "regression"}


def lineup(
    data: Data,
    libraries: Sequence[str] = tuple(LIBRARIES),
    objectives: Any = None,
    own: Any = None,
) -> list[Candidate]:
    """The constants, for each library its own objectives, transformed targets and ours, and the user's.

    Parameters
    ----------
    data : Data
        Its task and labels say what fits.
    libraries : sequence of {"xgboost", "lightgbm"}
        Those that train.
    objectives : str, Objective, Loss or a sequence of these, optional
        Ours: text such as "huber(delta=2.0), cauchy", or the objects. Default: those of the task.
    own : callable, estimator, Objective or Loss, or a sequence or mapping of these, optional
        The user's: functions ``(y_true, y_pred)`` that return a gradient and a Hessian, objects with fit and
        predict, or objectives; in a mapping by name.
    """
    ours = _objectives(_default(data) if objectives is None else objectives)
    found: list[Candidate] = list(_constants(data))
    for library in libraries:
        found += _built_in(data, library)
        found += _transformed(data, library)
        found += [_ours(name, "ours", library, objective, data) for name, objective in ours]
    found += _own(own, libraries, data)
    keys = [(candidate.library, candidate.name) for candidate in found]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        library, name = min(twice)
        raise ValueError(message("candidates", f"two named {name!r} of {library}", "other names"))
    return found


def _ours(name: str, kind: Kind, library: str, objective: Objective, data: Data) -> Boosted:
    """With what its labels must be, where the link is the logarithm, and the levels, of which a fold may lack one."""
    if objective.learns and objective.parameters.get("n_classes", 0) is None and data.of_classes:
        objective = objective.with_parameters(n_classes=len(data.classes))
    least = 0.0 if objective.link == LOG else -np.inf
    return LIBRARIES[library](
        name, kind, library, objective, least=least, above="gamma" in objective.name
    )


def _default(data: Data) -> str:
    return TASKS[data.task].candidates_of_ours(data.y, data.tau)


def _constants(data: Data) -> Iterable[Constant]:
    for one in TASKS[data.task].constants:
        levels = data.tau if isinstance(data.tau, tuple) else (data.tau or 0.5,)
        quantile = f"quantile{'s' * (len(levels) > 1)} {', '.join(f'{one:g}' for one in levels)}"
        shown = {"shares": "class shares", "quantile": quantile}.get(one, one)
        yield Constant(f"constant ({shown})", of=one)


def _built_in(data: Data, library: str) -> Iterable[Candidate]:
    booster, several = LIBRARIES[library], isinstance(data.tau, tuple)
    if several and library == "lightgbm":
        booster = LightGBMLevels
    for one in TASKS[data.task].built_in[library]:
        if holds(one.when, data.y):
            params = {name: getattr(data, attribute) for name, attribute in one.params.items()}
            if several:
                params = {name: list(value) for name, value in params.items()}
            yield booster(one.name, "built-in", library, one.name, params, one.least, one.above)


def _transformed(data: Data, library: str) -> Iterable[Candidate]:
    """Least squares of the logarithm and of normal scores; of ordered classes those of their codes, rounded."""
    booster, squared = LIBRARIES[library], SQUARED[library]
    if TASKS[data.task].ordered:
        rounded = Rounded(len(data.classes) - 1)
        yield booster("squared, rounded", "transformed", library, squared, transform=rounded)
    if not TASKS[data.task].transformed:
        return
    if data.y.min() > 0:
        yield booster(
            "squared, log(y)", "transformed", library, squared, least=0.0, above=True,
            transform=Log(),
        )  # fmt: skip
    elif data.y.min() == 0:
        yield booster(
            "squared, log(1 + y)", "transformed", library, squared, least=0.0,
            transform=Log(1.0),
        )  # fmt: skip
    yield booster(
        "squared, normal scores", "transformed", library, squared,
        transform=QuantileNormal(),
    )  # fmt: skip


def _objectives(given: Any) -> list[tuple[str, Objective]]:
    """Names and objectives."""
    if isinstance(given, str):
        found = parse_calls("objectives", given, OBJECTIVES)
        for name, value in found:
            if not isinstance(value, Objective):
                raise ValueError(message("objectives", name, "an objective of gbm-objectives list"))
        return found
    if isinstance(given, (Objective, Loss)):
        return [_named(given)]
    pairs = [pair for item in given for pair in _objectives(item)] if _is_list(given) else None
    if pairs is None:
        raise TypeError(message("objectives", repr(given), "text or objectives, such as huber()"))
    return pairs


def _named(given: Objective | Loss) -> tuple[str, Objective]:
    objective = Objective.of(given) if isinstance(given, Loss) else given
    return name_of(objective), objective


def _is_list(given: Any) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, (str, bytes, Mapping))


def _own(own: Any, libraries: Sequence[str], data: Data) -> Iterable[Candidate]:
    if own is None:
        return
    link = LINKS.get(data.task, IDENTITY)
    if isinstance(own, Mapping):
        items = list(own.items())
    else:
        items = [(None, item) for item in (own if _is_list(own) else [own])]
    for name, item in items:
        if isinstance(item, Candidate):
            yield item
        elif isinstance(item, (Objective, Loss)):
            short, objective = _named(item)
            for library in libraries:
                yield _ours(name or short, "user", library, objective, data)
        elif isinstance(item, type):
            needed = f"an object, such as {item.__name__}()"
            raise TypeError(message("candidates", f"the class {item.__name__}", needed))
        elif hasattr(item, "fit") and hasattr(item, "predict"):
            library = type(item).__module__.partition(".")[0]
            yield Estimator(name or type(item).__name__, "user", library, item)
        elif callable(item):
            own_name = name or getattr(item, "__name__", type(item).__name__)
            for library in libraries:
                yield LIBRARIES[library](own_name, "user", library, Plain(item, link))
        else:
            needed = (
                "a function (y_true, y_pred) that returns (gradient, hessian), an object with fit and predict, "
                "or an objective of this package"
            )
            raise TypeError(message("candidates", repr(item), needed))
