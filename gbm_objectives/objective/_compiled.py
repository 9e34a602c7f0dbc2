"""Gradients and Hessians by compiled code: the formulas of the terms, recorded once and run in one pass."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gbm_objectives import engine
from gbm_objectives._core.validation import Array
from gbm_objectives.objective._blocks import Block, n_columns
from gbm_objectives.objective._terms import Term

_LOG = logging.getLogger("gbm_objectives.engine")


def filled(
    terms: Sequence[Term],
    y_true: Array,
    raw_prediction: Array,
    sample_weight: Array | None,
    gradient: NDArray[np.float32],
    hessian: NDArray[np.float32],
) -> bool:
    """Whether compiled code has filled the two results of resolved terms; if not, NumPy has to.

    NumPy also has to where predictions are not finite or beyond the limit of a loss, or results are not finite: it
    holds them, or raises the error.
    """
    if not engine.compiles(raw_prediction.size):
        return False
    if any(
        term.loss.n_rows is not None for term in terms
    ):  # the groups of rows lie outside the formulas
        return False
    from gbm_objectives.engine._run import run

    width = n_columns(raw_prediction) if raw_prediction.ndim == 2 else 0
    kernel = _kernel(tuple(terms), y_true.ndim, width, sample_weight is not None)
    if kernel is None:
        return False
    inputs = {"y": y_true, "raw": raw_prediction, "weight": sample_weight}
    outcome = run(kernel, inputs, (gradient, hessian), width)
    limit = min(term.loss.limit for term in terms)
    return outcome is not None and outcome.given <= limit and outcome.found < np.inf


def _kernel(terms: tuple[Term, ...], y_ndim: int, width: int, weighted: bool) -> Any:
    """The recorded formulas; kept for terms that come again."""
    try:
        return _kept(terms, y_ndim, width, weighted)
    except TypeError:  # a loss of the user's own without a hash
        return _record(terms, y_ndim, width, weighted)


def _record(terms: tuple[Term, ...], y_ndim: int, width: int, weighted: bool) -> Any:
    """The formulas of the terms as a kernel, or None where they have no compiled form."""
    from gbm_objectives.engine._graph import Graph
    from gbm_objectives.engine._recorded import Recorded
    from gbm_objectives.engine._source import Kernel

    graph = Graph()
    shape, of_labels = ("nk", "nk" if y_ndim == 2 else "n") if width else ("n", "n")
    label = Recorded(graph, graph.add("input", (), "f8", of_labels, "y"), width, readonly=True)
    if all(term.loss.shift_invariant for term in terms):
        y = Recorded(graph, graph.add("spread", (graph.number(0.0, "f4"),), "f4", of_labels), width)
        at = graph.add("difference", (), "f4", shape, "raw")
    else:
        y = Recorded(graph, graph.add("input", (), "f4", of_labels, "y"), width)
        at = graph.add("input", (), "f4", shape, "raw")
    raw = Recorded(graph, at, width, readonly=True)
    y.readonly = True
    block = Block(slice(0, 0), label, y, raw)  # type: ignore[arg-type]
    try:
        g, h = terms[0].derivatives(block)
        for term in terms[1:]:
            more_g, more_h = term.derivatives(block)
            g, h = g + more_g, h + more_h
        if weighted:
            w = Recorded(graph, graph.add("input", (), "f4", "n", "weight"), width)
            g, h = (g.T * w).T, (h.T * w).T
        results: tuple[Any, Any] = g, h
        stored = tuple(graph.cast(result.place, "f4") for result in results)
    except Exception as error:  # formulas do what they like: what can't be recorded NumPy computes
        _LOG.info("NumPy computes %s: %s", "+".join(term.loss.name for term in terms), error)
        return None
    return Kernel(graph, stored, checked=(at,))


_kept = lru_cache(maxsize=64)(_record)
