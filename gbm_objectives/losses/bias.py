"""The mean bias error, as a penalty beside a loss and, on demand, raw."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import override

from gbm_objectives._core.frozen import FrozenArray
from gbm_objectives._core.numerics import weighted_sums
from gbm_objectives._core.validation import Array, message, positive
from gbm_objectives.curvature import Unit
from gbm_objectives.loss import HasColumns, HasMajorizer, Loss

__all__ = ["MeanBias", "MeanBiasPenalty"]


@dataclass(frozen=True, slots=True, repr=False)
class Groups:
    """The group of each training row, as codes 0..n_groups-1."""

    codes: FrozenArray
    n_groups: int

    @classmethod
    def of(cls, groups: ArrayLike) -> Groups:
        """Encode one label for each row; any labels that NumPy can sort."""
        array = np.asarray(groups)
        if array.ndim != 1 or not array.size:
            raise ValueError(
                message("groups", f"shape {array.shape}", "one group for each row, (n_samples,)")
            )
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise ValueError(message("groups", "NaN", "a group for each row"))
        try:
            names, codes = np.unique(array, return_inverse=True)
        except TypeError as error:
            given = f"labels that NumPy can't sort ({error})"
            raise TypeError(message("groups", given, "labels of one type, none missing")) from error
        return cls(FrozenArray(codes.astype(np.intp)), len(names))

    def part(self, rows: slice | NDArray[np.intp]) -> Groups:
        """The groups of some rows."""
        return replace(self, codes=self.codes.part(rows))

    def __len__(self) -> int:
        return len(self.codes)

    @override
    def __repr__(self) -> str:
        return f"<{self.n_groups} groups of {len(self)} rows>"


@dataclass(frozen=True, slots=True)
class MeanBiasPenalty(HasColumns, HasMajorizer):
    """(penalty/2) n mean(r)^2 with r = raw_prediction - y_true; per group where groups are given.

    Domain of y: the real numbers. Link: identity.

    The gradient is penalty mean(r), the same in every row (of a group), so it moves leaves and finds
    no splits: the penalty only works beside a loss. Its Hessian has rank one; the diagonal majorizer
    is ``penalty`` (Cauchy-Schwarz). It is slow, and `Majorizer(kappa=learning_rate)` is enough:
    a round then moves the mean bias of a group at most to 0.
    """

    penalty: float = 1.0
    groups: Groups | None = None
    biases: tuple[float, ...] | None = field(default=None, repr=False)

    name: ClassVar[str] = "mean_bias_penalty"
    columns = ("groups",)
    shift_invariant = True
    #: A constant gradient splits nothing.
    stands_alone = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "penalty", positive("penalty", self.penalty))
        HasColumns.__post_init__(self)

    @override
    def _as_column(self, name: str, values: Any) -> Groups:
        return Groups.of(values)

    @property
    def unit(self) -> float:
        """0: the metric takes the unit of the loss beside it."""
        return 0.0

    @property
    @override
    def missing_columns(self) -> tuple[str, ...]:
        """None: without groups the bias is that of all rows."""
        return ()

    @property
    @override
    def pending(self) -> bool:
        return self.biases is None

    def _bias(self, like: Array) -> Array:
        if self.biases is None:
            raise ValueError(
                message("biases", "None", "mean residuals", "Call resolve(sums) first.")
            )
        biases = np.array(self.biases, dtype=like.dtype)
        if self.groups is None:
            return np.full_like(like, biases[0])
        return biases[self.groups.codes.values]

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """A row's share, penalty/2 mean(r)^2."""
        return 0.5 * self.penalty * self._bias(raw_prediction) ** 2

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """penalty mean(r)."""
        return self.penalty * self._bias(raw_prediction)

    @override
    def majorizer(self, y_true: Array, raw_prediction: Array) -> Array:
        return np.full_like(raw_prediction, self.penalty)

    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        """The sums of weights and of residuals, of each group in turn."""
        residual = np.subtract(raw_prediction, y_true, dtype=np.float64)
        weight = None if sample_weight is None else sample_weight.astype(np.float64)
        if self.groups is None:
            return weighted_sums(weight, residual)
        if weight is None:
            weight = np.ones(len(residual))
        codes, n = self.groups.codes.values, self.groups.n_groups
        return np.concatenate(
            [np.bincount(codes, weight, n), np.bincount(codes, weight * residual, n)]
        )

    def resolve(self, sums: Array) -> MeanBiasPenalty:
        """The penalty with the mean residuals filled in; a group without weight has none."""
        weights, residuals = np.split(sums, 2)
        means = residuals / np.where(weights > 0, weights, 1.0)
        return replace(self, biases=tuple(means.tolist()))

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The mean: it also minimises the sum over groups."""
        return float(np.average(y_true, weights=sample_weight))


@dataclass(frozen=True, slots=True)
class MeanBias(Loss):
    """The raw mean bias error, r = raw_prediction - y_true: linear and unbounded below.

    Domain of y: the real numbers. Link: identity.
    """

    name: ClassVar[str] = "mean_bias_error"
    shift_invariant = True
    default_curvature = Unit()

    @override
    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        return raw_prediction - y_true

    @override
    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        return np.ones_like(raw_prediction)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> float:
        """The mean, where the bias is 0; there is no minimum."""
        return float(np.average(y_true, weights=sample_weight))
