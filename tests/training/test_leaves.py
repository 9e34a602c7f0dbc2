"""Leaves set by this package, by steps of the loss or refitted: right wherever users see them."""

import json
import pickle
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from variants import CASES, SUMS, with_tables

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import (
    absolute_error,
    adaptive_robust,
    binary_cross_entropy,
    cauchy,
    huber,
    mape,
    mean_bias_error,
    metrics,
    pseudo_huber,
    quantile,
    squared_error,
)
from gbm_objectives._training.leaves import by_loss
from gbm_objectives._training.steps import LeafStep
from gbm_objectives.sklearn import ObjectiveRegressor

RNG = np.random.default_rng(0)
X, Y = make_friedman1(400, noise=1.0, random_state=0)
Y += RNG.standard_t(2, len(Y))
W = RNG.integers(1, 4, len(Y)).astype(float)
TRAIN, VALID = slice(0, 280), slice(280, None)
OWN = {
    "xgboost": {"nthread": 1, "eta": 0.3},
    "lightgbm": {"num_threads": 1, "verbosity": -1, "force_col_wise": True, "learning_rate": 0.3},
}
MODULES = {"xgboost": gox, "lightgbm": gol}
XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
LIBRARIES = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
RULES = pytest.mark.parametrize("leaves", ["step", "refit"])


def made(library, x=X, y=Y, weight=None, **arguments):
    if library == "xgboost":
        return xgb.DMatrix(x, y, weight=weight, enable_categorical=True, **arguments)
    return lgb.Dataset(x, y, weight=weight, **arguments)


def fit(library, objective, rounds=5, params=None, data=None, **arguments):
    return MODULES[library].train(
        {**OWN[library], **(params or {})},
        made(library) if data is None else data,
        rounds,
        objective=objective,
        **arguments,
    )


def predict(booster, x=X, **arguments):
    if not isinstance(booster, xgb.Booster):
        return booster.predict(x, **arguments)
    return booster.predict(xgb.DMatrix(x, enable_categorical=True), **arguments)


def leaves_of(booster, i, x=X):
    """The leaf of each row in the tree of round i."""
    if isinstance(booster, xgb.Booster):
        data = xgb.DMatrix(x, enable_categorical=True)
        return booster[i : i + 1].predict(data, pred_leaf=True).ravel()
    return booster.predict(x, pred_leaf=True, start_iteration=i, num_iteration=1).ravel()


def prefix(booster, n, x=X):
    """Predictions of the first n rounds."""
    name, value = (
        ("iteration_range", (0, n)) if isinstance(booster, xgb.Booster) else ("num_iteration", n)
    )
    return predict(booster, x, **{name: value})


def expected_steps(objective, y, raw, weight, leaf, l2):
    """The formula of the docs, leaf by leaf."""
    weight = np.ones(len(y)) if weight is None else weight
    bound = 5 * np.average(np.sqrt(np.abs(y - raw)), weights=weight) ** 2
    objective = replace(objective.fixed(y, raw, weight), terms=tuple(
        replace(term, curvature=replace(term.policy, trust=None))
        for term in objective.fixed(y, raw, weight).terms
    ))  # fmt: skip
    found = np.zeros(len(y))
    for one in np.unique(leaf):
        rows, step = leaf == one, 0.0
        for _ in range(1 if objective.loss.convex else 2):
            g, h = objective.gradient_hessian(y[rows], raw[rows] + step, weight[rows])
            step = np.clip(step - g.sum(dtype=float) / h.sum(dtype=float), -bound, bound)
        found[rows] = step * weight[rows].sum() / (weight[rows].sum() + l2)
    return found


EXTRAS = {
    "plain": {},
    "weights": {},
    "categories and missing values": {},
    "sampling": {
        "xgboost": {"subsample": 0.5},
        "lightgbm": {"bagging_fraction": 0.5, "bagging_freq": 1},
    },
    "goss": {
        "xgboost": {"colsample_bynode": 0.5, "grow_policy": "lossguide"},
        "lightgbm": {"data_sample_strategy": "goss"},
    },
    "lambda and one row": {
        "xgboost": {"lambda": 7.0, "min_child_weight": 1},
        "lightgbm": {"lambda_l2": 7.0, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0.9},
    },
}


@LIBRARIES
@pytest.mark.parametrize("objective", [huber(), cauchy(), adaptive_robust()], ids=lambda o: o.name)
@pytest.mark.parametrize("extra", EXTRAS)
def test_leaves_are_steps_of_the_loss(library, objective, extra):
    """Each leaf of the fifth tree is the formula's, from the predictions before it; no leaf has fewer rows than asked."""
    if extra == "goss" and library == "lightgbm" and lgb.__version__ < "4.1":
        pytest.skip("a boosting of its own before LightGBM 4.1")
    weight = W if extra == "weights" else None
    x = X
    if extra.startswith("categories"):
        x = pd.DataFrame(np.where(RNG.random(X.shape) < 0.1, np.nan, X)).rename(columns=str)
        x["0"] = pd.cut(x["0"], 6, labels=list("abcdef"))
    params = EXTRAS[extra].get(library, {})
    booster = fit(library, objective, 5, params, made(library, x, Y, weight))
    before, after, leaf = prefix(booster, 4, x), prefix(booster, 5, x), leaves_of(booster, 4, x)
    l2 = 7.0 if extra.startswith("lambda") else 1.0 if library == "xgboost" else 0.0
    y = Y.astype(np.float32).astype(float)
    steps = expected_steps(objective, y, before.astype(float), weight, leaf, l2)
    assert len(np.unique(leaf)) > 2
    assert_allclose((after - before) / 0.3, steps, rtol=1e-3, atol=1e-3)
    if extra in ("plain", "weights", "sampling") or extra.startswith("categories"):
        counts = np.bincount(leaf.astype(int), weight)
        least = 20 if library == "xgboost" or extra != "weights" else 10
        assert counts[counts > 0].min() >= (0.3 * least if extra == "sampling" else 0.99 * least)


@LIBRARIES
@pytest.mark.parametrize("objective", [huber(), cauchy()], ids=lambda o: o.name)
def test_far_rows_of_one_leaf_are_learned(library, objective):
    """Clean labels, 6% of the rows ten deviations away, told by a feature: the library's leaves leave them behind."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 3))
    x[:, 2] = rng.random(2000) < 0.06
    y = x[:, 0] + 0.3 * rng.normal(size=2000) + 10 * x[:, 2]
    far = x[:, 2] == 1
    errors = {}
    for leaves, guard in {"auto": "raise", "library": "ignore"}.items():
        data = made(library, x, y)
        booster = fit(library, objective, 100, {}, data, leaves=leaves, guard=guard)
        errors[leaves] = np.abs(predict(booster, x) - y)[far].mean()
    assert errors["auto"] < 0.6
    if library == "lightgbm":
        assert errors["library"] > 5.0


class Watching:
    """A callback of the user's, for either library: saves, predicts, and counts."""

    before_iteration = False

    def __init__(self, path):
        self.path, self.saved, self.seen = path, [], []

    def look(self, model, i):
        self.seen.append(predict(model))
        self.saved.append(str(self.path / f"{i}.json"))
        model.save_model(self.saved[-1])

    def __call__(self, env):
        self.look(env.model, env.iteration)

    def in_xgboost(self):
        class Callback(xgb.callback.TrainingCallback):
            def after_iteration(callback, model, epoch, evals_log):  # noqa: N805
                self.look(model, epoch)
                assert len(model.get_dump()) == epoch + 1
                assert_array_equal(predict(pickle.loads(pickle.dumps(model))), self.seen[-1])

            def after_training(callback, model):  # noqa: N805
                self.seen.append(predict(model))
                return model

        return Callback()


@LIBRARIES
@RULES
@pytest.mark.parametrize("objective", [huber(), cauchy()], ids=lambda o: o.name)
def test_whatever_sees_a_training_sees_its_leaves(library, objective, leaves, tmp_path):
    """Metrics by name and by function, callbacks that predict and save, models to go on from, the same data again."""
    train = made(library, X[TRAIN], Y[TRAIN])
    if library == "xgboost":
        valid = made(library, X[VALID], Y[VALID], W[VALID])
    else:
        valid = made(library, X[VALID], Y[VALID], W[VALID], reference=train)
    watching, history = Watching(tmp_path), {}
    if library == "xgboost":
        given = {
            "evals": [(train, "t"), (valid, "v")], "evals_result": history, "verbose_eval": False,
            "callbacks": [watching.in_xgboost()], "custom_metric": [metrics.mape()],
        }  # fmt: skip
        named = {"eval_metric": ["mae", "rmse"]}
    else:
        given = {
            "valid_sets": [train, valid], "valid_names": ["t", "v"], "feval": [metrics.mape()],
            "callbacks": [watching, lgb.record_evaluation(history)],
        }  # fmt: skip
        named = {"metric": ["l1", "rmse"]}
    booster = fit(library, objective, 6, named, train, leaves=leaves, **given)
    assert type(booster) is (xgb.Booster if library == "xgboost" else lgb.Booster)
    for name, rows, w in (("t", TRAIN, None), ("v", VALID, W[VALID])):
        rounds = [prefix(booster, n, X[rows]) - Y[rows] for n in range(1, 7)]
        mae = [np.average(np.abs(r), weights=w) for r in rounds]
        rmse = [np.average(r**2, weights=w) ** 0.5 for r in rounds]
        own = "mae" if library == "xgboost" else "l1"
        assert list(history[name]) == [own, "rmse", "mape"]
        assert_allclose(history[name][own], mae, rtol=2e-5)
        assert_allclose(history[name]["rmse"], rmse, rtol=2e-5)
    for n, (seen, path) in enumerate(zip(watching.seen, watching.saved, strict=False), start=1):
        assert_allclose(seen, prefix(booster, n), rtol=1e-5)
        kind = xgb.Booster if library == "xgboost" else lgb.Booster
        assert_allclose(predict(kind(model_file=path)), seen, rtol=1e-5)
    assert_array_equal(predict(pickle.loads(pickle.dumps(booster))), predict(booster))
    name = "xgb_model" if library == "xgboost" else "init_model"
    for model in (watching.saved[2], kind(model_file=watching.saved[2])):
        fresh = made(library, X[TRAIN], Y[TRAIN])
        assert_allclose(
            predict(fit(library, objective, 3, {}, fresh, leaves=leaves, **{name: model})),
            predict(booster), rtol=1e-4,
        )  # fmt: skip
    if leaves == "step":  # features that LightGBM has freed are not needed
        assert_array_equal(predict(fit(library, objective, 6, {}, train)), predict(booster))


@LIBRARIES
@RULES
def test_cv_and_estimators_are_as_train(library, leaves):
    """Early stopping by a named metric, weights, evaluation sets; a fold is a training on the fold."""
    n, stop = 60, 4
    base = (
        xgb.XGBRegressor(n_estimators=n, n_jobs=1, learning_rate=0.5, eval_metric="mae", early_stopping_rounds=stop)
        if library == "xgboost"
        else lgb.LGBMRegressor(n_estimators=n, n_jobs=1, learning_rate=0.5, verbosity=-1, force_col_wise=True)
    )  # fmt: skip
    given = (
        {"verbose": False}
        if library == "xgboost"
        else {"eval_metric": "l1", "callbacks": [lgb.early_stopping(stop, verbose=False)]}
    )
    model = ObjectiveRegressor(base, cauchy(), leaves=leaves)
    evaluated = [(X[TRAIN], Y[TRAIN]), (X[VALID], Y[VALID])]
    model.fit(X[TRAIN], Y[TRAIN], W[TRAIN], eval_set=evaluated, **given)
    inner = model.estimator_
    history = inner.evals_result() if library == "xgboost" else inner.evals_result_
    errors = history["validation_1" if library == "xgboost" else "valid_1"]
    errors = errors["mae" if library == "xgboost" else "l1"]
    assert_allclose(min(errors), np.abs(model.predict(X[VALID]) - Y[VALID]).mean(), rtol=1e-4)
    best = inner.best_iteration + 1 if library == "xgboost" else inner.best_iteration_
    rate = {"eta": 0.5} if library == "xgboost" else {"learning_rate": 0.5}
    data = made(library, X[TRAIN], Y[TRAIN], W[TRAIN])
    assert_allclose(
        model.predict(X),
        predict(fit(library, cauchy(), best, rate, data, leaves=leaves)),
        rtol=1e-4,
    )
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    assert clone(model).leaves == leaves
    folds = [(np.arange(280), np.arange(280, 400))]
    name = {"eval_metric": "mae"} if library == "xgboost" else {"metric": "l1"}
    result = MODULES[library].cv(
        {**OWN[library], **name},
        made(library, X, Y, W),
        4,
        objective=cauchy(),
        leaves=leaves,
        folds=folds,
    )
    if library == "xgboost":
        booster = fit(
            library, cauchy(), 4, {}, made(library, X[TRAIN], Y[TRAIN], W[TRAIN]), leaves=leaves
        )
        found = result["test-mae-mean"].to_numpy()
        steps = [prefix(booster, k, X[VALID]) - Y[VALID] for k in range(1, 5)]
        assert_allclose(found, [np.average(np.abs(r), weights=W[VALID]) for r in steps], rtol=1e-4)
    else:
        assert np.all(np.diff(result["valid l1-mean"]) < 0)


@LIBRARIES
def test_several_targets_are_models_of_their_own(library):
    if library == "xgboost" and XGB_VERSION < (3, 1):
        pytest.skip("XGBoost 3.1 is the first with an intercept for each output")
    matrix = np.column_stack([Y, -20 * Y + X[:, 0]])
    objective = cauchy() + huber()
    if library == "xgboost":
        both = fit(library, objective, data=made(library, X, matrix))
    else:
        rows = made(library, X, np.arange(len(X)))
        both = fit(library, objective.with_targets(matrix), data=rows)
    single = [predict(fit(library, objective, data=made(library, X, y))) for y in matrix.T]
    assert_allclose(predict(both), np.column_stack(single), rtol=1e-4, atol=1e-3)


@LIBRARIES
def test_learning_rates_of_callbacks_and_the_largest_step(library):
    rates = [0.5, 0.1, 0.3]
    if library == "xgboost":
        callbacks = [xgb.callback.LearningRateScheduler(rates[1:] + rates[:1])]  # of the next round
    else:
        callbacks = [lgb.reset_parameter(learning_rate=rates)]
    booster = fit(library, huber(), 3, {"max_delta_step": 0.5}, callbacks=callbacks)
    moved = [np.abs(prefix(booster, i + 1) - prefix(booster, i)).max() for i in (1, 2)]
    assert_allclose(moved, [0.05, 0.15], rtol=1e-4)


@pytest.mark.parametrize("door", ["train", "train by the configuration", "cv"])
def test_a_callback_that_sets_parameters_is_heard(door):
    """Also in the middle of a training, and also by the configuration."""

    class NoMoreSteps(xgb.callback.TrainingCallback):
        def after_iteration(self, model, epoch, evals_log):
            if epoch == 2 and door == "train by the configuration":
                config = json.loads(model.save_config())
                tree = config["learner"]["gradient_booster"]["tree_train_param"]
                tree["eta"] = tree["learning_rate"] = "0"
                model.load_config(json.dumps(config))
            elif epoch == 2:
                model.set_param({"eta": 0.0, "lambda": 2.0})

    data, callbacks = made("xgboost", X, Y), [NoMoreSteps()]
    own = {"custom_metric": metrics.mae(), "callbacks": callbacks, "leaves": "step"}
    if door != "cv":
        seen = {"evals": [(data, "train")], "evals_result": {}, "verbose_eval": False}
        gox.train(OWN["xgboost"], data, 6, objective=huber(), **own, **seen)
        curve = seen["evals_result"]["train"]["mae"]
    else:
        found = gox.cv(OWN["xgboost"], data, 6, nfold=2, objective=huber(), as_pandas=False, **own)
        curve = found["train-mae-mean"]
    assert curve[2] < curve[1] < curve[0]
    assert_allclose(curve[3:], curve[2], rtol=1e-6)


#: What "auto" leaves to the library, by what is given beside.
BESIDE = {
    "xgboost": [
        {"rate_drop": 0.5}, {"multi_strategy": "multi_output_tree"},
        {"monotone_constraints": "(1,0,0,0,0,0,0,0,0,0)"},
    ],
    "lightgbm": [
        {"boosting": "dart"}, {"linear_tree": True}, {"monotone_constraints": [1] + [0] * 9},
        {"path_smooth": 2.0}, {"use_quantized_grad": True},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("library", "params"), [(library, params) for library in BESIDE for params in BESIDE[library]]
)
def test_what_steps_do_not_go_with(library, params, monkeypatch):
    """Whoever asks for steps is told; "auto" takes the library's leaves, whatever is measured.

    Two trainings of LightGBM with dropout or path_smooth need not be the same, so they are not compared.
    """
    if library == "xgboost" and "rate_drop" in params and XGB_VERSION < (3, 3):
        pytest.skip("dropout is of another booster before XGBoost 3.3")
    if "use_quantized_grad" in params and lgb.__version__ < "4.1":
        pytest.skip("LightGBM 4.0 crashes on it with any objective of the user's")
    with pytest.raises(ValueError, match=f"leaves: 'step' with .*{next(iter(params))}"):
        fit(library, huber(), 3, params, leaves="step")

    def never(*_):
        raise AssertionError("steps")

    monkeypatch.setattr(LeafStep, "for_leaves_of", never)
    fit(library, huber(), 3, params)
    fit(library, huber(), 3, params, custom_metric=metrics.mae()) if library == "xgboost" else fit(
        library, huber(), 3, params, feval=metrics.mae()
    )


@LIBRARIES
def test_which_losses_take_steps(library):
    """ "auto": robust losses without a Hessian of the user's; "step": any of the residual; others are refused."""
    taken = [
        huber(), 2 * huber(), pseudo_huber(delta=1.0), cauchy() + mean_bias_error(0.1), adaptive_robust(),
        absolute_error(),
    ]  # fmt: skip
    others = [
        squared_error(),
        quantile(0.9),
        mape(),
        huber(curvature="exact"),
        huber(clip=(0.1, 1)),
    ]
    for objective in (*taken, *others):
        auto, step, own = (
            predict(fit(library, objective, 2, leaves=one)) for one in ("auto", "step", "library")
        )
        assert_array_equal(auto, step if objective in taken else own)
        assert not np.array_equal(step, own)
    with pytest.raises(ValueError, match=r"leaves: 'step' with .*; needed: losses of the residual"):
        fit(library, binary_cross_entropy(), leaves="step")
    with pytest.raises(ValueError, match="leaves: 'steps'; needed: one of 'auto', 'library'"):
        fit(library, huber(), leaves="steps")
    with pytest.raises(TypeError, match="leaves: True; needed"):
        fit(library, huber(), leaves=True)


@LIBRARIES
@pytest.mark.parametrize("size", [1e-2, 1e5])
def test_units_make_no_difference(library, size):
    """XGBoost's floor under gains aside: small scales of the user's make no small gains."""
    ours = predict(fit(library, cauchy(), 8))
    assert_allclose(
        predict(fit(library, cauchy(), 8, data=made(library, X, size * Y))) / size, ours, rtol=2e-2
    )
    narrow = fit(library, huber(delta=1e-4), 5, guard="raise")
    assert len(np.unique(predict(narrow))) > 10


def test_trees_see_rows():
    """A row's Hessian is its weight; gradients are as large as residuals, whatever the scale."""
    for objective in (huber(), huber(delta=1e-3), 5 * cauchy()):
        rule = LeafStep.for_leaves_of(objective)
        gradient, hessian = rule.gradient_hessian(Y, np.zeros(len(Y)), W)
        assert_array_equal(hessian, W.astype(np.float32))
        sizes = [np.average(np.sqrt(np.abs(a)), weights=W) for a in (gradient / W, Y)]
        assert_allclose(*sizes, rtol=1e-4)


def test_auto_takes_steps_of_losses_that_have_them():
    """For each objective, sum and table of the contract, and for groups of rows, whose leaves are the library's."""
    groups = mean_bias_error(penalty=1.0, groups=np.arange(4) % 2)
    assert not by_loss(huber() + groups)
    cases = [*(case.values[0] for case in CASES), *SUMS, *with_tables()]
    taken = [objective for objective in cases if by_loss(objective)]
    assert len(taken) > 20
    for objective in taken:
        LeafStep.for_leaves_of(objective)


@LIBRARIES
def test_groups_of_rows_train_with_the_librarys_leaves(library):
    objective = huber() + mean_bias_error(penalty=1.0, groups=np.arange(len(Y)) % 2)
    auto = fit(library, objective)
    assert_array_equal(predict(auto), predict(fit(library, objective, leaves="library")))
    with pytest.raises(ValueError, match="losses of the residual"):
        fit(library, objective, leaves="step")
    estimator = {
        "xgboost": xgb.XGBRegressor(n_estimators=5, n_jobs=1),
        "lightgbm": lgb.LGBMRegressor(n_estimators=5, n_jobs=1, verbosity=-1),
    }[library]
    model, plain = (
        ObjectiveRegressor(estimator, objective, leaves=way) for way in ("auto", "library")
    )
    assert_array_equal(model.fit(X, Y).predict(X), plain.fit(X, Y).predict(X))
