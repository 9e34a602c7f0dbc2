"""Several quantiles or expectiles in one model: never crossed, and as good as one model for each."""

import itertools
import pickle
import subprocess
import sys

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import expectile as scipy_expectile
from sklearn.base import clone
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import GridSearchCV

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import expectile, huber, links, metrics, quantile, softmax_cross_entropy
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor

TAU = [0.05, 0.5, 0.95]
RNG = np.random.default_rng(0)
X = RNG.uniform(size=(600, 4))
Y = 4 * X[:, 0] + (0.2 + 2 * X[:, 1]) * RNG.standard_normal(600)
W = RNG.uniform(0.5, 2, 600)
FAR = np.concatenate([X, RNG.uniform(-1e6, 1e6, (600, 4)), RNG.standard_cauchy((600, 4))])
XGB = {"max_depth": 4, "eta": 0.3, "nthread": 1}
LGB = {"num_leaves": 15, "learning_rate": 0.3, "num_threads": 1, "verbosity": -1}
LEVELS = {3: TAU, 9: np.linspace(0.1, 0.9, 9), 19: np.linspace(0.05, 0.95, 19)}


def trained(library, objective, rounds=20, X=X, Y=Y, **settings):
    """A booster, and data of its library made of features."""
    if library == "XGBoost":
        data = xgb.DMatrix(X, Y, weight=settings.pop("weight", None))
        train = gbm_objectives.xgboost.train
        return train(XGB, data, rounds, objective=objective, **settings), xgb.DMatrix
    data = lgb.Dataset(X, Y, weight=settings.pop("weight", None))
    train = gbm_objectives.lightgbm.train
    return train(LGB, data, rounds, objective=objective, **settings), np.asarray


XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
OLD = XGB_VERSION < (3, 1)
FROM_31 = pytest.mark.skipif(
    OLD, reason="XGBoost 3.1 is the first with an intercept for each output"
)
LIBRARIES = [pytest.param("XGBoost", marks=FROM_31), "LightGBM"]
libraries = pytest.mark.parametrize("library", LIBRARIES)


@libraries
@pytest.mark.parametrize("make", [quantile, expectile])
@pytest.mark.parametrize("k", LEVELS)
def test_nothing_crosses_anywhere(library, make, k):
    """Rows of training, far outside their range, and made of outliers; outputs themselves do cross."""
    objective = make(LEVELS[k])
    booster, form = trained(library, objective)
    predicted = objective.predict(booster, form(FAR))
    assert predicted.shape == (len(FAR), k)
    assert np.isfinite(predicted).all()
    assert metrics.crossing()(np.zeros(len(FAR)), predicted) == 0
    raw = "output_margin" if library == "XGBoost" else "raw_score"
    outputs = booster.predict(form(FAR), **{raw: True})
    assert_array_equal(predicted, np.sort(outputs))
    if library == "XGBoost" and XGB_VERSION >= (3, 4):
        assert_array_equal(predicted, booster.predict(form(FAR)))
    if k == 19 and make is quantile:
        assert metrics.crossing()(np.zeros(len(FAR)), outputs) > 0.5


@libraries
def test_levels_in_order_train_as_if_alone(library):
    """Where nothing crosses, output k is the model of quantile(tau_k): each has its own scale and start."""
    objective, rounds = quantile([0.05, 0.95]), 8
    booster, form = trained(library, objective, rounds)
    predicted = objective.predict(booster, form(X))
    assert_array_equal(predicted, booster.predict(form(X)))  # nothing crosses
    for k, tau in enumerate([0.05, 0.95]):
        alone, form = trained(library, quantile(tau), rounds)
        assert_allclose(predicted[:, k], alone.predict(form(X)), rtol=1e-4, atol=1e-4)


def test_the_loss_is_that_of_the_sorted_scores():
    y, raw = Y[:50], RNG.standard_normal((50, 3))
    objective = quantile(TAU, delta=0.7)
    assert_allclose(objective.value(y, raw), objective.value(y, np.sort(raw)))
    parts = [quantile(tau, 0.7).value(y, z) for tau, z in zip(TAU, np.sort(raw).T, strict=True)]
    assert_allclose(objective.value(y, raw), sum(parts), rtol=1e-12)
    plain = quantile(TAU, delta=0.7, ordered=False)
    parts = [quantile(tau, 0.7).value(y, z) for tau, z in zip(TAU, raw.T, strict=True)]
    assert_allclose(plain.value(y, raw), sum(parts), rtol=1e-12)
    # Sorting never raises the pinball loss: the rearrangement inequality, here at one delta.
    assert objective.value(y, raw) < plain.value(y, raw)


def test_scales_are_fixed_for_all_levels():
    raw = Y[:, None] + RNG.standard_normal((600, 3))
    fixed = quantile(TAU).fixed(Y, raw)
    alone = [
        quantile(tau).fixed(Y, z).loss.fixed_delta
        for tau, z in zip(TAU, np.sort(raw).T, strict=True)
    ]
    assert_allclose(fixed.loss.delta, alone)
    for found, right in zip(fixed(Y, raw), quantile(TAU)(Y, raw), strict=True):
        assert_allclose(found, right, rtol=1e-5)
    assert fixed.with_parameters(tau=[0.1, 0.5, 0.9]).loss.delta == fixed.loss.delta
    other = quantile(TAU).with_parameters(tau=[0.1, 0.9])
    assert other == quantile([0.1, 0.9])
    assert other.loss.parts == quantile([0.1, 0.9]).loss.parts


def test_gradients_of_crossed_rows_return_to_their_outputs():
    y, raw = np.zeros(4), np.array([[3.0, 1, 2], [1, 2, 3], [1, 1, 1], [2, 3, 1]])
    gradient, hessian = quantile(TAU, delta=[1.0, 2.0, 3.0])(y, raw)
    for i, row in enumerate(raw):
        for k, j in enumerate(np.argsort(row, kind="stable")):
            one = quantile(TAU[k], [1.0, 2.0, 3.0][k])(y[:1], row[j : j + 1])
            assert_allclose((gradient[i, j], hessian[i, j]), np.ravel(one), rtol=1e-6)


@pytest.mark.parametrize("weight", [None, W])
def test_start_and_metrics(weight):
    objective = quantile(TAU)
    start = objective.intercept(Y, weight)
    assert_allclose(start, [quantile(tau).intercept(Y, weight) for tau in TAU])
    found = expectile([0.1, 0.5, 0.9]).intercept(Y, weight)
    assert_allclose(found, [scipy_expectile(Y, t, weights=weight) for t in (0.1, 0.5, 0.9)])
    raw = Y[:, None] + RNG.standard_normal((600, 3))
    levels = np.sort(raw)
    losses = [
        mean_pinball_loss(Y, q, alpha=t, sample_weight=weight)
        for t, q in zip(TAU, levels.T, strict=True)
    ]
    assert_allclose(metrics.pinball(TAU, link=objective.link)(Y, raw, weight), np.mean(losses))
    for k, tau in enumerate(TAU):
        one = metrics.pinball(tau, column=k, link=objective.link)
        assert_allclose(one(Y, raw, weight), losses[k])
    # The objective's own is the same mean in another unit.
    constants = np.tile(start, (600, 1))
    ratio = metrics.pinball(TAU)(Y, levels, weight) / metrics.pinball(TAU)(Y, constants, weight)
    own = objective.metric(Y, raw, weight) / objective.metric(Y, constants, weight)
    assert_allclose(own, ratio, rtol=1e-6)
    outer = levels[:, [0, 2]]
    assert metrics.coverage()(Y, levels, weight) == metrics.coverage()(Y, outer, weight)
    assert_allclose(metrics.interval_width()(Y, levels), (outer[:, 1] - outer[:, 0]).mean())
    crossed = np.average((np.diff(raw) < 0).any(axis=1), weights=weight)
    assert_allclose(metrics.crossing()(Y, raw, weight), crossed)
    assert_allclose(float(metrics.crossing()(Y, levels)), 0)


@libraries
def test_early_stopping_and_cv_watch_the_mean_pinball_loss(library):
    objective = quantile(TAU)
    watched = [metrics.crossing(), metrics.coverage(), metrics.pinball(TAU)]
    history = {}
    if library == "XGBoost":
        train, valid = xgb.DMatrix(X[:400], Y[:400]), xgb.DMatrix(X[400:], Y[400:])
        booster = gbm_objectives.xgboost.train(
            XGB, train, 200, objective=objective, custom_metric=watched, evals=[(valid, "v")],
            early_stopping_rounds=5, evals_result=history, verbose_eval=False,
        )  # fmt: skip
        last, scores = (0, booster.best_iteration + 1), history["v"]
        predicted = objective.predict(booster, valid, iteration_range=last)
        cv = gbm_objectives.xgboost.cv(XGB, train, 5, objective=objective, as_pandas=False)
    else:
        train = lgb.Dataset(X[:400], Y[:400])
        valid = train.create_valid(X[400:], Y[400:])
        booster = gbm_objectives.lightgbm.train(
            {**LGB, "first_metric_only": False}, train, 200, objective=objective, feval=[watched[-1]],
            valid_sets=[valid],
            callbacks=[lgb.early_stopping(5, verbose=False), lgb.record_evaluation(history)],
        )  # fmt: skip
        scores = history["valid_0"]
        predicted = objective.predict(booster, X[400:])
        cv = gbm_objectives.lightgbm.cv(LGB, lgb.Dataset(X, Y), 5, objective=objective, nfold=3)
    assert len(scores["pinball_0.05_to_0.95"]) < 200
    best = min(scores["pinball_0.05_to_0.95"])
    assert_allclose(metrics.pinball(TAU)(Y[400:], predicted), best, rtol=1e-5)
    name = "quantile_0.05_to_0.95-mean"
    means = next(
        np.asarray(v) for key, v in cv.items() if key.endswith(name) and "train" not in key
    )
    assert (np.diff(means) < 0).all()


@libraries
def test_boosters_keep_their_levels_through_a_file(library, tmp_path):
    objective = quantile(TAU)
    booster, form = trained(library, objective, weight=W)
    path = str(tmp_path / "model.json")
    booster.save_model(path)
    loaded = xgb.Booster(model_file=path) if library == "XGBoost" else lgb.Booster(model_file=path)
    predicted = objective.predict(loaded, form(FAR))
    assert_allclose(predicted, objective.predict(booster, form(FAR)), rtol=1e-6)
    assert_allclose(predicted, objective.response(booster.predict(form(FAR))), rtol=1e-6)


ESTIMATORS = [
    pytest.param(xgb.XGBRegressor(n_estimators=20, max_depth=3, n_jobs=1), marks=FROM_31),
    lgb.LGBMRegressor(n_estimators=20, num_leaves=7, n_jobs=1, verbosity=-1),
]


@pytest.mark.skipif(not OLD, reason="XGBoost has an intercept for each output from 3.1 on")
def test_older_xgboost_is_refused():
    with pytest.raises(NotImplementedError, match=r"needed: XGBoost 3\.1"):
        trained("XGBoost", quantile(TAU))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=["XGBoost", "LightGBM"])
def test_estimators(estimator):
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["kind"] = pd.Categorical(np.where(X[:, 1] > 0.5, "loud", "quiet"))
    frame.loc[::7, "a"] = np.nan
    wrapped = clone(estimator)
    if isinstance(wrapped, xgb.XGBRegressor):
        wrapped.set_params(enable_categorical=True)
    model = ObjectiveRegressor(wrapped, quantile(TAU)).fit(frame, Y, sample_weight=W)
    predicted = model.predict(frame)
    assert predicted.shape == (600, 3)
    assert (np.diff(predicted) >= 0).all()
    assert 0 < model.score(frame, Y) < 1
    constants = np.tile(quantile(TAU).intercept(Y, W), (600, 1))
    pinball = metrics.pinball(TAU)
    d2 = 1 - pinball(Y, predicted, W) / pinball(Y, constants, W)
    assert_allclose(model.score(frame, Y, W), d2, rtol=1e-6)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(frame), predicted)
    grid = {"objective__ordered": [True, False], "objective__tau": [[0.1, 0.9], [0.2, 0.5, 0.8]]}
    search = GridSearchCV(clone(model), grid, cv=2).fit(frame, Y)
    assert search.predict(frame).shape[1] == len(search.best_params_["objective__tau"])


def test_wrong_arguments_say_what_to_do():
    for bad, error, match in (
        ([0.5], ValueError, "two levels or more"),
        ([0.9, 0.1], ValueError, "increasing levels"),
        ([0.1, 0.1], ValueError, "increasing levels"),
        ([0.1, 1.0], ValueError, r"tau\[1\]: 1.0; needed: a number strictly between 0 and 1"),
        ([0.1, "b"], TypeError, r"tau\[1\]"),
        ([[0.1, 0.9]], TypeError, "a list of increasing numbers"),
        ("abc", TypeError, "strictly between 0 and 1"),
    ):
        for make in (quantile, expectile):
            with pytest.raises(error, match=match):
                make(bad)
    with pytest.raises(ValueError, match=r"delta: \(1.0, 2.0\); needed: 3 numbers, one for each"):
        quantile(TAU, delta=[1.0, 2.0])
    with pytest.raises(TypeError, match="ordered: 1; needed: True or False"):
        quantile(TAU, ordered=1)
    objective = quantile(TAU)
    with pytest.raises(
        ValueError, match=r"shape \(600, 2\); needed: \(n_samples, 3\), one column for each"
    ):
        objective(Y, np.zeros((600, 2)))
    with pytest.raises(ValueError, match="one label for each row"):
        objective(np.zeros((600, 3)), np.zeros((600, 3)))
    with pytest.raises(ValueError, match=r"num_class=2; needed: 3, the levels"):
        gbm_objectives.xgboost.train({"num_class": 2}, xgb.DMatrix(X, Y), 1, objective=objective)
    with pytest.raises(ValueError, match="of several levels; needed: one loss"):
        objective + quantile([0.1, 0.5, 0.9], ordered=True)
    with pytest.raises(ValueError, match="needed: losses of one kind"):
        objective + huber()
    with pytest.raises(TypeError, match="labels are no classes"):
        objective.log_probabilities(np.zeros((5, 3)))
    with pytest.raises(TypeError, match="whose labels are numbers"):
        ObjectiveClassifier(xgb.XGBClassifier(), objective).fit(X, Y > 2)
    with pytest.raises(ValueError, match=r"a metric of gbm_objectives\.metrics.*pinball\(\)"):
        gbm_objectives.lightgbm.train({"metric": "l1"}, lgb.Dataset(X, Y), 1, objective=objective)


def test_response_of_other_objectives_is_that_of_their_link():
    raw = RNG.standard_normal((5, 3))
    assert_allclose(softmax_cross_entropy().response(raw), links.SOFTMAX.inverse(raw))
    assert_array_equal(huber().response(raw[:, 0]), raw[:, 0])
    booster, form = trained("LightGBM", huber(), 3)
    assert_allclose(huber().predict(booster, form(X)), booster.predict(X))


def test_softmax_is_along_the_last_axis():
    raw = np.array([[0.0, 1.0, 700.0], [3.0, -2.0, 1.0]])
    for z in (raw[0], raw, raw[None]):
        expected = np.exp(z - 700) / np.exp(z - 700).sum(axis=-1, keepdims=True)
        assert_allclose(links.SOFTMAX.inverse(z), expected, rtol=1e-12)


@pytest.mark.skipif(XGB_VERSION < (3, 4), reason="predict of reg:quantileerror sorts from 3.4 on")
def test_levels_are_sorted_in_the_model_file_of_xgboost(tmp_path):
    """Nine levels, far outside the data, in a process without this package."""
    cases = list(itertools.product((quantile, expectile), ("train", "estimator")))
    for number, (make, door) in enumerate(cases):
        _save_nine_levels(make, door, tmp_path / f"{number}.json")
    code = (
        "import numpy as np, xgboost as xgb, sys; sys.modules['gbm_objectives'] = None;"
        f"found = [xgb.Booster(model_file=f'{{i}}.json') for i in range({len(cases)})];"
        "rows = xgb.DMatrix(np.load('x.npy'));"
        "print([int((np.diff(one.predict(rows), axis=1) < 0).sum()) for one in found])"
    )
    np.save(tmp_path / "x.npy", 20 * np.random.default_rng(0).normal(size=(500, 3)))
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == str([0] * len(cases))


def _save_nine_levels(make, door, path):
    """A model, and that its predictions are its scores, sorted."""
    levels = np.linspace(0.1, 0.9, 9)
    x = np.random.default_rng(0).normal(size=(500, 3))
    y = x[:, 0] + np.random.default_rng(1).normal(size=500)
    objective = make(levels)
    if door == "train":
        data = xgb.DMatrix(x, y)
        booster = gbm_objectives.xgboost.train({"nthread": 1}, data, 30, objective=objective)
    else:
        estimator = xgb.XGBRegressor(n_estimators=30, n_jobs=1)
        booster = ObjectiveRegressor(estimator, objective).fit(x, y).estimator_.get_booster()
    far = xgb.DMatrix(20 * x)
    raw = booster.predict(far, output_margin=True)
    assert (np.diff(raw, axis=1) < 0).any()
    assert_allclose(booster.predict(far), np.sort(raw, axis=1))
    assert_allclose(objective.predict(booster, far), booster.predict(far))
    booster.save_model(path)
