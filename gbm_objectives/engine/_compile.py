"""Sources of kernels, compiled once: kept in memory, and on disk where there is a folder to write into."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Function = Callable[..., Any]

_lock = threading.RLock()
_compiled: dict[str, Function] = {}


@cache
def available() -> bool:
    """Whether numba is installed; without importing it."""
    try:
        return find_spec("numba") is not None
    except ValueError:  # in sys.modules without being a module
        return False


@cache
def folder() -> Path | None:
    """Where kernels are kept: GBM_OBJECTIVES_CACHE or the user's folder of caches; None if it can't be written."""
    given = os.environ.get("GBM_OBJECTIVES_CACHE")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    path = Path(given) if given else Path(base) / "gbm_objectives"
    try:
        path = path.expanduser()
        path.mkdir(parents=True, exist_ok=True)
        return path if os.access(path, os.W_OK | os.X_OK) else None
    except (OSError, RuntimeError):  # no home
        return None


@cache
def _versions() -> str:
    """What a kernel depends on beside its source."""
    names = ("_primitives.py", "_bits.py", "_memory.py", "_compile.py")
    own = [Path(__file__).with_name(name).read_text() for name in names]
    return "\n".join([*own, sys.version, version("numba"), version("numpy")])


def compiled(source: str) -> Function:
    """The function ``kernel`` of a source, which numba compiles for the types of its first call."""
    found = _compiled.get(source)
    if found is None:
        with _lock:
            found = _compiled.get(source)
            if found is None:
                found = _compiled[source] = _made(source)
    return found


def _made(source: str) -> Function:
    name = hashlib.sha256(f"{_versions()}\n{source}".encode()).hexdigest()[:24]
    place = folder()
    if place is not None:
        path = place / f"kernel_{name}.py"
        try:
            if not path.exists() or path.read_text() != source:
                other = path.with_suffix(f".{os.getpid()}.tmp")
                other.write_text(source)
                os.replace(other, path)
            return _Kept(source, str(path))
        except OSError:
            pass
    return _function(source, f"<kernel {name}>", keep=False)


def _function(source: str, path: str, *, keep: bool) -> Function:
    import numba

    from gbm_objectives.engine import _primitives

    # Under the name of a module that can be imported: numba looks for it when it reads what it has kept.
    scope: dict[str, Any] = {"__name__": _primitives.__name__}
    exec(compile(source, path, "exec"), scope)
    options: Any = {
        "fastmath": _primitives.FAST,
        "error_model": "numpy",
        "nogil": True,
        "cache": keep,
    }
    function: Function = numba.njit(**options)(scope["kernel"])
    return function


class _Kept:
    """A kernel on disk; in memory alone once the disk refuses."""

    def __init__(self, source: str, path: str) -> None:
        self.source, self.path = source, path
        self.function = _function(source, path, keep=True)

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self.function(*arguments)
        except OSError:
            self.function = _function(self.source, self.path, keep=False)
            return self.function(*arguments)
