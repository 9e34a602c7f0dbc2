"""The sketch of labels from which intercepts are found on a cluster."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from gbm_objectives import focal, huber, linex, quantile, softmax_cross_entropy, squared_error
from gbm_objectives.dask._labels import Labels, merged, sketch

RNG = np.random.default_rng(0)
Y = RNG.standard_t(2, 30_000).astype(np.float32)
W = RNG.uniform(0, 3, len(Y))
W[::10] = 0.0


def in_parts(y, w, limit=1 << 16, parts=7):
    weights = np.array_split(w, parts) if w is not None else [None] * parts
    pairs = zip(np.array_split(y, parts), weights, strict=True)
    return merged([sketch(*pair, limit) for pair in pairs])


@pytest.mark.parametrize("weight", [None, W], ids=["unweighted", "weighted"])
def test_few_values_are_exact(weight):
    found = in_parts(Y, weight)
    assert found.shift == 0
    assert found.n_samples == len(Y)
    assert_array_equal(found.y_true, np.unique(Y if weight is None else Y[weight > 0]))
    for objective in (huber(), quantile(0.9), squared_error(), linex()):
        assert_allclose(
            objective.intercept(found.y_true, found.weights),
            objective.intercept(Y, weight),
            rtol=1e-6,
            atol=1e-7,
        )


def test_class_codes_stay_whole():
    """0.1 + 0.2 is not 0.3: a mean of equal labels must still be that label."""
    codes = RNG.integers(0, 12, 5000)
    w = RNG.uniform(0.1, 0.3, len(codes))
    found = in_parts(codes, w)
    assert_array_equal(found.y_true, np.arange(12))
    objective = softmax_cross_entropy()
    assert_allclose(objective.intercept(found.y_true, found.weights), objective.intercept(codes, w))
    label = (codes > 9).astype(int)
    found = in_parts(label, w)
    assert_allclose(focal().intercept(found.y_true, found.weights), focal().intercept(label, w))


def test_many_values_are_near():
    found = in_parts(Y, W, limit=4000)
    assert 2000 < len(found.keys) <= 4000
    assert_allclose(found.weights.sum(), W.sum())
    assert_allclose(
        squared_error().intercept(found.y_true, found.weights),
        np.average(Y, weights=W),
        rtol=1e-6,
    )
    spread = np.subtract(*np.percentile(Y, [75, 25]))
    for objective in (huber(), quantile(0.1), quantile(0.9)):
        error = objective.intercept(found.y_true, found.weights) - objective.intercept(Y, W)
        assert 0 < abs(error) < 0.003 * spread


def test_a_large_offset_costs_nothing():
    y = (1e6 + RNG.standard_normal(10_000)).astype(np.float32)
    found = in_parts(y, None, limit=1000)
    assert found.shift == 0
    assert_array_equal(found.y_true, np.unique(y))


def test_the_order_of_parts_does_not_matter():
    pairs = list(zip(np.array_split(Y, 5), np.array_split(W, 5), strict=True))
    parts = [sketch(y, w, 300) for y, w in pairs]
    one, other = merged(parts), merged(parts[::-1])
    assert one.shift == other.shift
    assert_array_equal(one.keys, other.keys)
    assert_allclose(one.sums, other.sums, atol=1e-9)


def test_order_and_signs():
    y = np.array([3.0, -0.0, 0.0, -2.5, np.float32(1e-45), -3e38], np.float32)
    found = sketch(y, None)
    assert_array_equal(found.y_true, np.unique(y).astype(np.float64))
    assert_array_equal(found.weights, [1, 1, 2, 1, 1])


def test_partitions_without_rows_or_weight():
    empty = sketch(np.zeros(0), None)
    assert isinstance(empty, Labels)
    found = merged([empty, sketch(Y, None), empty, sketch(Y, np.zeros(len(Y)))])
    assert found.n_samples == 2 * len(Y)
    assert_array_equal(found.y_true, np.unique(Y))


@pytest.mark.parametrize(
    ("y", "w", "text"),
    [
        ([1.0, np.nan], None, "y_true: NaN or inf"),
        ([1.0, 1e300], None, "y_true: NaN or inf"),
        (["a", "b"], None, "real numbers"),
        ([1.0, 2.0], [1.0, -1.0], "a negative weight"),
        ([1.0, 2.0], [1.0, np.nan], "sample_weight: NaN or inf"),
        ([1.0, 2.0], [0.0], "one for each row"),
    ],
)
def test_errors(y, w, text):
    with pytest.raises((TypeError, ValueError), match=text):
        sketch(np.asarray(y), None if w is None else np.asarray(w))
