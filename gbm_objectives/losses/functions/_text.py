"""Formulas as text: read as a tree of operations, never run as code."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Mapping
from typing import Any

from gbm_objectives._core.validation import invalid

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_NEEDED = 'a formula of numbers, names, + - * / **, comparisons and functions, such as "log(cosh(raw - y))"'


def read(
    text: str,
    names: Mapping[str, Any],
    functions: Mapping[str, Callable[..., Any]],
    number: Callable[[int | float], Any],
    operate: Callable[[str, Any, Any], Any],
) -> Any:
    """What a formula gives, each of its parts made by the functions given.

    Parameters
    ----------
    text : str
        The formula, in Python's notation.
    names, functions : mapping
        What may stand in it.
    number : callable
        Makes a constant.
    operate : callable
        Makes ``left operator right``, of `+ - * / **` and comparisons.

    Raises
    ------
    ValueError
        For anything else in it.
    """

    def made(node: ast.AST) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return number(node.value)
        if isinstance(node, ast.Name):
            return _known("name", node.id, names)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = made(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return operate(_OPERATORS[type(node.op)], made(node.left), made(node.right))
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPERATORS:
            return operate(
                _OPERATORS[type(node.ops[0])], made(node.left), made(node.comparators[0])
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            function = _known("function", node.func.id, functions)
            try:
                return function(*map(made, node.args))
            except TypeError as error:
                raise invalid("loss", given=ast.unparse(node), needed=str(error)) from error
        hint = "Powers are written **." if isinstance(node, ast.BinOp) else ""
        raise invalid("loss", given=f"{ast.unparse(node)!r} in {text!r}", needed=_NEEDED, hint=hint)

    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise invalid("loss", given=repr(text), needed=_NEEDED) from error
    try:
        return made(tree)
    except RecursionError as error:
        raise invalid("loss", given="a formula that is too deep", needed=_NEEDED) from error


def _known(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    if name in known:
        return known[name]
    hint = "Give numbers that the formula names as parameters={...}." if kind == "name" else ""
    needed = f"one of {', '.join(sorted(known))}"
    raise invalid("loss", given=f"the {kind} {name!r}", needed=needed, hint=hint)


def is_name(name: object) -> bool:
    """Whether a formula can use it."""
    return isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)
