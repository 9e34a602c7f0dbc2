"""Which libraries there are, and in which versions."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from gbm_objectives import __version__
from gbm_objectives._core.validation import message
from gbm_objectives.compare.candidates import LIBRARIES
from gbm_objectives.compare.running.experiment import describe


def usable(libraries: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """The libraries to compare, and why others are left out.

    Raises
    ------
    ValueError
        For an unknown library, one that is asked for and can't be imported, or none at all.
    """
    names = list(LIBRARIES) if libraries is None else list(dict.fromkeys(libraries))
    for name in names:
        if name not in LIBRARIES:
            needed = f"{' or '.join(LIBRARIES)}, or both with a comma between"
            raise ValueError(message("libraries", repr(name), needed))
    reasons = {name: _unusable(name) for name in names}
    found = [name for name, reason in reasons.items() if not reason]
    left_out = [reason for reason in reasons.values() if reason]
    if not found or (libraries is not None and left_out):
        given = "; ".join(left_out) or "none"
        raise ValueError(f"{given}. Try: pip install 'gbm-objectives[compare]'")
    return found, left_out


def _unusable(library: str) -> str:
    """Why it can't be imported; empty where it can."""
    try:
        import_module(library)
    except ModuleNotFoundError as error:
        return f"{library} is not installed" if error.name == library else describe(error)
    except Exception as error:  # it may be there and fail to load
        return f"{library} fails to load, {describe(error)}"
    return ""


def versions_of(libraries: Sequence[str]) -> dict[str, str]:
    """The versions of the libraries, of this package and of what else decides the numbers."""
    found = {library: str(import_module(library).__version__) for library in libraries}
    found |= {name: version(name) for name in ("numpy", "scipy", "scikit-learn", "pandas")}
    return {**found, "gbm_objectives": __version__, "python": platform.python_version()}
