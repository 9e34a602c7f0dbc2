"""Values and derivatives against independent implementations."""

import numpy as np
import pytest
import scipy.integrate
import scipy.special
from numpy.testing import assert_allclose
from scipy.optimize import least_squares
from sklearn._loss import HalfBinomialLoss
from sklearn._loss import PinballLoss as SklearnPinball
from sklearn.metrics import mean_pinball_loss
from statsmodels.robust.norms import HuberT

from gbm_objectives import focal, huber, log_cosh, pseudo_huber, quantile

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


@pytest.mark.parametrize(("factory", "name"), [(huber, "huber"), (pseudo_huber, "soft_l1")])
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
