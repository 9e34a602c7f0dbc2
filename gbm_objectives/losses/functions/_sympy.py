"""Formulas as text, differentiated by SymPy and written as NumPy code. Imports SymPy: only `_source` imports it, late.

What overflows is written another way first: log(cosh(u)), log(1 + exp(u)), 1/(1 + exp(u)) and powers of it are
functions of their own here, with derivatives that are finite for any u.
"""

# mypy: disable-error-code="misc, no-untyped-call, attr-defined, no-any-return, import-untyped, import-not-found"
from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from sympy.codegen.cfunctions import expm1, log1p
from sympy.core.traversal import bottom_up
from sympy.printing.numpy import SciPyPrinter

from gbm_objectives._core import numerics
from gbm_objectives._core.validation import Array, invalid
from gbm_objectives.losses.functions._text import read

#: Formulas of more operations are not simplified: it takes long, and common parts are computed once anyway.
_SIMPLIFIED = 25
#: Of a number; SymPy would write it out.
_LARGEST_POWER = 1000
#: Where a simpler formula must be finite if the one before was.
_PLACES = np.array([0.0, 0.5, 3.0, 40.0, 1e3, 1e6], np.float32)


class sigmoid(sympy.Function):  # noqa: N801
    """1 / (1 + exp(-u))."""

    def fdiff(self, argindex: int = 1) -> Any:
        """Both factors keep their digits."""
        return sigmoid(self.args[0]) * sigmoid(-self.args[0])


class softplus(sympy.Function):  # noqa: N801
    """log(1 + exp(u))."""

    def fdiff(self, argindex: int = 1) -> Any:
        """Never overflows."""
        return sigmoid(self.args[0])


class log_cosh(sympy.Function):  # noqa: N801
    """log(cosh(u))."""

    def fdiff(self, argindex: int = 1) -> Any:
        """Never overflows."""
        return sympy.tanh(self.args[0])


class sech2(sympy.Function):  # noqa: N801
    """1 - tanh(u)^2."""

    def fdiff(self, argindex: int = 1) -> Any:
        """By the chain rule."""
        return -2 * sympy.tanh(self.args[0]) * self


def _sigmoid(u: Any) -> Any:
    o = numerics.odds(u)
    return o / (1.0 + o)


def _softplus(u: Any) -> Any:
    return np.log1p(np.exp(-np.abs(u))) + np.clip(u, 0.0, np.inf)


#: What the functions of this module are in NumPy.
_NUMPY = {
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "log_cosh": numerics.log_cosh,
    "sech2": numerics.sech_squared,
}


def _where(condition: Any, yes: Any, no: Any) -> Any:
    if condition in (sympy.true, sympy.false):
        return yes if condition == sympy.true else no
    if not isinstance(condition, sympy.core.relational.Relational):
        raise TypeError("a comparison first, such as where(raw > y, a, b)")
    return sympy.Piecewise((yes, condition), (no, True))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(sympy, name) for name in ("exp", "log", "sqrt", "sign", "sin", "cos", "tan")},
    **{name: getattr(sympy, name) for name in ("sinh", "cosh", "tanh", "erf", "erfc")},
    "abs": sympy.Abs,
    "arctan": sympy.atan,
    "atan": sympy.atan,
    "arcsinh": sympy.asinh,
    "log1p": log1p,
    "expm1": expm1,
    "gammaln": sympy.loggamma,
    "lgamma": sympy.loggamma,
    "sigmoid": sigmoid,
    "expit": sigmoid,
    "softplus": softplus,
    "log_sigmoid": lambda u: -softplus(-u),
    "log_cosh": log_cosh,
    "logaddexp": lambda a, b: a + softplus(b - a),
    "where": _where,
    "maximum": lambda a, b: _where(a >= b, a, b),
    "minimum": lambda a, b: _where(a <= b, a, b),
    "max": lambda a, b: _where(a >= b, a, b),
    "min": lambda a, b: _where(a <= b, a, b),
}

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": sympy.Eq,
    "!=": sympy.Ne,
}


def _number(value: float) -> Any:
    """Exact where it is short, so that terms cancel: 0.5 is a half."""
    return sympy.Rational(str(value)) if len(str(value)) < 10 else sympy.Float(value)


def _exponent(term: Any) -> Any:
    """u of exp(u), or None."""
    return term.args[0] if isinstance(term, sympy.exp) else None


def _stable(e: Any) -> Any:
    """The same node, its arguments being stable already, without overflow and cancellation."""
    if isinstance(e, sympy.log):
        (u,) = e.args
        if isinstance(u, sympy.cosh):
            return log_cosh(u.args[0])
        if isinstance(u, sigmoid):
            return -softplus(-u.args[0])
        if isinstance(u, sympy.exp):
            return u.args[0]
        if u.is_Add and len(u.args) == 2:
            first, second = u.args
            a, b = _exponent(first), _exponent(second)
            if first == 1 and b is not None:
                return softplus(b)
            if a is not None and b is not None:
                return a + softplus(b - a)
            if first == 1:
                return log1p(second)
    if e.is_Pow:
        base, power = e.args
        if base.is_Add and len(base.args) == 2 and base.args[0] == 1:
            u = _exponent(base.args[1])
            if u is not None and power == -1:
                return sigmoid(-u)
            if u is not None and power != 1:
                return sympy.exp(power * softplus(u))
        if isinstance(base, sigmoid) and power not in (1, 2, 3):
            return sympy.exp(-power * softplus(-base.args[0]))
    if e.is_Add:
        return _of_sum(e)
    if e.is_Mul:  # exp(u) / (1 + exp(u))
        for part in e.args:
            u = _exponent(part)
            if u is not None and sigmoid(-u) in e.args:
                return e / part / sigmoid(-u) * sigmoid(u)
    return e.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))


def _of_sum(e: Any) -> Any:
    """1 - sigmoid(u), and 1 - tanh(u)^2, anywhere in a sum."""
    one = sympy.Integer(1)
    for part in e.args:
        if isinstance(-part, sigmoid) and one in e.args:
            return _of_sum(e - part - 1 + sigmoid(-(-part).args[0]))
        square = -part
        squared = square.is_Pow and square.args[1] == 2
        if squared and isinstance(square.args[0], sympy.tanh) and one in e.args:
            return _of_sum(e - part - 1 + sech2(square.args[0].args[0]))
    return e


def _made_stable(expression: Any) -> Any:
    return bottom_up(expression, _stable)


class _Printer(SciPyPrinter):
    """Piecewise as `numpy.where`, which compiled code knows too."""

    def _print_Piecewise(self, expr: Any) -> str:  # noqa: N802
        *parts, last = expr.args
        text = self._print(last.expr)
        for part in reversed(parts):
            text = f"where({self._print(part.cond)}, {self._print(part.expr)}, {text})"
        return text


class Code:
    """A formula and its derivatives as functions ``f(y, *raw)`` of arrays.

    Parameters
    ----------
    text : str
    outputs : tuple of str
        The names of the raw predictions.
    parameters : tuple of (str, float)
    """

    def __init__(
        self, text: str, outputs: tuple[str, ...], parameters: tuple[tuple[str, float], ...]
    ) -> None:
        y = sympy.Symbol("y", real=True)
        raw = [sympy.Symbol(name, real=True) for name in outputs]
        names = {"y": y, "y_true": y, "pi": sympy.pi, **dict(zip(outputs, raw, strict=True))}
        if len(outputs) == 1:
            names |= {"raw_prediction": raw[0], "r": raw[0] - y}
        names |= {name: _number(value) for name, value in parameters}
        found = read(text, names, FUNCTIONS, _number, _operate)
        if not isinstance(found, sympy.Expr) or found.has(sympy.nan, sympy.zoo, sympy.I):
            raise invalid("loss", given=repr(text), needed="a formula that is a number")
        if not found.free_symbols & set(raw):
            raise invalid(
                "loss", given=repr(text), needed=f"a formula of {', '.join(outputs)}, the raw prediction"
            )  # fmt: skip
        r = sympy.Symbol("r", real=True)
        moved = _in_residual(found, y, raw[0], r) if len(raw) == 1 else None
        #: Whether it is a formula of raw - y alone, by proof.
        self.of_residual = moved is not None
        if moved is not None:  # SymPy makes 2*raw - 2*y of 2*(raw - y), which loses digits near 0
            found, raw = moved, [r]
        self.value_formula = _made_stable(found)
        arguments = [y, *raw]
        self.gradients = [_simpler(sympy.diff(self.value_formula, z), arguments) for z in raw]
        self.hessians = [
            _simpler(sympy.diff(g, z), arguments) for g, z in zip(self.gradients, raw, strict=True)
        ]
        made = (
            _as_numpy(arguments, formulas)
            for formulas in (
                [self.value_formula], self.gradients, [*self.gradients, *self.hessians]
            )
        )  # fmt: skip
        self.value, self.gradient, self.both = map(_of_raw, made) if moved is not None else made


def _simpler(expression: Any, arguments: list[Any]) -> Any:
    """What SymPy makes of a derivative, where that is shorter and overflows nowhere else."""
    expression = _made_stable(expression)
    if expression.count_ops() > _SIMPLIFIED or expression.has(sympy.Piecewise):
        return expression
    simpler = _made_stable(sympy.simplify(expression))
    if simpler.count_ops() >= expression.count_ops():
        return expression
    raw = np.concatenate([_PLACES, -_PLACES])
    grid = np.meshgrid(np.array([0.0, 1.0, -3.0], np.float32), *[raw] * (len(arguments) - 1))
    with np.errstate(all="ignore"):
        before, after = _as_numpy(arguments, [expression, simpler])(*grid)
    return simpler if (np.isfinite(after) | ~np.isfinite(before)).all() else expression


def _operate(operation: str, left: Any, right: Any) -> Any:
    if operation == "**" and left.is_number and right.is_number and abs(right) > _LARGEST_POWER:
        raise invalid("loss", given=f"a power of {right}", needed=f"powers within {_LARGEST_POWER}")
    try:
        return _OPERATIONS[operation](left, right)
    except (TypeError, ValueError) as error:
        given = f"{left} {operation} {right}"
        raise invalid("loss", given=given, needed="numbers on both sides") from error


def _in_residual(expression: Any, y: Any, raw: Any, r: Any) -> Any:
    """The formula in r = raw - y alone, or None."""
    moved = expression.subs(raw, r + y).replace(
        lambda e: isinstance(e, sympy.core.relational.Relational),
        lambda e: e.func(sympy.expand(e.lhs - e.rhs), 0),
    )
    if moved.has(y) and expression.count_ops() <= 2 * _SIMPLIFIED:
        moved = sympy.expand(moved)
    return None if moved.has(y) else moved


def _of_raw(function: Callable[..., list[Array]]) -> Callable[..., list[Array]]:
    """A function of label and residual as one of label and raw prediction."""
    return lambda y, raw: function(y, raw - y)


def _as_numpy(arguments: list[Any], formulas: list[Any]) -> Callable[..., list[Array]]:
    scope: list[Any] = [{**_NUMPY, "where": np.where}, "scipy", "numpy"]
    settings = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True}
    printer = _Printer({**settings, "user_functions": {name: name for name in _NUMPY}})
    return sympy.lambdify(arguments, formulas, scope, printer=printer, cse=True)


@lru_cache(maxsize=256)
def code(text: str, outputs: tuple[str, ...], parameters: tuple[tuple[str, float], ...]) -> Code:
    """The code of a formula; made once."""
    return Code(text, outputs, parameters)
