"""Every door of both libraries, with weights: the same objective, unchanged, gives the same model."""

import copy
import pickle

import joblib
import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from _deprecated import forests
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from variants import of_levels

from gbm_objectives import (
    focal,
    huber,
    log_cosh,
    mean_bias_error,
    metrics,
    pseudo_huber,
    quantile,
)
from gbm_objectives.links import LOG
from gbm_objectives.losses.binary import BinaryLoss
from gbm_objectives.registry import OBJECTIVES as OBJECTIVES_BY_NAME

N, ROUNDS = 300, 5
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 4))
Y = X[:, 0] + np.sin(3 * X[:, 1]) + 0.3 * RNG.standard_t(2, N)
LABEL = (Y > 0.8).astype(int)
W = RNG.uniform(0.2, 3.0, N)

REGRESSION = [huber(), pseudo_huber(), log_cosh(), quantile(0.8), huber() + mean_bias_error(2.0)]
OBJECTIVES = [*REGRESSION, focal()]
every_objective = pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: o.name)
every_regression = pytest.mark.parametrize("objective", REGRESSION, ids=lambda o: o.name)

XGB = {
    "max_depth": 3,
    "eta": 0.3,
    "nthread": 1,
    "base_score": 0.5,
    "disable_default_eval_metric": 1,
}
LGB = {"num_leaves": 7, "num_threads": 1, "verbosity": -1, "min_data_in_leaf": 5, "metric": "None"}
XGB_SK = {
    "n_estimators": ROUNDS,
    "max_depth": 3,
    "learning_rate": 0.3,
    "n_jobs": 1,
    "base_score": 0.5,
}
LGB_SK = {
    "n_estimators": ROUNDS,
    "num_leaves": 7,
    "n_jobs": 1,
    "verbosity": -1,
    "min_child_samples": 5,
}


def target(objective):
    return LABEL if objective.name == "focal" else Y


def xgb_train(objective, weight=None, params=XGB):
    data = xgb.DMatrix(X, target(objective), weight=weight)
    booster = xgb.train(params, data, ROUNDS, obj=objective)
    return booster, booster.predict(xgb.DMatrix(X), output_margin=True)


def lgb_train(objective, weight=None):
    data = lgb.Dataset(X, target(objective), weight=weight)
    booster = lgb.train({**LGB, "objective": objective}, data, ROUNDS)
    return booster, booster.predict(X, raw_score=True)


@every_objective
@pytest.mark.parametrize("weight", [None, W], ids=["unweighted", "weighted"])
def test_train(objective, weight):
    booster, predictions = xgb_train(objective, weight)
    assert booster.trees_to_dataframe()["Feature"].ne("Leaf").any()
    assert np.std(predictions) > 0.01
    booster, predictions = lgb_train(objective, weight)
    assert all(tree["num_leaves"] > 1 for tree in booster.dump_model()["tree_info"])
    assert np.std(predictions) > 0.01


@every_objective
def test_weights_reach_the_trees(objective):
    """Rows of weight 0 are as good as absent: their labels don't matter."""
    weight = (np.arange(N) % 3 > 0).astype(float)
    y = target(objective)
    other = np.where(weight > 0, y, 1 - y if objective.name == "focal" else y + 50)
    for train in (
        lambda label, w: xgb.train(
            XGB, xgb.DMatrix(X, label, weight=w), ROUNDS, obj=objective
        ).predict(xgb.DMatrix(X)),
        lambda label, w: lgb.train(
            {**LGB, "objective": objective}, lgb.Dataset(X, label, weight=w), ROUNDS
        ).predict(X),
    ):
        assert_array_equal(train(y, weight), train(other, weight))
        assert np.abs(train(y, None) - train(other, None)).max() > 0.05


@every_objective
@pytest.mark.parametrize("weight", [None, W], ids=["unweighted", "weighted"])
def test_scikit_learn_wrappers_give_the_models_of_train(objective, weight):
    y = target(objective)
    binary = objective.name == "focal"
    model = (xgb.XGBClassifier if binary else xgb.XGBRegressor)(objective=objective, **XGB_SK)
    model.fit(X, y, sample_weight=weight)
    found = model.predict(X, output_margin=True)
    placeholder = {"objective": "binary:logistic"} if binary else {}
    assert_allclose(found, xgb_train(objective, weight, {**XGB, **placeholder})[1], rtol=1e-6)
    model = (lgb.LGBMClassifier if binary else lgb.LGBMRegressor)(objective=objective, **LGB_SK)
    model.fit(X, y, sample_weight=weight)
    assert_allclose(model.booster_.predict(X, raw_score=True), lgb_train(objective, weight)[1])


@every_regression
def test_quantile_dmatrix_and_several_targets(objective):
    data = xgb.QuantileDMatrix(X, Y, weight=W, max_bin=1024)
    booster = xgb.train({**XGB, "max_bin": 1024}, data, ROUNDS, obj=objective)
    assert np.std(booster.predict(data)) > 0.01
    both = np.column_stack([Y, 100 * Y[::-1]])
    model = xgb.XGBRegressor(objective=objective, **XGB_SK).fit(X, both, sample_weight=W)
    alone = xgb.XGBRegressor(objective=objective, **XGB_SK).fit(X, both[:, 1], sample_weight=W)
    assert_allclose(model.predict(X)[:, 1], alone.predict(X), rtol=1e-5)


@forests
def test_random_forest_wrapper():
    model = xgb.XGBRFRegressor(objective=huber(), n_estimators=10, base_score=0.5, n_jobs=1)
    model.fit(X, Y, sample_weight=W)
    assert np.mean(np.abs(model.predict(X) - Y)) < 0.8 * np.mean(np.abs(Y - np.median(Y)))


@every_objective
def test_cv(objective):
    y = target(objective)
    result = xgb.cv(
        XGB,
        xgb.DMatrix(X, y, weight=W),
        ROUNDS,
        nfold=3,
        obj=objective,
        custom_metric=objective.metric,
    )
    column = result[f"test-{objective.name}-mean"]
    assert column.iloc[-1] < column.iloc[0]
    result = lgb.cv(
        {**LGB, "objective": objective},
        lgb.Dataset(X, y, weight=W, free_raw_data=False),
        ROUNDS,
        nfold=3,
        stratified=False,
        feval=objective.metric,
    )
    column = result[f"valid {objective.name}-mean"]
    assert column[-1] < column[0]


@every_objective
def test_booster_update(objective):
    y = target(objective)
    data = lgb.Dataset(X, y, weight=W)
    booster = lgb.Booster({**LGB, "objective": "none"}, data)
    for _ in range(ROUNDS):
        booster.update(fobj=objective)
    assert_allclose(booster.predict(X), lgb_train(objective, W)[1])
    dtrain = xgb.DMatrix(X, y, weight=W)
    booster = xgb.Booster(XGB, [dtrain])
    for i in range(ROUNDS):
        booster.update(dtrain, i, fobj=objective)
    assert_allclose(booster.predict(dtrain, output_margin=True), xgb_train(objective, W)[1])


@every_regression
@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_clone_copy_pickle_and_joblib(objective, library, tmp_path):
    make, parameters = {
        "xgboost": (xgb.XGBRegressor, XGB_SK),
        "lightgbm": (lgb.LGBMRegressor, LGB_SK),
    }[library]
    model = make(objective=objective, **parameters)
    fitted = clone(model).fit(X, Y)
    assert clone(model).get_params()["objective"] == objective
    joblib.dump(fitted, tmp_path / "model.joblib")
    for other in (
        copy.deepcopy(fitted),
        pickle.loads(pickle.dumps(fitted)),
        joblib.load(tmp_path / "model.joblib"),
    ):
        assert_array_equal(other.predict(X), fitted.predict(X))
        assert other.get_params()["objective"] == objective


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_grid_search_over_a_list_of_objectives(library):
    """delta is searched by a list of objectives."""
    make, parameters = {
        "xgboost": (xgb.XGBRegressor, XGB_SK),
        "lightgbm": (lgb.LGBMRegressor, LGB_SK),
    }[library]
    grid = {"objective": [huber(delta=0.01), huber(delta=1.0), log_cosh()]}
    search = GridSearchCV(make(**parameters), grid, cv=3, scoring="neg_mean_absolute_error")
    search.fit(X, Y, sample_weight=W)
    scores = search.cv_results_["mean_test_score"]
    assert len(np.unique(scores)) == 3
    assert np.isfinite(scores).all()
    assert search.best_params_["objective"] in grid["objective"]


@every_objective
def test_early_stopping_on_the_own_metric(objective):
    y = target(objective)
    half = N // 2
    evals = {}
    booster = xgb.train(
        XGB,
        xgb.DMatrix(X[:half], y[:half]),
        200,
        obj=objective,
        custom_metric=objective.metric,
        evals=[(xgb.DMatrix(X[half:], y[half:], weight=W[half:]), "valid")],
        evals_result=evals,
        early_stopping_rounds=5,
        verbose_eval=False,
    )
    history = evals["valid"][objective.name]
    assert booster.best_iteration == int(np.argmin(history))
    assert len(history) < 200
    evals = {}
    data = lgb.Dataset(X[:half], y[:half])
    booster = lgb.train(
        {**LGB, "objective": objective},
        data,
        200,
        valid_sets=[lgb.Dataset(X[half:], y[half:], weight=W[half:], reference=data)],
        feval=[objective.metric, metrics.mae(link=objective.link)],
        callbacks=[lgb.early_stopping(5, verbose=False), lgb.record_evaluation(evals)],
    )
    history = evals["valid_0"][objective.name]
    assert set(evals["valid_0"]) == {objective.name, "mae"}
    assert np.argmin(history) + 1 >= booster.best_iteration > 1


@pytest.mark.filterwarnings("ignore:The argument 'eval_set' is deprecated")
def test_one_metric_object_serves_both_scikit_learn_wrappers():
    model = xgb.XGBRegressor(objective=huber(), eval_metric=huber().metric, **XGB_SK)
    model.fit(X, Y, sample_weight=W, eval_set=[(X, Y)], sample_weight_eval_set=[W], verbose=False)
    history = model.evals_result()["validation_0"]["huber"]
    assert history[-1] < history[0]
    raw = model.predict(X)
    assert_allclose(history[-1], float(huber().metric(Y, raw, W)), rtol=1e-4)
    model = lgb.LGBMRegressor(objective=huber(), metric="None", **LGB_SK)
    model.fit(
        X, Y, sample_weight=W, eval_set=[(X, Y)], eval_sample_weight=[W], eval_metric=huber().metric
    )
    history = model.evals_result_["training"]["huber"]
    assert history[-1] < history[0]
    assert_allclose(history[-1], float(huber().metric(Y, model.predict(X), W)), rtol=1e-6)


def test_groups_are_held_unbiased_in_training():
    """The penalty by group halves what the loss leaves of the groups' bias."""
    rng = np.random.default_rng(1)
    group = rng.integers(0, 4, N)
    features = np.column_stack([X, group])
    y = X[:, 0] + rng.exponential(1 + group)

    def bias(objective):
        booster = xgb.train(
            {**XGB, "base_score": float(np.median(y))}, xgb.DMatrix(features, y), 100, obj=objective
        )
        error = booster.predict(xgb.DMatrix(features)) - y
        return np.mean([abs(error[group == k].mean()) for k in range(4)])

    free = bias(huber())
    assert bias(huber() + mean_bias_error(10.0, groups=group)) < 0.5 * free


NAMES = sorted(set(OBJECTIVES_BY_NAME) - {"mean_bias_error"})


def kind(objective):
    """Labels of the objective's kind, as XGBoost and as LightGBM take them, and LightGBM's objective."""
    classes = np.digitize(Y, [-0.5, 0.8])
    if objective.name == "kl_divergence":
        soft = 0.7 * np.eye(3)[classes] + 0.1
        return soft, np.arange(N), objective.with_targets(soft)
    if of_levels(objective) or (objective.vector and objective.n_outputs is None):
        return classes, classes, objective
    binary = all(isinstance(term.loss, BinaryLoss) for term in objective.terms)
    label = LABEL if binary else np.exp(Y / 3) if objective.link == LOG else Y
    return label, label, objective


@pytest.mark.parametrize("name", NAMES)
def test_every_objective_at_every_door(name):
    """train, cv, the estimators of both libraries, weighted; estimators give the models of train."""
    objective = OBJECTIVES_BY_NAME[name]()
    label, lgb_label, lgb_objective = kind(objective)
    several = {"num_class": objective.n_outputs or 3} if objective.vector else {}
    scores_of_classes = objective.vector and objective.n_outputs is None and label.ndim == 1
    classifier = LABEL is label or scores_of_classes
    # Row numbers draw the rows of some: they are the same at every door but for cv.
    outputs = {} if label.ndim == 2 else several
    data = xgb.DMatrix(X, label, weight=W)
    placeholder = {"objective": "binary:logistic"} if LABEL is label else {}
    params = {**XGB, **outputs, **placeholder}
    booster = xgb.train(params, data, ROUNDS, obj=objective, custom_metric=objective.metric)
    raw = booster.predict(xgb.DMatrix(X), output_margin=True)
    assert np.isfinite(raw).all()
    assert np.std(raw) > 1e-4
    found = xgb.cv(params, data, ROUNDS, nfold=3, obj=objective, custom_metric=objective.metric)[
        f"test-{objective.name}-mean"
    ]
    assert np.isfinite(found).all()
    make = xgb.XGBClassifier if classifier else xgb.XGBRegressor
    outputs = {} if classifier else outputs
    model = clone(make(objective=objective, **XGB_SK, **outputs)).fit(X, label, sample_weight=W)
    assert_allclose(model.predict(X, output_margin=True), raw, rtol=1e-5, atol=1e-6)

    params = {**LGB, **several, "objective": lgb_objective}
    train_set = lgb.Dataset(X, lgb_label, weight=W, free_raw_data=False)
    raw = lgb.train(params, train_set, ROUNDS, feval=lgb_objective.metric).predict(X)
    assert np.isfinite(raw).all()
    assert np.std(raw) > 1e-4
    found = lgb.cv(
        params, train_set, ROUNDS, nfold=3, stratified=False, feval=lgb_objective.metric
    )[f"valid {objective.name}-mean"]
    assert np.isfinite(found).all()
    make = lgb.LGBMClassifier if classifier else lgb.LGBMRegressor
    model = clone(
        make(
            objective=lgb_objective,
            **LGB_SK,
            **({} if classifier else {**several, "metric": "None"}),
        )
    )
    model.fit(X, lgb_label, sample_weight=W)
    assert_allclose(model.booster_.predict(X, raw_score=True), raw, rtol=1e-6, atol=1e-9)
