"""Functions that losses are made of: their values and derivatives, by one of three tools."""

from __future__ import annotations

import pickle
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, get_args

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array, invalid

Tool = Literal["jax", "torch"]
#: Gradients, then diagonal second derivatives, each a column an output.
Columns = list[Array]


class Source(ABC):
    """A function of a label and of one raw prediction or several, of a block of rows.

    Its objects are frozen, compare by content, and go through pickle. What a tool makes of the function is made once
    in each process and is no part of them.
    """

    __slots__ = ()

    #: The names of the raw predictions.
    outputs: tuple[str, ...]

    @property
    @abstractmethod
    def name(self) -> str:
        """For metrics and tables, without spaces and colons."""

    @property
    def of_residual(self) -> bool:
        """Whether it is known to be a function of raw - y alone."""
        return False

    @abstractmethod
    def value(self, y: Array, raw: tuple[Array, ...]) -> Array:
        """The loss of each row."""

    @abstractmethod
    def gradient(self, y: Array, raw: tuple[Array, ...]) -> Columns:
        """Its derivatives by each raw prediction."""

    @abstractmethod
    def both(self, y: Array, raw: tuple[Array, ...]) -> Columns:
        """The derivatives, and then the second derivatives by the same prediction twice."""


@dataclass(frozen=True, slots=True)
class Formula(Source):
    """A formula as text.

    Parameters
    ----------
    text : str
    outputs : tuple of str
    parameters : tuple of (str, float)
    """

    text: str
    outputs: tuple[str, ...] = ("raw",)
    parameters: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        self._code  # noqa: B018  # an error in it is told here

    @property
    def name(self) -> str:
        """A formula has none of its own."""
        return "formula"

    @property
    def _code(self) -> Any:
        need("sympy")
        from gbm_objectives.losses.functions._sympy import code

        return code(self.text, self.outputs, self.parameters)

    @property
    @override
    def of_residual(self) -> bool:
        return bool(self._code.of_residual)

    @override
    def value(self, y: Array, raw: tuple[Array, ...]) -> Array:
        (value,) = self._code.value(y, *raw)
        return _as_rows(value, raw[0])

    @override
    def gradient(self, y: Array, raw: tuple[Array, ...]) -> Columns:
        return [_as_rows(column, raw[0]) for column in self._code.gradient(y, *raw)]

    @override
    def both(self, y: Array, raw: tuple[Array, ...]) -> Columns:
        return [_as_rows(column, raw[0]) for column in self._code.both(y, *raw)]


@dataclass(frozen=True, slots=True)
class Function(Source):
    """A function written with the arrays of a tool.

    Parameters
    ----------
    function : callable
        ``function(y_true, raw_prediction)``, one number a row.
    tool : {"jax", "torch"}
    outputs : tuple of str
        One name: ``raw_prediction`` is (n,); several: (n, n_outputs).
    """

    function: Callable[..., Any]
    tool: Tool
    outputs: tuple[str, ...] = ("raw",)

    @property
    def name(self) -> str:
        """That of the function."""
        name = getattr(self.function, "__name__", type(self.function).__name__)
        return name.replace("<lambda>", "function")

    @property
    def _code(self) -> Any:
        return module_of(self.tool).code(self.function, len(self.outputs))

    @override
    def value(self, y: Array, raw: tuple[Array, ...]) -> Array:
        return _as_rows(self._code.value(y, raw), raw[0])

    @override
    def gradient(self, y: Array, raw: tuple[Array, ...]) -> Columns:
        return [_as_rows(column, raw[0]) for column in self._code.gradient(y, raw)]

    @override
    def both(self, y: Array, raw: tuple[Array, ...]) -> Columns:
        return [_as_rows(column, raw[0]) for column in self._code.both(y, raw)]

    def __reduce__(self) -> tuple[Any, ...]:
        """Functions that pickle can't find by name, such as lambdas, go by value."""
        try:
            pickle.dumps(self.function)
        except Exception:
            need("cloudpickle")
            import cloudpickle

            return _by_value, (cloudpickle.dumps(self.function), self.tool, self.outputs)
        return Function, (self.function, self.tool, self.outputs)


def _by_value(function: bytes, tool: Tool, outputs: tuple[str, ...]) -> Function:
    return Function(pickle.loads(function), tool, outputs)


def need(package: str) -> None:
    """Raise in one line where a package is missing."""
    if package not in sys.modules and find_spec(package) is None:
        raise invalid(
            package, given="not installed", needed=f'pip install "gbm-objectives[{package}]"',
            kind=ImportError,
        )  # fmt: skip


def module_of(tool: Tool) -> Any:
    """The module that imports it."""
    need(tool)
    return import_module(f"gbm_objectives.losses.functions._{tool}")


def tool_of(function: Callable[..., Any], n_outputs: int, tools: Iterable[Tool]) -> Tool:
    """The first tool whose arrays the function takes and gives; it is called with three rows."""
    errors = []
    for tool in tools:
        try:
            module = module_of(tool)
            y, raw = np.array([0.0, 1.0, 1.0]), (np.array([0.1, 0.2, -0.3]),) * n_outputs
            code = module.code(function, n_outputs)
            values = np.asarray(code.value(y, raw))
            alone = np.asarray(code.value(y[:1], tuple(column[:1] for column in raw)))
            code.both(y, raw)
        except (
            Exception
        ) as error:  # whatever a user's function raises of arrays that it doesn't know
            errors.append(f"{tool}: {type(error).__name__}: {_first_line(error)}")
            continue
        if values.shape != (3,):
            errors.append(f"{tool}: a result of shape {values.shape} for 3 rows")
        elif not np.allclose(alone, values[:1], rtol=1e-6, equal_nan=True):
            errors.append(f"{tool}: the value of a row depends on other rows")
        else:
            return tool
    raise invalid(
        "loss", given=f"a function that can't be differentiated row by row ({'; '.join(errors)})",
        needed="loss(y_true, raw_prediction) of arrays of jax.numpy or torch, one number a row",
        hint='Or give a formula as text, such as "log(cosh(raw - y))".', kind=TypeError,
    )  # fmt: skip


def tools_loaded() -> list[Tool]:
    """Those that the user has imported, or all that are installed where none is."""
    tools: tuple[Tool, ...] = get_args(Tool)
    loaded = [tool for tool in tools if tool in sys.modules]
    return loaded or [tool for tool in tools if find_spec(tool) is not None] or ["jax"]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]


def _as_rows(column: Any, like: Array) -> Array:
    """A result as one number a row, in the precision of the predictions."""
    if isinstance(column, (int, float, np.generic)) or getattr(column, "ndim", 1) == 0:
        return np.full_like(like, float(column))
    result: Array = column.astype(like.dtype, copy=False)
    return result
