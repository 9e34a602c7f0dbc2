"""An objective has no state: used by many threads, after a fork or a pickle it gives what it gives alone."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from _hostile import labels
from numpy.testing import assert_array_equal
from variants import HOSTILE


def case(objective, seed):
    """Data sets of various sizes, some of several blocks."""
    rng = np.random.default_rng(seed)
    n = 70_000 if seed % 4 == 0 else 1000 + seed
    y = labels(objective, "normal", n, rng)
    shape = (n, objective.n_outputs or 3) if objective.vector else n
    return y, rng.standard_normal(shape), rng.uniform(0.1, 3, n) if seed % 2 else None


def results(objective, seed):
    y, raw, weight = case(objective, seed)
    n_outputs = 3 if objective.vector else None
    found = (
        *objective(y, raw, weight),
        objective.value(y, raw, weight),
        float(objective.metric(y, raw, weight)),
        objective.intercept(y[:1000], None if weight is None else weight[:1000], n_outputs),
    )
    return [np.asarray(part) for part in found]


@pytest.mark.parametrize("objective", HOSTILE, ids=repr)
def test_eight_threads_at_once(objective):
    seeds = range(8)
    alone = [results(objective, seed) for seed in seeds]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda seed: results(objective, seed % 8), range(16)))
    for found, expected in zip(together, alone * 2, strict=True):
        for part, other in zip(found, expected, strict=True):
            assert_array_equal(part, other)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        found = list(pool.map(results, HOSTILE, [1] * len(HOSTILE)))
    for objective, there in zip(HOSTILE, found, strict=True):
        assert pickle.loads(pickle.dumps(objective)) == objective
        for part, other in zip(there, results(objective, 1), strict=True):
            assert_array_equal(part, other)
