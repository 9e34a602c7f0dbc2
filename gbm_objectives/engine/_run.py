"""A recorded formula, run over rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.draws import hashes
from gbm_objectives._core.validation import Array
from gbm_objectives.engine._compile import compiled
from gbm_objectives.engine._graph import Graph, UnrecordableError
from gbm_objectives.engine._kernel import Kernel
from gbm_objectives.engine._settings import n_threads
from gbm_objectives.engine._source import source_of
from gbm_objectives.engine._stretches import in_stretches

Result = TypeVar("Result")
#: (start, stop, arrays to fill): the largest magnitudes, as bits, and sums.
Call = Callable[[int, int, Sequence[Array]], tuple[int, int, Array]]

_LOG = logging.getLogger("gbm_objectives.engine")
#: Numbers of a buffer.
_BUFFER = 8192
_NOTHING = np.zeros(0)
_NO_FORM: tuple[Any, int] = (None, 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run tells beside the arrays that it fills.

    Parameters
    ----------
    given, found : float
        The largest magnitudes of the nodes that are checked, and of the results; inf and NaN are inf.
    sums : ndarray
        Over all rows.
    """

    given: float
    found: float
    sums: NDArray[np.float64] = field(default_factory=lambda: _NOTHING)


def run(
    kernel: Kernel,
    inputs: dict[str, Array | None],
    stored: tuple[NDArray[Any], ...] = (),
    width: int = 0,
) -> Outcome | None:
    """Run a kernel over all rows.

    Parameters
    ----------
    kernel : Kernel
    inputs : dict of ndarray
        The labels "y", the predictions "raw" and the "weight".
    stored : tuple of ndarray
        The arrays to fill: contiguous, or (n, width) in Fortran order.
    width : int, default 0
        The number of outputs, of losses of several.

    Returns
    -------
    Outcome or None
        None: the formula has no compiled form here, and NumPy must compute it. Arrays may be half filled.
    """
    if width:
        stored = tuple(array.T.reshape(-1) for array in stored)

    def over_rows(call: Call, n_rows: int) -> Outcome:
        def work(start: int, stop: int) -> tuple[int, int, Array]:
            return call(start, stop, stored if width else [each[start:stop] for each in stored])

        parts = in_stretches(work, n_rows, width, n_threads())
        sums = np.zeros(len(kernel.summed))
        for part in parts:
            sums += part[2]
        given, found = max(part[0] for part in parts), max(part[1] for part in parts)
        return Outcome(_magnitude(given), _magnitude(found), sums)

    return with_kernel(kernel, inputs, width, over_rows)


def with_kernel(
    kernel: Kernel,
    inputs: dict[str, Array | None],
    width: int,
    use: Callable[[Call, int], Result],
) -> Result | None:
    """``use(call, n_rows)``, where ``call(start, stop, stored)`` runs the kernel over some rows; None as for `run`."""
    names = kernel.inputs
    arrays = [_fit(inputs[name]) for name in names]
    n_rows = next(len(array) for array in inputs.values() if array is not None)
    raw_by_rows = False
    if width:
        for place, name in enumerate(names):
            if arrays[place].ndim == 2:
                rows = name == "raw" and arrays[place].flags.c_contiguous
                raw_by_rows = raw_by_rows or rows
                if rows and kernel.n_columns:
                    continue  # transposed a stretch at a time
                columns = arrays[place] if rows else np.asfortranarray(arrays[place]).T
                arrays[place] = columns.reshape(-1)
            else:
                arrays[place] = np.ascontiguousarray(arrays[place])
    form = kernel.forms.get(raw_by_rows)
    try:
        if form is None:
            graph = kernel.graph
            shape = (tuple(graph.nodes), kernel.stored, kernel.summed, kernel.checked, kernel.apart)
            form = _form(shape, len(graph.tables), len(graph.draws), raw_by_rows)
            kernel.forms[raw_by_rows] = form
        if form[0] is None:
            return None
        with np.errstate(all="ignore"):
            return use(_call(form, kernel, arrays, n_rows, width), n_rows)
    except Exception as error:  # numba has many; a formula without compiled form is no error
        _LOG.info("NumPy computes what can't be compiled: %s", error, exc_info=True)
        kernel.forms[raw_by_rows] = _NO_FORM
        return None


@lru_cache(maxsize=256)
def _form(
    shape: tuple[Any, ...], n_tables: int, n_draws: int, raw_by_rows: bool
) -> tuple[Any, int]:
    """The function of a graph, and how many buffers it needs; the same for all numbers of its formulas."""
    nodes, stored, summed, checked, apart = shape
    graph = Graph(list(nodes), tables=[None] * n_tables, draws=[0] * n_draws)
    kernel = Kernel(graph, stored, summed, checked, apart)
    try:
        source, n_buffers = source_of(kernel, raw_by_rows=raw_by_rows)
    except UnrecordableError as error:
        _LOG.info("NumPy computes what can't be compiled: %s", error)
        return _NO_FORM
    return compiled(source), n_buffers


def _fit(array: Array | None) -> Array:
    """In float32 or float64."""
    assert array is not None
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def _call(
    form: tuple[Any, int], kernel: Kernel, arrays: list[Array], n_rows: int, width: int
) -> Call:
    """The kernel as a function of a stretch of rows and of the arrays that it fills."""
    function, n_buffers = form
    numbers = np.array(kernel.graph.numbers, dtype=np.float64)
    tables = [np.ascontiguousarray(table) for table in kernel.graph.tables]
    tile = max(min(_BUFFER // max(width, 1), 512) // 16 * 16, 16)
    wide = np.float64 if kernel.summed else np.float32
    n_scratch = max(n_buffers, 1) * tile * width if width else 1

    def call(start: int, stop: int, stored: Sequence[Array]) -> tuple[int, int, Array]:
        sums = np.zeros(len(kernel.summed))
        drawn = [hashes(key, start, stop) for key in kernel.graph.draws]
        scratch, rows, parts = np.empty(n_scratch, dtype=wide), n_rows, arrays
        if not width:
            rows = stop - start
            parts = [np.ascontiguousarray(array[start:stop]) for array in arrays]
        elif any(array.ndim == 2 for array in arrays):
            parts = [
                a.ravel() if a.ndim == 1 else np.ascontiguousarray(a[start:stop].T).ravel()
                for a in arrays
            ]
        given, found = function(
            start, stop, width, tile, rows, *parts, numbers, *tables, *drawn, scratch, sums, *stored
        )
        return given, found, sums

    return call


def _magnitude(bits: int) -> float:
    """The float32 of these bits; inf for NaN."""
    value = float(np.array([bits], np.int32).view(np.float32)[0])
    return value if value == value else float("inf")
