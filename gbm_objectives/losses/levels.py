"""Several levels of one target in one model, quantiles or expectiles: one output for each level, one column of labels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from gbm_objectives._core.validation import Array, levels_of, message
from gbm_objectives.links import IDENTITY, SORTED, Link
from gbm_objectives.loss import HasHessian, HasMajorizer
from gbm_objectives.losses._outputs import MultiOutputLoss
from gbm_objectives.losses._residual import Delta
from gbm_objectives.losses.asymmetric import Expectile
from gbm_objectives.losses.quantile import Quantile

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ExpectileLevels", "QuantileLevels"]

Part = Quantile | Expectile
#: Which rows were put in order, and the order.
_Moved = tuple[NDArray[np.intp], NDArray[np.intp]] | None


class Levels(MultiOutputLoss, HasHessian, HasMajorizer):
    """The sum of one loss for each level, of which level k is given the k-th smallest output of a row.

    So the response is the sorted outputs, and it is the response that is trained: predictions cannot cross.
    Sorting permutes a row, so gradients and Hessians are those of the levels, each back at the output that it
    came from: no cross terms, and no map whose slope vanishes or explodes. Sorted quantiles never have a larger
    pinball loss than the same ones unsorted: Chernozhukov, Fernández-Val & Galichon (2010),
    https://doi.org/10.3982/ECTA7880. Positive gaps to a middle level as outputs, the other ordered model, predict
    worse: the noise of the trees of several outputs adds up in each level (``benchmarks/levels.py``).

    The majorizer is that of the levels: it lies above the loss for scores in the order at hand.
    With ``ordered=False`` output k belongs to level k and may cross others.
    """

    __slots__ = ()

    shift_invariant = True
    scaled = True

    tau: tuple[float, ...]
    ordered: bool
    parts: tuple[Part, ...]

    @abstractmethod
    def with_parts(self, parts: Iterable[Any]) -> Self:
        """The loss at the scales of these."""

    @property
    def link(self) -> Link:
        """Sorting, where outputs are ordered."""
        return SORTED if self.ordered else IDENTITY

    @property
    def n_outputs(self) -> int:
        """One a level."""
        return len(self.tau)

    @property
    @override
    def default_curvature(self) -> Any:
        return self.parts[0].default_curvature

    @property
    def scale(self) -> float:
        """The largest of the levels."""
        return max(part.scale for part in self.parts)

    @property
    def limit(self) -> float:
        """The smallest of the levels."""
        return min(part.limit for part in self.parts)

    @property
    @override
    def flat(self) -> bool:
        return self.parts[0].flat

    @property
    @override
    def pending(self) -> bool:
        return any(part.pending for part in self.parts)

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """The sum over the levels."""
        levels = self._levels(raw_prediction)
        values = [part.value(y_true, z) for part, z in zip(self.parts, levels, strict=True)]
        return reduce(np.add, values)

    @override
    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        return self._each(lambda p, z: (p.gradient(y_true, z),), raw_prediction)[0]

    @override
    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        return self._each(lambda p, z: (p.hessian(y_true, z),), raw_prediction)[0]

    @override
    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        return self._each(lambda p, z: (p.majorizer(y_true, z),), raw_prediction)[0]

    @override
    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        gradient, hessian = self._each(lambda p, z: p.gradient_hessian(y_true, z), raw_prediction)
        return gradient, hessian

    @override
    def gradient_majorizer(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        gradient, bound = self._each(lambda p, z: p.gradient_majorizer(y_true, z), raw_prediction)
        return gradient, bound

    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """The sums of the levels, one level after the other."""
        pairs = zip(self.parts, self._levels(raw_prediction), strict=True)
        return np.concatenate([p.statistics(y_true, z, sample_weight) for p, z in pairs])

    def resolve(self, sums: Array) -> Self:
        """Each level at the scale of its sums."""
        each = sums.reshape(self.n_outputs, -1)
        return self.with_parts(p.resolve(s) for p, s in zip(self.parts, each, strict=True))

    def intercept(self, y_true: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        """The best constant of each level, (K,)."""
        return np.sort([part.intercept(y_true, sample_weight) for part in self.parts])

    def _levels(self, raw_prediction: Array) -> list[Array]:
        """The column of each level.

        Sorted by exchanges of neighbours, whole columns at a time: ten times as fast as sorting each short row.
        """
        columns = list(raw_prediction.T)
        for last in range(1, len(columns) if self.ordered else 0):
            for k in range(last, 0, -1):
                low = np.minimum(columns[k - 1], columns[k])
                columns[k] = np.maximum(columns[k - 1], columns[k])
                columns[k - 1] = low
        return columns

    def _in_order(self, raw_prediction: Array) -> tuple[Array, _Moved]:
        """The outputs, of each row in increasing order; only rows that cross are touched."""
        if not self.ordered:
            return raw_prediction, None
        crossing = (raw_prediction[:, 1:] < raw_prediction[:, :-1]).any(axis=1)
        rows = np.flatnonzero(crossing)
        if not len(rows):
            return raw_prediction, None
        given = raw_prediction[rows]
        order = given.argsort(axis=1, kind="stable")
        levels = np.array(raw_prediction, order="F")
        levels[rows] = np.take_along_axis(given, order, axis=1)
        return levels, (rows, order)

    def _each(
        self, evaluate: Callable[[Part, Array], tuple[Array, ...]], raw_prediction: Array
    ) -> list[Array]:
        """What is evaluated of each level, at the output that the level was given."""
        given: Any = raw_prediction
        if not isinstance(given, np.ndarray):  # recorded, to be compiled
            return self._each_exchanged(evaluate, given)
        levels, moved = self._in_order(raw_prediction)
        found = [evaluate(part, z) for part, z in zip(self.parts, levels.T, strict=True)]
        results = []
        for columns in zip(*found, strict=True):
            result = np.stack(columns).T
            if moved is not None:
                rows, order = moved
                back = np.empty_like(result[rows])
                np.put_along_axis(back, order, result[rows], axis=1)
                result[rows] = back
            results.append(result)
        return results

    def _each_exchanged(
        self, evaluate: Callable[[Part, Array], tuple[Array, ...]], raw_prediction: Array
    ) -> list[Array]:
        """The same without a look at the numbers: outputs are sorted by exchanges, which are then undone."""
        columns, exchanges = list(raw_prediction.T), []
        for last in range(1, len(columns) if self.ordered else 0):
            for k in range(last, 0, -1):
                crossing = columns[k - 1] > columns[k]
                _exchange(columns, k, crossing)
                exchanges.append((k, crossing))
        found = [evaluate(part, z) for part, z in zip(self.parts, columns, strict=True)]
        results = [list(each) for each in zip(*found, strict=True)]
        for result in results:
            for k, crossing in reversed(exchanges):
                _exchange(result, k, crossing)
        return [np.stack(result).T for result in results]


def _exchange(columns: list[Array], k: int, where: Array) -> None:
    """Exchange two neighbours."""
    low, high = columns[k - 1], columns[k]
    columns[k - 1], columns[k] = np.where(where, high, low), np.where(where, low, high)


@dataclass(frozen=True, slots=True)
class QuantileLevels(Levels):
    """The sum of the (smoothed) pinball losses of increasing levels.

    Domain of y: the real numbers. Link: sorting; identity where outputs are not ordered.

    Parameters
    ----------
    tau : tuple of float
        The levels, increasing.
    delta : float, tuple of float or "auto", default "auto"
        As for `Quantile`, for all levels or one for each level; "auto": each level has its own, as alone.
    smooth : bool, default True
        As for `Quantile`.
    ordered : bool, default True
        As for `Levels`.
    spread : tuple of float
        Of the residuals of each level, set by `resolve`; it only feeds trust regions.
    parts : tuple of Quantile
        The loss of each level; while their scales are sought, as far as these are known.
    """

    tau: tuple[float, ...]
    delta: Delta | tuple[float, ...] = "auto"
    smooth: bool = True
    ordered: bool = True
    spread: tuple[float, ...] = field(default=(), repr=False)
    parts: tuple[Quantile, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", levels_of(self.tau))
        deltas: Any = self.delta
        if isinstance(deltas, (list, tuple, np.ndarray)):
            deltas = tuple(deltas)
            object.__setattr__(self, "delta", deltas)
            if len(deltas) != len(self.tau) or "auto" in deltas:
                needed = f'{len(self.tau)} numbers, one for each level; one for all; or "auto"'
                raise ValueError(message("delta", repr(deltas), needed))
        else:
            deltas = (deltas,) * len(self.tau)
        if any(part.pending and part.spread for part in self.parts):
            return  # between two passes over the rows
        spreads = self.spread or (0.0,) * len(self.tau)
        parts = tuple(
            Quantile(delta, spread, tau, self.smooth)
            for delta, spread, tau in zip(deltas, spreads, self.tau, strict=True)
        )
        object.__setattr__(self, "parts", parts)

    @property
    def name(self) -> str:
        """The metric's name; the metric is the mean pinball loss of the levels."""
        return f"quantile_{self.tau[0]:g}_to_{self.tau[-1]:g}"

    @property
    def criterion(self) -> QuantileLevels:
        """The exact pinball losses."""
        return replace(self, smooth=False)

    @property
    def _deltas(self) -> list[float]:
        return [part.fixed_delta for part in self.parts]

    @property
    def unit(self) -> float:
        """The sum of the levels'."""
        return float(sum(part.unit for part in self.parts))

    @override
    def with_parts(self, parts: Iterable[Any]) -> QuantileLevels:
        parts = tuple(parts)
        if parts[0].pending:  # so are all
            return replace(self, parts=parts)
        scales = [(part.fixed_delta, part.spread) for part in parts]
        delta, spread = zip(*scales, strict=True)
        return replace(self, delta=delta, spread=spread, parts=())

    def anchored(self, y_true: Array, sample_weight: Array | None) -> QuantileLevels:
        """At the mean of the levels' own scales around their constants: so all pinball losses count alike."""
        loss = self
        if self.pending:
            loss = self.with_parts(part.anchored(y_true, sample_weight) for part in self.parts)
        return replace(loss, delta=float(np.mean(loss._deltas)), spread=())


@dataclass(frozen=True, slots=True)
class ExpectileLevels(Levels):
    """The sum of the expectile losses of increasing levels.

    Domain of y: the real numbers. Link: sorting; identity where outputs are not ordered.

    Parameters
    ----------
    tau : tuple of float
        The levels, increasing.
    ordered : bool, default True
        As for `Levels`.
    variance : float
        Of the labels around their mean, set by `anchored`: the unit of the metric.
    """

    tau: tuple[float, ...]
    ordered: bool = True
    variance: float = field(default=1.0, repr=False)
    parts: tuple[Expectile, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", levels_of(self.tau))
        parts = tuple(Expectile(tau, self.variance) for tau in self.tau)
        object.__setattr__(self, "parts", parts)

    @property
    def name(self) -> str:
        """The metric's name; the metric is the mean loss of the levels."""
        return f"expectile_{self.tau[0]:g}_to_{self.tau[-1]:g}"

    @property
    def unit(self) -> float:
        """The variance for each level, once anchored."""
        return self.variance * len(self.tau)

    def with_parts(self, parts: Iterable[Any]) -> ExpectileLevels:
        """The loss itself: it has no scale."""
        return self

    def anchored(self, y_true: Array, sample_weight: Array | None) -> ExpectileLevels:
        """The loss in units of the labels' variance."""
        return replace(self, variance=Expectile().anchored(y_true, sample_weight).variance)
