"""What the likelihoods of this room share: parameters, their links, the Fisher matrix and the natural gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds
from typing_extensions import override

from gbm_objectives._core.validation import Array, reject_non_finite, reject_rows
from gbm_objectives.curvature import Curvature, Natural
from gbm_objectives.links import Columns, HeldLog, HeldLogit, Link
from gbm_objectives.loss import HasNaturalGradient
from gbm_objectives.losses._outputs import MultiOutputLoss, minimum

#: A column for each parameter.
Parts = tuple[Array, ...]

#: Derivatives are held below: they are handed over in float32, and summed.
_LARGEST = 1e30
#: A row tells at least so much of a parameter: so steps stay finite where the data say nothing of it.
_RIDGE = 0.05

#: The link of a scale.
SCALE = HeldLog(80.0)
#: The link of a shape: within 4.5e-5 and 2.2e4.
SHAPE = HeldLog(10.0)
#: The link of a share.
SHARE = HeldLogit(30.0)


class Family(ABC):
    """A family of distributions, each a few parameters a row."""

    __slots__ = ()

    #: The names of the parameters, in the order of the columns.
    parameters: ClassVar[tuple[str, ...]]
    #: Whether labels are whole numbers.
    discrete: ClassVar[bool] = False

    @abstractmethod
    def mean(self, parameters: Array) -> Array:
        """The means of the rows, (n,), from parameters (n, n_parameters); of one parameter also (n,)."""

    @abstractmethod
    def frozen(self, parameters: Array) -> Any:
        """The frozen distribution of `scipy.stats` over all rows."""


class DistributionLoss(Family, MultiOutputLoss, HasNaturalGradient):
    """A negative log-likelihood of several parameters a row.

    A family gives formulas of columns in float64: ``likelihood`` (the negative logarithm), ``score`` (its derivatives
    by the raw parameters) and ``information`` (the diagonal of the Fisher matrix, and what lies beside it), all at raw
    parameters within the bounds of their links.

    The steps of the natural gradient are those of the Fisher matrix plus .05 on the diagonal of parameters without
    a unit: where rows hardly tell a parameter, it stays where it is.
    """

    __slots__ = ()

    parameter_links: ClassVar[tuple[Link, ...]]
    #: The parameters whose unit is that of the label; all others have none.
    with_unit: ClassVar[tuple[int, ...]] = ()

    @property
    def n_outputs(self) -> int:
        """One a parameter."""
        return len(self.parameters)

    @property
    def link(self) -> Link:
        """A link for each parameter."""
        return Columns(self.parameter_links)

    @property
    @override
    def convex(self) -> bool:
        return False

    @property
    @override
    def default_curvature(self) -> Curvature:
        return Natural()

    @abstractmethod
    def likelihood(self, y: Array, *z: Array) -> Array:
        """The negative logarithm of the density or probability of each label."""

    @abstractmethod
    def score(self, y: Array, *z: Array) -> Parts:
        """The derivatives of `likelihood` by each z."""

    @abstractmethod
    def information(self, *z: Array) -> Parts:
        """The diagonal of the Fisher matrix."""

    def crossed(self, *z: Array) -> dict[tuple[int, int], Array]:
        """What the Fisher matrix has beside its diagonal, by (row, column), row < column."""
        return {}

    @abstractmethod
    def start(self, y: Array, sample_weight: Array | None) -> list[float]:
        """Raw parameters near the best constants, for instance by moments."""

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """The negative log-likelihood, with all its constants."""
        y, z = self._columns(y_true, raw_prediction)
        with np.errstate(over="ignore"):
            return self.likelihood(y, *z).astype(raw_prediction.dtype)

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """The score, (n, n_outputs); 0 where a raw parameter lies beyond the bounds of its link.

        The natural gradient leads back from there.
        """
        y, z = self._columns(y_true, raw_prediction)
        with np.errstate(over="ignore", invalid="ignore"):
            gradient = _stacked(self.score(y, *z), raw_prediction)
        for k, link in enumerate(self.parameter_links):
            beyond = np.abs(raw_prediction[:, k]) > getattr(link, "held", np.inf)
            gradient[beyond, k] = 0.0
        return gradient

    def fisher(self, y_true: Array, raw_prediction: Array) -> Array:
        """The diagonal of the Fisher matrix, (n, n_outputs)."""
        y, z = self._columns(y_true, raw_prediction)
        return _stacked(
            tuple(np.broadcast_to(i, y.shape) for i in self.information(*z)), raw_prediction
        )

    def fisher_matrix(self, raw_prediction: Array) -> NDArray[np.float64]:
        """The Fisher matrix of each row, (n, n_outputs, n_outputs)."""
        _, z = self._columns(raw_prediction[:, 0], raw_prediction)
        matrix = np.zeros((len(raw_prediction), self.n_outputs, self.n_outputs))
        for k, diagonal in enumerate(self.information(*z)):
            matrix[:, k, k] = diagonal
        for (j, k), beside in self.crossed(*z).items():
            matrix[:, j, k] = matrix[:, k, j] = beside
        return matrix

    @override
    def natural_gradient(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        y, z = self._columns(y_true, raw_prediction)
        with np.errstate(over="ignore", invalid="ignore"):
            told = tuple(
                diagonal if k in self.with_unit else diagonal + _RIDGE
                for k, diagonal in enumerate(self.information(*z))
            )
            steps = _solved(told, self.crossed(*z), self.score(y, *z))
            lengths = tuple(np.abs(s) * np.sqrt(i) for s, i in zip(steps, told, strict=True))
        return _stacked(steps, raw_prediction), _stacked(lengths, raw_prediction)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        """The maximum-likelihood constants, as raw parameters, (n_outputs,)."""
        y = np.asarray(y_true, dtype=np.float64)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        held = np.array([getattr(link, "held", np.inf) for link in self.parameter_links])
        start = np.clip(self.start(y, sample_weight), 1.0 - held, held - 1.0)
        share = weight / weight.sum()
        unit = np.ones(self.n_outputs)
        unit[list(self.with_unit)] = self.scale_of(start)
        within = Bounds((-held - start) / unit, (held - start) / unit)

        def mean(move: Array) -> tuple[float, Array]:
            z = tuple(np.full(len(y), at) for at in np.clip(start + unit * move, -held, held))
            slopes = np.array([share @ part for part in self.score(y, *z)])
            return float(share @ self.likelihood(y, *z)), np.clip(slopes * unit, -1e10, 1e10)

        with np.errstate(over="ignore", invalid="ignore"):
            moves = minimum(mean, np.zeros(self.n_outputs), within)
            return np.clip(start + unit * moves, -held, held)

    def scale_of(self, start: Array) -> float:
        """The unit of the parameters that have one."""
        return 1.0

    def _columns(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Parts]:
        """Labels and raw parameters in float64, those within the bounds of their links."""
        columns = []
        for link, raw in zip(self.parameter_links, raw_prediction.T, strict=True):
            z, held = raw.astype(np.float64), getattr(link, "held", None)
            columns.append(z if held is None else np.clip(z, -held, held))
        return y_true.astype(np.float64), tuple(columns)


def _stacked(parts: Parts, like: Array) -> Array:
    """Columns side by side in Fortran order, in the precision of the predictions."""
    result = np.empty(like.shape, dtype=like.dtype, order="F")
    for k, part in enumerate(parts):
        result[:, k] = np.clip(part, -_LARGEST, _LARGEST)
    return result


def _solved(diagonal: Parts, crossed: dict[tuple[int, int], Array], right: Parts) -> Parts:
    """The solutions of symmetric systems, one for each row, by elimination on whole columns."""
    size = len(right)
    if not crossed:
        return tuple(b / d for b, d in zip(right, diagonal, strict=True))
    a: Any = {(k, k): diagonal[k] for k in range(size)} | {
        (k, j): v for (j, k), v in crossed.items()
    }
    b: Any = list(right)
    for j in range(size):  # the lower triangle, column by column
        for k in range(j + 1, size):
            if (k, j) in a:
                factor = a[k, j] / a[j, j]
                b[k] = b[k] - factor * b[j]
                for i in range(k, size):
                    if (i, j) in a:
                        a[i, k] = a.get((i, k), 0.0) - factor * a[i, j]
    for j in reversed(range(size)):
        for k in range(j + 1, size):
            if (k, j) in a:
                b[j] = b[j] - a[k, j] * b[k]
        b[j] = b[j] / a[j, j]
    return tuple(b)


class PositiveLabels(DistributionLoss):
    """Labels above 0."""

    __slots__ = ()

    @override
    def check_labels(self, y_true: Array) -> bool:
        return bool(y_true.min() > 0)

    @override
    def reject_labels(self, y_true: Array, raw_prediction: Array | None = None) -> None:
        reject_non_finite("y_true", y_true)
        zeros = bool((y_true == 0).any()) and not (y_true < 0).any()
        advice = (
            "For amounts with zeros use tweedie(), or a model of zero or not beside one of the amounts above 0."
            if zeros
            else 'For such labels use distribution("normal") or "student_t".'
        )
        reject_rows(
            "y_true", y_true <= 0, f"a label that is 0 or negative, for the {self.name} distribution", "labels > 0",
            self._advice(raw_prediction, advice),
        )  # fmt: skip
