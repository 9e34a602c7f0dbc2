"""Trees with a value for each output in every leaf, and trees grown on projections of the gradient."""

import json
import pickle

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error

import gbm_objectives.xgboost as gox
from gbm_objectives import (
    TrainingError,
    huber,
    kl_divergence,
    multilabel_cross_entropy,
    quantile,
    softmax_cross_entropy,
    squared_error,
)
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor
from gbm_objectives.xgboost import _vector_leaves
from gbm_objectives.xgboost._vector_leaves import ProjectedObjective, signs

XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
NEW = XGB_VERSION >= (3, 2)
NEEDS_NEW = pytest.mark.skipif(not NEW, reason="XGBoost before 3.2 grows no trees on projections")
NEEDS_STARTS = pytest.mark.skipif(
    XGB_VERSION < (3, 1), reason="XGBoost before 3.1 has one base_score for all targets"
)

RNG = np.random.default_rng(0)
N, K = 600, 6
X = RNG.normal(size=(N, 5)).astype(np.float32)
LATENT = np.column_stack([X[:, 0] * X[:, 1], np.sin(2 * X[:, 2])])
Y = LATENT @ RNG.normal(size=(2, K)) + 0.3 * RNG.standard_t(3, size=(N, K))
CLASSES = np.digitize(LATENT.sum(axis=1), [-1.0, -0.3, 0.3, 1.0])
W = RNG.uniform(0.5, 2.0, N)
TRAIN, VALID = slice(0, 400), slice(400, None)
PARAMS = {"nthread": 1, "max_depth": 4}
VECTOR = {**PARAMS, "multi_strategy": "multi_output_tree"}
LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]

TASKS = pytest.mark.parametrize(
    ("objective", "y"),
    [
        pytest.param(huber(), Y, id="targets"),
        pytest.param(softmax_cross_entropy(), CLASSES, id="classes"),
        pytest.param(kl_divergence(), 0.1 + 0.5 * np.eye(5)[CLASSES], id="shares"),
        pytest.param(multilabel_cross_entropy(), (Y > 0).astype(float), id="label matrix"),
        pytest.param(quantile(LEVELS), Y[:, 0], id="levels"),
    ],
)
BOTH = pytest.mark.parametrize(
    "projections", [pytest.param(None, id="all"), pytest.param(2, marks=NEEDS_NEW)]
)


def data(y=Y, rows=slice(None), weight=None):
    return xgb.DMatrix(X[rows], y[rows], weight=None if weight is None else weight[rows])


def train(objective=None, y=Y, rounds=8, params=PARAMS, projections=2, rows=TRAIN, **arguments):
    return gox.train(
        {**VECTOR, **params} if projections is None else params,
        data(y, rows, arguments.pop("weight", None)),
        rounds,
        objective=huber() if objective is None else objective,
        projections=projections,
        guard=arguments.pop("guard", "raise"),
        **arguments,
    )


def margin(booster, rows=VALID):
    return booster.predict(xgb.DMatrix(X[rows]), output_margin=True)


def trees(booster):
    return json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]


@NEEDS_STARTS
@pytest.mark.parametrize("weight", [None, W])
def test_all_outputs_equal_the_built_in_objective(weight):
    ours = train(squared_error(), projections=None, weight=weight)
    start = np.average(Y[TRAIN], axis=0, weights=None if weight is None else weight[TRAIN])
    own = xgb.train({**VECTOR, "base_score": start.tolist()}, data(rows=TRAIN, weight=weight), 8)
    assert_allclose(margin(ours), margin(own), atol=1e-5)


@NEEDS_STARTS
@BOTH
@TASKS
def test_every_kind_of_output_learns(objective, y, projections):
    booster = train(objective, y, 20, projections=projections)
    assert len(trees(booster)) == 20  # one a round
    constant = train(objective, y, 0, projections=projections, guard="ignore")
    losses = [objective.value(y[VALID], margin(model)) for model in (booster, constant)]
    assert losses[0] < 0.9 * losses[1]


@NEEDS_NEW
@TASKS
def test_projections_are_about_as_good_as_all_outputs(objective, y):
    constant, projected, full = (
        objective.value(
            y[VALID], margin(train(objective, y, rounds, projections=p, guard="ignore"))
        )
        for rounds, p in ((0, None), (20, 3), (20, None))
    )
    assert constant - projected > 0.75 * (constant - full)


@NEEDS_NEW
@pytest.mark.parametrize("name", ["seed", "random_state"])
def test_the_seed_decides(name):
    first, again, other = (margin(train(params={**PARAMS, name: seed})) for seed in (1, 1, 2))
    assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@NEEDS_NEW
def test_every_round_has_its_own_projections():
    drawn = [signs(K, 2, seed, number) for seed in (0, 1) for number in range(4)]
    assert len({matrix.tobytes() for matrix in drawn}) == len(drawn)
    assert_allclose(np.abs(drawn[0]), np.sqrt(0.5))
    mean = np.mean([m @ m.T for m in (signs(K, 2, 0, number) for number in range(3000))], axis=0)
    assert_allclose(mean, np.eye(K), atol=0.06)  # gains keep their size


@NEEDS_NEW
def test_leaves_get_the_full_gradient():
    """With lambda = 0 and squared error, each leaf is the mean of its rows in every output."""
    params = {**PARAMS, "lambda": 0, "eta": 1}
    booster = train(squared_error(), rounds=1, params=params)
    leaf = booster.predict(xgb.DMatrix(X[TRAIN]), pred_leaf=True).ravel()
    predicted = margin(booster, TRAIN)
    for node in np.unique(leaf):
        means = Y[TRAIN][leaf == node].mean(axis=0)
        assert_allclose(predicted[leaf == node][0], means, atol=1e-5)


@NEEDS_NEW
def test_hessians_of_splits_are_the_mean_over_outputs():
    objective = softmax_cross_entropy()
    adapter = ProjectedObjective(objective, 3)
    raw, dtrain = RNG.normal(size=(N, 5)).astype(np.float32), data(CLASSES, weight=W)
    gradient, hessian = adapter(0, raw, dtrain)
    for found, expected in zip((gradient, hessian), objective(raw, dtrain), strict=True):
        assert_array_equal(found, expected)
    split_gradient, split_hessian = adapter.split_grad(0, gradient, hessian)
    assert split_gradient.shape == split_hessian.shape == (N, 3)
    assert_allclose(split_gradient, gradient @ signs(5, 3, 0, 0), rtol=1e-5, atol=1e-6)
    assert_allclose(split_hessian, np.tile(hessian.mean(axis=1)[:, None], 3), rtol=1e-6)
    assert (split_hessian > 0).all()


@NEEDS_NEW
def test_integer_weights_are_repeated_rows():
    times = np.arange(N) % 3 + 1
    weighted = train(weight=times, rows=slice(None), params={**PARAMS, "max_bin": 1024})
    rows = np.repeat(np.arange(N), times)
    repeated = train(rows=rows, params={**PARAMS, "max_bin": 1024})
    assert_allclose(margin(weighted), margin(repeated), atol=1e-3)


@NEEDS_STARTS
@BOTH
def test_early_stopping_and_metrics(projections):
    history = {}
    booster = train(
        rounds=300,
        params={**PARAMS, "eta": 1.0},
        projections=projections,
        evals=[(data(rows=VALID), "valid")],
        early_stopping_rounds=3,
        evals_result=history,
        verbose_eval=False,
    )
    values = history["valid"]["huber"]
    assert len(values) < 300
    assert booster.best_iteration == np.argmin(values)
    best = booster[: booster.best_iteration + 1]
    assert_allclose(min(values), huber().metric.evaluate(Y[VALID], margin(best)), 1e-5)


@NEEDS_STARTS
@BOTH
@TASKS
def test_saved_models_predict_the_same(tmp_path, objective, y, projections):
    booster = train(objective, y, projections=projections)
    booster.save_model(tmp_path / "model.ubj")
    loaded = xgb.Booster(model_file=tmp_path / "model.ubj")
    expected = booster.predict(xgb.DMatrix(X[VALID]))
    for model in (loaded, pickle.loads(pickle.dumps(booster))):
        assert_array_equal(model.predict(xgb.DMatrix(X[VALID])), expected)
    assert_allclose(expected, objective.link.inverse(margin(booster)), atol=1e-6)


@NEEDS_NEW
@pytest.mark.parametrize("form", ["booster", "file", "bytes"])
def test_training_goes_on_where_it_stopped(tmp_path, form):
    first = train(rounds=4)
    first.save_model(tmp_path / "model.ubj")
    given = {"booster": first, "file": tmp_path / "model.ubj", "bytes": first.save_raw()}
    model = bytearray(given[form]) if form == "bytes" else given[form]
    assert_allclose(margin(train(rounds=4, xgb_model=model)), margin(train(rounds=8)), atol=1e-5)


@NEEDS_STARTS
@BOTH
def test_cv_is_train_in_each_fold(projections):
    folds = [(np.arange(300), np.arange(300, N)), (np.arange(300, N), np.arange(300))]
    params = VECTOR if projections is None else PARAMS
    table = gox.cv(
        params, data(), 8, objective=huber(), projections=projections, folds=folds, as_pandas=False
    )
    values = [
        huber().metric.evaluate(Y[test], margin(train(rows=rows, projections=projections), test))
        for rows, test in folds
    ]
    assert_allclose(table["test-huber-mean"][-1], np.mean(values), rtol=1e-4)


@NEEDS_STARTS
@BOTH
@TASKS
def test_estimators_equal_train(objective, y, projections):
    strategy = "multi_output_tree" if projections is None else None
    settings = {"n_estimators": 8, "max_depth": 4, "n_jobs": 1, "multi_strategy": strategy}
    if "cross_entropy" in objective.name:
        own = ObjectiveClassifier(xgb.XGBClassifier(**settings), objective, projections=projections)
    else:
        own = ObjectiveRegressor(xgb.XGBRegressor(**settings), objective, projections=projections)
    model = clone(own)
    model.fit(X[TRAIN], y[TRAIN], sample_weight=W[TRAIN])
    booster = train(objective, y, projections=projections, weight=W)
    assert_allclose(model.raw_prediction(X[VALID]), margin(booster), atol=1e-6)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X[VALID]), model.predict(X[VALID]))


@NEEDS_NEW
def test_estimators_take_the_seed_and_stop_early():
    def fitted(seed):
        own = xgb.XGBRegressor(n_estimators=50, random_state=seed, early_stopping_rounds=2)
        model = ObjectiveRegressor(own, huber(), projections=2)
        pairs = [(X[VALID], Y[VALID])]
        return model.fit(X[TRAIN], Y[TRAIN], eval_set=pairs, verbose=False)

    first, again, other = fitted(1), fitted(1), fitted(2)
    assert first.estimator_.best_iteration < 49
    assert_array_equal(first.predict(X), again.predict(X))
    assert np.abs(first.predict(X) - other.predict(X)).max() > 1e-3
    assert first.get_params()["projections"] == 2


@NEEDS_NEW
def test_classifier_gives_probabilities():
    own = xgb.XGBClassifier(n_estimators=30, max_depth=4)
    model = ObjectiveClassifier(own, softmax_cross_entropy(), projections=2)
    model.fit(X[TRAIN], CLASSES[TRAIN])
    assert log_loss(CLASSES[VALID], model.predict_proba(X[VALID])) < 1.3
    assert accuracy_score(CLASSES[VALID], model.predict(X[VALID])) > 0.5


@NEEDS_NEW
def test_more_projections_and_samples_go_together():
    params = {**PARAMS, "subsample": 0.7, "colsample_bynode": 0.8, "num_parallel_tree": 2}
    booster = train(rounds=20, params=params, projections=5)
    assert mean_absolute_error(Y[VALID], margin(booster)) < np.abs(Y[VALID]).mean()


@NEEDS_NEW
@pytest.mark.parametrize(
    ("projections", "arguments", "error", "text"),
    [
        (0, {}, ValueError, "a whole number >= 1"),
        (2.5, {}, ValueError, "a whole number >= 1"),
        ("5", {}, TypeError, "a whole number >= 1"),
        (True, {}, TypeError, "a whole number >= 1"),
        (K, {}, ValueError, "6 for 6 outputs; needed: fewer"),
        (1, {"y": Y[:, 0]}, ValueError, "1 for 1 output; needed: fewer"),
        (5, {"y": Y[:, 0], "objective": quantile(LEVELS)}, ValueError, "5 for 5 outputs"),
        (2, {"leaves": "refit"}, ValueError, "leaves='refit'"),
        (2, {"params": {"booster": "dart"}}, ValueError, "booster='dart'"),
        (2, {"params": {"booster": "gblinear"}}, ValueError, "booster='gblinear'"),
        (2, {"params": {"tree_method": "approx"}}, ValueError, "tree_method='approx'"),
        (2, {"params": {"process_type": "update"}}, ValueError, "process_type='update'"),
        (2, {"params": {"monotone_constraints": "(1,0,0,0,0)"}}, ValueError, "monotone_constraints"),
        (2, {"params": {"multi_strategy": "one_output_per_tree"}}, ValueError, "one_output_per"),
    ],
)  # fmt: skip
def test_refusals(projections, arguments, error, text):
    with pytest.raises(error, match=text):
        train(projections=projections, **arguments)


def test_older_versions_are_refused(monkeypatch):
    if NEW:
        monkeypatch.setattr(_vector_leaves, "TreeObjective", object)
    with pytest.raises(NotImplementedError, match=r"XGBoost 3\.2 or later"):
        train()


def test_lightgbm_is_refused():
    model = ObjectiveRegressor(lgb.LGBMRegressor(), huber(), projections=2)
    with pytest.raises(ValueError, match="LightGBM"):
        model.fit(X, Y)


def test_clusters_are_refused():
    cluster = pytest.importorskip("gbm_objectives.dask.xgboost", exc_type=ImportError)
    with pytest.raises(TypeError, match="one machine"):
        cluster.train(None, {}, None, objective=huber(), projections=2)


@NEEDS_STARTS
@BOTH
def test_guards_read_these_trees(projections):
    with pytest.raises(TrainingError, match="No tree splits"):
        train(params={**PARAMS, "min_child_weight": 1e6}, projections=projections)


@NEEDS_NEW
def test_guards_read_the_leaves_that_predict(monkeypatch):
    """Splits are finite, the leaves of one output are not."""

    def finite(self, iteration, grad, hess):
        return grad[:, :2].copy(), hess[:, :2].copy()

    def gradient(self, iteration, y_pred, dtrain):
        found, hessian = self.objective(y_pred, dtrain)
        found[:, -1] = np.inf
        return found, hessian

    monkeypatch.setattr(ProjectedObjective, "split_grad", finite)
    monkeypatch.setattr(ProjectedObjective, "__call__", gradient)
    with pytest.raises(TrainingError, match="NaN or inf"):
        train(rounds=1)


@NEEDS_STARTS
def test_gains_of_all_outputs_count():
    """XGBoost sums them: what is too little for trees of one output is enough for one tree of forty."""
    y = np.repeat(Y[:, :1], 40, axis=1)
    y *= np.sqrt(0.05 / ((y[:, 0] - y[:, 0].mean()) ** 2).sum())  # the gain of an output: .05
    data = xgb.DMatrix(X, y)
    gox.train(VECTOR, data, 2, objective=squared_error(), guard="raise")
    with pytest.raises(TrainingError, match="The gradients are small for XGBoost"):
        gox.train(PARAMS, data, 2, objective=squared_error(), guard="raise")
