"""The histogram of what a kernel tells of each row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array
from gbm_objectives.engine._compile import compiled
from gbm_objectives.engine._kernel import HEADER, Kernel
from gbm_objectives.engine._run import Call, with_kernel
from gbm_objectives.engine._settings import n_threads
from gbm_objectives.engine._stretches import in_stretches
from gbm_objectives.engine._sums import Sums

#: Rows are counted in so many parts at most, each of so many rows at least, whatever the number of threads: so that
#: sums of weights are added in the same order.
_PARTS, _PART = 8, 1 << 17
#: Rows whose places are kept before they are counted: they stay in the cache.
_TILE = 1 << 13
#: Copies of a histogram of few places, and what is few: rows that follow each other are counted in different copies,
#: for the processor waits where one number is added to twice in a row.
_COPIES, _FEW = 4, 1 << 10

_UNWEIGHTED = np.zeros(0)
_COUNTING = f"""{HEADER}def kernel(places, weights, counts, size, start, stop):
    last = len(counts) // size - 1
    weighted = len(weights) > 0
    for i in range(len(places)):
        place = start + np.int64(places[i])
        if start <= place < stop:
            place += (i & last) * size
            one = f8(load0(weights, i)) if weighted else 1.0
            store1(counts, place, load1(counts, place) + one)
"""


def histogram(
    kernel: Kernel, inputs: dict[str, Array | None], sums: Sums, width: int = 0
) -> NDArray[np.float64] | None:
    """The number of rows, or the sum of what they weigh, at each place of the histograms.

    Parameters
    ----------
    kernel : Kernel
        It stores the place of each row and, if it has one, the weight, of each count of ``sums``.
    inputs : dict of ndarray
        As for `run`.
    sums : Sums
    width : int, default 0
        As for `run`.

    Returns
    -------
    ndarray or None
        None: NumPy must compute it.
    """
    count = compiled(_COUNTING)
    types = [kernel.graph.nodes[place].dtype for place in kernel.stored]
    copies = _COPIES if sums.size <= _FEW else 1
    step = len(types) // len(sums.counts)  # with weights, two arrays for each count

    def over_rows(call: Call, n_rows: int) -> NDArray[np.float64]:
        def work(first: int, last: int) -> NDArray[np.float64]:
            counts = np.zeros(copies * sums.size)
            found = [np.empty(_TILE, dtype) for dtype in types]
            for start in range(first, last, _TILE):
                stop = min(start + _TILE, last)
                results = [each[: stop - start] for each in found]
                call(start, stop, results)
                for n, each in enumerate(sums.counts):
                    places, *weights = results[step * n : step * n + step]
                    end = each.start + each.size
                    weight = weights[0] if weights else _UNWEIGHTED
                    count(places, weight, counts, sums.size, each.start, end)
            total: NDArray[np.float64] = counts.reshape(copies, -1).sum(axis=0)
            return total

        parts = in_stretches(work, n_rows, 1, n_threads(), least=max(-(-n_rows // _PARTS), _PART))
        total = np.zeros(sums.size)
        for part in parts:
            total += part
        return total

    return with_kernel(kernel, inputs, width, over_rows)
