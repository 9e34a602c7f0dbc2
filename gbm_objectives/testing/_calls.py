"""Calling a user's objective as the libraries do, and finding out which of their doors it fits."""

from __future__ import annotations

import inspect
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from gbm_objectives._core.validation import Array

Signature = Literal["train", "sklearn"]
Library = Literal["xgboost", "lightgbm"]
LIBRARIES: tuple[Library, ...] = ("xgboost", "lightgbm")


class Broken(Exception):  # noqa: N818 - a finding of the check, no error of it
    """The objective raised, or returned what can't be read as a gradient and a Hessian."""


class DMatrixLike:
    """As much of an ``xgboost.DMatrix`` as objectives read: fresh arrays, an empty one without weights."""

    def __init__(self, y: Array, weight: Array | None) -> None:
        self._y = y.astype(np.float32)
        self._weight = np.empty(0, np.float32) if weight is None else weight.astype(np.float32)

    def get_label(self) -> Array:
        """The labels."""
        return self._y.copy()

    def get_weight(self) -> Array:
        """The weights."""
        return self._weight.copy()

    def get_float_info(self, field: str) -> Array:
        """Labels or weights."""
        return {"label": self.get_label, "weight": self.get_weight}[field]()

    def num_row(self) -> int:
        """The number of rows."""
        return len(self._y)


class DatasetLike:
    """As much of a ``lightgbm.Dataset`` as objectives read: the same arrays at each call, or None."""

    def __init__(self, y: Array, weight: Array | None) -> None:
        self.label = np.asarray(y, dtype=np.float32)  # the array itself, as the library has it
        self.weight = None if weight is None else weight.astype(np.float32)

    def get_label(self) -> Array:
        """The labels."""
        return self.label

    def get_weight(self) -> Array | None:
        """The weights."""
        return self.weight

    def get_init_score(self) -> None:
        """No initial score."""

    def get_field(self, field_name: str) -> Array | None:
        """Labels or weights."""
        return {"label": self.label, "weight": self.weight}.get(field_name)

    def num_data(self) -> int:
        """The number of rows."""
        return len(self.label)


@dataclass(frozen=True, slots=True)
class Candidate:
    """The user's function and how it is called.

    Parameters
    ----------
    function : the objective.
    signature : "train" for ``f(preds, data)``, "sklearn" for ``f(y_true, y_pred[, sample_weight])``.
    library : whose data and whose way to pass weights is used.
    real : give it the library's own data objects and not stand-ins.
    needs_weight : it can't be called without weights.
    flat : the order of results of several outputs that are flattened, "C" or "F".
    heard : the warnings that the function gave, filled as it is called.
    """

    function: Callable[..., Any]
    signature: Signature
    library: Library = "xgboost"
    real: bool = False
    needs_weight: bool = False
    flat: Literal["C", "F"] = "C"
    heard: dict[str, int] = field(default_factory=dict)

    def raw_result(self, y: Array, raw: Array, weight: Array | None = None) -> Any:
        """What the function returns at this door; `Broken` if it raises."""
        if weight is None and self.needs_weight:
            weight = np.ones(len(y), np.float32)
        with self._listening():
            try:
                return self._call(y, raw, weight)
            except Exception as error:
                raise Broken(_told(error)) from error

    def evaluate(self, y: Array, raw: Array, weight: Array | None = None) -> tuple[Array, Array]:
        """Gradient and Hessian in float64 and in the shape of the predictions."""
        gradient, hessian = pair(self.raw_result(y.copy(), raw.copy(), weight))
        return as_numbers(gradient, raw.shape, self.flat), as_numbers(hessian, raw.shape, self.flat)

    def gradient(self, y: Array, raw: Array) -> Array:
        """The gradient alone."""
        return self.evaluate(y, raw)[0]

    def takes_weights(self) -> bool:
        """Whether weights reach the function at this door."""
        names = parameters(self.function)
        return self.signature == "train" or len(names) > 2 or "sample_weight" in names

    def _call(self, y: Array, raw: Array, weight: Array | None) -> Any:
        if self.signature == "train":
            return self.function(raw, self._data(y, weight))
        names = parameters(self.function)
        if self.library == "lightgbm":
            # By position and by the number of parameters, weights or none.
            if not 2 <= len(names) <= 4:
                raise TypeError(f"LightGBM calls objectives of 2 to 4 parameters, not {len(names)}")
            return self.function(y, raw, *[weight, None][: max(0, len(names) - 2)])
        if weight is None or not self.takes_weights():
            return self.function(y, raw)
        if "sample_weight" in names:
            return self.function(y, raw, sample_weight=weight)
        return self.function(y, raw, weight)

    def _data(self, y: Array, weight: Array | None) -> Any:
        if not self.real:
            return (DMatrixLike if self.library == "xgboost" else DatasetLike)(y, weight)
        module, column = import_module(self.library), np.zeros((len(y), 1))
        if self.library == "xgboost":
            return module.DMatrix(column, y, weight=weight)
        return module.Dataset(column, y, weight=weight, params={"verbosity": -1}).construct()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        with (
            warnings.catch_warnings(record=True) as caught,
            np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"),
        ):
            warnings.simplefilter("always")
            yield
        for one in caught:
            text = words(f"{one.category.__name__}: {one.message}")
            self.heard[text] = self.heard.get(text, 0) + 1


def parameters(function: Callable[..., Any]) -> list[str]:
    """The names of the parameters, as the libraries count them."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ["?", "?"]


def pair(result: Any) -> tuple[Any, Any]:
    """Gradient and Hessian from what was returned."""
    try:
        gradient, hessian = result
    except (TypeError, ValueError):
        raise Broken(
            f"it returned {_described(result)}, where a pair (gradient, hessian) is needed"
        ) from None
    return gradient, hessian


def as_numbers(values: Any, shape: tuple[int, ...], flat: Literal["C", "F"] = "C") -> Array:
    """As float64 in the shape of the predictions, if that can be guessed."""
    if values is None:
        raise Broken("it returned None in the place of a gradient or a Hessian")
    try:
        array = np.asarray(values).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise Broken(f"it returned {_described(values)}: {error}") from None
    if array.size == 1:
        return np.full(shape, array.reshape(()))
    if array.size != int(np.prod(shape)):
        raise Broken(f"it returned an array of shape {array.shape} for predictions of {shape}")
    return array.reshape(shape, order=flat if array.ndim == 1 else "C")


def recognise(
    function: Callable[..., Any], signature: str, y: Array, raw: Array
) -> tuple[list[Candidate], str]:
    """The ways in which the function can be called, the likeliest first, and the error if there is none.

    Names order the tries; what counts is which call returns a gradient and a Hessian.
    """
    wanted = _likeliest(function) if signature == "auto" else [signature]
    found: list[Candidate] = []
    errors: list[str] = []
    for one in wanted:
        for candidate in _ways(function, one):  # type: ignore[arg-type]
            error = _why_not(candidate, y, raw)
            if error is None:
                flat = _order(candidate, y, raw) if raw.ndim == 2 else "C"
                found.append(replace(candidate, flat=flat, heard={}))
                break
            errors.append(error)
    return found, errors[0] if errors else ""


def _why_not(candidate: Candidate, y: Array, raw: Array) -> str | None:
    try:
        candidate.evaluate(y, raw)
    except Broken as broken:
        return str(broken)
    return None


def _order(candidate: Candidate, y: Array, raw: Array) -> Literal["C", "F"]:
    """In which order flat results are reversed as a whole when rows are."""
    by_row = replace(candidate, flat="C")
    forth, back = by_row.gradient(y, raw), by_row.gradient(y[::-1], raw[::-1])
    return "C" if np.allclose(forth[::-1], back, rtol=1e-3, equal_nan=True) else "F"


def _likeliest(function: Callable[..., Any]) -> list[str]:
    names = parameters(function)
    second = names[1].lower() if len(names) > 1 else ""
    data = second in ("d", "ds", "dm") or any(
        part in second for part in ("data", "dtrain", "dmat", "train")
    )
    return ["train", "sklearn"] if data else ["sklearn", "train"]


def _ways(function: Callable[..., Any], signature: Signature) -> Iterator[Candidate]:
    if signature == "sklearn":
        for library in LIBRARIES:
            yield Candidate(function, signature, library)
        if len(parameters(function)) > 2:
            for library in LIBRARIES:
                yield Candidate(function, signature, library, needs_weight=True)
        return
    for real in (False, True):
        for needs_weight in (False, True):
            for library in LIBRARIES:
                if not real or find_spec(library) is not None:
                    yield Candidate(function, signature, library, real, needs_weight)


def error_of(candidate: Candidate, y: Array, raw: Array, weight: Array | None) -> str:
    """What is raised, or nothing."""
    try:
        pair(candidate.raw_result(y.copy(), raw.copy(), weight))
    except Broken as error:
        return str(error)
    return ""


def _described(value: Any) -> str:
    shape = getattr(value, "shape", None)
    length = f" of length {len(value)}" if shape is None and hasattr(value, "__len__") else ""
    return f"a {type(value).__name__}" + (f" of shape {shape}" if shape is not None else length)


def _told(error: Exception) -> str:
    """The error with the place where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    place = (
        f" ({frames[-1].filename.rsplit('/', 1)[-1]}, line {frames[-1].lineno})" if frames else ""
    )
    return f"{type(error).__name__}: {words(error)[:300]}{place}"


def words(said: object) -> str:
    """A message in one line, without the addresses of objects, which differ from run to run."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(str(said).split()))
