"""Which engine runs, and on how many threads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from gbm_objectives._core.validation import invalid, whole_number
from gbm_objectives.engine import _compile

Engine = Literal["auto", "compiled", "numpy"]

#: Numbers (rows times outputs) from which on "auto" compiles. NumPy takes 1 to 5 ms for so many, numba .6 to 3 s to
#: compile a kernel, once, and .5 to 1 s to be imported in each process.
FROM = 250_000
#: What the libraries call their threads.
_THREADS = ("nthread", "nthreads", "num_threads", "num_thread", "n_jobs")
_VARIABLE = "GBM_OBJECTIVES_ENGINE"


@dataclass(frozen=True)
class _Settings:
    engine: Engine | None = None
    threads: int | None = None
    #: Those of the training.
    training: int | None = None


_NOTHING_SET = _Settings()
_settings: ContextVar[_Settings] = ContextVar("gbm_objectives_engine", default=_NOTHING_SET)


@contextmanager
def use(engine: Engine | None = None, *, threads: int | None = None) -> Iterator[None]:
    """Choose the engine and its threads, within a ``with`` block.

    Parameters
    ----------
    engine : {"auto", "compiled", "numpy"} or None, default None
        "auto": compiled code where numba is installed, from 250,000 numbers (rows times outputs) on. "compiled": for
        data of any size, where numba is installed. "numpy": never. None: as it is outside of the block, which is
        what the environment variable GBM_OBJECTIVES_ENGINE says, or else "auto".
    threads : int or None, default None
        How many threads compiled code runs on. None: as outside of the block; at the doors of this package as
        many as the training has; else OMP_NUM_THREADS, or the number of cores.

    Yields
    ------
    None
        Nothing; the settings hold until the block ends.

    Raises
    ------
    ValueError
        For another engine, and for a number of threads below 1.

    Examples
    --------
    >>> from gbm_objectives import engine
    >>> with engine.use("numpy"):
    ...     gradient, hessian = objective(y, raw)
    """
    if engine is not None:
        _valid(engine, "engine")
    if threads is not None:
        threads = whole_number("threads", threads, 1)
    now = _settings.get()
    changed = replace(
        now,
        engine=now.engine if engine is None else engine,
        threads=now.threads if threads is None else threads,
    )
    token = _settings.set(changed)
    try:
        yield
    finally:
        _settings.reset(token)


@contextmanager
def as_training(params: Mapping[str, Any]) -> Iterator[None]:
    """Within the block as many threads as the training with these parameters has, but for `use`."""
    given = [params[name] for name in _THREADS if params.get(name) is not None]
    threads = int(given[0]) if given and isinstance(given[0], (int, np.integer)) else 0
    now = _settings.get()
    token = _settings.set(replace(now, training=threads) if threads > 0 else now)
    try:
        yield
    finally:
        _settings.reset(token)


def _valid(engine: str, argument: str) -> Engine:
    for known in get_args(Engine):
        if engine == known:
            return known  # type: ignore[no-any-return]
    raise invalid(argument, given=repr(engine), needed='"auto", "compiled" or "numpy"')


def chosen() -> Engine:
    """The engine that is asked for."""
    return _settings.get().engine or _valid(os.environ.get(_VARIABLE, "auto"), _VARIABLE)


def compiles(n_numbers: int) -> bool:
    """Whether compiled code is to be used for so many numbers.

    Parameters
    ----------
    n_numbers : int
        Rows times outputs.

    Returns
    -------
    bool
        False also where numba is not installed.
    """
    engine = chosen()
    if engine == "numpy" or not n_numbers or (engine == "auto" and n_numbers < FROM):
        return False
    return _compile.available()


def n_threads() -> int:
    """The threads that compiled code runs on, at most.

    Returns
    -------
    int
        As `use` says, else the training, else OMP_NUM_THREADS, else the number of cores.
    """
    settings = _settings.get()
    if given := settings.threads or settings.training:
        return given
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if asked.isdigit() and int(asked):
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def description() -> str:
    """Which engine runs, in words.

    Returns
    -------
    str
        Such as "NumPy (chosen)".

    Examples
    --------
    >>> print(description())  # doctest: +SKIP
    """
    engine = chosen()
    if engine == "numpy":
        return "NumPy (chosen)"
    if not _compile.available():
        return 'NumPy (numba is not installed: pip install "gbm-objectives[fast]")'
    size = f"from {FROM:,} numbers on, else NumPy" if engine == "auto" else "for data of any size"
    threads = n_threads()
    return f"compiled, {size}; {threads} thread{'s' if threads != 1 else ''}"
