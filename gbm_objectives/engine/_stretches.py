"""Rows in stretches, on a few threads. What comes out does not depend on their number."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, TypeVar

Result = TypeVar("Result")

#: Numbers (rows times outputs) of a stretch. Always the same, so that sums are, whoever computes them.
STRETCH = 1 << 16

_lock = threading.Lock()
_pools: dict[int, ThreadPoolExecutor] = {}


def _forget() -> None:
    """In a new process: threads stay behind in the old one, and the lock may be held there."""
    global _lock
    _lock = threading.Lock()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _pool(n_workers: int) -> ThreadPoolExecutor:
    """Threads that sleep while there is nothing to do."""
    with _lock:
        if n_workers not in _pools:
            _pools[n_workers] = ThreadPoolExecutor(n_workers, "gbm_objectives")
        return _pools[n_workers]


def in_stretches(
    work: Callable[[int, int], Result], n_rows: int, width: int, n_threads: int, least: int = 0
) -> list[Result]:
    """``work(start, stop)`` for each stretch of rows, in the order of the rows.

    The calling thread works too and waits for nothing but stretches that others have begun: so many callers at
    once, from threads of their own, are served. A stretch has ``least`` rows or more.
    """
    step = max(STRETCH // max(width, 1) // 512, -(-least // 512), 1) * 512
    bounds = [(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]
    n_threads = min(n_threads, len(bounds))
    if n_threads <= 1:
        return [work(*each) for each in bounds]
    results: list[Any] = [None] * len(bounds)
    numbers = count()

    def take() -> None:
        while (number := next(numbers)) < len(bounds):
            results[number] = work(*bounds[number])

    try:
        helpers = [_pool(n_threads - 1).submit(take) for _ in range(n_threads - 1)]
    except RuntimeError:  # the interpreter is shutting down
        return [work(*each) for each in bounds]
    try:
        take()
    finally:
        for helper in helpers:
            helper.cancel()
    for helper in helpers:
        if not helper.cancelled():
            helper.result()
    return results
