"""Objectives and metrics as text, such as ``huber(delta=2.0)``: parsed, never evaluated as code."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from gbm_objectives._core.validation import message


def parse_calls(
    argument: str, text: str, names: Mapping[str, Callable[..., Any]]
) -> list[tuple[str, Any]]:
    """Calls separated by commas, each as written and as its value.

    Parameters
    ----------
    argument : for the errors.
    text : names, calls with literal arguments or calls as arguments, and of objectives sums and multiples:
        ``huber, cauchy(delta=2.0), 2 * dice() + binary_cross_entropy()``.
    names : what may be called.

    Raises
    ------
    ValueError
        For anything else, and for arguments that a factory refuses.
    """
    try:
        tree = ast.parse(f"[{text}]", mode="eval").body
    except SyntaxError as error:
        raise ValueError(message(argument, repr(text), _NEEDED)) from error
    if not isinstance(tree, ast.List) or not tree.elts:
        raise ValueError(message(argument, repr(text), _NEEDED))
    found: dict[str, Any] = {}
    for node in tree.elts:
        shown = ast.unparse(node)
        value = _value(argument, node, names)
        if isinstance(node, (ast.Constant, ast.List, ast.Tuple, ast.Dict)):
            raise ValueError(message(argument, shown, _NEEDED))
        found[f"{shown}()" if isinstance(node, ast.Name) else shown] = value
    return list(found.items())


_NEEDED = "names with arguments, separated by commas, such as huber(delta=2.0),cauchy"


def _value(argument: str, node: ast.expr, names: Mapping[str, Callable[..., Any]]) -> Any:
    if isinstance(node, ast.Name):
        return _call(argument, node.id, names, [], {})
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        positional = [_value(argument, item, names) for item in node.args]
        named = {item.arg: _value(argument, item.value, names) for item in node.keywords}
        if None not in named:  # that would be **arguments
            return _call(argument, node.func.id, names, positional, named)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mult)):
        left, right = (_value(argument, side, names) for side in (node.left, node.right))
        try:
            return left + right if isinstance(node.op, ast.Add) else left * right
        except (TypeError, ValueError) as error:
            raise ValueError(message(argument, ast.unparse(node), str(error))) from error
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError) as error:
        raise ValueError(message(argument, ast.unparse(node), _NEEDED)) from error


def _call(
    argument: str,
    name: str,
    names: Mapping[str, Callable[..., Any]],
    positional: list[Any],
    named: dict[Any, Any],
) -> Any:
    if name not in names:
        close = get_close_matches(name, names, 3)
        instead = f"Did you mean: {', '.join(close)}?" if close else "See gbm-objectives list."
        raise ValueError(message(argument, repr(name), f"one of {len(names)} names", instead))
    try:
        return names[name](*positional, **named)
    except (TypeError, ValueError) as error:
        text = str(error).strip().splitlines()[0]
        raise ValueError(f"{argument}: {name}: {text}") from error
