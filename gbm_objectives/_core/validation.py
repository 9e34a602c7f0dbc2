"""One voice for errors: which argument, what was given, what is needed, what to do instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def message(argument: str, given: str, needed: str, instead: str = "") -> str:
    """The sentence every error of this package is made of."""
    return f"{argument}: {given}; needed: {needed}." + (f" {instead}" if instead else "")


def invalid(
    argument: str, *, given: object, needed: str, hint: str = "", kind: type[Exception] = ValueError
) -> Exception:
    """The error for an argument, to be raised: ``raise invalid("delta", given=-1, needed="a number > 0")``.

    Parameters
    ----------
    argument : str
        Its name.
    given : object
        What it is; text, or a value whose repr is shown.
    needed : str
        What it must be.
    hint : str, default ""
        What to do instead, as a sentence.
    kind : type of Exception, default ValueError
        TypeError where the type is wrong.

    Returns
    -------
    Exception
    """
    return kind(message(argument, given if isinstance(given, str) else repr(given), needed, hint))


def positive(argument: str, value: float) -> float:
    """A finite number above zero, as float."""
    return number(argument, value, lambda x: x > 0, "a finite number > 0")


def non_negative(argument: str, value: float) -> float:
    """A finite number not below zero, as float."""
    return number(argument, value, lambda x: x >= 0, "a finite number >= 0")


def open_unit(argument: str, value: float) -> float:
    """A number strictly between 0 and 1, as float."""
    return number(argument, value, lambda x: 0 < x < 1, "a number strictly between 0 and 1")


def levels_of(tau: ArrayLike) -> tuple[float, ...]:
    """Increasing levels strictly between 0 and 1, two at least; or an error."""
    if isinstance(tau, str) or np.ndim(tau) != 1:
        needed = "a number, or a list of increasing numbers, strictly between 0 and 1"
        raise invalid("tau", given=repr(tau), needed=needed, kind=TypeError)
    levels = tuple(open_unit(f"tau[{k}]", level) for k, level in enumerate(tau))  # type: ignore[arg-type]
    if len(levels) < 2:
        raise invalid("tau", given=list(levels), needed="two levels or more, or one number")
    if any(low >= high for low, high in pairwise(levels)):
        raise invalid("tau", given=list(levels), needed="increasing levels, each once")
    return levels


def number(argument: str, value: object, holds: Callable[[float], bool], needed: str) -> float:
    """``value`` as a finite float for which ``holds``, or an error that says what is ``needed``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        given = f"{value!r} of type {type(value).__name__}"
        raise invalid(argument, given=given, needed=needed, kind=TypeError)
    result = float(value)
    if not (math.isfinite(result) and holds(result)):
        raise invalid(argument, given=repr(value), needed=needed)
    return result


def whole_number(argument: str, value: object, least: int) -> int:
    """``value`` as an int of at least ``least``."""
    needed = f"a whole number >= {least}"
    return int(number(argument, value, lambda x: x >= least and x == math.floor(x), needed))


def numeric_array(argument: str, values: ArrayLike, *, may_be_empty: bool = False) -> Array:
    """A real array of one or two dimensions: what was given if it is float32 or float64, else float64.

    Whole numbers would cut off what is computed in their type, and XGBoost reads foreign byte orders as its own.
    An array without rows is an error, but for ``may_be_empty``.
    """
    array = _as_array(argument, values)
    if array.dtype.kind not in "fiub":
        given = f"an array of dtype {array.dtype}"
        raise invalid(argument, given=given, needed="real numbers", kind=TypeError)
    if array.dtype not in (np.float32, np.float64):
        with np.errstate(over="ignore"):  # a long double beyond is infinite, and refused as such
            array = array.astype(np.float64)
    if array.ndim not in (1, 2):
        needed = "shape (n_samples,) or (n_samples, n_outputs)"
        raise invalid(argument, given=f"shape {array.shape}", needed=needed)
    if array.size == 0 and not may_be_empty:
        raise no_rows(argument, array)
    return array


def no_rows(argument: str, values: Array) -> Exception:
    """The error for an array without rows, where there is one machine only."""
    return invalid(argument, given=f"shape {values.shape}, no rows", needed="at least one row")


def reject_masked(argument: str, values: Any) -> None:
    """Raise for values masked out, which `numpy.asarray` and scikit-learn take for numbers."""
    if np.ma.is_masked(values):
        given = f"{int(np.sum(np.ma.getmaskarray(values)))} masked values"
        raise invalid(
            argument, given=given, needed="numbers in all rows", hint="Fill or drop them."
        )


def native_features(argument: str, values: Any) -> Any:
    """Features as they are, but in this machine's byte order: XGBoost reads no other, and doesn't say so.

    Raises
    ------
    ValueError
        For values masked out, which both libraries take for numbers.
    """
    reject_masked(argument, values)
    dtype: Any = getattr(values, "dtype", None)
    columns: Any = getattr(values, "dtypes", None)
    if isinstance(dtype, np.dtype) and not dtype.isnative:
        return values.astype(dtype.newbyteorder("="))
    if hasattr(columns, "items"):
        foreign = {
            name: kind.newbyteorder("=")
            for name, kind in columns.items()
            if isinstance(kind, np.dtype) and not kind.isnative
        }
        return values.astype(foreign) if foreign else values
    return values


def _as_array(argument: str, values: ArrayLike) -> Array:
    """`numpy.asarray`, which takes masked values for numbers, and doesn't name what it can't take."""
    reject_masked(argument, values)
    try:
        return np.asarray(values)
    except (TypeError, ValueError) as error:
        given = f"a {type(values).__name__} that makes no array ({error})"
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise invalid(
            argument, given=given, needed="an array of real numbers", kind=kind
        ) from error


def reject_rows(argument: str, bad: Array, given: str, needed: str, instead: str = "") -> None:
    """Raise where any row of ``bad`` is true, with the count and the first row."""
    rows: Array = np.asarray(bad.any(axis=1) if bad.ndim == 2 else bad)
    count = int(np.count_nonzero(rows))
    if count:
        where = f"{given} in {count} of {len(rows)} rows, first in row {int(np.argmax(rows))}"
        raise invalid(argument, given=where, needed=needed, hint=instead)


def reject_non_finite(argument: str, values: Array, instead: str = "") -> None:
    """Raise where ``values`` holds NaN or an infinity."""
    reject_rows(argument, ~np.isfinite(values), "NaN or inf", "finite numbers", instead)


def sample_weights(
    values: ArrayLike | None, n_samples: int, *, may_be_zero: bool = False
) -> Array | None:
    """Weights of shape (n_samples,); None and XGBoost's empty array mean that there are none.

    Zero for all rows is an error, but for ``may_be_zero``: beside other machines.
    """
    if values is None or _as_array("sample_weight", values).size == 0:
        return None
    weight = numeric_array("sample_weight", values)
    if weight.ndim == 2 and weight.shape[1] == 1:
        weight = weight[:, 0]
    if weight.shape != (n_samples,):
        needed = f"shape ({n_samples},), one for each row"
        # XGBoost holds weights of groups, where rows have a qid, with the labels of all rows.
        hint = "If these are weights of groups (qid), give each row a weight of its own."
        few = weight.ndim == 1 and len(weight) < n_samples
        given = f"shape {weight.shape}"
        raise invalid("sample_weight", given=given, needed=needed, hint=hint if few else "")
    reject_non_finite("sample_weight", weight)
    reject_rows("sample_weight", weight < 0, "a negative weight", "weights >= 0")
    if not (may_be_zero or weight.any()):
        raise invalid("sample_weight", given="zero for all rows", needed="at least one weight > 0")
    return weight


def labels_and_predictions(
    y_true: ArrayLike,
    raw_prediction: ArrayLike,
    vector: bool = False,
    n_outputs: int | None = None,
    *,
    may_be_empty: bool = False,
) -> tuple[Array, Array]:
    """Both as arrays of one shape, that of the predictions; a column agrees with a vector.

    XGBoost before 3.2 gives labels of several targets flat, row by row. For losses of several outputs
    (``vector``) predictions are (n_samples, n_outputs), and labels may be one class code for each row; where the loss
    says how many outputs there are (``n_outputs``), labels are one number for each row. Arrays without rows are an
    error, but for ``may_be_empty``: on one of several machines.
    """
    y = numeric_array("y_true", y_true, may_be_empty=may_be_empty)
    raw = numeric_array("raw_prediction", raw_prediction, may_be_empty=may_be_empty)
    if raw.shape == (
        0,
        0,
    ):  # and XGBoost 3.4 scores of this one, but takes gradients of as many columns as outputs
        raw = raw.reshape(0) if n_outputs is None else raw.reshape(0, n_outputs)
    if not (y.size or len(raw)) and y.shape != raw.shape:
        y = y.reshape(0)  # XGBoost 3.4 gives labels of shape (1, 0)
    if n_outputs is not None:
        return _labels_and_levels(y, raw, n_outputs)
    if vector:
        return _codes_and_scores(y, raw)
    if y.size == raw.size and (len(y) == len(raw) or y.ndim == 1):
        y = y.reshape(raw.shape)
    if y.shape != raw.shape:
        raise invalid(
            "raw_prediction",
            given=f"shape {raw.shape} where y_true has shape {y.shape}",
            needed="one prediction for each label",
            hint="An objective of one output takes one column of predictions for each column of labels; "
            "check num_class and the shape of the labels.",
        )
    return y, raw


def _labels_and_levels(y: Array, raw: Array, n_outputs: int) -> tuple[Array, Array]:
    if raw.ndim != 2 or raw.shape[1] != n_outputs:
        raise invalid(
            "raw_prediction",
            given=f"shape {raw.shape}",
            needed=f"(n_samples, {n_outputs}), one column for each output",
            hint=f"Set num_class={n_outputs}; train and the estimators do it.",
        )
    if y.shape not in ((len(raw),), (len(raw), 1)):
        needed = f"one label for each row, ({len(raw)},), whatever the number of outputs"
        raise invalid("y_true", given=f"shape {y.shape}", needed=needed)
    return y.reshape(len(raw)), raw


def _codes_and_scores(y: Array, raw: Array) -> tuple[Array, Array]:
    if raw.ndim != 2 or raw.shape[1] < 2:
        raise invalid(
            "raw_prediction",
            given=f"shape {raw.shape}",
            needed="one score for each class, (n_samples, n_classes)",
            hint="Set num_class; for two classes and one score use binary_cross_entropy() or focal().",
        )
    if y.ndim == 2 and y.shape == (len(raw), 1):
        y = y[:, 0]
    if y.size == raw.size and raw.size:
        y = y.reshape(raw.shape)
    if y.shape not in ((len(raw),), raw.shape):
        given = f"shape {y.shape} where raw_prediction has shape {raw.shape}"
        raise invalid("y_true", given=given, needed=f"one class code for each row, ({len(raw)},)")
    return y, raw
