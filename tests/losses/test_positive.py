"""Losses with the log link: oracles, parity with both libraries, models end to end."""

import subprocess
import sys
import warnings

import lightgbm as lgb
import mpmath
import numpy as np
import pytest
import sklearn.metrics as sk
import xgboost as xgb
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar
from sklearn._loss import HalfGammaLoss, HalfPoissonLoss, HalfTweedieLoss
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import (
    TrainingWarning,
    gamma,
    metrics,
    poisson,
    squared_log_error,
    tweedie,
)
from gbm_objectives.curvature import Exact
from gbm_objectives.links import LOG
from gbm_objectives.sklearn import ObjectiveRegressor
from gbm_objectives.testing import check_objective

RNG = np.random.default_rng(0)
X, DISEASE = load_diabetes(return_X_y=True)
W = RNG.uniform(0.2, 3.0, len(DISEASE))
COUNT = RNG.poisson(DISEASE / 30).astype(float)
AMOUNT = DISEASE / 50
MIXED = np.where(RNG.random(len(DISEASE)) < 0.4, 0.0, AMOUNT)

XGB = {"nthread": 1}
LGB = {"num_threads": 1, "verbosity": -1, "deterministic": True, "force_col_wise": True}
XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
SEVERAL_INTERCEPTS = XGB_VERSION >= (3, 1)
LIBRARIES = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
WEIGHTED = pytest.mark.parametrize("weighted", [False, True])

OBJECTIVES = [poisson(), gamma(), tweedie(), tweedie(1.2), squared_log_error()]
every_objective = pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: o.name)
DEVIANCES = [poisson(), gamma(), tweedie(1.1), tweedie(), tweedie(1.9)]
every_deviance = pytest.mark.parametrize("objective", DEVIANCES, ids=lambda o: o.name)


def target(objective):
    kind = objective.name.split("_")[0]
    return {"poisson": COUNT, "gamma": AMOUNT, "tweedie": MIXED}.get(kind, DISEASE)


def train(library, objective, y, weight=None, rounds=20, params=None, **arguments):
    own = {**(XGB if library == "xgboost" else LGB), **(params or {})}
    if library == "xgboost":
        data = xgb.DMatrix(X, y, weight=weight)
        return gox.train(own, data, rounds, objective=objective, **arguments)
    return gol.train(own, lgb.Dataset(X, y, weight=weight), rounds, objective=objective)


def predict(booster, **arguments):
    return booster.predict(xgb.DMatrix(X) if isinstance(booster, xgb.Booster) else X, **arguments)


@pytest.mark.parametrize(
    ("objective", "oracle"),
    [
        (poisson(), HalfPoissonLoss()),
        (gamma(), HalfGammaLoss()),
        *((tweedie(p), HalfTweedieLoss(power=p)) for p in (1.1, 1.5, 1.9)),
    ],
    ids=lambda o: getattr(o, "name", ""),
)
def test_derivatives_are_scikit_learns(objective, oracle):
    y, z = target(objective), RNG.normal(1, 2, len(X))
    gradient, hessian = oracle.gradient_hessian(y, z)
    assert_allclose(objective.loss.gradient(y, z), gradient, rtol=1e-12, atol=1e-12)
    assert_allclose(objective.loss.hessian(y, z), hessian, rtol=1e-12)
    # Half the deviance in full: scikit-learn leaves out the constant.
    full = oracle.loss(y, z) + oracle.constant_to_optimal_zero(y)
    assert_allclose(objective.loss.value(y, z), full, rtol=1e-10, atol=1e-12)
    power = {"poisson": 1, "gamma": 2}.get(objective.name) or objective.loss.power
    deviance = sk.mean_tweedie_deviance(y, np.exp(z), power=power)
    assert_allclose(objective.value(y, z), deviance / 2, rtol=1e-10)


def test_squared_log_error_is_half_of_scikit_learns():
    z = RNG.normal(3, 2, len(X))
    expected = sk.mean_squared_log_error(DISEASE, np.exp(z), sample_weight=W)
    assert_allclose(squared_log_error().value(DISEASE, z, W), expected / 2, rtol=1e-12)


@every_deviance
def test_fisher_is_the_expectation_of_the_second_derivative(objective):
    """Labels of mean mu make the linear A equal B, so exact, Fisher and Halley agree on average."""
    z = np.full(len(X), 0.7)
    y = AMOUNT * np.exp(0.7) / AMOUNT.mean()
    fisher = objective.loss.fisher(y, z)
    assert_allclose(objective.loss.hessian(y, z).mean(), fisher.mean())
    assert_allclose(objective.loss.gradient_halley(y, z)[1].mean(), fisher.mean())


SCORES = [-1e4, -200, -80, -30, -10, -3, -0.5, 0, 1e-6, 0.5, 3, 10, 30, 80, 200, 1e4]


@pytest.mark.parametrize("objective", [*DEVIANCES, squared_log_error()], ids=lambda o: o.name)
@pytest.mark.parametrize("y", [0.0, 1e-3, 1.0, 2.5, 1e6])
def test_float32_against_mpmath(objective, y):
    """1e-5 of the larger part of a gradient: exp turns z's own rounding, 80 x 6e-8, into as much.

    Beyond +-80 the scores are held there, so derivatives are those at +-80: finite, of the right sign.
    """
    if objective.name == "gamma" and y == 0:
        return
    mpmath.mp.dps = 60
    raw = np.array(SCORES, np.float32)
    gradient, hessian = objective(np.full(len(raw), y, np.float32), raw)
    label = mpmath.mpf(float(np.float32(y)))
    p = {"poisson": 1, "gamma": 2}.get(objective.name) or getattr(objective.loss, "power", 0)
    for z, g, h in zip(np.clip(raw, -80, 80), gradient, hessian, strict=True):
        mu = mpmath.exp(mpmath.mpf(float(z)))
        if p:
            a, b = label * mu ** (1 - mpmath.mpf(p)), mu ** (2 - mpmath.mpf(p))
            exact_g, exact_h, size = b - a, max((a + b) / 2, abs(b - a)), a + b
        else:
            s = mu / (1 + mu)
            parts = mpmath.log1p(mu), mpmath.log1p(label)
            exact_g, size = s * (parts[0] - parts[1]), s * sum(parts)
            exact_h = max(s * s, abs(exact_g))
        size = min(size, mpmath.mpf(1e35))  # ratios beyond are held
        if abs(exact_g) < 1e35:
            assert abs(g - exact_g) <= 1e-5 * size + 1e-38  # underflow
            assert abs(h - exact_h) <= 1e-5 * max(size, exact_h, 1e-16) + 1.1e-16  # the floor
        assert np.isfinite(g)
        assert np.isfinite(h)


@every_deviance
@pytest.mark.parametrize("eta", [0.1, 1.0])
def test_no_leaf_steps_past_its_best_value(objective, eta):
    """Random leaves, from flat to wild: between 0 and the best step, so the loss falls; exact overshoots."""
    rng = np.random.default_rng(1)
    rises = 0
    for _ in range(200):
        z = rng.normal(0, rng.choice([0.1, 1, 3]), 12)
        y = np.exp(z + rng.normal(rng.normal(0, 3), rng.choice([0, 1, 3]), 12))
        y *= 1.0 if objective.name == "gamma" else rng.random(12) < 0.7
        w = rng.uniform(0.1, 5, 12)

        def step(policy, y=y, z=z, w=w):
            g, h = objective.with_parameters(curvature=policy)(y, z, w)
            return -eta * float(g.sum(dtype=float) / h.sum(dtype=float))

        def value(d, y=y, z=z, w=w):
            return objective.value(y, z + d, w)

        best = minimize_scalar(value, bounds=(-60, 60), method="bounded").x
        if y.any() and abs(best) > 1e-3:
            assert -1e-3 < step("halley") / best <= 1 + 1e-3
        assert value(step("halley")) <= value(0.0) * (1 + 1e-6)
        assert value(step(None)) <= value(0.0) * (1 + 1e-6)
        assert abs(step(None)) <= min(1.0001 * eta, 1.0001 * abs(step("halley")))
        rises += value(step("exact")) > value(0.0)
    if eta == 1.0:
        same = getattr(objective.loss, "power", 0) == 1.5  # (p - 1) A + (2 - p) B is (A + B)/2
        assert rises == 0 if same else rises > 5


@pytest.mark.parametrize("eta", [0.1, 1.0])
def test_no_step_raises_the_squared_log_error_of_a_leaf(eta):
    """The trust of 1 does it; without it, and with the exact Hessian, leaves explode."""
    rng = np.random.default_rng(2)
    policies = {"default": None, "fisher": "fisher", "exact": "exact"}
    objectives = {name: squared_log_error(curvature=policy) for name, policy in policies.items()}
    rises = dict.fromkeys(policies, 0)
    for _ in range(2000):
        z = rng.uniform(-8, 8) + rng.normal(0, rng.choice([0.0, 1.0, 4.0]), 3)
        y = np.exp(z + rng.normal(0, 3, 3)) * (rng.random(3) < 0.8)
        w = np.exp(rng.uniform(-6, 6, 3))
        before = squared_log_error().value(y, z, w)
        for name, objective in objectives.items():
            g, h = objective(y, z, w)
            step = -eta * float(g.sum(dtype=float) / h.sum(dtype=float))
            assert name != "default" or abs(step) <= eta * 1.0001
            rises[name] += objective.value(y, z + step, w) > before * (1 + 1e-6)
    assert rises["default"] == 0
    assert min(rises["fisher"], rises["exact"]) > 20


PARITY = [
    # The built-in bounds its leaves too; after 3.4 it is "halley", without a bound.
    (poisson(curvature="xgboost"), "count:poisson", None, {"max_delta_step": 0.7}),
    (poisson(curvature="lightgbm"), None, "poisson", {}),
    (gamma(curvature="exact"), "reg:gamma", "gamma", {}),
    (tweedie(1.3, curvature="exact"), "reg:tweedie", "tweedie", {"tweedie_variance_power": 1.3}),
]


@WEIGHTED
@pytest.mark.parametrize(("objective", "in_xgboost", "in_lightgbm", "params"), PARITY)
def test_equal_to_the_built_in(objective, in_xgboost, in_lightgbm, params, weighted):
    """No intercept is given on either side, but to XGBoost before 3.2, whose own is a Newton step."""
    y, weight = target(objective), W if weighted else None
    if in_lightgbm:
        ours = train("lightgbm", objective, y, weight, 50)
        own = {**LGB, **params, "objective": in_lightgbm}
        theirs = lgb.train(own, lgb.Dataset(X, y, weight=weight), 50)
        assert_allclose(predict(ours), predict(theirs), rtol=1e-5)
    if in_xgboost:
        if in_xgboost == "count:poisson" and XGB_VERSION >= (3, 5):
            objective, params = poisson(curvature="halley"), {}
        tree = {name: value for name, value in params.items() if name == "max_delta_step"}
        ours = train("xgboost", objective, y, weight, 50, tree)
        own = {**XGB, **params, "objective": in_xgboost}
        if XGB_VERSION < (3, 2):
            own["base_score"] = np.average(y, weights=weight)
        theirs = xgb.train(own, xgb.DMatrix(X, y, weight=weight), 50)
        assert_allclose(predict(ours), predict(theirs), rtol=1e-5)


@LIBRARIES
@every_objective
@WEIGHTED
def test_training_loss_falls(library, objective, weighted):
    """100 rounds: from the constant (metric 1) to a fit, on the response scale."""
    y, weight = target(objective), W if weighted else None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        booster = train(library, objective, y, weight, 100)
    raw = predict(booster, **{"output_margin" if library == "xgboost" else "raw_score": True})
    assert_allclose(predict(booster), np.exp(np.asarray(raw, float)), rtol=1e-5)
    assert objective.metric(y, raw, weight) < 0.5
    constant = np.full(len(y), objective.intercept(y, weight))
    assert_allclose(objective.metric(y, constant, weight), 1, rtol=1e-12)


def test_placeholder_bounds_no_leaf():
    """count:poisson would bring max_delta_step=.7; a first leaf at eta 1 goes further here."""
    x, y = np.repeat([[0.0], [1.0]], 200, axis=0), np.repeat([0.01, 100.0], 200)
    data = xgb.DMatrix(x, y)
    booster = gox.train(
        {**XGB, "eta": 1, "lambda": 0, "min_child_weight": 0}, data, 1, objective=gamma()
    )
    raw = booster.predict(data, output_margin=True)
    assert abs(raw[0] - np.log(y.mean())) > 0.9


@LIBRARIES
def test_saved_models_answer_alike_without_this_package(library, tmp_path):
    expected = []
    for number, objective in enumerate(OBJECTIVES):
        booster = train(library, objective, target(objective))
        booster.save_model(tmp_path / f"{number}.{'json' if library == 'xgboost' else 'txt'}")
        expected.append(predict(booster))
    np.save(tmp_path / "x.npy", X)
    name, load = {
        "xgboost": (
            "xgboost as xgb",
            "xgb.Booster(model_file=f'{i}.json').predict(xgb.DMatrix(x))",
        ),
        "lightgbm": ("lightgbm as lgb", "lgb.Booster(model_file=f'{i}.txt').predict(x)"),
    }[library]
    code = (
        f"import sys, numpy as np, {name}; x = np.load('x.npy');"
        f"np.save('found.npy', [{load} for i in range({len(expected)})]);"
        "assert 'gbm_objectives' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert_allclose(np.load(tmp_path / "found.npy"), expected, rtol=1e-6)


@every_objective
def test_models_go_on_and_constants_are_kept(objective):
    y = target(objective)
    data = xgb.DMatrix(X, y)
    assert_allclose(
        gox.train(XGB, data, 0, objective=objective).predict(data),
        np.exp(objective.intercept(y)),
        rtol=1e-5,
    )
    whole = predict(train("xgboost", objective, y, rounds=10))
    half = train("xgboost", objective, y, rounds=5)
    assert_allclose(
        predict(train("xgboost", objective, y, rounds=5, xgb_model=half)), whole, rtol=1e-5
    )
    half = gol.train(LGB, lgb.Dataset(X, y, free_raw_data=False), 5, objective=objective)
    more = gol.train(
        LGB, lgb.Dataset(X, y, free_raw_data=False), 5, objective=objective, init_model=half
    )
    assert_allclose(more.predict(X), predict(train("lightgbm", objective, y, rounds=10)), rtol=1e-5)
    wrong = xgb.train({**XGB, "objective": "reg:squarederror"}, data, 1)
    with pytest.raises(ValueError, match="one with the link of reg:gamma"):
        train("xgboost", objective, y, xgb_model=wrong)


@every_objective
def test_early_stopping_and_cv_with_metrics_that_get_the_link(objective):
    y = target(objective)
    own = [metrics.mae(), metrics.rmsle(), objective.metric]
    train_set, valid_set = xgb.DMatrix(X[:300], y[:300]), xgb.DMatrix(X[300:], y[300:])
    seen = {}
    booster = gox.train(
        XGB, train_set, 200, objective=objective, custom_metric=own,
        evals=[(valid_set, "valid")], early_stopping_rounds=5, evals_result=seen, verbose_eval=False,
    )  # fmt: skip
    values = seen["valid"][objective.name]
    assert booster.best_iteration == int(np.argmin(values)) < 199
    last = booster.predict(valid_set, iteration_range=(0, 0))
    found = sk.mean_absolute_error(y[300:], last)
    assert_allclose(seen["valid"]["mae"][-1], found, rtol=1e-4)
    data = lgb.Dataset(X[:300], y[:300])
    valid = lgb.Dataset(X[300:], y[300:], reference=data)
    booster = gol.train(
        LGB, data, 200, objective=objective, feval=own, valid_sets=[valid],
        callbacks=[lgb.record_evaluation(seen), lgb.early_stopping(5, verbose=False)],
    )  # fmt: skip
    assert_allclose(
        booster.best_score["valid_0"]["mae"],
        sk.mean_absolute_error(y[300:], booster.predict(X[300:])),
        rtol=1e-6,
    )
    table = gox.cv(XGB, xgb.DMatrix(X, y), 8, nfold=3, objective=objective)
    assert table.iloc[-1, 0] < table.iloc[0, 0]
    # Labels here are numbers: the folds must not be stratified by them.
    result = gol.cv(LGB, lgb.Dataset(X, y), 8, nfold=3, objective=objective)
    column = result[f"valid {objective.name}-mean"]
    assert column[-1] < column[0]


@LIBRARIES
@every_objective
def test_meta_estimator(library, objective):
    """The response, weights, several targets in XGBoost, a plain booster inside."""
    y = target(objective)
    make = xgb.XGBRegressor if library == "xgboost" else lgb.LGBMRegressor
    quiet = {} if library == "xgboost" else {"verbosity": -1}
    model = ObjectiveRegressor(make(n_estimators=20, n_jobs=1, **quiet), objective)
    model.fit(X, y, sample_weight=W)
    reference = predict(train(library, objective, y, W, 20))
    assert_allclose(model.predict(X), reference, rtol=1e-5)
    booster = model.estimator_.get_booster() if library == "xgboost" else model.estimator_.booster_
    assert_allclose(predict(booster), reference, rtol=1e-5)
    if library == "xgboost" and SEVERAL_INTERCEPTS:
        model.fit(X, np.column_stack([y, 3 * y]), sample_weight=W)
        assert_allclose(model.predict(X)[:, 0], reference, rtol=1e-4)


def test_the_power_can_be_searched():
    model = ObjectiveRegressor(xgb.XGBRegressor(n_estimators=5, n_jobs=1), tweedie())
    search = GridSearchCV(model, {"objective__power": [1.2, 1.8]}, cv=2).fit(X, MIXED)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert scores[0] != scores[1]


def test_exposure_as_weights_is_exposure_as_margin():
    """y/e with weight e, and y with margin log e: the same gradients, Hessians and models of the rate."""
    exposure = RNG.uniform(0.1, 2.0, len(X))
    y = RNG.poisson(exposure * DISEASE / 30).astype(float)
    params = {"max_bin": 1024}  # a bin for every value: XGBoost finds coarser ones from the weights
    as_weights = train("xgboost", poisson(), y / exposure, exposure, params=params)
    start = np.log(exposure) + np.log(y.sum() / exposure.sum())
    data = xgb.DMatrix(X, y, base_margin=start)
    as_margin = gox.train({**XGB, **params}, data, 20, objective=poisson())
    assert_allclose(predict(as_weights) * exposure, as_margin.predict(data), rtol=1e-4)


@pytest.mark.parametrize("weight", [None, W], ids=["unweighted", "weighted"])
def test_intercepts(weight):
    for objective in DEVIANCES:
        y = target(objective)
        mean = np.average(y, weights=weight)
        assert_allclose(objective.intercept(y, weight), np.log(mean), rtol=1e-14)
    mean = np.average(np.log1p(DISEASE), weights=weight)
    assert_allclose(np.log1p(np.exp(squared_log_error().intercept(DISEASE, weight))), mean)
    for objective in (poisson(), tweedie(), squared_log_error()):
        assert_allclose(objective.intercept(np.zeros(5)), np.log(1e-6))
        assert objective.intercept(np.full(5, 1e-9)) < np.log(2e-9)  # 1e-6 is for zeros alone
        assert np.isfinite(objective.metric(np.zeros(5), np.zeros(5)))
    for objective in OBJECTIVES:  # constant labels: the metric's unit stays 1, rounding is no unit
        assert abs(objective.metric(np.full(7, 3.3), np.full(7, np.log(3.3)))) < 1e-12


@every_objective
def test_labels_outside_the_domain(objective):
    y, raw = target(objective).copy(), RNG.standard_normal(len(X))
    y[[3, 8]] = -1
    if objective.name == "gamma":
        y[3] = 0
        match = (
            r"y_true: a label that is 0 or negative in 2 of 442 rows, first in row 3; "
            r"needed: labels > 0\. For such a target with zeros use tweedie"
        )
    else:
        match = (
            r"y_true: a negative label in 2 of 442 rows, first in row 3; "
            r"needed: labels >= 0\. For such a target use squared_error"
        )
    for call in (objective, objective.value, objective.metric):
        with pytest.raises(ValueError, match=match):
            call(y, raw)
    for library in ("xgboost", "lightgbm"):
        with pytest.raises(ValueError, match=match):
            train(library, objective, y)
    with pytest.raises(ValueError, match="arguments look swapped"):
        objective(raw, target(objective) + 1)
    y[[3, 8]] = [np.nan, np.inf]
    with pytest.raises(ValueError, match="NaN or inf in 2 of 442 rows"):
        objective(y, raw)
    y[[3, 8]] = [1e36, 1]
    with pytest.raises(ValueError, match="a label above 1e35 in 1 of 442 rows"):
        objective(y, raw)


def test_parameters_that_are_wrong():
    for power in (1, 2, 0.5, np.nan):
        with pytest.raises(ValueError, match="strictly between 1 and 2; at 1 use poisson"):
            tweedie(power)
    with pytest.raises(TypeError, match="power"):
        tweedie("1.5")
    with pytest.raises(ValueError, match=r"Write tweedie\(power\)"):
        train("lightgbm", tweedie(), MIXED, params={"tweedie_variance_power": 1.3})
    with pytest.raises(ValueError, match=r"Write tweedie\(power\)"):
        train("xgboost", tweedie(), MIXED, params={"tweedie_variance_power": 1.3})
    with pytest.raises(ValueError, match=r"metrics\.rmse\(\)"):
        train("lightgbm", poisson(), COUNT, params={"metric": "l1"})
    with pytest.raises(ValueError, match="needed: losses of one link"):
        poisson() + tweedie() + __import__("gbm_objectives").huber()
    assert (poisson() + tweedie()).link == LOG
    assert poisson(curvature=Exact(trust=1.0)).curvature == Exact(trust=1.0)


def test_tiny_rates_are_warned_of_and_the_advice_helps():
    """The gradients of a rate of 1e-6 are 1e-6: XGBoost's floor under the gain eats the splits."""
    with pytest.warns(TrainingWarning, match="Multiply the weights by") as seen:
        train("xgboost", poisson(), 1e-6 * COUNT, params={"min_child_weight": 0})
    factor = float(str(seen[0].message).split("Multiply the weights by ")[1].split()[0])
    params = {"min_child_weight": 0, "lambda": 0}
    found = train("xgboost", poisson(), 1e-6 * COUNT, np.full(len(X), factor), params=params)
    unit = train("xgboost", poisson(), COUNT, params=params)
    assert_allclose(np.log(predict(found) / predict(unit)), np.log(1e-6), atol=0.3)


@every_objective
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_finite_rows_give_finite_derivatives(objective, data):
    n = data.draw(st.integers(1, 30))
    least = 2.0**-100 if objective.name == "gamma" else 0.0
    y = data.draw(hnp.arrays(np.float32, n, elements=st.floats(least, 2.0**100, width=32)))
    raw = data.draw(hnp.arrays(np.float32, n, elements=st.floats(-(2.0**100), 2.0**100, width=32)))
    weight = data.draw(
        st.none() | hnp.arrays(np.float32, n, elements=st.floats(0.125, 8, width=32))
    )
    gradient, hessian = objective(y, raw, weight)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()
    assert (hessian > 0).all()
    assert np.isfinite(objective.intercept(y, weight))
    assert np.isfinite(objective.metric(y, raw, weight))


def test_the_link_is_held():
    raw = np.array([-np.inf, -3e38, -1e4, -80, 0, 80, 1e4, 3e38, np.inf])
    for dtype in (np.float32, np.float64):
        response = LOG.inverse(raw.astype(dtype)).astype(np.float32)
        assert np.isfinite(response).all()
        assert (response > 0).all()
        assert_array_equal(response[[0, 1, 2]], response[3])


@pytest.mark.parametrize("weight", [None, W], ids=["unweighted", "weighted"])
def test_metrics_are_scikit_learns(weight):
    raw = np.log(AMOUNT) + RNG.standard_normal(len(X))
    mean = np.exp(raw)
    for make, y, oracle in (
        (metrics.poisson_deviance, COUNT, sk.mean_poisson_deviance),
        (metrics.gamma_deviance, AMOUNT, sk.mean_gamma_deviance),
        (
            lambda **k: metrics.tweedie_deviance(1.3, **k),
            MIXED,
            lambda *a, **k: sk.mean_tweedie_deviance(*a, power=1.3, **k),
        ),
        (metrics.rmsle, COUNT, sk.root_mean_squared_log_error),
    ):
        expected = oracle(y, mean, sample_weight=weight)
        assert_allclose(make()(y, mean, weight), expected, rtol=1e-10)
        assert_allclose(make(link=LOG)(y, raw, weight), expected, rtol=1e-10)
        two = np.column_stack([y, y]), np.column_stack([mean, mean])
        assert_allclose(make()(*two, weight), expected, rtol=1e-10)
    for make, score, y in (
        (metrics.poisson_deviance, sk.d2_tweedie_score, COUNT),
        (metrics.gamma_deviance, lambda *a, **k: sk.d2_tweedie_score(*a, **{**k, "power": 2}), AMOUNT),
    ):  # fmt: skip
        d2 = score(y, mean, sample_weight=weight, power=1)
        assert_allclose(make(relative=True)(y, mean, weight), 1 - d2, rtol=1e-10)
        assert_allclose(make(relative=True)(1e-6 * y, 1e-6 * mean), make(relative=True)(y, mean))
    own = poisson().metric(COUNT, raw, weight)
    assert_allclose(
        metrics.poisson_deviance(relative=True, link=LOG)(COUNT, raw, weight), own, rtol=1e-9
    )


def test_metrics_refuse_what_they_are_not_for():
    with pytest.raises(
        ValueError, match=r"y_pred: a value that is 0 or negative.*link=objective.link"
    ):
        metrics.poisson_deviance()(COUNT, np.zeros(len(X)))
    with pytest.raises(ValueError, match="y_true: a negative value"):
        metrics.tweedie_deviance()(-AMOUNT, AMOUNT)
    with pytest.raises(ValueError, match="y_true: a value that is 0 or negative"):
        metrics.gamma_deviance()(0 * AMOUNT, AMOUNT)
    with pytest.raises(ValueError, match="all labels equal"):
        metrics.poisson_deviance(relative=True)(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="poisson_deviance"):
        metrics.tweedie_deviance(1)
    assert metrics.rmsle()([0.0, 1.0], [0.0, 1.0]) == 0


@every_objective
def test_the_self_test_passes(objective):
    report = check_objective(objective)
    assert report.passed, str(report)
