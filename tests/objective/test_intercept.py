"""Intercepts of many rows, where a sample leads the search, and the log-odds behind focal scores."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from sklearn.datasets import load_breast_cancer

from gbm_objectives import (
    adaptive_robust,
    binary_cross_entropy,
    cauchy,
    fair,
    focal,
    general_robust,
    huber,
    log_cosh,
    mean_bias_error,
    pseudo_huber,
    squared_error,
    tukey,
    welsch,
)
from gbm_objectives._core.numerics import weighted_quantile

RNG = np.random.default_rng(0)
N = 600_000
SKEWED = RNG.standard_normal(N) + RNG.exponential(3.0, N) + np.where(RNG.random(N) < 0.2, 40, 0)
W = RNG.integers(0, 4, N).astype(float)
MAKE = [
    huber, pseudo_huber, log_cosh, fair, general_robust, cauchy, welsch, tukey, adaptive_robust,
]  # fmt: skip


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("make", MAKE, ids=lambda make: make.__name__)
def test_many_rows_have_a_flat_slope_at_their_intercept(make, weighted, offset):
    """The float64 slope at the intercept is 0 to 1e-7 of a delta a row; 1e-6 of the constant is more."""
    y, w = SKEWED + offset, W if weighted else np.ones(N)
    found = make().intercept(y, W if weighted else None)
    loss = make().loss.anchored(y, W if weighted else None)

    def slope(constant):
        return float((w * loss.psi((constant - y) / loss.delta)).sum() / w.sum())

    exact = brentq(slope, found - 1, found + 1, xtol=1e-13)
    assert_allclose(found, exact, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("make", MAKE[:-1], ids=lambda make: make.__name__)
def test_outliers_beyond_the_squares_of_float32(make):
    """Many rows are summed in float32: u^2 must not overflow, nor warn."""
    y = SKEWED[:100_000].copy()
    expected = make(delta=1.0).intercept(y)
    y[0] = 1e30
    assert_allclose(make(delta=1.0).intercept(y), expected, rtol=1e-4)


def test_the_slope_of_few_rows_is_flat_to_rounding():
    y = SKEWED[:5000]
    objective = log_cosh(0.8)
    constant = objective.intercept(y)
    assert abs(np.tanh((constant - y) / 0.8).mean()) < 1e-14


@pytest.mark.parametrize("q", [0.001, 0.25, 0.5, 0.95, 1 / 3])
def test_weighted_quantiles_of_many_rows_are_those_of_repeated_rows(q):
    few = SKEWED[:200_000].round(2)  # with ties
    times = W[:200_000].astype(int)
    expected = np.quantile(np.repeat(few, times), q, method="averaged_inverted_cdf")
    assert weighted_quantile(few, times.astype(float), q) == expected


def test_weighted_quantile_where_the_sample_misleads():
    """Every row that the sample reads is far off, or weightless."""
    values = SKEWED[:200_000].copy()
    weight = np.ones_like(values)
    step = len(values) >> 14
    values[::step] = 1e6
    expected = np.quantile(values, 0.5, method="averaged_inverted_cdf")
    assert weighted_quantile(values, weight, 0.5) == expected
    weight[::step] = 0
    expected = np.quantile(values[weight > 0], 0.5, method="averaged_inverted_cdf")
    assert weighted_quantile(values, weight, 0.5) == expected


def test_the_intercept_of_a_sum_lies_where_its_slope_is_0():
    y = SKEWED[:3000]
    objective = 0.5 * huber(2.0) + mean_bias_error(0.7)
    found = objective.intercept(y)
    r = found - y
    slope = 0.5 * np.clip(r, -2, 2).mean() + 0.7 * r.mean()
    assert abs(slope) < 1e-7


def test_the_intercept_of_a_sum_that_is_not_convex_is_a_minimum():
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.normal(0, 1, 60), rng.normal(20, 1, 40), rng.normal(-20, 1, 55)])
    for objective in (welsch(1.0) + 0.01 * huber(1.0), 2 * tukey(1.5) + cauchy(3.0)):
        found = objective.intercept(y)
        at = [objective.value(y, np.full_like(y, found + step)) for step in (-0.05, 0, 0.05)]
        assert at[1] < min(at[0], at[2])


def test_squared_error_and_cross_entropy_start_at_the_mean():
    label = load_breast_cancer().target
    assert squared_error().intercept(SKEWED, W) == np.average(SKEWED, weights=W)
    rate = label.mean()
    assert_allclose(binary_cross_entropy().intercept(label), np.log(rate / (1 - rate)), rtol=1e-14)
    rare = np.zeros(10_000_000, np.float32)
    rare[:3] = 1  # rarer than the 1e-6 that stands in for a class without rows
    assert_allclose(binary_cross_entropy().intercept(rare), np.log(3e-7), rtol=1e-6)


CASES = [(0.0, None), (0.5, None), (1.3, 0.25), (2.0, None), (2.0, 0.9), (5.0, 0.5)]


@pytest.mark.parametrize(("gamma", "alpha"), CASES)
def test_log_odds_are_those_that_the_score_is_best_for(gamma, alpha):
    """The expected loss under the recovered probability has its minimum at the score itself."""
    objective = focal(gamma=gamma, alpha=alpha)
    z = np.array([-3.0, -1.0, -0.1, 0.0, 0.3, 2.0])
    log_odds = objective.log_odds(z)
    assert (np.diff(log_odds) > 0).all()
    probability = 1 / (1 + np.exp(-log_odds))
    zero, one = np.zeros_like(z), np.ones_like(z)

    def expected(scores):
        loss = objective.loss
        return probability * loss.value(one, scores) + (1 - probability) * loss.value(zero, scores)

    towards = probability * objective.loss.gradient(one, z)
    against = (1 - probability) * objective.loss.gradient(zero, z)
    assert_allclose(towards, -against, rtol=1e-10)
    for step in (0.05, 0.5):
        assert (expected(z) <= expected(z + step)).all()
        assert (expected(z) <= expected(z - step)).all()


@pytest.mark.parametrize("z", [-1e4, -720.0, -40.0, -1e-3, 0.0, 0.7, 40.0, 720.0, 1e4])
def test_log_odds_against_mpmath(z):
    mpmath.mp.dps = 50
    for gamma, alpha in CASES:
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        q = 1 / (1 + mpmath.exp(mpmath.mpf(z)))
        log_p, log_q = -mpmath.log1p(mpmath.exp(-z)), -mpmath.log1p(mpmath.exp(mpmath.mpf(z)))
        a = mpmath.mpf(alpha or 0.5)
        against = (1 - a) * p**gamma * (p - gamma * q * log_q)
        towards = a * q**gamma * (q - gamma * p * log_p)
        exact = mpmath.log(against) - mpmath.log(towards)
        found = focal(gamma=gamma, alpha=alpha).log_odds(np.array([z]))[0]
        assert abs(found - exact) <= 1e-13 * max(1, abs(exact))


def test_log_odds_of_sums_and_of_proper_losses():
    z = np.array([[-40.0, -2.0], [0.5, 35.0]])
    assert_allclose(binary_cross_entropy().log_odds(z), z)
    assert_allclose((2 * focal() + focal()).log_odds(z), focal().log_odds(z), rtol=0.4)
    inside = z[np.abs(z) < 30]
    assert_allclose((2 * focal() + focal()).log_odds(inside), focal().log_odds(inside), rtol=1e-12)
    mixed = focal() + binary_cross_entropy()
    assert (np.diff(mixed.log_odds(np.linspace(-50, 50, 999))) > 0).all()
    with pytest.raises(TypeError, match="huber; needed: losses of a binary label"):
        huber().log_odds(z)
    with pytest.raises(ValueError, match="shape"):
        focal().log_odds(np.zeros((2, 2, 2)))


@pytest.mark.parametrize("rate", [1e-5, 0.01, 0.5, 0.97])
def test_the_start_of_focal_has_the_base_rate_as_its_log_odds(rate):
    y = np.zeros(100_000)
    y[: round(rate * len(y))] = 1
    objective = focal(gamma=2.0, alpha=0.25)
    assert_allclose(
        objective.log_odds(np.array([objective.intercept(y)])), np.log(rate / (1 - rate)), rtol=1e-9
    )
