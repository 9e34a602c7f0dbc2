"""What a user names on the command line: ``module:function`` or ``file.py:function``."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

from gbm_objectives._core.validation import message
from gbm_objectives.compare.data import Data, diabetes, from_csv


def imported(argument: str, path: str) -> Any:
    """What ``module:name`` or ``file.py:name`` names.

    Raises
    ------
    ValueError
        Where there is no such thing, or importing it raises.
    """
    module, _, name = path.rpartition(":")
    if not module or not name:
        needed = "module:function, such as my_losses:my_loss"
        raise ValueError(message(argument, repr(path), needed))
    of_file = module.endswith(".py")
    if of_file and not Path(module).is_file():
        raise ValueError(message(argument, f"{module}: no such file", "FILE.py:FUNCTION"))
    folder = str(Path(module).parent.resolve()) if of_file else str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        found = import_module(Path(module).stem if of_file else module)
        _take_along(found, folder)
        return attrgetter(name)(found)
    except ModuleNotFoundError as error:
        raise ValueError(message(argument, str(error), "a module that can be imported")) from error
    except AttributeError as error:
        raise ValueError(message(argument, str(error), "a function of that module")) from error
    except Exception as error:  # the user's module raises
        given = f"importing {module} raises {type(error).__name__}: {error}"
        raise ValueError(message(argument, given, "a module that can be imported")) from error
    finally:
        sys.path.remove(folder)


def _take_along(module: Any, folder: str) -> None:
    """Other processes get a module of this folder as it is here: they don't look for modules in it."""
    if str(getattr(module, "__file__", None) or "").startswith(folder):
        import cloudpickle

        cloudpickle.register_pickle_by_value(module)


def candidates(text: str) -> dict[str, Any]:
    """Functions, estimators and objectives of ``module:name``s with commas between, by their names.

    A class, and a function without parameters, is called: what it returns is the candidate.
    """
    found: dict[str, Any] = {}
    for path in filter(None, (part.strip() for part in text.split(","))):
        one, name = imported("candidates", path), path.rpartition(":")[2]
        try:
            made = one() if isinstance(one, type) or _takes_nothing(one) else one
        except Exception as error:
            given = f"{path}() raises {type(error).__name__}: {error}"
            raise ValueError(message("candidates", given, "what can be made so")) from error
        if name in found:
            raise ValueError(message("candidates", f"two named {name!r}", "other names"))
        found[name] = made
    if not found:
        raise ValueError(message("candidates", repr(text), "module:function"))
    return found


def _takes_nothing(one: Any) -> bool:
    return inspect.isfunction(one) and not inspect.signature(one).parameters


def metrics(text: str) -> list[Any]:
    """Names of metrics, with a user's ``module:function`` among them imported."""
    return [
        imported("metrics", part) if ":" in part and "(" not in part else part
        for part in _parts(text)
    ]


def _parts(text: str) -> list[str]:
    """Cut at commas outside of parentheses."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def numbers(argument: str, text: str | None, kind: type) -> list[Any] | None:
    """Numbers with commas between."""
    if text is None:
        return None
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError as error:
        needed = "whole numbers" if kind is int else "numbers"
        raise ValueError(message(argument, repr(text), f"{needed} with commas between")) from error


def words(text: str | None) -> list[str] | None:
    """Words with commas between."""
    return None if text is None else [word.strip() for word in text.split(",")]


def levels(text: str | None) -> list[float] | None:
    """The levels of quantiles."""
    return numbers("tau", text, float)


def data(csv: Path | None, target: str | None, *task: Any, **by: Any) -> Data:
    """A user's table, or the diabetes data."""
    if csv is None:
        for name, column in {"target": target, **by}.items():
            if column is not None:
                raise ValueError(message(name, repr(str(column)), "a CSV file with it"))
        return diabetes(*task)
    if target is None:
        raise ValueError(message("target", "none", "the column to predict: --target NAME"))
    return from_csv(csv, target, *task, **by)
