"""Metrics in XGBoost's terms: one function for all, and the direction of early stopping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from xgboost.callback import EarlyStopping


@dataclass(frozen=True)
class AllMetrics:
    """Several metrics as XGBoost's one custom_metric."""

    metrics: tuple[Any, ...]

    def __call__(self, preds: NDArray[Any], data: Any) -> list[tuple[str, float]]:
        """Their names and values, in their order."""
        results: list[tuple[str, float]] = []
        for metric in self.metrics:
            found = metric(preds, data)
            results += found if isinstance(found, list) else [found]
        return results


def custom_metric(metrics: list[Any]) -> AllMetrics | None:
    """The function that XGBoost calls, or None."""
    return AllMetrics(tuple(metrics)) if metrics else None


@contextmanager
def directed(callbacks: Iterable[Any], metrics: list[Any]) -> Iterator[None]:
    """Within it, the user's own `EarlyStopping` knows the direction of our metrics.

    It takes every metric whose name it does not know for one that should fall.
    """
    directions = {
        metric.name: metric.higher_is_better
        for metric in metrics
        if hasattr(metric, "higher_is_better")
    }
    last = getattr(metrics[-1], "name", None) if metrics else None
    told = [
        callback
        for callback in callbacks
        if isinstance(callback, EarlyStopping)
        and callback.maximize is None
        and (callback.metric_name or last) in directions
    ]
    for callback in told:
        callback.maximize = directions[callback.metric_name or last]
    try:
        yield
    finally:
        for callback in told:
            callback.maximize = None
