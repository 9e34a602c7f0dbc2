"""`gbm_objectives.xgboost` and `gbm_objectives.lightgbm`: models that are right end to end."""

import itertools
import pickle
import re
import subprocess
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from _deprecated import boosters
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer, make_friedman1

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import (
    TrainingError,
    TrainingWarning,
    binary_cross_entropy,
    focal,
    huber,
    log_cosh,
    mean_bias_error,
    metrics,
    pseudo_huber,
    quantile,
    softmax_focal,
    squared_error,
)
from gbm_objectives.lightgbm import _model as _lightgbm_model
from gbm_objectives.links import LOGIT
from gbm_objectives.sklearn import ObjectiveRegressor
from gbm_objectives.xgboost import _guards as _xgboost_guards

RNG = np.random.default_rng(0)
X, Y = make_friedman1(600, noise=1.0, random_state=0)
W = RNG.uniform(0.2, 3.0, len(Y))
X_CLASS, LABEL = load_breast_cancer(return_X_y=True)
LABEL = np.where(RNG.random(len(LABEL)) < 0.15, 1 - LABEL, LABEL)
W_CLASS = RNG.uniform(0.2, 3.0, len(LABEL))

XGB = {"nthread": 1}
LGB = {"num_threads": 1, "verbosity": -1, "deterministic": True, "force_col_wise": True}
XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
LIBRARIES = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
WEIGHTED = pytest.mark.parametrize("weighted", [False, True])
REGRESSION = [
    squared_error(),
    huber(),
    pseudo_huber(2.0),
    log_cosh(),
    quantile(0.9),
    huber() + mean_bias_error(1.0),
]
BINARY = [binary_cross_entropy(), focal(), focal(gamma=1.0, alpha=0.25)]
every_objective = pytest.mark.parametrize("objective", REGRESSION + BINARY, ids=repr)


def data_of(objective):
    binary = objective.link == LOGIT
    return (X_CLASS, LABEL, W_CLASS) if binary else (X, Y, W)


def make_data(library, x, y, weight=None, **arguments):
    if library == "xgboost":
        return xgb.DMatrix(x, y, weight=weight, **arguments)
    return lgb.Dataset(x, y, weight=weight, **arguments)


def fit(library, objective, x, y, weight=None, rounds=5, params=None, **arguments):
    """A model of our `train`."""
    own, module = (XGB, gox) if library == "xgboost" else (LGB, gol)
    data = make_data(library, x, y, weight)
    return module.train({**own, **(params or {})}, data, rounds, objective=objective, **arguments)


def predict(booster, x, **arguments):
    return booster.predict(xgb.DMatrix(x) if isinstance(booster, xgb.Booster) else x, **arguments)


BUILT_IN = [
    (squared_error(), "reg:squarederror", "regression", 0.0),
    (squared_error(), "reg:squarederror", "regression", 1e6),
    (binary_cross_entropy(), "binary:logistic", "binary", 0.0),
    (focal(gamma=0.0), "binary:logistic", "binary", 0.0),
]


def against_built_in(ways):
    """All objectives with the defaults; the other ways to train with one of each kind, with weights."""
    plain = [(*case, {}, weighted) for case in BUILT_IN for weighted in (False, True)]
    return pytest.mark.parametrize(
        ("objective", "in_xgboost", "in_lightgbm", "offset", "params", "weighted"),
        [*plain, *((*case, params, True) for case in BUILT_IN[1:3] for params in ways)],
    )


@boosters
@against_built_in(
    [
        {"eta": 0.1, "max_depth": 4, "subsample": 0.7, "colsample_bytree": 0.6, "seed": 3},
        {"booster": "dart", "rate_drop": 0.3, "seed": 1},
        {"num_parallel_tree": 3, "colsample_bynode": 0.5},
        {"grow_policy": "lossguide", "max_leaves": 8, "lambda": 0},
    ]
)
def test_xgboost_equals_the_built_in(objective, in_xgboost, in_lightgbm, offset, params, weighted):
    """No intercept is given on either side; 1e-5 relative after 100 rounds, by far."""
    x, y, w = data_of(objective)
    data = xgb.DMatrix(x, y + offset, weight=w if weighted else None)
    ours = gox.train({**XGB, **params}, data, 100, objective=objective)
    own = {**XGB, **params, "objective": in_xgboost}
    if XGB_VERSION < (3, 2) and in_xgboost == "binary:logistic":
        own["base_score"] = np.average(
            y, weights=w if weighted else None
        )  # its own is one Newton step
    built_in = xgb.train(own, data, 100)
    assert_allclose(predict(ours, x), predict(built_in, x), rtol=1e-5)


@against_built_in(
    [
        {"bagging_freq": 1, "bagging_fraction": 0.6},
        {"feature_fraction": 0.5},
        {"data_sample_strategy": "goss"},
        {"linear_tree": True, "linear_lambda": 1},
        {"extra_trees": True},
    ]
)
def test_lightgbm_equals_the_built_in(objective, in_xgboost, in_lightgbm, offset, params, weighted):
    """Under feature_fraction too: the reset that draws its columns anew is left out."""
    x, y, w = data_of(objective)
    weight = w if weighted else None
    ours = gol.train(
        {**LGB, **params}, lgb.Dataset(x, y + offset, weight=weight), 100, objective=objective
    )
    built_in = lgb.train(
        {**LGB, **params, "objective": in_lightgbm}, lgb.Dataset(x, y + offset, weight=weight), 100
    )
    assert_allclose(ours.predict(x), built_in.predict(x), rtol=1e-5)


@pytest.mark.parametrize("objective", [squared_error(), focal()], ids=lambda o: o.name)
def test_lightgbm_dart_predicts_what_it_was_evaluated_on(objective):
    """The built-in's own bias is dropped with its first tree; ours can't be: offsets are kept."""
    x, y, _ = data_of(objective)
    shifted = y if objective.link == LOGIT else y + 1e6
    seen = {}
    data = lgb.Dataset(x[:300], shifted[:300])
    valid = lgb.Dataset(x[300:], shifted[300:], reference=data)
    metric = metrics.rmse()
    booster = gol.train(
        {**LGB, "boosting": "dart", "drop_rate": 0.5, "skip_drop": 0.0}, data, 30,
        objective=objective, valid_sets=[valid], feval=metric,
        callbacks=[lgb.record_evaluation(seen)],
    )  # fmt: skip
    found = metric(shifted[300:], booster.predict(x[300:]))
    assert_allclose(found, seen["valid_0"]["rmse"][-1], rtol=1e-4)
    assert found < 1.1 * np.std(shifted[300:])


@LIBRARIES
@every_objective
@WEIGHTED
def test_every_objective_trains(library, objective, weighted):
    """From its intercept, on the response scale, better than the constant on its own metric."""
    x, y, w = data_of(objective)
    weight = w if weighted else None
    booster = fit(library, objective, x, y, weight, rounds=20)
    response = predict(booster, x)
    raw_argument = {"output_margin" if library == "xgboost" else "raw_score": True}
    raw = predict(booster, x, **raw_argument)
    assert_allclose(response, objective.link.inverse(np.asarray(raw, float)), rtol=1e-5)
    constant = np.full(len(y), objective.intercept(y, weight))
    assert objective.metric(y, raw, weight) < 0.8 * objective.metric(y, constant, weight)


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("objective", REGRESSION, ids=repr)
@WEIGHTED
def test_no_trees_predict_the_best_constant(objective, offset, weighted):
    """0 rounds of XGBoost; a round of LightGBM in which no split is possible."""
    weight = W if weighted else None
    y = (Y + offset).astype(np.float32)
    best = objective.intercept(y, weight if weight is None else weight.astype(np.float32))
    found = predict(fit("xgboost", objective, X, y, weight, rounds=0), X)
    assert_allclose(found, best, rtol=1e-6)
    for limit in ({"min_gain_to_split": 1e30}, {"min_data_in_leaf": 10_000}, {"max_bin": 2}):
        features = np.zeros_like(X) if "max_bin" in limit else X
        booster = fit(
            "lightgbm", objective, features, y, weight, rounds=1, params=limit, guard="ignore"
        )
        assert_allclose(booster.predict(X), best, rtol=1e-12)


@pytest.mark.parametrize("objective", BINARY, ids=repr)
@LIBRARIES
def test_no_trees_predict_the_best_probability(library, objective):
    for share in (0.0005, 0.3, 0.9995):
        y = (np.arange(10_000) < share * 10_000).astype(float)
        x = RNG.standard_normal((10_000, 2))
        params = (
            {"max_depth": 1, "gamma": 1e9} if library == "xgboost" else {"min_gain_to_split": 1e9}
        )
        booster = fit(library, objective, x, y, rounds=1, params=params, guard="ignore")
        best = objective.link.inverse(np.array(objective.intercept(y)))
        assert_allclose(predict(booster, x), best, rtol=1e-6)


@pytest.mark.skipif(XGB_VERSION < (3, 1), reason="one base_score for all outputs before 3.1")
def test_several_targets_have_an_intercept_each():
    both = np.column_stack([Y, 1000 - 100 * Y]).astype(np.float32)
    booster = fit("xgboost", huber(), X, both, W, rounds=0)
    assert_allclose(
        predict(booster, X), np.tile(huber().intercept(both, W), (len(X), 1)), rtol=1e-6
    )
    booster = fit("xgboost", huber(), X, both, W, rounds=20)
    for k in range(2):
        alone = fit("xgboost", huber(), X, both[:, k], W, rounds=20)
        assert_allclose(predict(booster, X)[:, k], predict(alone, X), rtol=1e-4)
    vector_leaf = {"multi_strategy": "multi_output_tree"}
    booster = fit("xgboost", huber(), X, both, rounds=20, params=vector_leaf)
    assert np.mean(np.abs(predict(booster, X) - both)[:, 1]) < 0.3 * np.std(both[:, 1])


SCRIPT = """
import pathlib, sys
sys.modules["gbm_objectives"] = None  # not importable
import pickle, lightgbm, numpy as np, xgboost
for path in pathlib.Path().glob("*.model.*"):
    x = np.load(f"{path.name.partition('.')[0]}.x.npy")
    if path.suffix == ".pickle":
        booster = pickle.loads(path.read_bytes())
    elif path.suffix == ".txt":
        booster = lightgbm.Booster(model_file=path)
    else:
        booster = xgboost.Booster(model_file=path)
    rows = xgboost.DMatrix(x) if isinstance(booster, xgboost.Booster) else x
    np.save(f"{path}.found.npy", booster.predict(rows))
"""
FORMATS = {"xgboost": ["json", "ubj", "pickle"], "lightgbm": ["txt", "pickle"]}


def test_saved_models_predict_alike_without_this_package(tmp_path):
    """Bit-equal in a fresh process, from every format."""
    expected = {}
    for objective, (library, formats) in itertools.product((huber(), focal()), FORMATS.items()):
        x, y, w = data_of(objective)
        booster = fit(library, objective, x, y, w, rounds=10)
        name = f"{library}-{objective.name}"
        np.save(tmp_path / f"{name}.x.npy", x)
        for suffix in formats:
            path = tmp_path / f"{name}.model.{suffix}"
            if suffix == "pickle":
                path.write_bytes(pickle.dumps(booster))
            else:
                booster.save_model(path)
            assert b"gbm_objectives" not in path.read_bytes()
            expected[path] = predict(booster, x)
        again = pickle.loads(pickle.dumps(booster))
        assert_array_equal(predict(again, x), predict(booster, x))
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, cwd=tmp_path)
    for path, values in expected.items():
        assert_array_equal(np.load(f"{path}.found.npy"), values)


def test_shap_values_add_up_to_the_predictions():
    booster = fit("lightgbm", huber(), X, Y + 1000, rounds=10)
    assert_allclose(booster.predict(X, pred_contrib=True).sum(1), booster.predict(X), rtol=1e-9)
    booster = fit("xgboost", huber(), X, Y + 1000, rounds=10)
    contributions = booster.predict(xgb.DMatrix(X), pred_contribs=True)
    assert_allclose(contributions.sum(1), predict(booster, X), rtol=1e-5)


@LIBRARIES
def test_the_users_own_start_is_kept(library):
    shifted = Y + 100
    if library == "xgboost":
        booster = fit("xgboost", huber(), X, shifted, rounds=0, params={"base_score": 7.0})
        assert_allclose(predict(booster, X), 7.0)
        margin = np.linspace(90, 110, len(Y))
        data = xgb.DMatrix(X, shifted, base_margin=margin)
        ours = gox.train(XGB, data, 5, objective=huber(), leaves="library")
        plain = xgb.train({**XGB, "base_score": 0.5}, data, 5, obj=huber())
        assert_allclose(ours.predict(data), plain.predict(data), rtol=1e-6)
        return
    params = {"boost_from_average": False}
    booster = fit("lightgbm", huber(), X, shifted, params=params, leaves="library")
    plain = lgb.train({**LGB, "objective": huber()}, lgb.Dataset(X, shifted), 5)
    assert_allclose(booster.predict(X), plain.predict(X))
    start = np.linspace(90, 110, len(Y))
    data = lgb.Dataset(X, shifted, init_score=start)
    booster = gol.train(LGB, data, 5, objective=huber(), leaves="library")
    plain = lgb.train({**LGB, "objective": huber()}, lgb.Dataset(X, shifted, init_score=start), 5)
    assert_allclose(booster.predict(X), plain.predict(X))
    assert_array_equal(data.get_init_score(), start)
    with pytest.raises(ValueError, match="valid_sets: an init_score where train_set has none"):
        fit("lightgbm", huber(), X, Y, valid_sets=[lgb.Dataset(X, Y, init_score=start)])


@LIBRARIES
@pytest.mark.parametrize("objective", [huber(), focal()], ids=lambda o: o.name)
def test_training_goes_on_from_a_model(library, objective, tmp_path):
    x, y, _ = data_of(objective)
    argument = "xgb_model" if library == "xgboost" else "init_model"
    first = fit(library, objective, x, y, rounds=5)
    path = tmp_path / "model.json"
    first.save_model(path)
    whole = fit(library, objective, x, y, rounds=10)
    for model in (first, path):
        second = fit(library, objective, x, y, rounds=5, **{argument: model})
        assert_allclose(predict(second, x), predict(whole, x), rtol=1e-4, atol=1e-6)


@LIBRARIES
def test_a_model_of_another_link_is_not_continued(library):
    argument = "xgb_model" if library == "xgboost" else "init_model"
    label = (Y > 15).astype(float)
    logistic = fit(library, binary_cross_entropy(), X, label)
    with pytest.raises(ValueError, match=f"{argument}: a model of binary"):
        fit(library, huber(), X, Y, **{argument: logistic})
    own, train = (XGB, xgb.train) if library == "xgboost" else (LGB, lgb.train)
    linear = train(own, make_data(library, X, Y), 3)
    with pytest.raises(ValueError, match=f"{argument}: a model of reg"):
        fit(library, focal(), X, label, **{argument: linear})
    fit(library, huber(), X, Y, **{argument: linear})


def test_data_sets_of_lightgbm_are_as_they_were():
    """Constructed or not, with failures in between: no init_score stays behind."""
    data, valid = lgb.Dataset(X, Y), lgb.Dataset(X[:50], Y[:50])
    gol.train(LGB, data, 3, objective=huber(), valid_sets=[data, valid])
    for each in (data, valid):
        assert each.init_score is None
        assert each.get_field("init_score") is None
    gol.train(LGB, data, 3, objective=huber(), valid_sets=[valid])  # now constructed before

    def fail(env):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gol.train(LGB, data, 3, objective=huber(), valid_sets=[valid], callbacks=[fail])
    assert data.get_field("init_score") is None
    built_in = {**LGB, "objective": "regression"}
    expected = lgb.train(built_in, lgb.Dataset(X, Y), 3).predict(X)
    assert_array_equal(lgb.train(built_in, data, 3).predict(X), expected)


def test_lightgbm_data_in_files(tmp_path):
    """Labels that only the constructed data set knows."""
    for name, rows in (("train", slice(0, 400)), ("valid", slice(400, None))):
        np.savetxt(tmp_path / f"{name}.csv", np.column_stack([Y[rows], X[rows]]), delimiter=",")
    seen = {}
    booster = gol.train(
        {**LGB, "max_bin": 63}, lgb.Dataset(str(tmp_path / "train.csv")), 10, objective=huber(),
        valid_sets=[lgb.Dataset(str(tmp_path / "valid.csv"))],
        callbacks=[lgb.record_evaluation(seen)],
    )  # fmt: skip
    arrays = fit("lightgbm", huber(), X[:400], Y[:400], rounds=10, params={"max_bin": 63})
    assert_allclose(booster.predict(X), arrays.predict(X), rtol=1e-6)
    assert seen["valid_0"]["huber"][-1] < seen["valid_0"]["huber"][0]


def test_a_kept_booster_goes_on():
    data = lgb.Dataset(X, Y + 100)
    booster = gol.train(LGB, data, 5, objective=huber(), keep_training_booster=True)
    five, six = (fit("lightgbm", huber(), X, Y + 100, rounds=n, leaves="library") for n in (5, 6))
    assert_allclose(booster.predict(X), five.predict(X), rtol=1e-12)
    booster.update(fobj=huber())
    assert_allclose(booster.predict(X), six.predict(X), rtol=1e-6)
    with pytest.raises(ValueError, match="keep_training_booster"):
        fit("lightgbm", focal(), X_CLASS, LABEL, keep_training_booster=True)


def evaluations(library, objective, rounds=400, stop=5, **arguments):
    x, y, w = data_of(objective)
    half = len(y) // 2
    data = make_data(library, x[:half], y[:half], w[:half])
    seen = {}
    if library == "xgboost":
        test = xgb.DMatrix(x[half:], y[half:], weight=w[half:])
        booster = gox.train(
            XGB, data, rounds, objective=objective, evals=[(data, "train"), (test, "test")],
            early_stopping_rounds=stop, evals_result=seen, verbose_eval=False, **arguments,
        )  # fmt: skip
    else:
        test = lgb.Dataset(x[half:], y[half:], weight=w[half:], reference=data)
        booster = gol.train(
            LGB, data, rounds, objective=objective, valid_sets=[data, test],
            valid_names=["train", "test"],
            callbacks=[lgb.early_stopping(stop, verbose=False), lgb.record_evaluation(seen)],
            **arguments,
        )  # fmt: skip
    return booster, seen, (x[half:], y[half:], w[half:])


@LIBRARIES
@pytest.mark.parametrize("objective", [huber(), focal(), quantile(0.9)], ids=lambda o: o.name)
def test_early_stopping_on_the_objectives_own_metric(library, objective):
    booster, seen, (x, y, w) = evaluations(library, objective)
    assert set(seen) == {"train", "test"}
    assert set(seen["test"]) == {objective.name}  # no built-in metric of raw scores
    history = seen["test"][objective.name]
    best = int(np.argmin(history))
    rounds = booster.best_iteration if library == "xgboost" else booster.best_iteration - 1
    assert rounds == best
    assert len(history) == min(best + 1 + 5, 400)
    raw = {"output_margin": True} if library == "xgboost" else {"raw_score": True}
    limit = (
        {"iteration_range": (0, best + 1)} if library == "xgboost" else {"num_iteration": best + 1}
    )
    found = objective.metric(y, predict(booster, x, **raw, **limit), w)
    assert_allclose(found, history[best], rtol=1e-4)


class Accuracy(metrics.Metric):
    """A metric of a user, on the response scale, that should grow."""

    __slots__ = ()
    name = "accuracy"
    higher_is_better = True

    def compute(self, y_true, y_pred, sample_weight):
        return float(np.average((y_pred > 0.5) == y_true, weights=sample_weight))


@LIBRARIES
def test_metrics_get_the_link_and_their_direction(library):
    argument = "custom_metric" if library == "xgboost" else "feval"
    chosen = [metrics.log_loss(), metrics.brier(), Accuracy()]
    booster, seen, (x, y, w) = evaluations(library, focal(), stop=8, **{argument: chosen})
    assert set(seen["test"]) == {"log_loss", "brier", "accuracy"}
    best = booster.best_iteration if library == "xgboost" else booster.best_iteration - 1
    if library == "xgboost":  # the last one decides, and a growing one is no reason to stop
        assert best == int(np.argmax(seen["test"]["accuracy"]))
        limit = {"iteration_range": (0, len(seen["test"]["brier"]))}
    else:
        limit = {"num_iteration": best + 1}
    probability = predict(booster, x, **limit)
    rounds = len(seen["test"]["brier"]) - 1 if library == "xgboost" else best
    assert_allclose(
        float(metrics.brier()(y, probability, w)), seen["test"]["brier"][rounds], rtol=1e-4
    )


def test_built_in_metrics_are_the_users_choice():
    seen = {}
    data = xgb.DMatrix(X_CLASS, LABEL)
    gox.train(
        {**XGB, "eval_metric": ["logloss", "auc"]}, data, 5, objective=focal(),
        evals=[(data, "train")], evals_result=seen, verbose_eval=False,
    )  # fmt: skip
    assert set(seen["train"]) == {"logloss", "auc"}
    booster = fit("xgboost", focal(), X_CLASS, LABEL)
    p = predict(booster, X_CLASS)
    logloss = -np.mean(np.log(np.where(LABEL == 1, p, 1 - p)))
    assert_allclose(seen["train"]["logloss"][-1], logloss, rtol=1e-5)  # of probabilities
    seen = {}
    data = lgb.Dataset(X_CLASS, LABEL)
    gol.train(
        {**LGB, "metric": "auc"}, data, 5, objective=focal(), valid_sets=[data],
        callbacks=[lgb.record_evaluation(seen)],
    )  # fmt: skip
    assert set(seen["training"]) == {"auc"}
    with pytest.raises(
        ValueError, match="metric='binary_logloss', which LightGBM would compute on raw"
    ):
        fit("lightgbm", focal(), X_CLASS, LABEL, params={"metric": ["auc", "binary_logloss"]})
    data = lgb.Dataset(X, Y + 1000)
    gol.train(
        {**LGB, "metric": "l1"}, data, 5, objective=huber(), valid_sets=[data], feval=metrics.mae(),
        callbacks=[lgb.record_evaluation(seen := {})],
    )  # fmt: skip
    assert_allclose(seen["training"]["l1"], seen["training"]["mae"], rtol=1e-6)


@LIBRARIES
def test_cv_starts_each_fold_at_its_own_constant(library):
    """The history of the folds is that of trainings on their rows alone."""
    folds = [(np.arange(200, 600), np.arange(200)), (np.arange(400), np.arange(400, 600))]
    y = Y + np.where(np.arange(600) < 200, 1000, 0)  # folds whose constants differ
    module, own = (gox, XGB) if library == "xgboost" else (gol, LGB)
    data = make_data(library, X, y, W)
    result = module.cv(own, data, 5, objective=huber(), folds=folds)
    name = "test-huber-mean" if library == "xgboost" else "valid huber-mean"
    expected = []
    for train, test in folds:
        booster = fit(library, huber(), X[train], y[train], W[train], rounds=5)
        expected.append(float(huber().metric(y[test], predict(booster, X[test]), W[test])))
    # LightGBM bins the folds with the bins of all rows.
    assert_allclose(result[name][4 if library == "xgboost" else -1], np.mean(expected), rtol=0.01)


@LIBRARIES
def test_cv_of_classes(library):
    module, own = (gox, XGB) if library == "xgboost" else (gol, LGB)
    data = make_data(library, X_CLASS, LABEL, W_CLASS)
    arguments = {
        "custom_metric" if library == "xgboost" else "feval": [metrics.brier(), focal().metric]
    }
    seen = []

    def fpreproc(train, test, params):
        seen.append(params)
        return train, test, params

    result = module.cv(own, data, 5, objective=focal(), nfold=4, fpreproc=fpreproc, **arguments)
    assert len(seen) == 4
    history = result["test-brier-mean" if library == "xgboost" else "valid brier-mean"]
    assert np.asarray(history)[-1] < np.asarray(history)[0] < 0.25
    result = module.cv(own, data, 5, objective=focal(), metrics=["auc"])
    assert {key.replace("-", " ").split()[1] for key in result} == {"auc"}


def test_lightgbm_cv_gives_complete_boosters():
    data = lgb.Dataset(X_CLASS, LABEL)
    result = gol.cv(LGB, data, 5, objective=focal(), return_cvbooster=True, nfold=3)
    for booster in result["cvbooster"].boosters:
        response = booster.predict(X_CLASS)
        raw = booster.predict(X_CLASS, raw_score=True)
        assert_allclose(response, 1 / (1 + np.exp(-raw)))
        assert np.std(raw) > 0.1
    assert "cvbooster" not in gol.cv(LGB, data, 2, objective=focal())
    assert data.get_field("init_score") is None


@LIBRARIES
@pytest.mark.parametrize("door", ["train", "cv"])
def test_a_training_without_splits_says_so(library, door):
    module, own = (gox, XGB) if library == "xgboost" else (gol, LGB)
    limit = "gamma" if library == "xgboost" else "min_gain_to_split"
    data = make_data(library, X, Y)
    run = getattr(module, door)
    with pytest.warns(TrainingWarning, match=rf"No tree splits.*{limit}=1e\+09: lower it") as seen:
        run({**own, limit: 1e9}, data, 5, objective=huber())
    assert len(seen) == 1
    assert seen[0].filename == __file__
    with pytest.raises(TrainingError, match="No tree splits"):
        run({**own, limit: 1e9}, data, 5, objective=huber(), guard="raise")
    run({**own, limit: 1e9}, data, 5, objective=huber(), guard="ignore")


@pytest.mark.parametrize(
    ("library", "x", "weight", "cause"),
    [
        (
            "xgboost",
            X,
            1 / len(Y),
            r"min_child_weight=20: lower it, or scale the weights, which sum to 1,",
        ),
        ("lightgbm", X, 1e-7, r"min_sum_hessian_in_leaf=0.001: lower it, or scale the weights"),
        ("xgboost", 0 * X, 1.0, "no feature separates the rows"),
        ("lightgbm", 0 * X, 1.0, "no feature separates the rows"),
        ("lightgbm", X[:30], 1.0, "min_data_in_leaf=30 rows: lower it"),
    ],
)
def test_the_cause_is_named_with_its_numbers(library, x, weight, cause):
    n = len(x)
    with pytest.warns(TrainingWarning, match=cause) as seen:
        fit(library, huber(), x, Y[:n], np.full(n, weight))
    assert f"the Hessians of the {n} rows sum to" in str(seen[-1].message)


@pytest.mark.parametrize(
    ("objective", "y"), [(log_cosh(1e-4, curvature="exact"), Y), (focal(), Y > 0)]
)
def test_the_cause_is_sought_where_base_score_starts(objective, y):
    """There the Hessians vanish; at the best constant they don't."""
    start = 50.0 if objective.name == "log_cosh" else 1e-9
    found = "the Hessians vanish" if objective.name == "log_cosh" else "min_child_weight"
    with pytest.warns(TrainingWarning, match=rf"No tree splits.*{found}"):
        fit(
            "xgboost", objective, X, y, params={**XGB, "base_score": start, "min_child_weight": 1.0}
        )


@pytest.mark.parametrize(
    ("objective", "y"),
    [
        (softmax_focal(), np.digitize(Y, [12, 16])),
        (huber(), np.column_stack([Y, Y])),
        (quantile([0.1, 0.9]), Y),
    ],
    ids=["classes", "targets", "levels"],
)
def test_one_base_score_is_the_start_of_all_outputs(objective, y):
    booster = fit("xgboost", objective, X, y, params={**XGB, "base_score": 0.5})
    assert np.ptp(predict(booster, X)) > 0.1


@LIBRARIES
def test_constant_labels_are_no_alarm(library):
    booster = fit(library, huber(), X, np.full(len(Y), 3.5))
    assert_allclose(predict(booster, X), 3.5)


@pytest.mark.parametrize("size", [1e-30, 1e-9, 1e-6, 1.0, 1e9, 1e25])
@LIBRARIES
def test_targets_of_any_size_are_right_or_warned_of(library, size):
    unit = predict(fit(library, huber(), X, Y, rounds=30), X)
    if library == "xgboost" and size < 1e-3:
        with pytest.warns(TrainingWarning, match="refuses every split that gains 1e-06 or less"):
            fit(library, huber(), X, size * Y, rounds=30)
        return
    if library == "xgboost" and size > 1e18:
        with pytest.warns(TrainingWarning, match=r"must stay below 1e\+38.*Divide the target"):
            fit(library, huber(), X, size * Y, rounds=30)
        return
    found = predict(fit(library, huber(), X, size * Y, rounds=30), X)
    assert np.mean(np.abs(found / size - unit)) < 0.05 * np.std(Y)


def test_the_advice_for_small_targets_helps():
    with pytest.warns(TrainingWarning) as seen:
        fit("xgboost", huber(), X, 1e-6 * Y)
    factor = float(str(seen[0].message).split("Multiply the target by ")[1].split()[0])
    booster = fit("xgboost", huber(), X, factor * 1e-6 * Y, rounds=30)
    unit = predict(fit("xgboost", huber(), X, Y, rounds=30), X)
    assert np.mean(np.abs(predict(booster, X) / (factor * 1e-6) - unit)) < 0.05 * np.std(Y)


def infinite(preds, data):
    return np.full(len(preds), 3e38, np.float32), np.full(len(preds), 1e-30, np.float32)


def test_leaves_that_are_not_finite_are_an_alarm():
    """Made by a bad function: no objective of ours was found to make any."""
    booster = xgb.train(
        {**XGB, "lambda": 0, "min_child_weight": 0}, xgb.DMatrix(X, Y), 1, obj=infinite
    )
    assert "A leaf of round 1 is NaN or inf" in _xgboost_guards.diagnose(booster, None)
    good = fit("lightgbm", huber(), X, Y).model_to_string()
    assert _lightgbm_model.diagnose(good, None) == ""
    bad = re.sub("^leaf_value=[^ ]+", "leaf_value=nan", good, count=1, flags=re.MULTILINE)
    assert "is NaN or inf" in _lightgbm_model.diagnose(bad, None)
    with pytest.raises(ValueError, match=r"raw_prediction: NaN or inf.*leaf of the last tree"):
        huber()(Y, np.full(len(Y), np.inf))


@pytest.mark.parametrize(
    ("library", "params", "match"),
    [
        (
            "xgboost",
            {"objective": "reg:absoluteerror"},
            "objective='reg:absoluteerror' beside huber",
        ),
        ("xgboost", {"num_class": 3}, "num_class=3"),
        ("xgboost", {"scale_pos_weight": 9}, "scale_pos_weight=9, which has no effect"),
        ("xgboost", {"quantile_alpha": 0.3}, "quantile_alpha"),
        ("lightgbm", {"objective": "huber"}, "objective='huber' beside huber"),
        ("lightgbm", {"application": "l1"}, "objective='l1'"),
        ("lightgbm", {"num_class": 3}, "num_class=3"),
        ("lightgbm", {"is_unbalance": True}, "is_unbalance=True"),
        ("lightgbm", {"alpha": 0.3}, "alpha=0.3"),
        ("lightgbm", {"boosting_type": "rf", "bagging_freq": 1}, 'boosting="rf"'),
    ],
)
def test_contradictions_are_refused(library, params, match):
    with pytest.raises(ValueError, match=match):
        fit(library, huber(), X, Y, params=params)


@LIBRARIES
def test_harmless_parameters_pass(library):
    harmless = {
        "xgboost": {"objective": "reg:squarederror", "scale_pos_weight": 1},
        "lightgbm": {"objective": "regression", "num_class": 1, "is_unbalance": False},
    }
    plain = predict(fit(library, huber(), X, Y), X)
    assert_array_equal(predict(fit(library, huber(), X, Y, params=harmless[library]), X), plain)
    given = {"objective": huber()}
    assert_array_equal(predict(fit(library, huber(), X, Y, params=given), X), plain)


@LIBRARIES
def test_bad_arguments_raise(library):
    with pytest.raises(TypeError, match="objective: 'huber' of type str"):
        fit(library, "huber", X, Y)
    module, own = (gox, XGB) if library == "xgboost" else (gol, LGB)
    needed = "DMatrix" if library == "xgboost" else "Dataset"
    with pytest.raises(TypeError, match=f"a ndarray; needed: a {needed}"):
        module.train(own, X, 1, objective=huber())
    if library == "xgboost":
        with pytest.raises(TypeError, match="evals: a DMatrix; needed: pairs"):
            gox.train(
                own,
                make_data(library, X, Y),
                1,
                objective=huber(),
                evals=[make_data(library, X, Y)],
            )
    named = {"custom_metric" if library == "xgboost" else "feval": metrics.mae}
    with pytest.raises(TypeError, match=r"the function mae; needed: a metric, mae\(\)"):
        fit(library, huber(), X, Y, **named)
    with pytest.raises(ValueError, match="guard: 'shout'; needed: \"warn\""):
        fit(library, huber(), X, Y, guard="shout")
    with pytest.raises(ValueError, match="labels"):
        fit(library, huber(), X, None)
    with pytest.raises(ValueError, match="a label other than 0 and 1"):
        fit(library, focal(), X, Y)
    with pytest.raises(TypeError, match="no_such"):
        fit(library, huber(), X, Y, no_such=1)
    with pytest.raises(ValueError, match="alone, whose gradient is the same in every row"):
        fit(library, mean_bias_error(1.0), X, Y)
    params = {"max_depth": 2}
    fit(library, huber(), X, Y, params=params)
    assert params == {"max_depth": 2}


def test_xgboost_obj_is_refused():
    with pytest.raises(TypeError, match="obj: an argument; needed: objective="):
        fit("xgboost", huber(), X, Y, obj=huber())


def test_other_forms_of_data():
    # Before 3.1 a QuantileDMatrix tells no leaves, so steps can't be told on it.
    leaves = "auto" if XGB_VERSION >= (3, 1) else "library"
    plain = predict(fit("xgboost", huber(), X, Y, params={"max_bin": 1024}, leaves=leaves), X)
    data = xgb.QuantileDMatrix(X, Y, max_bin=1024)
    booster = gox.train({**XGB, "max_bin": 1024}, data, 5, objective=huber(), leaves=leaves)
    assert_allclose(predict(booster, X), plain, rtol=1e-3)
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=[f"f{i}" for i in range(10)], index=np.arange(600)[::-1])
    series = pd.Series(Y, index=frame.index)
    expected = fit("lightgbm", huber(), X, Y).predict(X)
    for label in (Y.tolist(), series, series.to_frame()):
        assert_array_equal(fit("lightgbm", huber(), X, label).predict(X), expected)
    booster = fit("lightgbm", huber(), frame, series, W.tolist())
    assert booster.feature_name() == list(frame.columns)
    frame["kind"] = pd.Categorical(np.where(Y > 15, "high", "low"))
    for library in ("xgboost", "lightgbm"):
        extra = {"enable_categorical": True} if library == "xgboost" else {}
        module, own = (gox, XGB) if library == "xgboost" else (gol, LGB)
        data = make_data(library, frame, series, **extra)
        booster = module.train(own, data, 10, objective=huber())
        test = xgb.DMatrix(frame, enable_categorical=True) if library == "xgboost" else frame
        assert np.mean(np.abs(booster.predict(test) - Y)) < 0.5 * np.std(Y)


@boosters
def test_gblinear_and_forests():
    booster = fit("xgboost", huber(), X, Y + 100, rounds=30, params={"booster": "gblinear"})
    assert np.mean(np.abs(predict(booster, X) - Y - 100)) < 0.7 * np.std(Y)
    vector = {"booster": "gblinear", "multi_strategy": "multi_output_tree"}
    with pytest.raises(ValueError, match=r"params: multi_strategy=.*which grows no trees"):
        fit("xgboost", huber(), X, np.column_stack([Y, Y]), params=vector)
    with pytest.raises(ValueError, match="params: multi_strategy="):
        ObjectiveRegressor(xgb.XGBRegressor(**vector), huber()).fit(X, np.column_stack([Y, Y]))


def test_the_modules_import_their_own_library_only():
    for ours, other in (("xgboost", "lightgbm"), ("lightgbm", "xgboost")):
        code = f"import sys, gbm_objectives.{ours}; print({other!r} in sys.modules)"
        found = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True,
            cwd=Path(__file__).parent,
        ).stdout  # fmt: skip
        assert found.strip() == "False"
