"""Where a model starts: its labels, its intercept, and what the first tree is given; with the diagnosis of trees that don't split."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array
from gbm_objectives.links import Identity
from gbm_objectives.objective import Objective
from gbm_objectives.objective._loss_metric import LossMetric

#: A mean Hessian that is hardly one: a rare class of 1 in 1,000 rows has .001.
_VANISHING = 1e-4


@dataclass(frozen=True)
class Start:
    """What the first tree is given: sums over the rows at the scores where boosting starts.

    Parameters
    ----------
    n_samples : int
        Rows.
    hessian, gradient : float
        The sums of h and of |g|; of several outputs the largest.
    gain : float
        The sum of g^2/h, which no sum of gains of splits exceeds (Cauchy-Schwarz); of several outputs the largest.
    weight : float
        The sum of weights.
    gain_of_all : float
        The same of all outputs together, which is what a tree with a value an output in each leaf can gain.
    in_target_units : bool
        Whether the gradients grow with the target, so that rescaling it helps.
    """

    n_samples: int
    hessian: float
    gradient: float
    gain: float
    weight: float
    gain_of_all: float
    in_target_units: bool = True

    @classmethod
    def of(cls, objective: Objective, y_true: Array, raw: Array, weight: Array | None) -> Start:
        """The sums at these scores, which broadcast to the labels, or are (n_outputs,) or a row's each."""
        several = objective.vector or (objective.rows is not None and objective.rows.several)
        shape = (len(y_true), raw.shape[-1]) if several else y_true.shape
        scores = np.broadcast_to(raw, shape)
        g, h = (a.astype(float) for a in objective.gradient_hessian(y_true, scores, weight))
        gains = np.divide(g * g, h, out=np.zeros_like(g), where=h > 0)
        hessian, gradient, gain = (float(np.max(a.sum(0))) for a in (h, np.abs(g), gains))
        gain_of_all = float(gains.sum())
        n = len(y_true)
        total = n if weight is None else float(np.sum(weight))
        in_target_units = isinstance(objective.link, Identity)
        return cls(n, hessian, gradient, gain, total, gain_of_all, in_target_units)

    def __str__(self) -> str:
        return (
            f"At the start the Hessians of the {self.n_samples} rows sum to {self.hessian:.3g}, the sizes of "
            f"their gradients to {self.gradient:.3g}, and all splits together gain at most {self.gain:.3g}"
        )


class Labels(Protocol):
    """The labels and weights that one model is trained on: on this machine, or spread over several."""

    @property
    def shown(self) -> Array:
        """Labels that show how many classes or columns there are."""

    def intercept(self, objective: Objective, n_outputs: int | None) -> float | NDArray[np.float64]:
        """As `Objective.intercept`."""

    def start(self, objective: Objective, scores: Array) -> Start:
        """What the first tree is given at these scores."""

    def metric(self, objective: Objective) -> LossMetric:
        """The objective's own metric for these labels."""


@dataclass(frozen=True)
class LocalLabels:
    """Labels of this machine.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : ndarray of shape (n_samples,) or None
    """

    y_true: Array
    sample_weight: Array | None

    @property
    def shown(self) -> Array:
        """All of them."""
        return self.y_true

    def intercept(self, objective: Objective, n_outputs: int | None) -> float | NDArray[np.float64]:
        """The objective's."""
        return objective.intercept(self.y_true, self.sample_weight, n_outputs)

    def start(self, objective: Objective, scores: Array) -> Start:
        """The sums over the rows."""
        return Start.of(objective, self.y_true, scores, self.sample_weight)

    def metric(self, objective: Objective) -> LossMetric:
        """The objective's."""
        return objective.metric


@dataclass(frozen=True)
class Beginning:
    """How one model begins.

    Parameters
    ----------
    objective : Objective
        That the library is given.
    labels : Labels
        Of its training rows.
    intercept : ndarray or None
        Raw scores, one for each output; None where the user says where to start.
    scores : ndarray
        Those of the first round: the intercept, or the user's own start.
    """

    objective: Objective
    labels: Labels
    intercept: Array | None
    scores: Array

    def start(self) -> Start:
        """What its first tree is given."""
        return self.labels.start(self.objective, self.scores)


@dataclass(frozen=True)
class Limits:
    """What a library asks of a split, and its names for it.

    Parameters
    ----------
    hessian, gain : tuple of (str, float)
        Name and value: the least sum of Hessians of each side, the gain to be exceeded.
    rows : tuple of (str, float) or None
        The least number of rows of each side, where there is such a limit.
    fixed_gain : bool
        Whether the gain is a floor of the library's, which no parameter lowers.
    """

    hessian: tuple[str, float]
    gain: tuple[str, float]
    rows: tuple[str, float] | None = None
    fixed_gain: bool = False


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
        if start.hessian < _VANISHING * start.weight:
            text += ", or take another curvature: the Hessians vanish"
        return f"{text}."
    if start.gain <= least_gain:
        text = f"A split needs a gain above {gain}={least_gain:g}: "
        return text + (raise_gains(start, least_gain) if limits.fixed_gain else "lower it.")
    return (
        f"{hessian}={least_hessian:g} and {gain}={least_gain:g} allow splits, so no feature separates the rows "
        "well enough, or another limit forbids it: look for constant or missing features and at "
        "the limits on rows, depth and leaves."
    )


def raise_gains(start: Start, floor: float) -> str:
    """The advice where gains are too small for a floor."""
    return rescale(start, "Multiply", "divide", max(1e6 * floor / start.gain, 1.0))


def rescale(start: Start, change: str, undo: str, gain: float) -> str:
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
