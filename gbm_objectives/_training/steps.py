"""Trees by rows, leaves by the loss: what ``leaves="step"`` puts in the place of -G/(H + lambda)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import override

from gbm_objectives._core.numerics import residual
from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.rows import sample
from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.leaves import Growth, LeafRule, Penalty, of_each_residual
from gbm_objectives.losses._residual import ResidualLoss
from gbm_objectives.objective import Objective
from gbm_objectives.objective._tasks import Task, tasks_of
from gbm_objectives.objective._terms import Term

#: The largest value of a leaf, in units of (mean sqrt|r|)^2 over all rows.
BOUND = 5.0
#: Majorize-minimize steps a leaf of losses that are not convex: outliers of the leaf are told from its own middle.
#: Of convex ones a second step fits noise.
STEPS = 2


@dataclass(frozen=True, slots=True, repr=False)
class LeafStep(Objective, LeafRule):
    """An objective of losses of the residual whose trees see every row with its sample weight as its Hessian.

    So the libraries' limits on Hessians count rows. A far row has a small Hessian of its own, and leaves of far rows
    would be refused, or shrunk to nothing, however many rows agree in them. A leaf of weight n is then set to
    -(sum g / sum h) n / (n + lambda) with the loss' own Hessians, and to at most `BOUND` spreads, or `BOUND` deltas of
    the user's: where most residuals are 0, so is the spread.
    """

    @classmethod
    def for_leaves_of(cls, objective: Objective) -> LeafStep:
        """The objective with such leaves, or an error where its losses are not of the residual.

        The trust region of a default curvature is left to the bound of the leaf: row by row it would slow down leaves
        of few outliers.
        """
        for term in objective.terms:
            if objective.of_tasks or not of_each_residual(term.loss):
                needed = "losses of the residual of each row, such as huber() or cauchy()"
                raise ValueError(message("leaves", f"'step' with {objective.name}", needed))
        return cls(tuple(map(_unbounded, objective.terms)), objective.rows)

    @override
    def gradient_hessian(
        self,
        y_true: ArrayLike,
        raw_prediction: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        reduce: Reduce | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What the trees see: the gradient at the size of the residuals, and the sample weights."""
        weight = None if sample_weight is None else np.asarray(sample_weight)
        growth = self.growth(np.asarray(y_true), np.asarray(raw_prediction), weight)
        return growth.gradient, growth.hessian

    @override
    def growth(self, y_true: Array, raw_prediction: Array, sample_weight: Array | None) -> Growth:
        weight = sample_weight if sample_weight is not None and sample_weight.size else None
        shape, tasks = tasks_of(self.terms, self.rows, y_true, raw_prediction, weight)
        return _Steps([_Column.of(task) for task in tasks], [t.observed for t in tasks], shape)


def _unbounded(term: Term) -> Term:
    return term if term.curvature else replace(term, curvature=replace(term.policy, trust=None))


class _Steps(Growth):
    """One column an output, of the rows that are observed (None: all); the others have no part in it."""

    def __init__(
        self, outputs: list[_Column], observed: list[Array | None], shape: tuple[int, ...]
    ) -> None:
        gradient, hessian = (np.zeros(shape, np.float32, order="F") for _ in range(2))
        self._outputs = outputs
        self._rows = [slice(None) if seen is None else seen for seen in observed]
        for k, (one, rows) in enumerate(zip(outputs, self._rows, strict=True)):
            at = (rows, k) if gradient.ndim == 2 else rows
            gradient[at] = one.gradient * np.float32(one.enlarged)
            hessian[at] = 1.0 if one.weight is None else one.weight
        super().__init__(gradient, hessian)

    @override
    def values(self, output: int, leaf: Array, penalty: Penalty) -> NDArray[np.float64]:
        found = self._outputs[output].values(leaf[self._rows[output]], penalty)
        return np.pad(found, (0, int(leaf.max()) + 1 - len(found)))


@dataclass(frozen=True)
class _Column:
    """One output: its rows, and the derivatives that its leaves are found from.

    Parameters
    ----------
    objective : Objective
        At the scale of the round.
    bound : float
        The largest step.
    enlarged : float
        What brings the gradient to the size of the residuals, so that gains are those of a squared error. A small scale
        of the user's makes small gradients, whose gains XGBoost's floor would eat.
    """

    objective: Objective
    weight: Array | None
    y_true: Array
    raw_prediction: Array
    gradient: NDArray[np.float32]
    hessian: NDArray[np.float32]
    bound: float
    enlarged: float

    @classmethod
    def of(cls, task: Task) -> _Column:
        """The derivatives of a round."""
        objective = Objective(task.terms)
        y, raw, weight = task.y_true, task.raw_prediction, task.sample_weight
        deltas = [
            term.loss.fixed_delta
            for term in objective.terms
            if isinstance(term.loss, ResidualLoss) and not term.loss.pending
        ]
        objective = objective.fixed(y, raw, weight)
        gradient, hessian = objective.gradient_hessian(y, raw, weight)
        some, scores, weights = sample(y, raw, weight)
        spread = _spread(np.abs(residual(some, scores)), weights)
        _, slopes, _ = sample(y, gradient, weight)
        size = np.abs(slopes)
        if weights is not None:
            size = np.divide(size, weights, out=np.zeros_like(size), where=weights > 0)
        own = _spread(size, weights)
        enlarged = spread / own if own else 1.0
        bound = BOUND * max([spread, *deltas])
        return cls(objective, weight, y, raw, gradient, hessian, bound, enlarged)

    def values(self, leaf: Array, penalty: Penalty) -> NDArray[np.float64]:
        """As `Growth.values`."""
        size, bound = int(leaf.max()) + 1, self.bound

        def total(rows: Array | None) -> NDArray[np.float64]:
            return np.bincount(leaf, rows, size).astype(np.float64)

        slope, n = total(self.gradient), total(self.weight)
        value = np.clip(_ratio(-slope, total(self.hessian)), -bound, bound)
        further = 0 if all(t.loss.convex for t in self.objective.terms) else STEPS - 1
        for _ in range(further):  # from where the leaf is, at the same scale
            raw = self.raw_prediction + value.astype(self.raw_prediction.dtype).take(leaf)
            gradient, hessian = self.objective.gradient_hessian(self.y_true, raw, self.weight)
            value = np.clip(value - _ratio(total(gradient), total(hessian)), -bound, bound)
        value *= _ratio(n, n + penalty.l2)
        if penalty.l1:
            slope = self.enlarged * np.abs(slope)
            value *= _ratio(np.maximum(slope - penalty.l1, 0.0), slope)
        return np.clip(value, -penalty.largest, penalty.largest)


def _ratio(over: NDArray[np.float64], under: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 where there is nothing to divide by."""
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0)


def _spread(sizes: Array, weight: Array | None) -> float:
    """(mean sqrt)^2."""
    if weight is not None and not weight.any():
        weight = None
    return float(np.average(np.sqrt(sizes), weights=weight) ** 2) if len(sizes) else 0.0
