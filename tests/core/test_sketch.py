"""The automatic scale: the sketch behind it and what it does on hard residuals."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from gbm_objectives import huber, quantile
from gbm_objectives._core import rows as _rows
from gbm_objectives._core import sketch as _sketch
from gbm_objectives.objective._gathering import resolve


@pytest.mark.parametrize("n", [3, 100, 100_000])
@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_quantile_of_a_sketch(n, q):
    values = np.abs(np.random.default_rng(0).standard_normal(n)).astype(np.float32)
    found = _sketch.quantile(_sketch.sketch(values, None), q)
    below, above = (np.quantile(values, q, method=m) for m in ("lower", "higher"))
    assert 0.996 * below <= found <= 1.004 * above
    if n > 1000:
        assert_allclose(found, np.quantile(values, q), rtol=2e-4)


def test_sketches_merge_by_addition_and_weights_count_as_rows():
    rng = np.random.default_rng(0)
    values = rng.exponential(size=1000).astype(np.float32)
    times = rng.integers(0, 4, 1000)
    weighted = _sketch.sketch(values, times.astype(float))
    assert_array_equal(weighted, _sketch.sketch(np.repeat(values, times), None))
    assert_array_equal(
        _sketch.sketch(values, None),
        _sketch.sketch(values[:300], None) + _sketch.sketch(values[300:], None),
    )


def test_values_beyond_the_bins_are_counted_in_the_last_ones():
    values = np.array([0, 1e-45, 1e-38, _sketch.LOW, _sketch.HIGH, 3.4e38], np.float32)
    counts = _sketch.sketch(values, None)
    assert counts.shape == (_sketch.N_BINS,)
    assert (counts[0], counts[-1]) == (4, 2)


def test_the_median_is_within_the_bins():
    """At most 4 (mean sqrt|r|)^2, attained where half of the residuals are 0."""
    r = np.array([0.0] * 50 + [1.0] * 50)
    assert np.median(r) <= 4 * np.mean(np.sqrt(r)) ** 2 * (1 + 1e-12)
    assert _sketch.HIGH > 4 * 1.0


def auto_delta(residuals, weight=None):
    residuals = np.asarray(residuals, np.float32)
    return huber().fixed(np.zeros_like(residuals), residuals, weight).loss.fixed_delta


def test_auto_delta_is_half_the_normalised_median_residual():
    r = np.random.default_rng(0).standard_normal(20_001)
    assert_allclose(auto_delta(r), 0.5 * 1.4826 * np.median(np.abs(r)), rtol=1e-3)


@pytest.mark.parametrize(("share", "size"), [(0.2, 100), (0.4, 30), (0.01, 1e5)])
def test_auto_delta_resists_outliers(share, size):
    """Beyond, the floor that guards against a median of 0 lets delta grow: 20% at 250 sigma."""
    r = np.random.default_rng(0).standard_normal(20_001)
    outliers = r.copy()
    outliers[: int(share * len(r))] = size
    assert auto_delta(outliers) < 2.2 * auto_delta(r)


def test_auto_delta_stays_positive_where_the_median_residual_is_0():
    r = np.zeros(1000)
    r[:280] = np.linspace(1, 10, 280)
    assert_allclose(auto_delta(r), 0.05 * np.mean(np.sqrt(r)) ** 2, rtol=1e-3)
    gradient, hessian = huber()(np.zeros(50), np.zeros(50))
    assert_array_equal(gradient, 0)
    assert_array_equal(hessian, 1)


def test_a_sample_stands_for_many_rows():
    """Above 2^19 rows a sixteenth of them gives the scale; an order or a period is no bias."""
    rng = np.random.default_rng(0)
    r = np.sort(rng.standard_normal(12 * _rows.BLOCK + 13)).astype(np.float32)
    expected = 0.5 * 1.4826 * np.median(np.abs(r))
    assert_allclose(auto_delta(r), expected, rtol=2e-3)
    assert_allclose(auto_delta(rng.permutation(r)), expected, rtol=0.02)
    for period in (2, 3, 4, 7, 12, 24, 30):
        wave = np.where(np.arange(len(r)) % period == 0, 100, 1) * np.abs(r)
        assert_allclose(auto_delta(wave), 0.5 * 1.4826 * np.median(wave), rtol=0.05)
    unsampled = (np.arange(len(r)) % 1024 >= 64).astype(np.float32)
    unsampled[12 * _rows.BLOCK :] = 0
    assert_allclose(auto_delta(r, unsampled), expected, rtol=2e-3)


def test_a_machine_that_samples_counts_for_all_its_rows():
    """Beside a machine too small to sample, with larger residuals: the scale of the rows together."""
    rng = np.random.default_rng(0)
    large = rng.standard_normal(12 * _rows.BLOCK).astype(np.float32)
    small = 10 * rng.standard_normal(4 * _rows.BLOCK).astype(np.float32)

    def sums(loss, r):
        seen = []
        resolve(loss, np.zeros_like(r), r, None, lambda s: seen.append(s) or s)
        return seen[0]

    loss = huber().loss
    while loss.pending:
        loss = loss.resolve(sums(loss, large) + sums(loss, small))
    expected = 0.5 * 1.4826 * np.median(np.abs(np.concatenate([large, small])))
    assert_allclose(loss.fixed_delta, expected, rtol=0.02)


def test_quantile_bandwidth():
    rng = np.random.default_rng(0)
    y = rng.standard_normal(5000)
    spread = np.mean(np.sqrt(np.abs(y))) ** 2

    def delta(tau, raw):
        return quantile(tau).fixed(y, raw).loss.fixed_delta

    assert_allclose(delta(0.5, np.zeros(5000)), 0.33 * spread, rtol=1e-3)
    median, far = np.quantile(np.abs(y), [0.5, 0.9])
    sharp = (median / (0.45 * far)) ** (1.75 * 0.98)
    assert_allclose(delta(0.01, np.zeros(5000)), 0.33 * 0.2 * sharp * spread, rtol=0.01)
    # The noise decides, however far the labels are spread around it.
    wide = 100 * rng.standard_normal(5000)
    found = quantile(0.5).fixed(wide + y, wide).loss.fixed_delta
    assert_allclose(found, 0.33 * spread, rtol=1e-3)
    # Far outliers leave it where the median residual is: 1.5 times that at most.
    far = np.where(rng.random(5000) < 0.02, 1e3, y)
    found = quantile(0.5).fixed(far, np.zeros(5000)).loss.fixed_delta
    assert_allclose(found, 0.33 * 1.5 * np.median(np.abs(far)), rtol=1e-3)
