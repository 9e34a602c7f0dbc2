"""The loss of a function of several raw predictions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from gbm_objectives._core.numerics import weighted_sums
from gbm_objectives._core.validation import Array
from gbm_objectives.curvature import Curvature, Normalized, Safe
from gbm_objectives.links import IDENTITY
from gbm_objectives.loss import HasSize
from gbm_objectives.losses._outputs import MultiOutputLoss, minimum
from gbm_objectives.losses.functions._probing import distinct, largest_score, part_of, sized
from gbm_objectives.losses.functions._source import Source

#: Derivatives are held below.
_LARGEST = 1e30


@dataclass(frozen=True, slots=True)
class OutputsFunction(MultiOutputLoss, HasSize):
    """A function of a label and of several raw predictions, such as a likelihood of two parameters.

    Domain of y: any number that the function takes. Link: identity. The unit of each output is a Newton step of
    typical size: the root of the mean squared gradient over the mean of the second derivatives. The Hessian is at least
    |g| over that unit. Formulas run in float64.

    Parameters
    ----------
    source : Source
    units : tuple of float or None, default None
        One an output, found in each round.
    size : tuple of float or None, default None
        The mean Hessian of each output, found in each round.
    """

    source: Source
    units: tuple[float, ...] | None = field(default=None, repr=False)
    size: tuple[float, ...] | None = field(default=None, repr=False)

    link = IDENTITY

    @property
    def name(self) -> str:
        """That of the function."""
        return self.source.name

    @property
    def n_outputs(self) -> int:
        """One a name."""
        return len(self.source.outputs)

    @property
    @override
    def convex(self) -> bool:
        return False

    @property
    @override
    def default_curvature(self) -> Curvature:
        return Normalized()

    @property
    @override
    def criterion(self) -> OutputsFunction:
        one = (1.0,) * self.n_outputs
        return replace(self, units=one, size=one)

    def value(self, y_true: Array, raw_prediction: Array) -> Array:
        """The function; beyond the scores that it is given it stays as it is there."""
        y, z = self._columns(y_true, raw_prediction)
        return self.source.value(y, z).astype(raw_prediction.dtype)

    def gradient(self, y_true: Array, raw_prediction: Array) -> Array:
        """By the tool."""
        return self.gradient_hessian(y_true, raw_prediction)[0]

    def hessian(self, y_true: Array, raw_prediction: Array) -> Array:
        """By the tool: the diagonal of the matrix of each row."""
        return self.gradient_hessian(y_true, raw_prediction)[1]

    @override
    def gradient_hessian(self, y_true: Array, raw_prediction: Array) -> tuple[Array, Array]:
        y, z = self._columns(y_true, raw_prediction)
        with np.errstate(over="ignore", invalid="ignore"):
            parts = [np.clip(part, -_LARGEST, _LARGEST) for part in self.source.both(y, z)]
        size, dtype = self.n_outputs, raw_prediction.dtype
        gradient, hessian = np.column_stack(parts[:size]), np.column_stack(parts[size:])
        return gradient.astype(dtype), hessian.astype(dtype)

    @property
    @override
    def pending(self) -> bool:
        return self.size is None

    @property
    @override
    def sampled(self) -> bool:
        return True

    @override
    def statistics(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None
    ) -> Array:
        y, raw, weight = part_of(y_true, raw_prediction.astype(np.float64), sample_weight)
        if self.units is not None:
            return weighted_sums(weight, *Safe().evaluate(self, y, raw)[1].T)
        gradient, hessian = self.gradient_hessian(y, raw)
        return weighted_sums(weight, *(gradient.T**2), *np.maximum(hessian.T, 0.0))

    @override
    def resolve(self, sums: Array) -> OutputsFunction:
        weight, *totals = sums.tolist()
        weight, k = weight or 1.0, self.n_outputs
        if self.units is not None:
            return replace(self, size=tuple(sized(total / weight) for total in totals))
        units = []
        for squares, bends in zip(totals[:k], totals[k:], strict=True):
            unit = np.sqrt(squares * weight) / bends if bends > 0 else 1.0
            units.append(float(unit) if 0 < unit < np.inf else 1.0)
        return replace(self, units=tuple(units))

    @override
    def reach(self, y_true: Array, raw_prediction: Array) -> Array:
        units = self.units or (1.0,) * self.n_outputs
        columns = [np.full_like(z, unit) for z, unit in zip(raw_prediction.T, units, strict=True)]
        return np.column_stack(columns)

    def intercept(self, y_true: Array, sample_weight: Array | None) -> NDArray[np.float64]:
        """Sought from several starts: each output may be the one in the unit of the label."""
        y = np.asarray(y_true, np.float64)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        y, weight = distinct(y, weight)
        share = weight / weight.sum()
        middle = float(share @ y)
        scale = float(np.sqrt(share @ (y - middle) ** 2)) or 1.0
        held = np.array(largest_score(self.source, (0.0, 1.0, -1.0)))
        found = []
        for rest in (0.0, np.log(scale)):
            for k in range(self.n_outputs):
                start, unit = np.full(self.n_outputs, rest), np.ones(self.n_outputs)
                start[k], unit[k] = middle, scale
                found.append(self._sought(y, share, np.clip(start, -held, held), unit))
        return min(found, key=lambda pair: pair[0])[1]

    def _sought(self, y: Array, share: Array, start: Array, unit: Array) -> tuple[float, Array]:
        def mean(move: Array) -> tuple[float, Array]:
            raw = np.asfortranarray(np.broadcast_to(start + unit * move, (len(y), len(start))))
            slopes = share @ self.gradient(y, raw)
            value = float(share @ self.value(y, raw))
            return (value if np.isfinite(value) else 1e300), np.clip(slopes * unit, -1e10, 1e10)

        with np.errstate(all="ignore"):
            constants = start + unit * minimum(mean, np.zeros(len(start)))
            return mean((constants - start) / unit)[0], constants

    def _columns(self, y_true: Array, raw_prediction: Array) -> tuple[Array, tuple[Array, ...]]:
        """Labels and raw predictions in float64, within the scores that the function is given."""
        held = largest_score(self.source, (0.0, 1.0, -1.0))
        columns = [
            np.clip(column.astype(np.float64), -bound, bound)
            for column, bound in zip(raw_prediction.T, held, strict=True)
        ]
        return y_true.astype(np.float64), tuple(columns)
