"""Refitted leaves: equal to the libraries' own, and right through every door."""

import pickle

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import xgboost as xgb
from _deprecated import forests
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, cross_val_score

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import (
    absolute_error,
    adaptive_robust,
    binary_cross_entropy,
    cauchy,
    dice,
    expectile,
    ghm_regression,
    huber,
    linex,
    log_cosh,
    mape,
    mean_bias_error,
    metrics,
    poisson,
    quantile,
    squared_error,
    welsch,
)
from gbm_objectives._training import moves
from gbm_objectives._training.refit import LeafRefit
from gbm_objectives.lightgbm._quantiles import quantile as _lightgbm_quantile
from gbm_objectives.sklearn import ObjectiveRegressor
from gbm_objectives.xgboost import _leaves as _xgboost_leaves
from gbm_objectives.xgboost._quantiles import quantile as _xgboost_quantile

RNG = np.random.default_rng(0)
X, Y = make_friedman1(500, noise=1.0, random_state=0)
Y += RNG.standard_t(2, len(Y))
W = RNG.uniform(0.2, 3.0, len(Y))
TRAIN, VALID = slice(0, 350), slice(350, None)

XGB = {"nthread": 1, "eta": 0.2}
LGB = {"num_threads": 1, "verbosity": -1, "force_col_wise": True, "learning_rate": 0.2}
OWN = {"xgboost": XGB, "lightgbm": LGB}
MODULES = {"xgboost": gox, "lightgbm": gol}
XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
OTHER_TREES = "LightGBM 4.0 grows other trees, with its own objectives"
LGB_VERSION = tuple(map(int, lgb.__version__.split(".")[:2]))
LIBRARIES = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
WEIGHTED = pytest.mark.parametrize("weighted", [False, True])


def make_data(library, rows=slice(None), weighted=False, reference=None, **arguments):
    x, y, w = X[rows], Y[rows], W[rows] if weighted else None
    if library == "xgboost":
        return xgb.DMatrix(x, y, weight=w, **arguments)
    given = {"free_raw_data": False, **arguments}
    return lgb.Dataset(x, y, weight=w, reference=reference, **given)


def fit(library, objective, rounds=10, params=None, data=None, **arguments):
    data = make_data(library) if data is None else data
    return MODULES[library].train(
        {**OWN[library], **(params or {})},
        data,
        rounds,
        objective=objective,
        leaves="refit",
        **arguments,
    )


def predict(booster, x=X, **arguments):
    return booster.predict(xgb.DMatrix(x) if isinstance(booster, xgb.Booster) else x, **arguments)


def prefix(booster, n, x=X):
    """Predictions of the first n rounds."""
    if isinstance(booster, xgb.Booster):
        return predict(booster, x, iteration_range=(0, n))
    return predict(booster, x, num_iteration=n)


def leaves_of(booster, i):
    """The leaf of each row in the tree of round i."""
    if isinstance(booster, xgb.Booster):
        return booster[i : i + 1].predict(xgb.DMatrix(X), pred_leaf=True).ravel().astype(int)
    return booster.predict(X, pred_leaf=True, start_iteration=i, num_iteration=1).ravel()


BUILT_IN = [
    (absolute_error(), {"objective": "reg:absoluteerror"}, {"objective": "regression_l1"}),
    *(
        (
            quantile(tau),
            {"objective": "reg:quantileerror", "quantile_alpha": tau},
            {"objective": "quantile", "alpha": tau},
        )
        for tau in (0.05, 0.5, 0.9)
    ),
]


@WEIGHTED
@pytest.mark.parametrize("discrete", [False, True], ids=["continuous", "discrete"])
@pytest.mark.parametrize(("objective", "in_xgboost", "in_lightgbm"), BUILT_IN)
@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_equals_the_built_in(library, objective, in_xgboost, in_lightgbm, discrete, weighted):
    """Discrete labels put rows on the quantile itself."""
    if library == "xgboost" and XGB_VERSION >= (3, 4):
        pytest.skip("XGBoost 3.4 refits no leaves")
    if library == "lightgbm" and LGB_VERSION < (4, 3):
        pytest.skip(OTHER_TREES)
    if library == "lightgbm" and weighted and LGB_VERSION < (4, 7):
        pytest.skip("LightGBM before 4.7 has another weighted quantile")
    y = np.round(Y) if discrete else Y
    sets = [make_data(library, weighted=weighted) for _ in range(2)]
    for data in sets:
        if library == "xgboost":
            data.set_label(y)
        else:
            data.label = y
    ours = fit(library, objective, 25, data=sets[0])
    own, params = (xgb, in_xgboost) if library == "xgboost" else (lgb, in_lightgbm)
    theirs = own.train({**OWN[library], **params}, sets[1], 25)
    assert_allclose(predict(ours), predict(theirs), atol=1e-5, rtol=0)


@pytest.mark.skipif(XGB_VERSION >= (3, 4), reason="XGBoost 3.4 refits no leaves")
@pytest.mark.parametrize(
    "params",
    [
        {"num_parallel_tree": 3, "colsample_bynode": 0.5, "seed": 1},
        {"grow_policy": "lossguide", "max_leaves": 8, "tree_method": "approx"},
        {"max_depth": 1},
    ],
    ids=["forest", "lossguide", "stumps"],
)
def test_xgboost_equals_the_built_in_in_other_trees(params):
    if "num_parallel_tree" in params and XGB_VERSION < (3, 2):
        pytest.skip("XGBoost 2 refits no leaves of several trees a round")
    ours = fit("xgboost", absolute_error(), 20, params, make_data("xgboost", weighted=True))
    own = {**XGB, **params, "objective": "reg:absoluteerror"}
    theirs = xgb.train(own, make_data("xgboost", weighted=True), 20)
    assert_allclose(predict(ours), predict(theirs), atol=1e-5, rtol=0)


@pytest.mark.skipif(LGB_VERSION < (4, 3), reason=OTHER_TREES)
@pytest.mark.parametrize(
    "params",
    [
        {"feature_fraction": 0.5, "seed": 3},
        {"extra_trees": True, "lambda_l2": 1.0},
        {"min_gain_to_split": 5.0},
    ],
    ids=["feature_fraction", "extra_trees", "ends early"],
)
def test_lightgbm_equals_the_built_in_in_other_trees(params):
    ours = fit("lightgbm", quantile(0.9), 30, params)
    own = {**LGB, **params, "objective": "quantile", "alpha": 0.9}
    theirs = lgb.train(own, make_data("lightgbm"), 30)
    assert_allclose(predict(ours), predict(theirs), atol=1e-5, rtol=0)


LOCATED = [
    huber(),
    huber(delta=0.01),
    huber(delta=100.0),
    log_cosh(),
    linex(1.0),
    expectile(0.9),
    squared_error(),
    2 * huber(),
]
QUANTILES = [quantile(0.8), quantile(0.8, curvature="majorizer"), absolute_error(), mape()]


def third_tree(library, objective, weighted=False, params=None):
    """Labels, weights and scores before the third tree; the step of each leaf over the learning rate, its rows."""
    booster = fit(library, objective, 3, params, make_data(library, weighted=weighted))
    before, after = (prefix(booster, n).astype(float) for n in (2, 3))
    leaf = leaves_of(booster, 2)
    assert len(np.unique(leaf)) > 5
    rows = [leaf == one for one in np.unique(leaf)]
    steps = [((after[r] - before[r]).mean() / 0.2, r) for r in rows]
    return Y.astype(np.float32).astype(float), W if weighted else None, before, steps


@WEIGHTED
@LIBRARIES
@pytest.mark.parametrize("objective", LOCATED, ids=repr)
def test_no_leaf_has_a_better_value(library, objective, weighted):
    """Each leaf is the learning rate times a minimiser of the loss over its rows, at the scale of all rows."""
    small = library == "xgboost" and objective == huber(delta=0.01)
    params = {"min_child_weight": 0.1} if small else None  # all rows have a Hessian of 7 in sum
    y, weight, before, leaves = third_tree(library, objective, weighted, params)
    loss = objective.fixed(y, before, weight)
    for step, rows in leaves:
        w = None if weight is None else weight[rows]

        def total(c, rows=rows, w=w):
            return loss.value(y[rows], before[rows] + c, w)

        best = minimize_scalar(total, bracket=(step - 1, step + 1))
        assert total(step) <= best.fun * (1 + 1e-5) + 1e-7  # scores are in float32


@WEIGHTED
@LIBRARIES
@pytest.mark.parametrize("objective", QUANTILES, ids=repr)
def test_leaves_are_quantiles(library, objective, weighted):
    """The shares of the rows below and not above are on the two sides of tau, but for a row or two."""
    y, weight, before, leaves = third_tree(library, objective, weighted)
    tau = getattr(objective.loss, "tau", 0.5)
    weight = np.ones(len(y)) if weight is None else weight
    if objective.loss.name == "mape":
        weight = weight / np.abs(y)
    for step, rows in leaves:
        w, r = weight[rows] / weight[rows].sum(), y[rows] - before[rows]
        slack = 2 * w.max() if library == "lightgbm" else w.max()
        assert w[r < step - 1e-4].sum() - slack <= tau <= w[r <= step + 1e-4].sum() + slack


@pytest.mark.parametrize("objective", [cauchy(), welsch(), adaptive_robust()], ids=lambda o: o.name)
@LIBRARIES
def test_other_losses_stop_where_the_slope_is_0(library, objective):
    """In a minimum near the median, not the lowest."""
    y, _, before, leaves = third_tree(library, objective)
    loss = objective.fixed(y, before)
    for step, rows in leaves:
        gradient, _ = loss(y[rows], before[rows] + step)
        assert abs(gradient.sum()) < 1e-4 * np.abs(gradient).sum()


def test_far_off_leaves_are_found():
    """Leaves a million apart are as exact as others; nodes without rows stay where they are."""
    refit = LeafRefit.for_leaves_of(expectile(0.01), _xgboost_quantile)
    y = np.concatenate([RNG.normal(size=100), RNG.normal(size=100) - 1e6])
    leaf = np.repeat([0, 3], 100)
    values = refit.leaf_values(y, np.zeros(200), None, leaf)
    for one in (0, 3):
        expected = expectile(0.01).intercept(y[leaf == one])
        assert_allclose(values[one], expected, rtol=1e-6, atol=1e-6)
    assert_array_equal(values[[1, 2]], 0.0)


@pytest.mark.parametrize("level", [0.001, 0.3, 0.5, 0.999])
@pytest.mark.parametrize("n", [1, 2, 3, 50])
def test_quantile_rules(n, level):
    """LightGBM's is NumPy's default, XGBoost's is Weibull's; both to the precision of their float32 level."""
    values = RNG.normal(size=n)
    for rule, method in (
        (_lightgbm_quantile, "linear"),
        (_xgboost_quantile, "weibull"),
    ):
        expected = np.quantile(values, level, method=method)
        assert_allclose(rule(values, None, level), expected, atol=1e-6 * (1 + np.ptp(values) * n))


@pytest.mark.parametrize("level", [0.11, 0.33, 0.71])
def test_quantile_rules_of_weighted_rows(level):
    """With equal weights each is another of NumPy's; weights below 1 are not interpolated in LightGBM."""
    values, ones = RNG.normal(size=50), np.ones(50)
    step = np.quantile(values, level, method="inverted_cdf")
    assert _xgboost_quantile(values, ones, level) == step
    interpolated = np.quantile(values, level, method="interpolated_inverted_cdf")
    assert_allclose(_lightgbm_quantile(values, ones, level), interpolated, atol=1e-5)
    below = np.sort(values)[int(50 * level) - 1]
    assert _lightgbm_quantile(values, 0.5 * ones, level) == below


@LIBRARIES
@pytest.mark.parametrize("objective", [quantile(0.9), huber()], ids=repr)
def test_metrics_see_refitted_leaves(library, objective):
    """Round by round those of the returned model; ours, and functions of the user's."""

    def largest(preds, data):
        error = float(np.abs(preds - data.get_label()).max())
        return ("largest", error) if library == "xgboost" else ("largest", error, False)

    train = make_data(library, TRAIN)
    valid = make_data(library, VALID, weighted=True, reference=train)
    feval, results = [metrics.mae(), largest], {}
    if library == "xgboost":
        sets = [(train, "train"), (valid, "valid")]
        logged = {"evals": sets, "evals_result": results, "verbose_eval": False}
        booster = fit(library, objective, 8, data=train, custom_metric=feval, **logged)
    else:
        logged = {"valid_sets": [train, valid], "valid_names": ["train", "valid"]}
        callbacks = [lgb.record_evaluation(results)]
        booster = fit(library, objective, 8, data=train, feval=feval, callbacks=callbacks, **logged)
    for name, rows, w in (("train", TRAIN, None), ("valid", VALID, W[VALID])):
        steps = [prefix(booster, n, X[rows]) for n in range(1, 9)]
        mae = [np.average(np.abs(p - Y[rows]), weights=w) for p in steps]
        assert_allclose(results[name]["mae"], mae, rtol=1e-5)
        worst = [np.abs(p - Y[rows]).max() for p in steps]
        assert_allclose(results[name]["largest"], worst, rtol=1e-5)


@LIBRARIES
def test_early_stopping(library):
    train = make_data(library, TRAIN)
    valid = make_data(library, VALID, reference=train)
    if library == "xgboost":
        booster = fit(
            library, quantile(0.9), 300, {"eta": 0.5}, train, evals=[(valid, "valid")],
            early_stopping_rounds=5, verbose_eval=False,
        )  # fmt: skip
        best = booster.best_iteration + 1
        assert booster.num_boosted_rounds() == best + 5
        saved = fit(
            library, quantile(0.9), 300, {"eta": 0.5}, train, evals=[(valid, "valid")],
            callbacks=[xgb.callback.EarlyStopping(rounds=5, save_best=True)], verbose_eval=False,
        )  # fmt: skip
        assert saved.num_boosted_rounds() == best
        assert_array_equal(predict(saved), prefix(booster, best))
    else:
        booster = fit(
            library, quantile(0.9), 300, {"learning_rate": 0.5}, train, valid_sets=[valid],
            callbacks=[lgb.early_stopping(5, verbose=False)],
        )  # fmt: skip
        best = booster.best_iteration
    full = fit(library, quantile(0.9), best + 5, {"learning_rate": 0.5}, train)
    losses = [
        metrics.pinball(0.9).evaluate(Y[VALID], prefix(full, n, X[VALID]))
        for n in range(1, best + 6)
    ]
    assert np.argmin(losses) == best - 1
    assert_allclose(prefix(full, best), prefix(booster, best))


@LIBRARIES
def test_learning_rates_of_callbacks(library):
    rates = [0.5, 0.1, 0.3, 0.05]
    if library == "xgboost":
        callbacks = [xgb.callback.LearningRateScheduler(rates[1:] + rates[:1])]  # of the next round
    else:
        callbacks = [lgb.reset_parameter(learning_rate=rates)]
    booster = fit(library, absolute_error(), 4, callbacks=callbacks)
    for i, rate in list(enumerate(rates))[1:]:
        before, after, leaf = prefix(booster, i), prefix(booster, i + 1), leaves_of(booster, i)
        for one in np.unique(leaf):
            rows = leaf == one
            expected = rate * np.median(Y[rows] - before[rows])
            assert_allclose((after - before)[rows], expected, atol=1e-5)


@LIBRARIES
def test_continued_training(library):
    """Ten rounds are five and five more."""
    ten, five = (fit(library, absolute_error(), n) for n in (10, 5))
    given = {"xgb_model": five} if library == "xgboost" else {"init_model": five}
    six_to_ten = fit(library, absolute_error(), 5, **given)
    assert_allclose(predict(six_to_ten), predict(ten), atol=1e-5)


@LIBRARIES
def test_starts_of_the_user(library):
    """A base_margin or init_score is what the first tree is refitted from."""
    start = np.full(len(Y), 3.0)
    name = "base_margin" if library == "xgboost" else "init_score"
    data = make_data(library, **{name: start})
    booster = fit(library, absolute_error(), 1, data=data)
    after = booster.predict(data) if library == "xgboost" else booster.predict(X) + 3.0
    leaf = leaves_of(booster, 0)
    for one in np.unique(leaf):
        assert_allclose(after[leaf == one] - 3, 0.2 * np.median(Y[leaf == one] - 3), atol=1e-4)


@LIBRARIES
@pytest.mark.parametrize(
    "params", [{"subsample": 0.5, "bagging_freq": 1}, {"data_sample_strategy": "goss"}]
)
def test_samples_grow_trees_and_all_rows_refit_them(library, params):
    if library == "xgboost":
        params = {"subsample": 0.5}
    y, _, before, leaves = third_tree(library, absolute_error(), params=params)
    for step, rows in leaves:
        assert_allclose(step, np.median(y[rows] - before[rows]), atol=1e-4)


@LIBRARIES
def test_label_matrices(library):
    """Each output as a model of its own."""
    if library == "xgboost" and XGB_VERSION < (3, 1):
        pytest.skip("XGBoost 3.1 is the first with an intercept for each output")
    matrix = np.column_stack([Y, -2 * Y + X[:, 0]])
    if library == "xgboost":
        both = fit(library, quantile(0.8), 5, data=xgb.DMatrix(X, matrix))
        single = [fit(library, quantile(0.8), 5, data=xgb.DMatrix(X, y)) for y in matrix.T]
    else:
        objective = quantile(0.8).with_targets(matrix)
        both = fit(library, objective, 5, data=lgb.Dataset(X, np.arange(len(X))))
        single = [fit(library, quantile(0.8), 5, data=lgb.Dataset(X, y)) for y in matrix.T]
    assert_allclose(predict(both), np.column_stack([predict(m) for m in single]), atol=1e-5)


@LIBRARIES
def test_the_model_is_a_plain_booster(library, tmp_path):
    booster = fit(library, quantile(0.9), 5)
    assert type(booster) is (xgb.Booster if library == "xgboost" else lgb.Booster)
    path = str(tmp_path / "model.json")
    booster.save_model(path)
    loaded = xgb.Booster(model_file=path) if library == "xgboost" else lgb.Booster(model_file=path)
    assert_array_equal(predict(loaded), predict(booster))
    assert_array_equal(predict(pickle.loads(pickle.dumps(booster))), predict(booster))
    shares = predict(booster, **{"pred_contribs" if library == "xgboost" else "pred_contrib": True})
    assert_allclose(shares.sum(axis=1), predict(booster), rtol=1e-4)


@LIBRARIES
def test_cv_sees_refitted_leaves(library):
    """The scores of a fold are those of a model trained on the fold."""
    order = np.arange(len(Y))
    folds = [(order[200:], order[:200]), (order[:300], order[300:])]
    data = make_data(library, **({} if library == "xgboost" else {"free_raw_data": True}))
    results = MODULES[library].cv(
        OWN[library], data, 6, objective=quantile(0.9), leaves="refit", folds=folds,
        **({"custom_metric": metrics.mae()} if library == "xgboost" else {"feval": metrics.mae()}),
    )  # fmt: skip
    found = results["test-mae-mean" if library == "xgboost" else "valid mae-mean"]
    errors = []
    for train, test in folds:
        if library == "xgboost":
            fold = make_data(library, train)
        else:  # which bins all rows before it folds
            fold = make_data(library).construct().subset(train).construct()
        booster = fit(library, quantile(0.9), 6, data=fold)
        errors.append([np.abs(prefix(booster, n, X[test]) - Y[test]).mean() for n in range(1, 7)])
    assert_allclose(found, np.mean(errors, axis=0), rtol=1e-5)
    if library == "lightgbm":
        assert data.data is None  # freed, as LightGBM does


@pytest.mark.skipif(LGB_VERSION < (4, 3), reason=OTHER_TREES)
@pytest.mark.parametrize("kind", ["frame", "categories", "sparse", "float32", "fortran"])
def test_lightgbm_features_of_every_kind(kind):
    """Some leaves of a quantile gain the same, so that rows are looked up in the features."""
    frame = pd.DataFrame(X).rename(columns=str)
    if kind == "categories":
        frame["0"] = pd.cut(frame["0"], 5, labels=list("abcde"))
    kinds = {
        "sparse": scipy.sparse.csc_matrix(np.where(X < 0.3, 0, X)),
        "float32": X.astype(np.float32),
        "fortran": np.asfortranarray(X),
    }
    features = kinds.get(kind, frame)
    data = [lgb.Dataset(features, Y) for _ in range(2)]
    ours = fit("lightgbm", quantile(0.95), 20, {"min_data_in_leaf": 3}, data[0])
    own = {**LGB, "min_data_in_leaf": 3, "objective": "quantile", "alpha": 0.95}
    theirs = lgb.train(own, data[1], 20)
    assert_allclose(ours.predict(features), theirs.predict(features), atol=1e-5)


@pytest.mark.parametrize("name", ["num_threads", "n_jobs"])
def test_lightgbm_keeps_to_its_threads(name, monkeypatch):
    """A prediction in between, of all cores by default, would give them to the training too."""
    asked, own = [], lgb.Booster.predict

    def predict(self, data, **arguments):
        asked.append(arguments.get("num_threads"))
        return own(self, data, **arguments)

    monkeypatch.setattr(lgb.Booster, "predict", predict)
    train = make_data("lightgbm", TRAIN)
    params = {"verbosity": -1, name: 1}
    gol.train(
        params, train, 3, objective=quantile(0.9), leaves="refit",
        valid_sets=[make_data("lightgbm", VALID, reference=train)],
    )  # fmt: skip
    assert set(asked) == {1}


def test_leaves_are_told_by_how_far_rows_move():
    """Leaves that move alike, as far as can be told, are one; close ones are told apart."""
    steps = np.array([0.3, -0.1, 0.3, 1e-9, 0.5, 2e-9])
    leaf = RNG.integers(6, size=1000)
    group = moves.groups(steps, 1e-12)
    assert_array_equal(group, [0, 1, 0, 3, 4, 5])
    found = moves.nearest(steps[leaf] + 1e-13, steps, group)
    assert_array_equal(found, group[leaf])
    alike = moves.groups(np.full(5, 0.1), 0.0)
    assert_array_equal(moves.nearest(np.full(9, 0.1), np.full(5, 0.1), alike), 0)


REGRESSORS = {
    "xgboost": lambda **p: xgb.XGBRegressor(n_estimators=10, n_jobs=1, learning_rate=0.2, **p),
    "lightgbm": lambda **p: lgb.LGBMRegressor(
        n_estimators=10, n_jobs=1, verbosity=-1, force_col_wise=True, learning_rate=0.2, **p
    ),
}


@WEIGHTED
@LIBRARIES
def test_estimators_equal_train(library, weighted):
    model = ObjectiveRegressor(REGRESSORS[library](), quantile(0.9), leaves="refit")
    model.fit(X, Y, W if weighted else None)
    booster = fit(library, quantile(0.9), 10, data=make_data(library, weighted=weighted))
    assert_allclose(model.predict(X), predict(booster), rtol=1e-6)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    assert clone(model).leaves == "refit"
    assert model.estimator_.get_params().get("callbacks") is None


@LIBRARIES
def test_estimators_stop_early(library):
    stopping = {"early_stopping_rounds": 3} if library == "xgboost" else {}
    base = REGRESSORS[library](**stopping).set_params(n_estimators=200, learning_rate=0.5)
    model = ObjectiveRegressor(base, quantile(0.9), leaves="refit")
    given = (
        {"verbose": False}
        if library == "xgboost"
        else {"callbacks": [lgb.early_stopping(3, verbose=False)]}
    )
    model.fit(X[TRAIN], Y[TRAIN], eval_set=[(X[TRAIN], Y[TRAIN]), (X[VALID], Y[VALID])], **given)
    results = (
        model.estimator_.evals_result() if library == "xgboost" else model.estimator_.evals_result_
    )
    name, best = (
        ("validation_1", model.estimator_.best_iteration + 1)
        if library == "xgboost"
        else ("valid_1", model.estimator_.best_iteration_)
    )
    losses = next(iter(results[name].values()))
    mean = objective_loss(model, X[VALID], Y[VALID])
    assert 1 <= best < 150
    assert_allclose(losses[best - 1], mean, rtol=1e-4)


def objective_loss(model, x, y):
    return model.objective.metric.evaluate(y, model.predict(x))


def largest_error(y_true, y_pred):
    return "largest", float(np.abs(y_true - y_pred).max()), False


@pytest.mark.skipif(XGB_VERSION >= (3, 1), reason="a QuantileDMatrix tells its leaves from 3.1 on")
def test_what_older_xgboost_does_not_tell():
    """ "auto" takes XGBoost's leaves there; the estimators make no such data."""
    data = xgb.QuantileDMatrix(X, Y, nthread=1)
    with pytest.raises(ValueError, match="leaves: 'refit' with a QuantileDMatrix with XGBoost"):
        fit("xgboost", huber(), data=data)
    boosters = [
        gox.train(XGB, data, 3, objective=huber(), leaves=one) for one in ("auto", "library")
    ]
    assert_array_equal(*map(predict, boosters))


def test_estimators_in_searches():
    model = ObjectiveRegressor(REGRESSORS["xgboost"](), quantile(0.5), leaves="refit")
    search = GridSearchCV(
        model, {"leaves": ["library", "refit"], "objective__tau": [0.5, 0.9]}, cv=2
    )
    assert search.fit(X, Y).best_params_["objective__tau"] == 0.5
    base = REGRESSORS["xgboost"](eval_metric=mean_absolute_error)
    scores = cross_val_score(ObjectiveRegressor(base, huber(), leaves="refit"), X, Y, cv=2)
    assert scores.min() > 0.3
    light = ObjectiveRegressor(REGRESSORS["lightgbm"](), huber(), leaves="refit")
    light.fit(X[TRAIN], Y[TRAIN], eval_set=[(X[VALID], Y[VALID])], eval_metric=largest_error)
    scores = light.estimator_.evals_result_["valid_0"]["largest"]
    assert_allclose(scores[-1], np.abs(light.predict(X[VALID]) - Y[VALID]).max(), rtol=1e-6)
    lists = ObjectiveRegressor(REGRESSORS["lightgbm"](), quantile(0.9), leaves="refit")
    assert_array_equal(lists.fit(X.tolist(), Y).predict(X), clone(lists).fit(X, Y).predict(X))


REFUSED = [
    huber() + mean_bias_error(1.0),
    huber() + log_cosh(),
    binary_cross_entropy(),
    poisson(),
    dice(),
    ghm_regression(),
]


@LIBRARIES
@pytest.mark.parametrize("objective", REFUSED, ids=lambda o: o.name)
def test_losses_without_a_minimiser_are_refused(library, objective):
    y = (np.median(Y) < Y).astype(float)
    data = xgb.DMatrix(X, y) if library == "xgboost" else lgb.Dataset(X, y)
    with pytest.raises(ValueError, match=r"leaves: 'refit' with .*; needed: one loss of the"):
        fit(library, objective, data=data)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"booster": "dart"}, "dart"),
        ({"rate_drop": 0.5}, "rate_drop"),  # on the default booster from 3.3 on
        ({"one_drop": True, "skip_drop": 0.5}, "one_drop"),
        ({"booster": "gblinear"}, "gblinear"),
        ({"multi_strategy": "multi_output_tree"}, "multi_output_tree"),
        ({"process_type": "update"}, "update"),
        ({"monotone_constraints": "(1,0,0,0,0,0,0,0,0,0)"}, "monotone"),
        ({"max_delta_step": 0.7}, "max_delta_step"),
    ],
)
def test_xgboost_refuses(params, named):
    with pytest.raises(ValueError, match=f"leaves: 'refit' with .*{named}"):
        fit("xgboost", huber(), params=params)


DROPOUT = {"rate_drop": 0.5, "one_drop": 1}


def test_xgboost_refuses_dropout_through_every_door():
    with pytest.raises(ValueError, match=r"leaves: 'refit' with .*rate_drop"):
        gox.cv({**XGB, **DROPOUT}, make_data("xgboost"), 3, objective=huber(), leaves="refit")
    estimator = REGRESSORS["xgboost"](**DROPOUT)
    with pytest.raises(ValueError, match=r"leaves: 'refit' with .*rate_drop"):
        ObjectiveRegressor(estimator, huber(), leaves="refit").fit(X, Y)
    off = {"rate_drop": 0.0, "one_drop": False, "max_delta_step": 0, "booster": "gbtree"}
    fit("xgboost", huber(), 2, off if XGB_VERSION >= (3, 3) else {"max_delta_step": 0})


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"booster": "dart", "verbosity": 0, **DROPOUT}, "dart|rate_drop"),
        ({"booster": "gblinear", "verbosity": 0}, "gblinear"),
        ({"monotone_constraints": "(1,0,0,0,0,0,0,0,0,0)"}, "monotone"),
        ({"max_delta_step": 0.7}, "max_delta_step"),
    ],
    ids=["dropout", "gblinear", "monotone", "max_delta_step"],
)
def test_xgboost_refuses_what_a_model_hands_on(params, named):
    """A `Booster` to go on from hands on the parameters that it was trained with; its file has none."""
    model = xgb.train({**XGB, **params}, make_data("xgboost"), 3)
    with pytest.raises(ValueError, match=f"leaves: 'refit' with .*({named})"):
        fit("xgboost", huber(), params={"verbosity": 0}, xgb_model=model)


def test_xgboost_refuses_workers(monkeypatch):
    monkeypatch.setattr(_xgboost_leaves, "is_distributed", lambda: True)
    with pytest.raises(ValueError, match="leaves: 'refit' with several workers"):
        fit("xgboost", huber())


@forests
def test_forests_of_estimators():
    """`XGBRFRegressor.fit` takes no callbacks; it is trained by `train`, as a forest of one round."""
    estimator = xgb.XGBRFRegressor(n_estimators=5, max_depth=3, n_jobs=1, random_state=0)
    model = ObjectiveRegressor(estimator, huber(), leaves="refit").fit(X, Y)
    params = {k: v for k, v in estimator.get_xgb_params().items() if v is not None}
    params.pop("objective", None)
    kind = xgb.QuantileDMatrix if XGB_VERSION >= (3, 1) else xgb.DMatrix
    data = kind(X, Y, nthread=1)
    booster = gox.train(params, data, 1, objective=huber(), leaves="refit")
    assert_allclose(model.predict(X), booster.predict(xgb.DMatrix(X)), rtol=1e-6)
    with pytest.raises(
        NotImplementedError, match=r"not implemented for (the sklearn )?random forest"
    ):
        ObjectiveRegressor(xgb.XGBRFRegressor(early_stopping_rounds=2), huber()).fit(X, Y)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"boosting": "dart"}, "dart"),
        ({"linear_tree": True}, "linear_tree"),
        ({"monotone_constraints": [1] + [0] * 9}, "monotone"),
        ({"num_machines": 2}, "num_machines"),
        ({"max_leaf_output": 0.7}, "max_delta_step"),
    ],
)
def test_lightgbm_refuses(params, named):
    with pytest.raises(ValueError, match=f"leaves: 'refit' with .*{named}"):
        fit("lightgbm", huber(), params=params)


def test_lightgbm_refuses_more(tmp_path):
    with pytest.raises(ValueError, match="leaves: 'refit' with keep_training_booster"):
        fit("lightgbm", huber(), keep_training_booster=True)
    data = make_data("lightgbm", free_raw_data=True).construct()
    with pytest.raises(ValueError, match=r"Dataset: none kept; .*free_raw_data=False"):
        fit("lightgbm", huber(), data=data)
    with pytest.raises(ValueError, match=r"Dataset: none kept; .*free_raw_data=False"):
        gol.cv(LGB, data, 3, objective=huber(), leaves="refit")
    np.savetxt(tmp_path / "rows.csv", np.column_stack([Y, X]), delimiter=",")
    with pytest.raises(ValueError, match="Dataset: features in a str"):
        fit("lightgbm", huber(), data=lgb.Dataset(str(tmp_path / "rows.csv")))
