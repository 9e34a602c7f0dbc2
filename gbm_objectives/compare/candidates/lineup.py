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
from gbm_objectives.compare.distributions import family_of
from gbm_objectives.compare.expressions import parse_calls
from gbm_objectives.compare.kinds import holds
from gbm_objectives.compare.tasks import TASKS
from gbm_objectives.factories import distribution
from gbm_objectives.links import IDENTITY, LOG
from gbm_objectives.loss import Loss
from gbm_objectives.losses.distributions import FAMILIES
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
    families = []
    if data.task == "distribution":
        families = _families(ours)
        ours = [(_by_family(name, objective), objective) for name, objective in ours]
    found: list[Candidate] = list(_constants(data, families))
    for library in libraries:
        found += _built_in(data, library, families)
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
    family = family_of(objective) if data.task == "distribution" else ""
    return LIBRARIES[library](
        name, kind, library, objective, least=least, above="gamma" in objective.name, family=family
    )


def _families(ours: Sequence[tuple[str, Objective]]) -> list[str]:
    """The families of objectives, whose likelihoods must be of one kind."""
    found = dict.fromkeys(family_of(objective) for _, objective in ours)
    needed = 'distributions, such as distribution("gamma")'
    if "" in found:
        name = next(name for name, objective in ours if not family_of(objective))
        raise ValueError(message("objectives", name, needed))
    if len({FAMILIES[family].discrete for family in found}) > 1:
        given = f"{', '.join(found)}: counts and densities"
        needed = "families of one kind: their likelihoods can't be compared"
        raise ValueError(message("objectives", given, needed))
    return list(found)


def _by_family(name: str, objective: Objective) -> str:
    """The family as a name, where that says all."""
    family = family_of(objective)
    return family if objective == distribution(family) else name


def _default(data: Data) -> str:
    return TASKS[data.task].candidates_of_ours(data.y, data.tau)


def _constants(data: Data, families: Sequence[str]) -> Iterable[Constant]:
    for family in families:
        yield Constant(f"constant ({family})", of="distribution", family=family)
    for one in () if families else TASKS[data.task].constants:
        levels = data.tau if isinstance(data.tau, tuple) else (data.tau or 0.5,)
        quantile = f"quantile{'s' * (len(levels) > 1)} {', '.join(f'{one:g}' for one in levels)}"
        shown = {"shares": "class shares", "quantile": quantile}.get(one, one)
        yield Constant(f"constant ({shown})", of=one)


def _built_in(data: Data, library: str, families: Sequence[str]) -> Iterable[Candidate]:
    booster, several = LIBRARIES[library], isinstance(data.tau, tuple)
    if several and library == "lightgbm":
        booster = LightGBMLevels
    for one in TASKS[data.task].built_in[library]:
        if families and FAMILIES[one.family].discrete != FAMILIES[families[0]].discrete:
            continue
        if holds(one.when, data.y):
            params = {name: getattr(data, attribute) for name, attribute in one.params.items()}
            if several:
                params = {name: list(value) for name, value in params.items()}
            known = {"": "", "normal": ", one spread"}.get(one.family, ", mean only")
            name = f"{one.name}{known}"
            yield booster(
                name, "built-in", library, one.name, params, one.least, one.above, family=one.family
            )


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
            if data.task == "distribution":
                _families([(name or short, objective)])
            for library in libraries:
                yield _ours(name or short, "user", library, objective, data)
        elif isinstance(item, type):
            needed = f"an object, such as {item.__name__}()"
            raise TypeError(message("candidates", f"the class {item.__name__}", needed))
        elif hasattr(item, "fit") and hasattr(item, "predict"):
            library = type(item).__module__.partition(".")[0]
            yield Estimator(name or type(item).__name__, "user", library, item)
        elif callable(item) and data.task == "distribution":
            needed = "a DistributionRegressor or distribution(...): a function has one number for each row"
            raise TypeError(message("candidates", repr(item), needed))
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
