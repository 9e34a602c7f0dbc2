"""What a formula sums over all rows, before any row is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from gbm_objectives.engine._graph import UnrecordableError


class Count(NamedTuple):
    """A count of rows in a histogram: the nodes of the place and of the weight, and where the histogram lies."""

    place: int
    weight: int | None
    size: int
    start: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """A vector of sums that will be there once a kernel has run: numbers, or histograms one after the other.

    Parameters
    ----------
    totals : tuple of int, default ()
        The nodes that are added up.
    counts : tuple of Count, default ()
        What is counted.
    size : int, default 0
        Of all histograms together.
    """

    totals: tuple[int, ...] = ()
    counts: tuple[Count, ...] = ()
    size: int = 0

    def astype(self, dtype: Any, **_: Any) -> Sums:
        """They will be in float64."""
        return self

    def __getitem__(self, key: slice) -> Sums:
        return Sums(self.totals[key])

    def __add__(self, other: Sums) -> Sums:
        if self.size != other.size or self.totals or other.totals:
            raise UnrecordableError("a sum of sums")
        return replace(self, counts=self.counts + other.counts)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Sums:
        if function is not np.concatenate or kwargs or len(args) != 1:
            raise UnrecordableError(f"numpy.{function.__name__} of sums")
        totals: tuple[int, ...] = ()
        counts: tuple[Count, ...] = ()
        size = 0
        for part in args[0]:
            totals += part.totals
            counts += tuple(each._replace(start=each.start + size) for each in part.counts)
            size += part.size
        if totals and counts:
            raise UnrecordableError("numbers beside histograms")
        return Sums(totals, counts, size)
