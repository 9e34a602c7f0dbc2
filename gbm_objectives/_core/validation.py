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
        raise TypeError(message("tau", f"{tau!r}", needed))
    levels = tuple(open_unit(f"tau[{k}]", level) for k, level in enumerate(tau))  # type: ignore[arg-type]
    if len(levels) < 2:
        raise ValueError(message("tau", f"{list(levels)}", "two levels or more, or one number"))
    if any(low >= high for low, high in pairwise(levels)):
        raise ValueError(message("tau", f"{list(levels)}", "increasing levels, each once"))
    return levels


def number(argument: str, value: object, holds: Callable[[float], bool], needed: str) -> float:
    """``value`` as a finite float for which ``holds``, or an error that says what is ``needed``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        raise TypeError(message(argument, f"{value!r} of type {type(value).__name__}", needed))
    result = float(value)
    if not (math.isfinite(result) and holds(result)):
        raise ValueError(message(argument, f"{value!r}", needed))
    return result


def whole_number(argument: str, value: object, least: int) -> int:
    """``value`` as an int of at least ``least``."""
    needed = f"a whole number >= {least}"
    return int(number(argument, value, lambda x: x >= least and x == math.floor(x), needed))


def numeric_array(argument: str, values: ArrayLike) -> Array:
    """A real, non-empty array of one or two dimensions: what was given if it is float32 or float64, else float64.

    Whole numbers would cut off what is computed in their type, and XGBoost reads foreign byte orders as its own.
    """
    array = _as_array(argument, values)
    if array.dtype.kind not in "fiub":
        raise TypeError(message(argument, f"an array of dtype {array.dtype}", "real numbers"))
    if array.dtype not in (np.float32, np.float64):
        with np.errstate(over="ignore"):  # a long double beyond is infinite, and refused as such
            array = array.astype(np.float64)
    if array.ndim not in (1, 2):
        raise ValueError(
            message(
                argument, f"shape {array.shape}", "shape (n_samples,) or (n_samples, n_outputs)"
            )
        )
    if array.size == 0:
        raise ValueError(message(argument, f"shape {array.shape}, no rows", "at least one row"))
    return array


def reject_masked(argument: str, values: Any) -> None:
    """Raise for values masked out, which `numpy.asarray` and scikit-learn take for numbers."""
    if np.ma.is_masked(values):
        given = f"{int(np.sum(np.ma.getmaskarray(values)))} masked values"
        raise ValueError(message(argument, given, "numbers in all rows", "Fill or drop them."))


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
        raise kind(message(argument, given, "an array of real numbers")) from error


def reject_rows(argument: str, bad: Array, given: str, needed: str, instead: str = "") -> None:
    """Raise where any row of ``bad`` is true, with the count and the first row."""
    rows: Array = np.asarray(bad.any(axis=1) if bad.ndim == 2 else bad)
    count = int(np.count_nonzero(rows))
    if count:
        where = f"{given} in {count} of {len(rows)} rows, first in row {int(np.argmax(rows))}"
        raise ValueError(message(argument, where, needed, instead))


def reject_non_finite(argument: str, values: Array, instead: str = "") -> None:
    """Raise where ``values`` holds NaN or an infinity."""
    reject_rows(argument, ~np.isfinite(values), "NaN or inf", "finite numbers", instead)


def sample_weights(values: ArrayLike | None, n_samples: int) -> Array | None:
    """Weights of shape (n_samples,); None and XGBoost's empty array mean that there are none."""
    if values is None or _as_array("sample_weight", values).size == 0:
        return None
    weight = numeric_array("sample_weight", values)
    if weight.ndim == 2 and weight.shape[1] == 1:
        weight = weight[:, 0]
    if weight.shape != (n_samples,):
        raise ValueError(
            message("sample_weight", f"shape {weight.shape}", f"shape ({n_samples},), one a row")
        )
    reject_non_finite("sample_weight", weight)
    reject_rows("sample_weight", weight < 0, "a negative weight", "weights >= 0")
    if not weight.any():
        raise ValueError(message("sample_weight", "zero for all rows", "at least one weight > 0"))
    return weight


def labels_and_predictions(
    y_true: ArrayLike,
    raw_prediction: ArrayLike,
    vector: bool = False,
    n_outputs: int | None = None,
) -> tuple[Array, Array]:
    """Both as arrays of one shape, that of the predictions; a column agrees with a vector.

    XGBoost before 3.2 gives labels of several targets flat, row by row. For losses of several outputs
    (``vector``) predictions are (n_samples, n_outputs), and labels may be one class code a row; where the loss
    says how many outputs there are (``n_outputs``), labels are one number a row.
    """
    y, raw = numeric_array("y_true", y_true), numeric_array("raw_prediction", raw_prediction)
    if n_outputs is not None:
        return _labels_and_levels(y, raw, n_outputs)
    if vector:
        return _codes_and_scores(y, raw)
    if y.size == raw.size and (len(y) == len(raw) or y.ndim == 1):
        y = y.reshape(raw.shape)
    if y.shape != raw.shape:
        raise ValueError(
            message(
                "raw_prediction",
                f"shape {raw.shape} where y_true has shape {y.shape}",
                "one prediction a label",
                "An objective of one output takes one column of predictions a column of labels; "
                "check num_class and the shape of the labels.",
            )
        )
    return y, raw


def _labels_and_levels(y: Array, raw: Array, n_outputs: int) -> tuple[Array, Array]:
    if raw.ndim != 2 or raw.shape[1] != n_outputs:
        needed = f"(n_samples, {n_outputs}), one column a level"
        instead = f"Set num_class={n_outputs}; train and the estimators do it."
        raise ValueError(message("raw_prediction", f"shape {raw.shape}", needed, instead))
    if y.shape not in ((len(raw),), (len(raw), 1)):
        needed = f"one label a row, ({len(raw)},), whatever the number of levels"
        raise ValueError(message("y_true", f"shape {y.shape}", needed))
    return y.reshape(len(raw)), raw


def _codes_and_scores(y: Array, raw: Array) -> tuple[Array, Array]:
    if raw.ndim != 2 or raw.shape[1] < 2:
        raise ValueError(
            message(
                "raw_prediction", f"shape {raw.shape}", "one score a class, (n_samples, n_classes)",
                "Set num_class; for two classes and one score use binary_cross_entropy() or focal().",
            )
        )  # fmt: skip
    if y.ndim == 2 and y.shape == (len(raw), 1):
        y = y[:, 0]
    if y.size == raw.size:
        y = y.reshape(raw.shape)
    if y.shape not in ((len(raw),), raw.shape):
        given = f"shape {y.shape} where raw_prediction has shape {raw.shape}"
        needed = f"one class code a row, ({len(raw)},)"
        raise ValueError(message("y_true", given, needed))
    return y, raw
