"""Losses that let go of outliers: their traits, their scales, and what whole trainings make of them."""

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from _versions import only_newest
from numpy.testing import assert_allclose
from sklearn.datasets import load_diabetes, make_friedman1

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import (
    absolute_error,
    adaptive_robust,
    cauchy,
    expectile,
    fair,
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
from gbm_objectives._training.alarms import TrainingWarning

REDESCENDING = [adaptive_robust(), cauchy(), geman_mcclure(), welsch(), tukey()]
NEW = [
    *REDESCENDING, fair(), general_robust(0.5), general_robust(-1.0), absolute_error(),
    absolute_error(smooth=False), expectile(0.8), linex(0.5), linex(-0.5),
]  # fmt: skip
LIBRARIES = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])


def named(objectives):
    return pytest.mark.parametrize("objective", objectives, ids=lambda o: o.name)


def train(library, objective, X, y, rounds=100, history=None, **params):
    """A model of either library, through this package's train; predictions on rows."""
    evals = {} if history is None else history
    if library == "xgboost":
        data = xgb.DMatrix(X, y)
        watch = {"evals": [(data, "train")], "evals_result": evals, "verbose_eval": False}
        params = {"nthread": 1, **params}
        booster = gbm_objectives.xgboost.train(params, data, rounds, objective=objective, **watch)
        return lambda rows: booster.predict(xgb.DMatrix(rows))
    data = lgb.Dataset(X, y)
    params = {"num_threads": 1, "verbosity": -1, **params}
    watch = {
        "valid_sets": [data],
        "valid_names": ["train"],
        "callbacks": [lgb.record_evaluation(evals)],
    }
    booster = gbm_objectives.lightgbm.train(params, data, rounds, objective=objective, **watch)
    return booster.predict


@named(
    [
        *REDESCENDING[1:], huber(), pseudo_huber(), log_cosh(), fair(),
        *map(general_robust, (2.0, 1.5, 1.0, 0.5, 0.0, -2.0, -np.inf)),
    ]
)  # fmt: skip
def test_traits_are_true(objective):
    """Convex: psi never falls. Redescending: psi returns towards 0."""
    loss = replace(objective.loss, delta=1.0)
    u = np.geomspace(1e-4, 1e12, 400)
    assert loss.convex == bool((loss.psi_deriv(u) >= 0).all())
    returned = loss.psi(u)[-1] < 0.01 * loss.psi(u).max()
    assert loss.redescending == returned
    assert loss.redescending != loss.convex


@named(REDESCENDING)
@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.49])
def test_the_automatic_scale_keeps_the_majority(objective, share):
    """Inliers stay where the loss is convex; far outliers weigh little."""
    rng = np.random.default_rng(0)
    r = rng.standard_normal(20_000)
    outliers = rng.random(20_000) < share
    r[outliers] += 60 * rng.choice([-1, 1], outliers.sum())
    loss = objective.fixed(np.zeros_like(r), r).loss
    curvature = loss.hessian(np.zeros_like(r), r)
    assert np.mean(curvature[~outliers] > 0) > 0.8
    if share:
        assert loss.majorizer(np.zeros_like(r), r)[outliers].max() < 0.05


def shape(r, w=None):
    return adaptive_robust().fixed(np.zeros_like(r), r, w).loss


def test_adaptive_shape_follows_the_tails():
    """Nearly Gaussian on normal residuals, heavy on Student's t and where labels are contaminated."""
    rng = np.random.default_rng(0)
    normal = rng.standard_normal(50_000)
    found = shape(normal)
    assert_allclose(found.sigma, 1, rtol=0.02)
    assert found.degrees == 64  # its largest: .98 of squared error's weight at one sigma
    heavy = shape(rng.standard_t(1.5, 50_000))
    assert heavy.degrees < 9
    degrees = [found.degrees]
    for share in (0.02, 0.1, 0.2, 0.4, 0.47):
        moved = rng.random(len(normal)) < share
        found = shape(normal + 30 * moved * rng.choice([-1, 1], len(normal)))
        degrees.append(found.degrees)
        assert_allclose(found.sigma, 1, rtol=0.03)  # 1.4826 median |r| would be 2.05 at 40%
    assert (np.diff(degrees) < 0).all()
    assert degrees[-1] < 4
    one_sided = shape(normal + 30 * (rng.random(len(normal)) < 0.3))
    assert_allclose(one_sided.sigma, 1, rtol=0.03)


def test_adaptive_shape_counts_weights_and_has_no_unit():
    rng = np.random.default_rng(0)
    r = rng.standard_t(3, 5000)
    times = rng.integers(0, 4, 5000)
    weighted, repeated = shape(r, times.astype(float)), shape(np.repeat(r, times))
    assert_allclose(weighted.sigma, repeated.sigma, rtol=1e-6)
    assert_allclose(weighted.degrees, repeated.degrees, rtol=1e-6)
    for factor in (1e-6, 1e6):
        scaled = shape(factor * r)
        assert_allclose(scaled.sigma, factor * shape(r).sigma, rtol=1e-5)
        assert_allclose(scaled.degrees, shape(r).degrees, rtol=1e-3)


@pytest.mark.parametrize("zeros", [0.3, 0.6, 1.0])
def test_adaptive_scale_where_residuals_are_zero(zeros):
    """A median of 0 leaves the floor, .05 (mean sqrt|r|)^2; residuals that are all 0 any scale."""
    rng = np.random.default_rng(0)
    r = np.where(rng.random(1000) < zeros, 0.0, rng.standard_normal(1000))
    loss = shape(r)
    assert loss.delta >= 0.05 * np.mean(np.sqrt(np.abs(r))) ** 2 * 0.999
    assert loss.delta > 0


@LIBRARIES
@named(NEW)
def test_training_loss_falls(library, objective):
    """Diabetes, 100 rounds, library defaults: the loss at a scale that doesn't move."""
    X, y = load_diabetes(return_X_y=True)
    history = {}
    train(library, objective, X, y, history=history)
    (values,) = history["train"].values()
    assert len(values) == 100
    assert values[-1] < 0.6 * values[0]
    rises = np.diff(values)[:30] > 1e-3 * values[0]
    assert rises.sum() <= 1


X, Y = make_friedman1(1500, noise=1.0, random_state=0)
X_TEST, Y_TEST = make_friedman1(1000, noise=0.0, random_state=1)


def contaminated(share):
    rng = np.random.default_rng(0)
    moved = rng.random(len(Y)) < share
    return Y + 10 * np.std(Y) * moved * rng.choice([-1, 1], len(Y))


def error(library, objective, y):
    size = {"eta": 0.1} if library == "xgboost" else {"learning_rate": 0.1}
    predict = train(library, objective, X, y, 150, **size)
    return np.mean(np.abs(predict(X_TEST) - Y_TEST))


def clean_error(library, objective):
    """The mean of three data sets: on one the trees of a version move the ratio of two losses by .03 and more."""
    draws = (make_friedman1(1500, noise=1.0, random_state=seed) for seed in (0, 100, 101))
    errors = []
    for x, y in draws:
        size = {"eta": 0.1} if library == "xgboost" else {"learning_rate": 0.1}
        predict = train(library, objective, x, y, 150, **size)
        errors.append(np.mean(np.abs(predict(X_TEST) - Y_TEST)))
    return np.mean(errors)


@only_newest
@LIBRARIES
def test_adaptive_robust_is_good_with_and_without_outliers(library):
    """As squared error on clean labels, far ahead of the convex losses at 40% of outliers."""
    adaptive, y = adaptive_robust(), contaminated(0.4)
    assert clean_error(library, adaptive) < 1.03 * clean_error(library, squared_error())
    found = error(library, adaptive, y)
    assert found < 0.85 * error(library, huber(), y)
    assert found < 1.02 * error(library, cauchy(), y)


@LIBRARIES
@named([welsch(), tukey()])
def test_outliers_without_hessian_do_no_harm(library, objective):
    """A region of outliers alone, no regularisation: its leaves have G = 0, H = 1e-16; nothing explodes."""
    y = Y.copy()
    region = X[:, 0] > 0.9
    y[region] += 1e4
    bare = {"reg_lambda": 0.0, "min_child_weight": 0.0}
    if library == "lightgbm":
        bare = {"lambda_l2": 0.0, "min_sum_hessian_in_leaf": 0.0}
    with pytest.warns(TrainingWarning, match="left behind"):
        predict = train(library, objective, X, y, **bare)
    found = predict(X_TEST)
    assert np.isfinite(found).all()
    assert (np.abs(found) < 100).all()  # stuck near the rest, as the documentation says
    inside = X_TEST[:, 0] <= 0.9
    assert np.mean(np.abs(found - Y_TEST)[inside]) < 0.35 * np.mean(np.abs(Y_TEST - np.median(Y)))


@LIBRARIES
@pytest.mark.parametrize("a", [1.5, -1.5])
def test_asymmetry_moves_the_bias(library, a):
    """LINEX with a > 0 predicts low, expectiles above .5 predict high."""
    rng = np.random.default_rng(0)
    y = Y + 2 * rng.standard_normal(len(Y))

    def bias(objective):
        return np.mean(train(library, objective, X, y, 60)(X_TEST) - Y_TEST)

    assert np.sign(bias(linex(a, 2.0)) - bias(squared_error())) == -np.sign(a)
    tau = 0.5 + 0.2 * a
    assert np.sign(bias(expectile(tau)) - bias(squared_error())) == np.sign(tau - 0.5)


def test_parameters_out_of_range():
    for alpha in (2.1, np.nan, np.inf, "x", True):
        with pytest.raises((ValueError, TypeError), match="alpha"):
            general_robust(alpha)
    for a in (0.0, np.nan, 1e4):
        with pytest.raises(ValueError, match="a: "):
            linex(a)
    with pytest.raises(ValueError, match="tau"):
        expectile(1.0)
    with pytest.raises(TypeError, match="smooth"):
        absolute_error(smooth=1)
    assert "delta" not in adaptive_robust().parameters
    assert adaptive_robust().parameters.keys() == {"curvature", "clip"}


@pytest.mark.parametrize("far", [1, 50])
@pytest.mark.parametrize("tau", [0.02, 0.5, 0.9])
def test_the_automatic_delta_of_quantile_is_the_documented_one(tau, far):
    rng = np.random.default_rng(3)
    raw, r = 5 + 2 * rng.normal(size=1000), rng.exponential(size=1000) - 0.1
    r[:far] = 1000.0
    gradient, _ = quantile(tau).gradient_hessian(raw - r, raw)
    spread = np.sqrt(np.abs(r)).mean() ** 2
    median, far_out = np.quantile(np.abs(r), [0.5, 0.9])
    s = min(spread, 1.5 * median)
    power = 1.75 * abs(1 - 2 * tau)
    delta = max(0.33 * s * min(1.0, median / (0.45 * far_out)) ** power, 0.05 * spread) * min(
        1.0, 20 * tau, 20 * (1 - tau)
    )
    # Far above the label the gradient is delta (1 + (1 - 2 tau)) times the gain; the median is that of narrow bins.
    gain = np.sqrt(max(1.0, 0.33 * s / delta))
    assert_allclose(gradient[0], gain * delta * (2 - 2 * tau), rtol=0.01)


def test_the_domain_of_delta_is_said():
    with pytest.raises(ValueError, match=r"from 1e-30 to 1e\+30"):
        huber(delta=1e31)
    for delta in (1e-29, 1e29):
        assert huber(delta=delta).parameters["delta"] == delta


def test_the_majorizer_of_the_exact_absolute_error_by_hand():
    r = np.linspace(-9, 9, 91)
    objective = absolute_error(smooth=False, delta=2.0, curvature="majorizer")
    gradient, hessian = objective.gradient_hessian(np.zeros(91), r)
    assert_allclose(gradient, 2.0 * np.sign(r), rtol=1e-6)
    assert_allclose(hessian, 1.0 / np.maximum(np.abs(r) / 2.0, 1.0), rtol=1e-6)
