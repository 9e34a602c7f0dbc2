"""Values and derivatives against independent implementations."""

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.special
import scipy.stats
from numpy.testing import assert_allclose
from scipy.optimize import least_squares
from sklearn._loss import HalfBinomialLoss
from sklearn._loss import PinballLoss as SklearnPinball
from sklearn.metrics import mean_absolute_error, mean_pinball_loss
from statsmodels.robust.norms import HuberT, StudentT, TukeyBiweight

from gbm_objectives import (
    absolute_error,
    cauchy,
    expectile,
    fair,
    focal,
    geman_mcclure,
    general_robust,
    huber,
    linex,
    log_cosh,
    pseudo_huber,
    quantile,
    squared_error,
    tukey,
    welsch,
)

R = np.concatenate([-np.geomspace(1e-4, 1e3, 80), [0.0], np.geomspace(1e-4, 1e3, 80)])
ZERO = np.zeros_like(R)
DELTA = 1.7


def test_huber_is_scipys_and_statsmodels():
    loss, norm = huber(DELTA).loss, HuberT(t=DELTA)
    assert_allclose(loss.value(ZERO, R), scipy.special.huber(DELTA, R), rtol=1e-13)
    assert_allclose(loss.value(ZERO, R), norm.rho(R), rtol=1e-13)
    assert_allclose(loss.gradient(ZERO, R), norm.psi(R), rtol=1e-13)
    assert_allclose(loss.hessian(ZERO, R), norm.psi_deriv(R), rtol=1e-13)
    assert_allclose(loss.majorizer(ZERO, R), norm.weights(R), rtol=1e-13)


def test_pseudo_huber_is_scipys():
    loss = pseudo_huber(DELTA).loss
    assert_allclose(loss.value(ZERO, R), scipy.special.pseudo_huber(DELTA, R), rtol=1e-9)


def test_log_cosh_is_a_difference_of_logaddexp():
    loss = log_cosh(DELTA).loss
    u = R / DELTA
    expected = DELTA**2 * (np.logaddexp(u, -u) - np.log(2))
    assert_allclose(loss.value(ZERO, R), expected, rtol=1e-9, atol=1e-14)


def test_tukey_is_statsmodels():
    loss, norm = tukey(DELTA).loss, TukeyBiweight(c=DELTA)
    assert_allclose(loss.value(ZERO, R), norm.rho(R), rtol=1e-9, atol=1e-15)
    assert_allclose(loss.gradient(ZERO, R), norm.psi(R), rtol=1e-12, atol=1e-15)
    assert_allclose(loss.hessian(ZERO, R), norm.psi_deriv(R), rtol=1e-12, atol=1e-15)
    assert_allclose(loss.majorizer(ZERO, R), norm.weights(R), rtol=1e-12, atol=1e-15)


def test_cauchy_is_scipys_and_statsmodels_students_t():
    """Scipy's rho is of z = u^2 and twice ours; Student's t at df = 1 has curvature 2 at 0."""
    loss, norm = cauchy(DELTA).loss, StudentT(c=DELTA, df=1)
    assert_allclose(loss.value(ZERO, R), DELTA**2 * np.log1p((R / DELTA) ** 2) / 2, rtol=1e-13)
    for ours, theirs in [
        (loss.gradient(ZERO, R), norm.psi(R)),
        (loss.hessian(ZERO, R), norm.psi_deriv(R)),
        (loss.majorizer(ZERO, R), norm.weights(R)),
    ]:
        ratio = theirs[np.abs(ours) > 1e-12] / ours[np.abs(ours) > 1e-12]
        assert_allclose(ratio, ratio[0], rtol=1e-9)


def test_fair_is_lightgbms():
    """LightGBM's fair: gradient c r/(|r| + c), Hessian c^2/(|r| + c)^2, as in its documentation."""
    c = DELTA
    loss = fair(c).loss
    assert_allclose(loss.gradient(ZERO, R), c * R / (np.abs(R) + c), rtol=1e-13)
    assert_allclose(loss.hessian(ZERO, R), c**2 / (np.abs(R) + c) ** 2, rtol=1e-13)
    value = [scipy.integrate.quad(lambda x: c * x / (abs(x) + c), 0, r)[0] for r in R[::20]]
    assert_allclose(loss.value(ZERO, R)[::20], value, rtol=1e-8)


LIMITS = [
    (2.0, squared_error().loss),
    (1.0, pseudo_huber(DELTA).loss),
    (0.0, cauchy(2**0.5 * DELTA).loss),
    (-2.0, geman_mcclure(2 * DELTA).loss),
    (-np.inf, welsch(2**0.5 * DELTA).loss),
]


@pytest.mark.parametrize(("alpha", "limit"), LIMITS)
def test_general_robust_is_each_named_loss(alpha, limit):
    near = [alpha] if np.isinf(alpha) else [alpha, alpha - 1e-10, alpha - 1e-13, alpha - 1e-16]
    near += [-1e10, -1e14, -1e300] if np.isinf(alpha) else [] if alpha == 2 else [alpha + 1e-13]
    for a in near:
        loss = general_robust(a, DELTA).loss
        for method in ("value", "gradient", "hessian", "majorizer"):
            found, expected = (getattr(one, method)(ZERO, R) for one in (loss, limit))
            assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("alpha", [1.7, 0.3, -0.5, -7.0])
def test_general_robust_is_barrons_formula(alpha):
    x = R / DELTA
    b = abs(alpha - 2)
    expected = b / alpha * ((x**2 / b + 1) ** (alpha / 2) - 1)
    loss = general_robust(alpha, DELTA).loss
    assert_allclose(loss.value(ZERO, R), DELTA**2 * expected, rtol=1e-7, atol=1e-12)


def test_absolute_error_is_the_mean_absolute_error():
    y, raw = np.random.default_rng(0).standard_normal((2, 500))
    exact = absolute_error(DELTA, smooth=False)
    assert_allclose(exact.value(y, raw), DELTA * mean_absolute_error(y, raw), rtol=1e-12)
    assert_allclose(exact.loss.gradient(y, raw), DELTA * np.sign(raw - y), rtol=1e-12)
    assert exact.intercept(y) == np.median(y) == absolute_error().intercept(y)
    smooth = absolute_error(DELTA)
    assert_allclose(smooth.metric(y, raw), mean_absolute_error(y, raw) / DELTA, rtol=1e-6)
    for found, expected in zip(smooth(y, raw), log_cosh(DELTA)(y, raw), strict=True):
        assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("tau", [0.03, 0.5, 0.8])
@pytest.mark.parametrize("weighted", [False, True])
def test_expectile_is_scipys(tau, weighted):
    """Value by integer-free definition, gradient by sign, best constant by `scipy.stats.expectile`."""
    rng = np.random.default_rng(0)
    y, raw = rng.standard_normal((2, 500))
    w = rng.uniform(0.5, 2, 500) if weighted else None
    found = expectile(tau).intercept(1e6 + y, w)
    assert_allclose(found - 1e6, scipy.stats.expectile(y, tau, weights=w), atol=1e-8)
    r = raw - y
    expected = np.where(r < 0, tau, 1 - tau) * r**2
    assert_allclose(expectile(tau).loss.value(y, raw), expected, rtol=1e-13)


def test_expectile_of_one_half_is_squared_error():
    y, raw = np.random.default_rng(0).standard_normal((2, 500))
    for found, expected in zip(expectile(0.5)(y, raw), squared_error()(y, raw), strict=True):
        assert_allclose(found, expected, rtol=1e-6)
    assert_allclose(expectile(0.5).intercept(y), y.mean(), rtol=1e-12)


@pytest.mark.parametrize("a", [1.3, -0.4])
def test_linex_in_high_precision(a):
    mpmath.mp.dps = 40
    r = np.concatenate([-np.geomspace(1e-9, 30, 40), np.geomspace(1e-9, 30, 40)])
    loss = linex(a, DELTA).loss
    v = [mpmath.mpf(a) * mpmath.mpf(float(x)) / mpmath.mpf(DELTA) for x in r]
    size = (mpmath.mpf(DELTA) / mpmath.mpf(a)) ** 2
    expected = np.array([float(size * (mpmath.exp(x) - 1 - x)) for x in v])
    zero = np.zeros_like(r)
    assert_allclose(loss.value(zero, r), expected, rtol=1e-11)
    slope = np.array([float(mpmath.mpf(DELTA) / mpmath.mpf(a) * mpmath.expm1(x)) for x in v])
    assert_allclose(loss.gradient(zero, r), slope, rtol=1e-13)
    # Not clipped: |a r / delta| stays below 30.
    assert max(abs(float(x)) for x in v) < 30


def test_linex_intercept_is_the_cumulant():
    """Of y with a normal distribution: mean - a variance / (2 delta); far offsets cost no digits."""
    y = np.random.default_rng(0).normal(5, 2, 4000)
    for a in (0.5, -0.5, 3.0):
        expected = -(DELTA / a) * (scipy.special.logsumexp(-a * y / DELTA) - np.log(len(y)))
        assert_allclose(linex(a, DELTA).intercept(y), expected, rtol=1e-12)
        assert_allclose(linex(a, DELTA).intercept(y + 1e6) - 1e6, expected, rtol=1e-8)
    assert_allclose(linex(0.1, 2.0).intercept(y), 5 - 0.1 * 4 / 4, atol=0.1)


def lowest(rho, y):
    """The best constant by brute force."""
    grid = np.linspace(y.min(), y.max(), 4001)
    best = grid[np.argmin([rho(c - y).sum() for c in grid])]
    width = grid[1] - grid[0]
    return scipy.optimize.minimize_scalar(
        lambda c: rho(c - y).sum(),
        bounds=(best - width, best + width),
        method="bounded",
        options={"xatol": 1e-10},
    ).x


@pytest.mark.parametrize("factory", [cauchy, geman_mcclure, welsch, tukey])
def test_intercepts_of_redescending_losses_are_global_minima(factory):
    """Two clusters; the median lies in neither, or in the wrong one: the lower valley is found."""
    rng = np.random.default_rng(1)
    for low, high, spread in [(250, 150, 0.5), (150, 250, 0.5), (130, 120, 0.2), (60, 140, 1.5)]:
        y = np.concatenate([rng.normal(-6, 1, low), rng.normal(6, spread, high)])
        loss = factory(1.0).loss
        found = factory(1.0).intercept(y)
        assert_allclose(found, lowest(loss.rho, y), atol=1e-6)
    middle = np.concatenate([rng.normal(-30, 1, 101), [0.0], rng.normal(30, 1, 100)])
    assert abs(factory(1.0).intercept(middle) + 30) < 1  # the median, 0, is an outlier


@pytest.mark.parametrize(
    ("factory", "name"), [(huber, "huber"), (pseudo_huber, "soft_l1"), (cauchy, "cauchy")]
)
def test_location_is_that_of_scipys_robust_least_squares(factory, name):
    """The intercept against `least_squares`, whose f_scale is our delta."""
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.normal(3, 1, 200), rng.normal(40, 5, 40)])
    found = least_squares(
        lambda c: c - y,
        [np.median(y)],
        loss=name,
        f_scale=DELTA,
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-13,
    )
    assert_allclose(factory(DELTA).intercept(y), found.x[0], rtol=1e-6)


@pytest.mark.parametrize("tau", [0.05, 0.5, 0.9])
def test_exact_quantile_is_the_pinball_loss(tau):
    y, raw = np.random.default_rng(0).standard_normal((2, 500))
    objective = quantile(tau, DELTA, smooth=False)
    pinball = mean_pinball_loss(y, raw, alpha=tau)
    assert_allclose(objective.value(y, raw), 2 * DELTA * pinball, rtol=1e-12)
    oracle = SklearnPinball(quantile=tau).gradient(y, raw)
    assert_allclose(objective.loss.gradient(y, raw), 2 * DELTA * oracle, rtol=1e-12)
    assert_allclose(
        objective.intercept(y), np.quantile(y, tau, method="averaged_inverted_cdf"), rtol=1e-12
    )


@pytest.mark.parametrize("tau", [0.05, 0.5, 0.9])
def test_smooth_quantile_is_the_pinball_loss_convolved_with_a_logistic_density(tau):
    delta = 0.8
    grid = np.linspace(-60, 60, 240_001)
    density = scipy.special.expit(grid / (delta / 2))
    density = density * (1 - density) / (delta / 2)
    offset = quantile(tau, delta).loss.value(np.zeros(1), np.zeros(1))
    at_zero = None
    for r in (0.0, 0.3, -1.1, 4.0):
        e = -(r + grid)
        pinball = np.maximum(tau * e, (tau - 1) * e)
        value = 2 * delta * scipy.integrate.trapezoid(pinball * density, grid)
        at_zero = value if at_zero is None else at_zero
        found = quantile(tau, delta).loss.value(np.zeros(1), np.array([r])) - offset
        assert_allclose(found, value - at_zero, atol=1e-6)


def test_quantile_of_one_half_is_log_cosh():
    y, raw = np.random.default_rng(0).standard_normal((2, 500))
    for found, expected in zip(quantile(0.5, 1.3)(y, raw), log_cosh(1.3)(y, raw), strict=True):
        assert_allclose(found, expected, rtol=1e-6)


def test_focal_of_gamma_0_is_scikit_learns_binomial_loss():
    rng = np.random.default_rng(0)
    raw = 4 * rng.standard_normal(500)
    y = (rng.random(500) < 0.2).astype(float)
    oracle = HalfBinomialLoss()
    gradient, hessian = oracle.gradient_hessian(y, raw)
    loss = focal(0.0).loss
    # The oracle's softplus(z) - z loses digits to cancellation where p is near 1.
    assert_allclose(loss.value(y, raw), oracle.loss(y, raw), rtol=1e-12, atol=1e-14)
    assert_allclose(loss.gradient(y, raw), gradient, rtol=1e-12)
    assert_allclose(loss.hessian(y, raw), hessian, rtol=1e-12)
    assert_allclose(focal(0.0).intercept(y), scipy.special.logit(y.mean()), rtol=1e-9)


@pytest.mark.parametrize("alpha", [None, 0.25])
def test_focal_is_the_formula_of_the_paper(alpha):
    rng = np.random.default_rng(0)
    raw = 3 * rng.standard_normal(500)
    y = (rng.random(500) < 0.2).astype(float)
    p = scipy.special.expit(raw)
    p_true = np.where(y == 1, p, 1 - p)
    balance = 1.0 if alpha is None else np.where(y == 1, alpha, 1 - alpha)
    expected = -balance * (1 - p_true) ** 2 * np.log(p_true)
    assert_allclose(focal(2.0, alpha).loss.value(y, raw), expected, rtol=1e-9)


def test_best_focal_constant_is_not_the_logit_of_the_base_rate():
    y = np.zeros(1000)
    y[:10] = 1
    assert_allclose(focal(2.0).intercept(y), -1.71, atol=5e-3)
