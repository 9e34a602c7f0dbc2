"""Recorded formulas, kept so that each is recorded once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from gbm_objectives.loss import Loss


def kernel_of(record: Any, parts: Iterable[Any], *form: Any) -> Any:
    """``record(*form)``; kept for ``parts`` of this package, which are frozen, as those of a user need not be."""
    if all(type(part).__module__.startswith("gbm_objectives.") for part in parts):
        return _kept(record, *form)
    return record(*form)


@lru_cache(maxsize=64)
def _kept(record: Any, *form: Any) -> Any:
    return record(*form)


def shapes(y_ndim: int, width: int) -> tuple[str, str]:
    """How predictions and labels are arranged."""
    if not width:
        return "n", "n"
    return "nk", "nk" if y_ndim == 2 else "n"


def by_columns(loss: Loss, width: int, y_ndim: int) -> bool:
    """Whether each output is recorded on its own."""
    from gbm_objectives.engine._columns import MOST

    return loss.n_outputs is not None and 0 < width <= MOST and y_ndim == 1
