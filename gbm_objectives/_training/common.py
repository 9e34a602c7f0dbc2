"""What training has in common in both libraries: refusals, metrics with their link, guards."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from warnings import warn

import numpy as np

from gbm_objectives._core.validation import Array, message
from gbm_objectives.links import IDENTITY, Identity
from gbm_objectives.metrics._metric import Metric
from gbm_objectives.objective import Objective
from gbm_objectives.objective._loss_metric import LossMetric

Guard = Literal["warn", "raise", "ignore"]

#: XGBoost refuses splits that gain no more (kRtEps in its source), whatever gamma is. LightGBM has no floor.
GAIN_FLOOR = 1e-6


class TrainingWarning(UserWarning):
    """A training that gave a model, but hardly the one that was wanted."""


class TrainingError(RuntimeError):
    """The same, where ``guard="raise"``."""


def checked(objective: object, guard: object) -> Objective:
    """The objective, if both arguments are what `train` takes."""
    if not isinstance(objective, Objective):
        raise TypeError(
            message(
                "objective", f"{objective!r} of type {type(objective).__name__}",
                "an objective of gbm_objectives, such as huber()",
                "A built-in objective or a function of your own goes to the library's own train.",
            )
        )  # fmt: skip
    if guard not in ("warn", "raise", "ignore"):
        raise ValueError(message("guard", repr(guard), '"warn", "raise" or "ignore"'))
    return objective


def raise_alarm(guard: Guard, text: str) -> None:
    """Warn, raise or be silent, as asked."""
    if guard == "raise":
        raise TrainingError(text)
    if guard == "warn":
        warn(text, TrainingWarning, stacklevel=_user_level())


def _user_level() -> int:
    """How many frames up the caller of this package is, so that the warning shows the user's own line."""
    level, frame = 2, sys._getframe(2)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("gbm_objectives"):
        level, frame = level + 1, frame.f_back
    return level


def refuse(params: Mapping[str, Any], contradicting: Mapping[str, str]) -> None:
    """Raise for parameters that the library would ignore in silence, or that say something else.

    ``contradicting`` maps their names to what to do instead.
    """
    for name, instead in contradicting.items():
        value = params.get(name)
        if value is not None and (value is True or value not in (0, 1)):  # 0, 1: not given
            given = f"{name}={value!r}, which has no effect on a custom objective"
            raise ValueError(message("params", given, f"no {name}", instead))


def check_family(
    argument: str, name: str, needed: str, families: Iterable[Collection[str]]
) -> None:
    """Raise where two built-in objectives have different links; those of no family have the identity."""
    if any((name in family) != (needed in family) for family in families):
        raise ValueError(message(argument, f"a model of {name}", f"one with the link of {needed}"))


def with_link(metrics: Iterable[Any], objective: Objective) -> list[Any]:
    """Metrics that make the response themselves: with a custom objective they are given raw scores."""
    return [
        replace(metric, link=objective.link)
        if isinstance(metric, Metric)
        and not isinstance(metric, LossMetric)
        and metric.link == IDENTITY
        else metric
        for metric in metrics
    ]


def as_list(metrics: Any) -> list[Callable[..., Any]]:
    """One metric or several, as a list."""
    return list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]


@dataclass(frozen=True)
class Start:
    """What the first tree is given: sums over the rows at the scores where boosting starts.

    Parameters
    ----------
    n_samples : rows.
    hessian, gradient : the sums of h and of |g|; of several outputs the largest.
    gain : the sum of g^2/h, which no sum of gains of splits exceeds (Cauchy-Schwarz).
    weight : the sum of weights.
    in_target_units : whether the gradients grow with the target, so that rescaling it helps.
    """

    n_samples: int
    hessian: float
    gradient: float
    gain: float
    weight: float
    in_target_units: bool = True

    @classmethod
    def of(cls, objective: Objective, y_true: Array, raw: Array, weight: Array | None) -> Start:
        """The sums at these scores, which broadcast to the labels, or are (n_outputs,) or a row's each."""
        several = objective.vector or objective.targets is not None
        shape = (len(y_true), raw.shape[-1]) if several else y_true.shape
        scores = np.broadcast_to(raw, shape)
        g, h = (a.astype(float) for a in objective.gradient_hessian(y_true, scores, weight))
        gains = np.divide(g * g, h, out=np.zeros_like(g), where=h > 0)
        hessian, gradient, gain = (float(np.max(a.sum(0))) for a in (h, np.abs(g), gains))
        n = len(y_true)
        total = n if weight is None else float(np.sum(weight))
        return cls(n, hessian, gradient, gain, total, isinstance(objective.link, Identity))

    def __str__(self) -> str:
        return (
            f"At the start the Hessians of the {self.n_samples} rows sum to {self.hessian:.3g}, the sizes of "
            f"their gradients to {self.gradient:.3g}, and all splits together gain at most {self.gain:.3g}"
        )


@dataclass(frozen=True)
class Limits:
    """What a library asks of a split, and its names for it.

    Parameters
    ----------
    hessian, gain : (name, value): the least sum of Hessians of each side, the gain to be exceeded.
    rows : the least number of rows of each side, where there is such a limit.
    """

    hessian: tuple[str, float]
    gain: tuple[str, float]
    rows: tuple[str, float] | None = None


def no_split(start: Start, rounds: int, limits: Limits) -> str:
    """The diagnosis where no tree has split: the limit that forbids it, with its numbers."""
    return (
        f"No tree splits, in {rounds} round{'s' * (rounds > 1)} from the first: the model is a constant. "
        f"{start}. "
        f"{_cause(start, limits)}"
    )


def _cause(start: Start, limits: Limits) -> str:
    (hessian, least_hessian), (gain, least_gain) = limits.hessian, limits.gain
    if limits.rows is not None and start.n_samples < 2 * limits.rows[1]:
        name, least = limits.rows
        return f"Each side of a split needs {name}={least:g} rows: lower it."
    if start.hessian < 2 * least_hessian:
        text = (
            f"Each side of a split needs Hessians that sum to {hessian}={least_hessian:g}: lower it"
        )
        if start.weight < start.n_samples / 2:
            text += f", or scale the weights, which sum to {start.weight:.3g}, to a mean of 1"
        return f"{text}."
    if start.gain <= least_gain:
        text = f"A split needs a gain above {gain}={least_gain:g}: "
        return text + (_larger(start, least_gain) if least_gain <= GAIN_FLOOR else "lower it.")
    return (
        f"{hessian}={least_hessian:g} and {gain}={least_gain:g} allow splits, so no feature separates the rows "
        "well enough, or another limit forbids it: look for constant or missing features and at "
        "the limits on rows, depth and leaves."
    )


def small_gains(start: Start) -> str:
    """The warning where a library's absolute floor under the gain eats into what splits can gain."""
    return (
        f"The gradients are small for XGBoost, which refuses every split that gains {GAIN_FLOOR:g} or less. {start}, "
        f"{start.gain / GAIN_FLOOR:.2g} times that floor: trees will split too little or not at all. "
        f"{_larger(start, GAIN_FLOOR)}"
    )


def large_gains(start: Start, ceiling: float) -> str:
    """The warning where gains leave the range of a library's float32."""
    excess = start.gain / ceiling
    return (
        f"The gradients are large for XGBoost, whose gains must stay below {ceiling:g}. {start}: trees will not "
        f"split. {_rescale(start, 'Divide', 'multiply', 100 * excess)}"
    )


def _larger(start: Start, floor: float) -> str:
    return _rescale(start, "Multiply", "divide", max(1e6 * floor / start.gain, 1.0))


def _rescale(start: Start, change: str, undo: str, gain: float) -> str:
    """The advice that changes gains by this factor: they grow with the square of the target, or with the weights."""
    if not start.in_target_units:
        return f"{change} the weights by {10.0 ** math.ceil(math.log10(gain)):g} or more."
    factor = 10.0 ** math.ceil(math.log10(gain) / 2)
    return f"{change} the target by {factor:g} or more, and {undo} the predictions by it."


def non_finite(where: str) -> str:
    """The alarm for leaves that are NaN or inf."""
    return (
        f"A leaf of {where} is NaN or inf: predictions are too. The target or the weights leave the range of "
        "float32 (3e38), or lambda is 0 where Hessians vanish: rescale the target, set lambda to 1."
    )
