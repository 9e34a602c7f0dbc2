"""The formulas of terms, recorded as kernels."""

from __future__ import annotations

import logging
from typing import Any

from gbm_objectives.objective._blocks import Block
from gbm_objectives.objective._kernels import by_columns, shapes
from gbm_objectives.objective._terms import Term, derivatives

_LOG = logging.getLogger("gbm_objectives.engine")


def of_derivatives(terms: tuple[Term, ...], y_ndim: int, width: int, weighted: bool) -> Any:
    """Gradient and Hessian of the terms as a kernel, or None where they have no compiled form."""
    from gbm_objectives.engine._columns import Columns
    from gbm_objectives.engine._graph import Graph
    from gbm_objectives.engine._kernel import Kernel
    from gbm_objectives.engine._recorded import Recorded

    graph = Graph()
    shape, of_labels = shapes(y_ndim, width)
    label = Recorded(graph, graph.add("input", (), "f8", of_labels, "y"), width, readonly=True)
    shifted = all(term.loss.shift_invariant for term in terms)
    if shifted:
        at = graph.add("spread", (graph.number(0.0, "f4"),), "f4", of_labels)
    else:
        at = graph.add("input", (), "f4", of_labels, "y")
    y = Recorded(graph, at, width, readonly=True)
    raw: Any
    if by_columns(terms[0].loss, width, y_ndim):
        raw = Columns.of(graph, "column_difference" if shifted else "column", "f4", width)
    else:
        at = graph.add("difference" if shifted else "input", (), "f4", shape, "raw")
        raw = Recorded(graph, at, width, readonly=True)
    try:
        g, h = derivatives(terms, Block(slice(0, 0), label, y, raw))  # type: ignore[arg-type]
        if weighted:
            weight: Any = Recorded(graph, graph.add("input", (), "f4", "n", "weight"), width)
            g, h = (g.T * weight).T, (h.T * weight).T
        stored = tuple(graph.cast(place, "f4") for each in (g, h) for place in places(each, width))
    except Exception as error:  # formulas do what they like: what can't be recorded NumPy computes
        _LOG.info("NumPy computes %s: %s", "+".join(term.loss.name for term in terms), error)
        return None
    return Kernel(graph, stored, checked=places(raw, width))


def of_value(term: Term, y_ndim: int, width: int, weighted: bool) -> Any:
    """The sum of weighted values, and that of the weights, as a kernel; or None."""
    from gbm_objectives.engine._columns import Columns
    from gbm_objectives.engine._graph import Graph
    from gbm_objectives.engine._kernel import Kernel
    from gbm_objectives.engine._recorded import Recorded

    graph = Graph()
    shape, of_labels = shapes(y_ndim, width)

    def given(name: str, axes: str) -> Any:
        return Recorded(graph, graph.add("input", (), "f8", axes, name), width, readonly=True)

    try:
        raw = given("raw", shape)
        if by_columns(term.loss, width, y_ndim):
            raw = Columns.of(graph, "column", "f8", width)
        value: Any = term.value(slice(0, 0), given("y", of_labels), raw)
        summed: tuple[Any, ...] = (value,)
        if weighted:
            weight = given("weight", "n")
            summed = (weight * value, weight)
        places = tuple(graph.cast(each.place, "f8") for each in summed)
    except Exception as error:
        _LOG.info("NumPy computes the value of %s: %s", term.loss.name, error)
        return None
    return Kernel(graph, summed=places)


def places(result: Any, width: int) -> tuple[int, ...]:
    """The nodes of a result: one, or one for each output."""
    columns = getattr(result, "columns", None)
    if columns is None:
        return (result.place,)
    if result.by_columns or len(columns) != width:
        raise TypeError("a result in another shape than the predictions")
    return tuple(column.place for column in columns)
