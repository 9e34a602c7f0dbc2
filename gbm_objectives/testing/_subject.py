"""What is checked: the objective at its doors, the data it is shown, and its value."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.objective import Objective
from gbm_objectives.testing._calls import Broken, Candidate
from gbm_objectives.testing._samples import Sample, Samples

Value = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class RowValue:
    """The loss of each row from the user's value function.

    Parameters
    ----------
    function : ``value(y_true, raw_prediction)``.
    kind : "rows": it returns an array; "scalar": a sum or a mean of rows that don't depend on each
        other, so that its value of a single row is the row's loss; "total": any other number.
    """

    function: Value
    kind: Literal["rows", "scalar", "total"]

    @classmethod
    def of(cls, function: Value, sample: Sample) -> RowValue:
        """With the kind found by trying."""
        some = sample.take(np.linspace(0, len(sample) - 1, 6).astype(int))
        y, raw = some.y, some.raw
        whole = _called(function, y, raw)
        if whole.size == len(y):
            return cls(function, "rows")
        if whole.size != 1:
            raise Broken(
                f"value returned shape {whole.shape} for {len(y)} rows, "
                "where one number for each row, or one number, is needed"
            )
        try:
            singles = [_called(function, y[i : i + 1], raw[i : i + 1]).item() for i in range(6)]
        except (Broken, ValueError):
            return cls(function, "total")
        with np.errstate(all="ignore"):
            separate = np.isclose(
                [np.sum(singles), np.mean(singles)], whole.item(), rtol=1e-6, atol=0.0
            )
        return cls(function, "scalar" if separate.any() else "total")

    def __call__(self, y: Array, raw: Array) -> Array:
        """(n,): the loss of each row; not for the kind "total"."""
        if self.kind == "rows":
            return _called(self.function, y, raw).reshape(len(y))
        rows = range(len(y))
        return np.array([_called(self.function, y[[i]], raw[[i]]).item() for i in rows])

    def moved(self, sample: Sample, rows: Array, column: Array, k: int | None) -> Array:
        """The loss of each of these rows, its prediction (of output k) moved, and only its own."""
        if self.kind != "total":
            some = sample.take(rows)
            column_of(some.raw, k)[:] = column
            return self(some.y, some.raw)
        raw, result = sample.raw.copy(), np.empty(len(rows))
        for place, (i, value) in enumerate(zip(rows, column, strict=True)):
            column_of(raw, k)[i] = value
            result[place] = _called(self.function, sample.y, raw).item()
            raw[i] = sample.raw[i]
        return result


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that a check needs.

    Parameters
    ----------
    candidate : the objective.
    fixed : the same with automatic scales fixed at those of the probe; the candidate itself where unknown.
    samples : the data.
    probe : the rows at which derivatives are compared.
    value : the loss of each row, if there is one; or what is wrong with the function given for it.
    coupled : whether the result of a row depends on the other rows.
    exact : whether the Hessian must be the exact second derivative.
    start : the raw score at which training starts, if the user has named one.
    """

    candidate: Candidate
    fixed: Candidate
    samples: Samples
    probe: Sample
    value: RowValue | str | None
    coupled: bool
    exact: bool
    start: float | None = None

    @property
    def own(self) -> bool:
        """Whether it is an `Objective`, and no function of the user's."""
        return isinstance(self.candidate.function, Objective)

    @property
    def preconditioned(self) -> bool:
        """Whether the gradients that the libraries get are others than the derivatives of the losses."""
        function = self.candidate.function
        if not isinstance(function, Objective):
            return False
        return any(term.policy.preconditions for term in function.terms)

    @property
    def outputs(self) -> list[int | None]:
        """The columns of the predictions; None for predictions without columns."""
        return [None] if self.probe.raw.ndim == 1 else list(range(self.probe.raw.shape[1]))


def column_of(array: Array, k: int | None) -> Array:
    """Output k of a result."""
    column: Array = array if k is None else array[:, k]
    return column


def rowwise(a: Array, reduce: Any) -> Array:
    """(n,): a result reduced over its outputs, if it has columns."""
    row: Array = reduce(a, axis=1) if a.ndim == 2 else a
    return row


def depends_on_other_rows(candidate: Candidate, sample: Sample) -> bool:
    """Whether the half of the rows with the higher scores gets another result alone."""
    score = sample.raw if sample.raw.ndim == 1 else sample.raw[:, 0]
    half = np.flatnonzero(score >= np.median(score))
    try:
        part = candidate.evaluate(sample.y[half], sample.raw[half])
        whole = candidate.evaluate(sample.y, sample.raw)
    except Broken:
        return False
    return not all(same(a, b[half]) for a, b in zip(part, whole, strict=True))


def same(a: Array, b: Array, tolerance: float = 1e-5) -> bool:
    """Whether two results agree up to rounding, NaN included."""
    size = np.abs(b[np.isfinite(b)])
    floor = tolerance * float(np.median(size)) if len(size) else 0.0
    return bool(np.allclose(a, b, rtol=tolerance, atol=floor, equal_nan=True))


def identical(a: Array, b: Array) -> bool:
    """Whether two results are equal, NaN included."""
    return bool(np.array_equal(a, b, equal_nan=True))


def _called(function: Value, y: Array, raw: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.asarray(function(y.copy(), raw.copy()), dtype=np.float64)
        except Exception as error:
            raise Broken(f"value raised {type(error).__name__}: {error}") from error
