"""Sums over all rows by compiled code: totals, and histograms."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from gbm_objectives import engine
from gbm_objectives._core.validation import Array
from gbm_objectives.objective._blocks import n_columns
from gbm_objectives.objective._kernels import by_columns, kernel_of, shapes

if TYPE_CHECKING:
    from gbm_objectives.objective._gathering import Statistics

_LOG = logging.getLogger("gbm_objectives.engine")
_TYPES = {"float32": "f4", "float64": "f8"}


def compiled_sums(
    statistics: Statistics, y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> NDArray[Any] | None:
    """The sum of ``statistics`` over all rows; None where NumPy has to gather it."""
    if not engine.compiles(raw_prediction.size) or statistics.n_rows is not None:
        return None
    arrays = {"y": y_true, "raw": raw_prediction, "weight": sample_weight}
    types = tuple(
        None if array is None else _TYPES.get(array.dtype.name, "f8") for array in arrays.values()
    )
    width = n_columns(raw_prediction) if raw_prediction.ndim == 2 else 0
    form = (statistics, y_true.ndim, width, types)
    found = kernel_of(of_sums, statistics.parts, *form)
    if found is None:
        return None
    kernel, sums = found
    width = width if kernel.vector or kernel.n_columns else 0
    if sums is not None:
        from gbm_objectives.engine._histogram import histogram

        return histogram(kernel, arrays, sums, width)
    from gbm_objectives.engine._run import run

    outcome = run(kernel, arrays, width=width)
    return None if outcome is None else outcome.sums


def of_sums(
    statistics: Statistics, y_ndim: int, width: int, types: tuple[str | None, ...]
) -> tuple[Any, Any] | None:
    """The kernel of the statistics, and the histograms if it tells the places in these; None without compiled form."""
    from gbm_objectives.engine._columns import Columns
    from gbm_objectives.engine._graph import Graph, UnrecordableError
    from gbm_objectives.engine._kernel import Kernel
    from gbm_objectives.engine._recorded import Recorded
    from gbm_objectives.engine._sums import Sums

    graph = Graph()
    shape, of_labels = shapes(y_ndim, width)

    def given(name: str, axes: str, dtype: str | None) -> Any:
        if dtype is None:
            return None
        return Recorded(graph, graph.add("input", (), dtype, axes, name), width, readonly=True)

    axes = {"y": of_labels, "raw": shape, "weight": "n"}
    try:
        inputs = [given(*one, dtype) for one, dtype in zip(axes.items(), types, strict=True)]
        if by_columns(statistics.loss, width, y_ndim):
            inputs[1] = Columns.of(graph, "column", str(types[1]), width)
        sums: Any = statistics(slice(0, 0), *inputs)
        if not isinstance(sums, Sums):
            raise UnrecordableError("sums of another kind")
        if not sums.size:
            return Kernel(graph, summed=sums.totals), None
        pairs = [(graph.cast(each.place, "f4"), each.weight) for each in sums.counts]
        # Weights in float64 stay so; those of float32 are added in float64 too.
        stored = [
            place if graph.nodes[place].dtype == "f4" else graph.cast(place, "f8")
            for pair in pairs
            for place in pair
            if place is not None
        ]
        kernel = Kernel(graph, tuple(stored), apart=True)
        if kernel.vector or graph.draws:
            raise UnrecordableError("a histogram of several outputs")
        if len(stored) not in (len(pairs), 2 * len(pairs)):
            raise UnrecordableError("a histogram in which some rows have weights")
    except Exception as error:
        _LOG.info("NumPy computes the sums of %s: %s", statistics.part, error)
        return None
    return kernel, sums
