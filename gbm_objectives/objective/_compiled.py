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
from gbm_objectives.objective._terms import Term, derivatives

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
    kernel = _kernel(_record, tuple(terms), y_true.ndim, width, sample_weight is not None)
    if kernel is None:
        return False
    inputs = {"y": y_true, "raw": raw_prediction, "weight": sample_weight}
    outcome = run(kernel, inputs, (gradient, hessian), width)
    limit = min(term.loss.limit for term in terms)
    return outcome is not None and outcome.given <= limit and outcome.found < np.inf


def mean_value(
    term: Term, y_true: Array, raw_prediction: Array, sample_weight: Array | None
) -> float | None:
    """The weighted mean of the values of a resolved term, in float64; None where NumPy has to compute it."""
    if not engine.compiles(raw_prediction.size) or term.loss.n_rows is not None:
        return None
    from gbm_objectives.engine._run import run

    width = n_columns(raw_prediction) if raw_prediction.ndim == 2 else 0
    kernel = _kernel(_record_value, term, y_true.ndim, width, sample_weight is not None)
    if kernel is None:
        return None
    inputs = {"y": y_true, "raw": raw_prediction, "weight": sample_weight}
    outcome = run(kernel, inputs, width=width)
    if outcome is None:
        return None
    total, *weights = outcome.sums.tolist()
    total_weight = weights[0] if weights else float(len(y_true))
    mean = total / total_weight if total_weight else 0.0
    return mean if np.isfinite(mean) else None


def _kernel(record: Any, *form: Any) -> Any:
    """A recorded formula; kept for terms of this package, which are frozen, as those of a user need not be."""
    terms: tuple[Term, ...] = form[0] if isinstance(form[0], tuple) else (form[0],)
    parts = [part for term in terms for part in (term.loss, term.policy, *term.weightings)]
    if all(type(part).__module__.startswith("gbm_objectives.") for part in parts):
        return _kept(record, *form)
    return record(*form)


@lru_cache(maxsize=64)
def _kept(record: Any, *form: Any) -> Any:
    return record(*form)


def _record(terms: tuple[Term, ...], y_ndim: int, width: int, weighted: bool) -> Any:
    """Gradient and Hessian of the terms as a kernel, or None where they have no compiled form."""
    from gbm_objectives.engine._graph import Graph
    from gbm_objectives.engine._recorded import Recorded
    from gbm_objectives.engine._source import Kernel

    graph = Graph()
    shape, of_labels = _shapes(y_ndim, width)
    label = Recorded(graph, graph.add("input", (), "f8", of_labels, "y"), width, readonly=True)
    if all(term.loss.shift_invariant for term in terms):
        zero = graph.add("spread", (graph.number(0.0, "f4"),), "f4", of_labels)
        y = Recorded(graph, zero, width, readonly=True)
        at = graph.add("difference", (), "f4", shape, "raw")
    else:
        y = Recorded(graph, graph.add("input", (), "f4", of_labels, "y"), width, readonly=True)
        at = graph.add("input", (), "f4", shape, "raw")
    raw: Any = Recorded(graph, at, width, readonly=True)
    try:
        g, h = derivatives(terms, Block(slice(0, 0), label, y, raw))  # type: ignore[arg-type]
        if weighted:
            weight: Any = Recorded(graph, graph.add("input", (), "f4", "n", "weight"), width)
            g, h = (g.T * weight).T, (h.T * weight).T
        results: tuple[Any, Any] = g, h
        stored = tuple(graph.cast(result.place, "f4") for result in results)
    except Exception as error:  # formulas do what they like: what can't be recorded NumPy computes
        _LOG.info("NumPy computes %s: %s", "+".join(term.loss.name for term in terms), error)
        return None
    return Kernel(graph, stored, checked=(at,))


def _record_value(term: Term, y_ndim: int, width: int, weighted: bool) -> Any:
    """The sum of weighted values, and that of the weights, as a kernel; or None."""
    from gbm_objectives.engine._graph import Graph
    from gbm_objectives.engine._recorded import Recorded
    from gbm_objectives.engine._source import Kernel

    graph = Graph()
    shape, of_labels = _shapes(y_ndim, width)

    def given(name: str, axes: str) -> Any:
        return Recorded(graph, graph.add("input", (), "f8", axes, name), width, readonly=True)

    try:
        value: Any = term.value(slice(0, 0), given("y", of_labels), given("raw", shape))
        summed: tuple[Any, ...] = (value,)
        if weighted:
            weight = given("weight", "n")
            summed = (weight * value, weight)
        places = tuple(graph.cast(each.place, "f8") for each in summed)
    except Exception as error:
        _LOG.info("NumPy computes the value of %s: %s", term.loss.name, error)
        return None
    return Kernel(graph, summed=places)


def _shapes(y_ndim: int, width: int) -> tuple[str, str]:
    """How predictions and labels are arranged."""
    if not width:
        return "n", "n"
    return "nk", "nk" if y_ndim == 2 else "n"
