"""Ordered classes: one score a row, and thresholds between the levels that are learned from the scores."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import erfcx, log_ndtr
from typing_extensions import override

from gbm_objectives._core.numerics import lookup, magnitude, odds
from gbm_objectives._core.validation import Array, invalid, reject_non_finite, reject_rows
from gbm_objectives.curvature import Exact, Fisher
from gbm_objectives.links import Cumulative, CumulativeLink
from gbm_objectives.loss import HasFisher, HasHessian, HasMajorizer, Labels
from gbm_objectives.losses._thresholds import BINS, histogram, thresholds_of

__all__ = ["OrdinalCloglog", "OrdinalLogit", "OrdinalLoss", "OrdinalProbit"]

#: Levels, at most.
MOST = 100
#: Beyond the lowest and the highest threshold: no score is so far.
_END = 1e30


class OrdinalLoss(HasHessian, HasFisher):
    """-log P(level y), where P(level <= k) = G(threshold_k - z) for one score z and increasing thresholds.

    Domain of y: level codes 0, 1, ..., K-1. The thresholds are those that are likeliest for the scores at hand: they
    are sought in each round, from a histogram of the scores of each level, which adds up over blocks and machines. So
    the gradient is that of the best thresholds' likelihood. What a trained model answers needs the last ones:
    `Objective.fixed` keeps them, and `train` writes them into the model.

    McCullagh (1980), Regression models for ordinal data, https://doi.org/10.1111/j.2517-6161.1980.tb01109.x.
    """

    __slots__ = ()

    labels: ClassVar[Labels] = "level"
    learns: ClassVar[bool] = True
    kind: ClassVar[CumulativeLink]

    n_classes: int | None
    thresholds: tuple[float, ...] | None
    shares: tuple[float, ...] | None

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
                return self._with(shares=(1.0, 1.0), thresholds=(0.0,))
            n_classes = self.n_classes or max(int(np.flatnonzero(rows)[-1]) + 1, 2)
            return self._with(shares=tuple((counts[:n_classes] / total).tolist()))
        table = sums.reshape(2, len(self.shares), BINS)
        return self._with(thresholds=tuple(thresholds_of(self, table).tolist()))

    def _with(self, **changes: object) -> OrdinalLoss:
        return replace(self, **changes)  # type: ignore[type-var]

    def ends(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        """Of each row, the upper and the lower threshold of its level less its score."""
        inner = self.thresholds or ()
        upper, lower = np.array([*inner, _END]), np.array([-_END, *inner])
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


@dataclass(frozen=True, slots=True)
class OrdinalLogit(OrdinalLoss, HasMajorizer):
    """Ordered classes by the logistic distribution: the proportional odds model.

    Domain of y: level codes 0..K-1. Link: cumulative logit. With a and b the upper and the lower threshold of the
    level less the score, value softplus(-a) + softplus(b) - log(1 - exp(b - a)), whose last term no score changes:
    two logistic losses. Gradient sigmoid(-a) - sigmoid(b), within (-1, 1); Hessian sigmoid(a) sigmoid(-a) +
    sigmoid(b) sigmoid(-b), at most 1/2; majorizer the sum of those of both losses, tanh(a/2)/(2a) + tanh(b/2)/(2b).

    Parameters
    ----------
    n_classes : int or None, default None
        Levels; None: as many as the labels show.
    thresholds : tuple of float or None, default None
        None: learned.
    shares : tuple of float or None, default None
        Of the levels, found on the way.
    """

    n_classes: int | None = None
    thresholds: tuple[float, ...] | None = None
    shares: tuple[float, ...] | None = field(default=None, repr=False)

    kind = "logit"
    gradient_bound = 1.0
    limit = 1e15
    #: The exact one and it train alike; where scores are far out both vanish, and the trust region remains.
    default_curvature = Fisher(trust=5.0)

    def __post_init__(self) -> None:
        validate(self)

    @override
    def value_between(self, a: Array, b: Array) -> Array:
        return _softplus(-a) + _softplus(b) - _log1mexp(a - b)

    @override
    def derivatives_between(self, a: Array, b: Array) -> tuple[Array, Array]:
        above, below = odds(a), odds(b)
        over, under = 1.0 / (1.0 + above), 1.0 / (1.0 + below)
        return over - below * under, above * over * over + below * under * under

    @override
    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        a, b = self.ends(y_true, raw_prediction)
        return _jaakkola(a) + _jaakkola(b)

    @override
    def by_thresholds(self, a: Array, b: Array) -> tuple[Array, Array, Array, Array, Array]:
        gap = np.minimum(a - b, 700.0)
        open_ = np.abs(a - b) < _END / 2
        narrow = np.where(open_, 1.0 / np.expm1(gap), 0.0)
        cross = narrow * (1.0 + narrow)
        above, below = odds(a), odds(b)
        over, under = 1.0 / (1.0 + above), 1.0 / (1.0 + below)
        slope_a, slope_b = -over - narrow, below * under + narrow
        return slope_a, slope_b, above * over * over + cross, below * under * under + cross, -cross


@dataclass(frozen=True, slots=True)
class OrdinalProbit(OrdinalLoss):
    """Ordered classes by the normal distribution: the ordered probit model.

    Domain of y: level codes 0..K-1. Link: cumulative probit. The Hessian lies in (0, 1]: 1 less the variance of a
    normal variable between two thresholds. Formulas run in float64, by the scaled complementary error function.

    Parameters
    ----------
    n_classes : int or None, default None
        Levels; None: as many as the labels show.
    thresholds : tuple of float or None, default None
        None: learned.
    shares : tuple of float or None, default None
        Of the levels, found on the way.
    """

    n_classes: int | None = None
    thresholds: tuple[float, ...] | None = None
    shares: tuple[float, ...] | None = field(default=None, repr=False)

    kind = "probit"
    limit = 1e6
    #: It tends to 1 for a row far from its level, where the Fisher information vanishes.
    default_curvature = Exact()

    def __post_init__(self) -> None:
        validate(self)

    @override
    def value_between(self, a: Array, b: Array) -> Array:
        a, b, _ = _left(a, b)
        near = log_ndtr(a)
        return -(near + _log1mexp(near - log_ndtr(b)))

    @override
    def derivatives_between(self, a: Array, b: Array) -> tuple[Array, Array]:
        dtype = a.dtype
        a, b, turned = _left(a, b)
        of_a, of_b = _hazards(a, b)
        slope = of_a - of_b
        bend = slope * slope + of_a * a - np.where(of_b > 0, of_b * b, 0.0)
        gradient = np.where(turned, -slope, slope)
        return gradient.astype(dtype), np.clip(bend, 0.0, 1.0).astype(dtype)

    @override
    def by_thresholds(self, a: Array, b: Array) -> tuple[Array, Array, Array, Array, Array]:
        a, b, turned = _left(a, b)
        of_a, of_b = _hazards(a, b)
        bend_a = of_a * of_a + of_a * a
        bend_b = of_b * of_b - np.where(of_b > 0, of_b * b, 0.0)
        cross = -of_a * of_b
        # Turned rows have -b in the place of a, and -a in that of b.
        return (
            np.where(turned, -of_b, -of_a),
            np.where(turned, of_a, of_b),
            np.where(turned, bend_b, bend_a),
            np.where(turned, bend_a, bend_b),
            cross,
        )


@dataclass(frozen=True, slots=True)
class OrdinalCloglog(OrdinalLoss):
    """Ordered classes by the Gumbel distribution of minima: proportional hazards of grouped durations.

    Domain of y: level codes 0..K-1. Link: cumulative complementary log-log, P(level <= k) = 1 - exp(-exp(threshold_k -
    z)). Thresholds less scores are held within +-80, where exponentials are finite in float32.

    Parameters
    ----------
    n_classes : int or None, default None
        Levels; None: as many as the labels show.
    thresholds : tuple of float or None, default None
        None: learned.
    shares : tuple of float or None, default None
        Of the levels, found on the way.
    """

    n_classes: int | None = None
    thresholds: tuple[float, ...] | None = None
    shares: tuple[float, ...] | None = field(default=None, repr=False)

    kind = "cloglog"
    limit = 1e15
    default_curvature = Exact(trust=5.0)

    def __post_init__(self) -> None:
        validate(self)

    @override
    def value_between(self, a: Array, b: Array) -> Array:
        above, below = _rates(a, b)
        rate = above - below
        with np.errstate(invalid="ignore", divide="ignore"):
            small = a.astype(np.float64) + _log1mexp(np.minimum(a - b, 700.0))
        return (below - np.where(rate < 1e-8, small, _log1mexp(rate))).astype(a.dtype)

    @override
    def derivatives_between(self, a: Array, b: Array) -> tuple[Array, Array]:
        above, below = _rates(a, b)
        share, bend = _interval(above - below)
        return (share - below).astype(a.dtype), (below + bend).astype(a.dtype)

    @override
    def by_thresholds(self, a: Array, b: Array) -> tuple[Array, Array, Array, Array, Array]:
        above, below = _rates(a, b)
        far = above - below >= 700.0  # an interval is as good as open
        above = np.where(far, 0.0, above)
        odds_ = np.where(far, 0.0, 1.0 / np.expm1(np.clip(above - below, 1e-300, 700.0)))
        cross = odds_ * (1.0 + odds_)
        slope_a, slope_b = -above * odds_, below + below * odds_
        bend_a, bend_b = above * above * cross + slope_a, below * below * cross + slope_b
        return slope_a, slope_b, bend_a, bend_b, -above * below * cross


def validate(loss: OrdinalLogit | OrdinalProbit | OrdinalCloglog) -> None:
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


def _softplus(z: Array) -> Array:
    return np.log1p(np.exp(-np.abs(z))) + np.clip(z, 0.0, np.inf)


def _log1mexp(gap: Array) -> Array:
    """log(1 - exp(-gap)) for gap > 0, which huge scores leave nothing of."""
    return np.log(-np.expm1(-np.maximum(gap, np.finfo(gap.dtype).tiny)))


def _jaakkola(z: Array) -> Array:
    """tanh(z/2)/(2z), 1/4 at 0."""
    size = magnitude(z)
    return np.tanh(0.5 * size) / (2.0 * size)


def _left(a: Array, b: Array) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Intervals in float64, those right of 0 turned over: in the left tail nothing cancels."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    turned = a + b > 0
    return np.where(turned, -b, a), np.where(turned, -a, b), turned


def _hazards(a: Array, b: Array) -> tuple[Array, Array]:
    """phi(a) and phi(b) over Phi(a) - Phi(b), for intervals of the left half."""
    near = np.sqrt(2.0 / np.pi) / erfcx(-a / np.sqrt(2.0))
    part = -np.expm1(np.minimum(log_ndtr(b) - log_ndtr(a), -1e-300))
    of_a = near / part
    held = np.clip(b, -1e150, None)
    return of_a, of_a * np.exp(np.minimum(0.5 * (a - held) * (a + held), 0.0))


def _rates(a: Array, b: Array) -> tuple[Array, Array]:
    """exp(a) and exp(b) in float64, held; 0 below the lowest threshold."""
    above = np.exp(np.clip(a.astype(np.float64), -80.0, 80.0))
    below = np.exp(np.clip(b.astype(np.float64), -80.0, 80.0))
    below = np.where(b < -0.5 * _END, 0.0, below)
    above = np.where(a > 0.5 * _END, np.inf, above)
    return np.maximum(above, below * (1.0 + 1e-12) + 1e-300), below


def _interval(t: Array) -> tuple[Array, Array]:
    """t/(e^t - 1), and t (t e^t - e^t + 1)/(e^t - 1)^2, which is minus its derivative by log t."""
    held = np.clip(t, 1e-8, 700.0)
    grown = np.expm1(held)
    share = np.where(t < 700.0, held / grown, 0.0)
    bend = share * (held * (1.0 + 1.0 / grown) - 1.0)
    return share, np.where(t < 1e-5, 0.5 * t, np.maximum(bend, 0.0))
