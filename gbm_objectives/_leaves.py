"""Leaves that minimise the loss over their rows: what ``refit_leaves`` puts in the place of -G/(H + lambda)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gbm_objectives._quantile_rules import Rule
from gbm_objectives._validation import Array, message
from gbm_objectives.losses._base import HasHessian, HasMajorizer, Loss
from gbm_objectives.losses.quantile import AbsoluteError, Quantile
from gbm_objectives.objective import Objective

#: Slopes below this share of what they are sums of are rounding in float32.
_FLAT = 1e-6


@dataclass(frozen=True)
class LeafRefit:
    """The best constants of the rows of leaves, for a loss of the residual.

    Parameters
    ----------
    objective : of one loss whose value is that of each row alone.
    quantile : how the library at hand defines a quantile, for losses whose constant is one.
    """

    objective: Objective
    quantile: Rule

    def __post_init__(self) -> None:
        terms = self.objective.terms
        losses = [term.loss for term in terms]
        weightings = [weighting for term in terms for weighting in term.weightings]
        rows_alone = all(
            loss.shift_invariant
            and loss.stands_alone
            and loss.n_rows is None
            and isinstance(loss, HasHessian)
            and isinstance(loss, HasMajorizer)
            for loss in losses
        )
        if len(terms) > 1 or not rows_alone or not all(w.of_labels for w in weightings):
            raise ValueError(
                message(
                    "refit_leaves", f"True with {self.objective.name}",
                    "one loss of the residuals of single rows, such as quantile(), absolute_error() or huber()",
                    "Train without refit_leaves: other leaves have no exact minimiser at hand.",
                )
            )  # fmt: skip

    @property
    def _loss(self) -> Loss:
        return self.objective.terms[0].loss

    @property
    def _level(self) -> float | None:
        """Of the quantile that is the best constant; None where it is no quantile."""
        if isinstance(self._loss, Quantile):
            return self._loss.tau
        return 0.5 if isinstance(self._loss, AbsoluteError) else None

    def intercept(
        self, y_true: ArrayLike, sample_weight: Array | None = None, n_outputs: int | None = None
    ) -> float | NDArray[np.float64]:
        """As `Objective.intercept`, with the library's own quantile: the leaf of a tree that has one."""
        best = self.objective.intercept(y_true, sample_weight, n_outputs)
        if self._level is None:
            return best
        y = np.asarray(self.objective._labels(y_true))
        columns = y.reshape(len(y), -1).T
        found = np.array(
            [
                self.values(c, np.zeros_like(c), sample_weight, np.zeros(len(c), int))
                for c in columns
            ],
            dtype=np.float64,
        )
        return found[:, 0] if y.ndim == 2 else float(found[0, 0])

    def values(
        self, y_true: Array, raw: Array, sample_weight: Array | None, leaf: Array
    ) -> NDArray[Any]:
        """What to add to the raw scores of each leaf of one tree, by leaf; 0 where a leaf has no rows.

        ``raw`` are the scores before the tree, whose dtype the values have; an automatic scale is theirs.
        """
        term = self.objective.terms[0]
        weight = term.weighted(y_true, raw, sample_weight)
        counts = np.bincount(leaf)
        if len(counts) <= 1 << 16:  # NumPy sorts 16 bits by counting
            leaf = leaf.astype(np.uint16)
        order = np.argsort(leaf, kind="stable")
        residual = (y_true - raw)[order]
        if weight is not None:
            weight = weight[order]
        values = np.zeros(len(counts), dtype=raw.dtype)
        if self._level is not None:
            values[counts > 0] = self._quantiles(self._level, residual, weight, counts[counts > 0])
        else:
            loss = term.resolved(y_true, raw, sample_weight, None).loss
            start = (
                None if loss.convex else self._quantiles(0.5, residual, weight, counts[counts > 0])
            )
            values[counts > 0] = _located(loss, residual, weight, counts[counts > 0], start)
        return values

    def _quantiles(
        self, level: float, residual: Array, weight: Array | None, counts: Array
    ) -> NDArray[Any]:
        """Of consecutive stretches of rows."""

        def each() -> Iterator[Any]:
            last = 0
            for count in counts.tolist():
                rows = slice(last, last := last + count)
                w = None if weight is None else weight[rows]
                empty = w is not None and not w.any()
                yield 0.0 if empty else self.quantile(residual[rows], w, level)

        return np.fromiter(each(), residual.dtype, len(counts))


def _located(
    loss: Loss, residual: Array, weight: Array | None, counts: Array, start: Array | None
) -> NDArray[np.float64]:
    """The constants that minimise the loss of consecutive stretches of rows, sought side by side from ``start``.

    Newton steps, and the majorizer's where one doesn't flatten the slope: `RobustLoss._locate` of all leaves at once.
    """
    assert isinstance(loss, HasHessian) and isinstance(loss, HasMajorizer)
    r = residual.astype(np.float32)
    w = None if weight is None else weight.astype(np.float32)
    starts = np.cumsum(counts) - counts

    def sums(constants: Array) -> Array:
        """Of slopes, their sizes, second derivatives and majorizers."""
        raw = np.repeat(constants.astype(np.float32), counts)
        slope = loss.gradient(r, raw)
        rows = (slope, np.abs(slope), loss.hessian(r, raw), loss.majorizer(r, raw))
        return np.array(
            [np.add.reduceat(a if w is None else a * w, starts, dtype=np.float64) for a in rows]
        )

    constants = np.zeros(len(counts)) if start is None else start.astype(np.float64)
    slope, size, exact, bound = sums(constants)
    for _ in range(100):
        moving = np.abs(slope) > _FLAT * size
        if not moving.any():
            break
        newton = np.divide(slope, exact, out=np.zeros_like(slope), where=moving & (exact > 0))
        if not loss.convex:
            newton[np.abs(newton) > loss.scale] = 0.0
        tried = sums(constants - newton)
        worse = moving & ~((newton != 0) & (np.abs(tried[0]) < 0.9 * np.abs(slope)))
        step = newton
        if worse.any():
            step = np.where(worse, np.divide(slope, bound, out=newton.copy(), where=worse), newton)
            tried = sums(constants - step)
        constants = constants - step
        slope, size, exact, bound = tried
    return constants
