"""Ordered classes: one score for each row, and thresholds between the levels that are learned from the scores."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from scipy.optimize import brentq
from typing_extensions import override

from gbm_objectives._core.numerics import lookup
from gbm_objectives._core.validation import Array, invalid, reject_non_finite, reject_rows
from gbm_objectives.links import Cumulative, CumulativeLink
from gbm_objectives.loss import HasFisher, HasHessian, Labels
from gbm_objectives.losses._thresholds import BINS, histogram, thresholds_of

#: Levels, at most.
MOST = 100
#: Beyond the lowest and the highest threshold: no score is so far.
END = 1e30


@dataclass(frozen=True, slots=True)
class OrdinalLoss(HasHessian, HasFisher):
    """-log P(level y), where P(level <= k) = G(threshold_k - z) for one score z and increasing thresholds.

    Domain of y: level codes 0, 1, ..., K-1. The thresholds are those that are likeliest for the scores at hand: they
    are sought in each round, from a histogram of the scores of each level, which adds up over blocks and machines. So
    the gradient is that of the best thresholds' likelihood. What a trained model answers needs the last ones:
    `Objective.fixed` keeps them, and `train` writes them into the model.

    McCullagh (1980), Regression models for ordinal data, https://doi.org/10.1111/j.2517-6161.1980.tb01109.x.

    Parameters
    ----------
    n_classes : int or None, default None
        Levels; None: as many as the labels show.
    thresholds : tuple of float or None, default None
        None: learned.
    shares : tuple of float or None, default None
        Of the levels, found on the way.
    """

    labels: ClassVar[Labels] = "level"
    learns: ClassVar[bool] = True
    kind: ClassVar[CumulativeLink]

    n_classes: int | None = None
    thresholds: tuple[float, ...] | None = None
    shares: tuple[float, ...] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _validate(self)

    @property
    def name(self) -> str:
        """The link's name is in it."""
        return f"ordinal_{self.kind}"

    @property
    @override
    def link(self) -> Cumulative:
        return Cumulative(self.kind, self.thresholds)

    @property
    @override
    def pending(self) -> bool:
        return self.thresholds is None

    @property
    @override
    def sampled(self) -> bool:
        return True

    @override
    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        codes = y_true.astype(np.intp)
        if self.shares is None:
            size = self.n_classes or MOST
            rows = np.bincount(codes, minlength=size)  # those that weigh nothing have a level too
            counts = np.bincount(codes, sample_weight, size)
            return np.concatenate([counts, rows]).astype(np.float64)
        return histogram(codes, raw_prediction, sample_weight, len(self.shares))

    @override
    def resolve(self, sums: Array) -> OrdinalLoss:
        if self.shares is None:
            counts, rows = sums.reshape(2, -1)
            total = counts.sum()
            if not total:
                return replace(self, shares=(1.0, 1.0), thresholds=(0.0,))
            n_classes = self.n_classes or max(int(np.flatnonzero(rows)[-1]) + 1, 2)
            return replace(self, shares=tuple((counts[:n_classes] / total).tolist()))
        table = sums.reshape(2, len(self.shares), BINS)
        return replace(self, thresholds=tuple(thresholds_of(self, table).tolist()))

    def ends(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Of each row, the upper and the lower threshold of its level less its score."""
        inner = self.thresholds or ()
        upper, lower = np.array([*inner, END]), np.array([-END, *inner])
        dtype = raw_prediction.dtype
        codes = y_true.astype(np.intp)
        above = lookup(upper.astype(dtype), codes) - raw_prediction
        return above, lookup(lower.astype(dtype), codes) - raw_prediction

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """-log(G(a) - G(b))."""
        a, b = self.ends(y_true, raw_prediction)
        return self.value_between(a, b)

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """(g(a) - g(b)) / (G(a) - G(b)), g = G'."""
        return self.gradient_hessian(y_true, raw_prediction)[0]

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """Positive: the logarithm of the probability of an interval is concave in its place."""
        return self.gradient_hessian(y_true, raw_prediction)[1]

    @override
    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        return self.derivatives_between(*self.ends(y_true, raw_prediction))

    @override
    def fisher(self, y_true: Array, raw_prediction: Array) -> Array:
        information = np.zeros_like(raw_prediction)
        for level in range(len(self.thresholds or ()) + 1):
            y = np.full_like(raw_prediction, level)
            a, b = self.ends(y, raw_prediction)
            slope, _ = self.derivatives_between(a, b)
            information = information + np.exp(-self.value_between(a, b)) * slope * slope
        return information

    @abstractmethod
    def value_between(self, a: Array, b: Array) -> Array:
        """-log(G(a) - G(b)) for a > b."""

    @abstractmethod
    def derivatives_between(self, a: Array, b: Array) -> tuple[Array, Array]:
        """The first and second derivative of `value_between` by a score that lowers both."""

    @abstractmethod
    def by_thresholds(self, a: Array, b: Array) -> tuple[Array, Array, Array, Array, Array]:
        """The derivatives of `value_between` by a and b, then those by a twice, b twice, and both."""

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """0, from where thresholds are learned; with thresholds that are given the best score."""
        if self.thresholds is None:
            return 0.0
        y = np.asarray(y_true, np.float64)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        counts = np.bincount(y.astype(np.intp), weight, len(self.thresholds) + 1)
        levels = np.arange(len(counts), dtype=np.float64)

        def slope(score: float) -> float:
            return float(counts @ self.gradient(levels, np.full_like(levels, score)))

        low, high = self.thresholds[0] - 30.0, self.thresholds[-1] + 30.0
        if slope(low) < 0 < slope(high):
            return float(brentq(slope, low, high, xtol=1e-12))
        return high if slope(high) <= 0 else low

    @override
    def check_labels(self, y_true: Array) -> bool:
        most = self._most
        if y_true.ndim != 1:
            return False
        return bool(
            (y_true >= 0).all() and (y_true < most).all() and (y_true == np.floor(y_true)).all()
        )

    @property
    def _most(self) -> int:
        if self.thresholds is not None:
            return len(self.thresholds) + 1
        return self.n_classes or MOST

    @override
    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        reject_non_finite("y_true", y_true)
        if y_true.ndim != 1:
            raise invalid(
                "y_true", given=f"shape {y_true.shape}", needed="one level code a row, (n_samples,)"
            )  # fmt: skip
        wrong = (y_true < 0) | (y_true >= self._most) | (y_true != np.floor(y_true))
        reject_rows(
            "y_true", wrong, "a label that is no level code", f"codes 0..{self._most - 1} in their order",
            self._advice(raw_prediction, "Number the levels from 0 on, the lowest first."),
        )  # fmt: skip


def _validate(loss: OrdinalLoss) -> None:
    """Raise for parameters that are none."""
    n_classes, given = loss.n_classes, loss.thresholds
    if n_classes is not None and (
        isinstance(n_classes, bool)
        or not isinstance(n_classes, (int, np.integer))
        or not 2 <= n_classes <= MOST
    ):
        raise invalid("n_classes", given=n_classes, needed=f"None or a number from 2 to {MOST}")
    if given is None:
        return
    thresholds = np.asarray(given, np.float64)
    if (
        thresholds.ndim != 1
        or not len(thresholds)
        or not np.isfinite(thresholds).all()
        or (np.diff(thresholds) <= 0).any()
    ):
        raise invalid(
            "thresholds",
            given=given,
            needed="None or increasing finite numbers, one less than levels",
        )
    if n_classes not in (None, len(thresholds) + 1):
        needed = f"{n_classes - 1} for n_classes={n_classes}"
        raise invalid("thresholds", given=f"{len(thresholds)}", needed=needed)
    object.__setattr__(loss, "thresholds", tuple(thresholds.tolist()))
