"""Leaves that minimise the loss over their rows: what ``leaves="refit"`` puts in the place of -G/(H + lambda)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import override

from gbm_objectives._core.numerics import residual
from gbm_objectives._core.reduction import Reduce
from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.leaves import Growth, LeafRule, Penalty
from gbm_objectives.curvature import Unit
from gbm_objectives.loss import HasHessian, HasMajorizer, Loss
from gbm_objectives.losses.quantile import AbsoluteError, Quantile
from gbm_objectives.objective import Objective
from gbm_objectives.objective._tasks import tasks_of

#: The quantile of a few rows as a library defines it: (values, weights or None, level), of at least one value.
Rule = Callable[[Array, Array | None, float], Any]
#: Slopes below this share of what they are sums of are rounding in float32.
_FLAT = 1e-6


@dataclass(frozen=True, slots=True, repr=False)
class LeafRefit(Objective, LeafRule):
    """An objective of one loss of the residual that knows the best constant of the rows of each leaf.

    Parameters
    ----------
    quantile : how the library at hand defines a quantile, for losses whose best constant is one.
    """

    quantile: Rule = field(kw_only=True)

    @classmethod
    def for_leaves_of(cls, objective: Objective, quantile: Rule) -> LeafRefit:
        """The objective with refitted leaves, or an error where they have no minimiser that is known."""
        losses = [term.loss for term in objective.terms]
        weightings = [weighting for term in objective.terms for weighting in term.weightings]
        rows_alone = all(
            loss.shift_invariant
            and not loss.vector
            and loss.stands_alone
            and loss.n_rows is None
            and isinstance(loss, HasHessian)
            and isinstance(loss, HasMajorizer)
            for loss in losses
        )
        if len(losses) > 1 or not rows_alone or not all(w.of_labels for w in weightings):
            given = f"'refit' with {objective.name}"
            needed = "one loss of the residual of each row, such as quantile(), absolute_error() or huber()"
            raise ValueError(message("leaves", given, needed))
        if objective.rows is not None and objective.rows.partial:
            given = "'refit' with missing labels (NaN)"
            raise ValueError(message("leaves", given, "'library' or 'step'"))
        return cls(objective.terms, objective.rows, quantile=quantile)

    @property
    def _level(self) -> float | None:
        """Of the quantile that is the best constant; None where it is no quantile."""
        if isinstance(self.loss, Quantile):
            return self.loss.tau
        return 0.5 if isinstance(self.loss, AbsoluteError) else None

    @property
    def _sided(self) -> bool:
        """Whether trees are grown on the exact pinball loss or absolute error, as the libraries' own are.

        A smooth one gives better leaves, but where leaves are refitted, worse trees: `benchmarks/refit.py`.
        """
        (term,) = self.terms
        plain = term.coefficient == 1.0 and term.clip is None
        return self._level is not None and plain and term.curvature in (None, Unit())

    def gradient_hessian(
        self,
        y_true: ArrayLike,
        raw_prediction: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        reduce: Reduce | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As `Objective.gradient_hessian`; of a quantile the side that a row is on, and 1.

        To the bit as the libraries have it: many splits gain the same then, and the last bit chooses.
        """
        if not self._sided:
            return Objective.gradient_hessian(
                self, y_true, raw_prediction, sample_weight, reduce=reduce
            )
        shape, tasks = tasks_of(
            self.terms, self.rows, y_true, raw_prediction, sample_weight, finite=True
        )
        gradient, hessian = (np.ones(shape, dtype=np.float32, order="F") for _ in range(2))
        for task in tasks:
            y, raw = task.y_true, task.raw_prediction
            distance = residual(y, raw)
            if isinstance(self.loss, Quantile):
                tau = np.float32(self.loss.tau)
                gradient[task.at] = np.where(distance >= 0, 1 - tau, -tau)
            else:
                gradient[task.at] = np.sign(distance)
            weights = self.terms[0].weighted(y, raw, task.sample_weight)
            if weights is not None:
                hessian[task.at] = weights
                gradient[task.at] *= hessian[task.at]
        return gradient, hessian

    def intercept(
        self,
        y_true: ArrayLike,
        sample_weight: ArrayLike | None = None,
        n_outputs: int | None = None,
    ) -> float | NDArray[np.float64]:
        """As `Objective.intercept`, by the library's own quantile in the float32 of its labels."""
        best = Objective.intercept(self, y_true, sample_weight, n_outputs)
        if self._level is None:
            return best
        y = np.asarray(self.labels(y_true), dtype=np.float32)
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float32)
        root = np.zeros(len(y), dtype=np.intp)
        found = [
            float(self.leaf_values(column, np.zeros_like(column), weight, root)[0])
            for column in y.reshape(len(y), -1).T
        ]
        return np.array(found) if y.ndim == 2 else found[0]

    @override
    def growth(self, y_true: Array, raw_prediction: Array, sample_weight: Array | None) -> Growth:
        return _Refits(self, y_true, raw_prediction, sample_weight)

    def leaf_values(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None, leaf: Array
    ) -> NDArray[Any]:
        """What minimises the loss when added to the raw scores of each leaf, by leaf; 0 for leaves without rows.

        Parameters
        ----------
        y_true, raw_prediction, sample_weight : of one output; the scores are those before the tree. Their dtype is
            that of the values, and an automatic scale is the one that they give.
        leaf : whole numbers >= 0, (n_samples,).
        """
        (term,) = self.terms
        weight = term.weighted(y_true, raw_prediction, sample_weight)
        counts = np.bincount(leaf)
        if len(counts) <= 1 << 16:  # NumPy sorts 16 bits by counting
            leaf = leaf.astype(np.uint16)
        order = np.argsort(leaf, kind="stable")
        distance = (y_true - raw_prediction)[order]
        weight = None if weight is None else weight[order]
        values = np.zeros(len(counts), dtype=raw_prediction.dtype)
        taken, counts = counts > 0, counts[counts > 0]
        level = self._level
        start = self._quantiles(0.5 if level is None else level, distance, weight, counts)
        if level is None:
            # From the median on: the steps are few, and of several minima the one beside it is taken.
            loss = term.resolved(y_true, raw_prediction, sample_weight, None).loss
            start = start + _located(loss, distance - np.repeat(start, counts), weight, counts)
        values[taken] = start
        return values

    def _quantiles(
        self, level: float, distance: Array, weight: Array | None, counts: Array
    ) -> NDArray[Any]:
        """Of consecutive stretches of rows."""

        def each() -> Iterator[Any]:
            last = 0
            for count in counts.tolist():
                rows = slice(last, last := last + count)
                w = None if weight is None else weight[rows]
                weightless = w is not None and not w.any()
                yield 0.0 if weightless else self.quantile(distance[rows], w, level)

        return np.fromiter(each(), distance.dtype, len(counts))


class _Refits(Growth):
    def __init__(self, objective: LeafRefit, y: Array, raw: Array, weight: Array | None) -> None:
        super().__init__(*objective.gradient_hessian(y, raw, weight))
        self._objective, self._raw, self._weight = objective, raw, weight
        self._y = np.asarray(objective.labels(y)).astype(raw.dtype, copy=False)

    @override
    def values(self, output: int, leaf: Array, penalty: Penalty) -> NDArray[Any]:
        y, raw = (a[:, output] if a.ndim == 2 else a for a in (self._y, self._raw))
        return self._objective.leaf_values(y, raw, self._weight, leaf)


def _located(
    loss: Loss, distance: Array, weight: Array | None, counts: Array
) -> NDArray[np.float64]:
    """The constants next to 0 that minimise the loss over consecutive stretches of rows, sought side by side.

    Newton steps; where one doesn't flatten the slope, half the way between the slopes of both signs, or, of losses with
    several minima, the safe majorize-minimize step.
    """
    exact, majorized = cast(HasHessian, loss), cast(HasMajorizer, loss)
    y = distance.astype(np.float32)
    w = None if weight is None else weight.astype(np.float32)
    starts = np.cumsum(counts) - counts
    low, high = (f.reduceat(y, starts).astype(np.float64) for f in (np.minimum, np.maximum))

    def sums(constants: Array) -> Array:
        """Of slopes, their sizes, second derivatives and majorizers."""
        raw = np.repeat(constants.astype(np.float32), counts)
        slope = loss.gradient(y, raw)
        rows = (slope, np.abs(slope), exact.hessian(y, raw), majorized.majorizer(y, raw))
        weighted = rows if w is None else tuple(row * w for row in rows)
        return np.array([np.add.reduceat(row, starts, dtype=np.float64) for row in weighted])

    def quotient(slope: Array, curvature: Array) -> Array:
        return np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature > 0)

    constants = np.zeros(len(counts))
    slope, size, second, bound = sums(constants)
    for _ in range(100):
        moving = np.abs(slope) > _FLAT * size
        step = quotient(slope, second)
        if loss.convex:
            low, high = np.where(slope < 0, constants, low), np.where(slope > 0, constants, high)
            moving &= high - low > _FLAT * np.maximum(np.abs(low), np.abs(high))
            step[(constants - step < low) | (constants - step > high)] = 0.0
        else:
            step[np.abs(step) > loss.scale] = 0.0
        if not moving.any():
            break
        step[~moving] = 0.0
        tried = sums(constants - step)
        failed = moving & ~(np.abs(tried[0]) < 0.5 * np.abs(slope))
        if failed.any():
            safe = constants - 0.5 * (low + high) if loss.convex else quotient(slope, bound)
            step[failed] = safe[failed]
            tried = sums(constants - step)
        constants = constants - step
        slope, size, second, bound = tried
    return constants
