"""Losses of classes and label matrices at every door of both libraries."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_wine
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_score

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import (
    TrainingError,
    focal,
    huber,
    kl_divergence,
    metrics,
    multilabel_cross_entropy,
    softmax_cross_entropy,
    softmax_focal,
)
from gbm_objectives.links import SOFTMAX
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor

RNG = np.random.default_rng(0)
N, K = 600, 4
X = RNG.standard_normal((N, 5))
Y = np.argmax(X[:, :K] + RNG.gumbel(size=(N, K)), axis=1)
W = RNG.uniform(0.5, 2.0, N)
SOFT = 0.8 * np.eye(K)[Y] + 0.2 * RNG.dirichlet(np.ones(K), N)
SOFT = SOFT.astype(np.float32)

XGB = {"max_depth": 3, "nthread": 1}
LGB = {
    "num_leaves": 7,
    "num_threads": 1,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
}
OBJECTIVES = [
    softmax_cross_entropy(),
    softmax_cross_entropy(label_smoothing=0.1, class_weight="balanced"),
    softmax_focal(),
    softmax_focal(gamma=0.5, label_smoothing=0.1, smoothing="others"),
]
every_objective = pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
weighted = pytest.mark.parametrize("weight", [None, W], ids=["unweighted", "weighted"])
old_xgboost = pytest.mark.skipif(
    tuple(map(int, xgb.__version__.split(".")[:2])) < (3, 1), reason="one base_score before 3.1"
)


def train_xgb(objective, y=Y, weight=None, rounds=20, params=XGB, **arguments):
    data = xgb.DMatrix(X, y, weight=weight)
    return gbm_objectives.xgboost.train(
        params, data, rounds, objective=objective, verbose_eval=False, **arguments
    )


def train_lgb(objective, y=Y, weight=None, rounds=20, params=LGB, **arguments):
    data = lgb.Dataset(X, y, weight=weight)
    return gbm_objectives.lightgbm.train(params, data, rounds, objective=objective, **arguments)


@weighted
@old_xgboost
def test_xgboost_parity(weight):
    objective = softmax_cross_entropy(curvature="xgboost")
    found = train_xgb(objective, weight=weight, rounds=50).predict(xgb.DMatrix(X))
    start = objective.intercept(Y, weight).tolist()
    params = {**XGB, "objective": "multi:softprob", "num_class": K, "base_score": start}
    builtin = xgb.train(params, xgb.DMatrix(X, Y, weight=weight), 50)
    assert_allclose(found, builtin.predict(xgb.DMatrix(X)), atol=1e-5)


@weighted
def test_lightgbm_parity(weight):
    """From LightGBM's own start too, the log of the class shares."""
    booster = train_lgb(softmax_cross_entropy(curvature="lightgbm"), weight=weight, rounds=50)
    params = {**LGB, "objective": "multiclass", "num_class": K}
    builtin = lgb.train(params, lgb.Dataset(X, Y, weight=weight), 50)
    assert_allclose(booster.predict(X), builtin.predict(X), atol=1e-5)


def test_focal_of_gamma_0_is_cross_entropy():
    for train in (train_xgb, train_lgb):
        features = xgb.DMatrix(X) if train is train_xgb else X
        models = [
            train(objective, rounds=50).predict(features)
            for objective in (
                softmax_focal(gamma=0.0, curvature="exact"),
                softmax_cross_entropy(curvature="exact"),
            )
        ]
        assert_allclose(*models, atol=1e-5)


@every_objective
@weighted
def test_training_loss_falls(objective, weight):
    """100 rounds: the value of the objective, in both libraries."""
    history = {}
    data = xgb.DMatrix(X, Y, weight=weight)
    gbm_objectives.xgboost.train(
        XGB,
        data,
        100,
        objective=objective,
        evals=[(data, "train")],
        evals_result=history,
        verbose_eval=False,
    )
    falling = [history["train"][objective.name]]
    train_set, history = lgb.Dataset(X, Y, weight=weight), {}
    gbm_objectives.lightgbm.train(
        LGB,
        train_set,
        100,
        objective=objective,
        valid_sets=[train_set],
        callbacks=[lgb.record_evaluation(history)],
    )
    falling.append(history["training"][objective.name])
    for values in falling:
        assert len(values) == 100
        assert (np.diff(values) <= 1e-6).all()
        assert values[-1] < 0.8 * values[0]


@every_objective
def test_plain_doors(objective):
    """xgb.train, XGBClassifier, lgb.train, LGBMClassifier, cv: the same object, num_class given."""
    start = {"base_score": 0.5, "disable_default_eval_metric": 1}
    params = {**XGB, **start, "num_class": K}
    data = xgb.DMatrix(X, Y, weight=W)
    booster = xgb.train(params, data, 5, obj=objective)
    raw = booster.predict(data, output_margin=True)
    assert raw.shape == (N, K)
    assert objective.metric(Y, raw) < objective.metric(Y, np.zeros((N, K)))
    model = xgb.XGBClassifier(
        objective=objective, n_estimators=5, max_depth=3, n_jobs=1, base_score=0.5
    ).fit(X, Y, sample_weight=W)
    assert_allclose(model.predict(X, output_margin=True), raw, rtol=1e-5, atol=1e-6)
    params = {**LGB, "objective": objective, "metric": "None", "num_class": K}
    raw = lgb.train(params, lgb.Dataset(X, Y, weight=W), 5).predict(X)
    assert objective.metric(Y, raw) < objective.metric(Y, np.zeros((N, K)))
    model = lgb.LGBMClassifier(
        objective=objective, n_estimators=5, num_leaves=7, n_jobs=1, verbosity=-1
    ).fit(X, Y, sample_weight=W)
    assert_allclose(model.booster_.predict(X), raw, atol=1e-6)
    found = xgb.cv(
        {**XGB, **start, "num_class": K},
        data,
        5,
        nfold=3,
        obj=objective,
        custom_metric=objective.metric,
    )
    assert found[f"test-{objective.name}-mean"].is_monotonic_decreasing
    found = lgb.cv(params, lgb.Dataset(X, Y), 5, nfold=3, feval=objective.metric)
    assert (np.diff(found[f"valid {objective.name}-mean"]) < 0).all()


@every_objective
def test_cv_starts_each_fold_at_its_shares(objective):
    found = gbm_objectives.xgboost.cv(
        {**XGB, "eta": 0.1}, xgb.DMatrix(X, Y), 5, objective=objective, nfold=3, stratified=True
    )
    assert found[f"test-{objective.name}-mean"].is_monotonic_decreasing
    found = gbm_objectives.lightgbm.cv(LGB, lgb.Dataset(X, Y), 5, objective=objective, nfold=3)
    assert (np.diff(found[f"valid {objective.name}-mean"]) < 0).all()


@weighted
@old_xgboost
def test_without_features_the_model_is_the_class_shares(weight):
    """The intercept of each output is in the model: here it is all of it."""
    constant = np.zeros((N, 1))
    shares = np.bincount(Y, weight) / np.bincount(Y, weight).sum()
    booster = gbm_objectives.xgboost.train(
        XGB,
        xgb.DMatrix(constant, Y, weight=weight),
        3,
        objective=softmax_cross_entropy(),
        guard="ignore",
    )
    assert_allclose(booster.predict(xgb.DMatrix(constant[:2])), [shares] * 2, rtol=1e-5)
    booster = gbm_objectives.lightgbm.train(
        LGB,
        lgb.Dataset(constant, Y, weight=weight),
        3,
        objective=softmax_cross_entropy(),
        guard="ignore",
    )
    assert_allclose(booster.predict(constant[:2]), [shares] * 2, rtol=1e-5)


def test_saved_models_answer_with_probabilities(tmp_path):
    booster = train_xgb(softmax_focal())
    booster.save_model(tmp_path / "model.json")
    loaded = xgb.Booster(model_file=tmp_path / "model.json")
    found = loaded.predict(xgb.DMatrix(X))
    assert_array_equal(found, booster.predict(xgb.DMatrix(X)))
    assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    booster = train_lgb(softmax_focal())
    booster.save_model(tmp_path / "model.txt")
    found = lgb.Booster(model_file=str(tmp_path / "model.txt")).predict(X)
    assert_array_equal(found, booster.predict(X))
    assert_allclose(found.sum(axis=1), 1, rtol=1e-12)


def test_more_classes_than_labels_show():
    """num_class counts classes without rows; they stay improbable."""
    for name, booster in {
        "xgboost": train_xgb(softmax_cross_entropy(), params={**XGB, "num_class": K + 1}),
        "lightgbm": train_lgb(softmax_cross_entropy(), params={**LGB, "num_classes": K + 1}),
    }.items():
        found = booster.predict(xgb.DMatrix(X) if name == "xgboost" else X)
        assert found.shape == (N, K + 1)
        old = name == "xgboost" and tuple(map(int, xgb.__version__.split(".")[:2])) < (3, 1)
        assert found[:, K].max() < (0.2 if old else 1e-3)


@pytest.mark.parametrize("train", [train_xgb, train_lgb])
def test_what_cannot_work_is_refused(train):
    params = XGB if train is train_xgb else LGB
    with pytest.raises(ValueError, match="num_class=3; needed: 4, or more"):
        train(softmax_cross_entropy(), params={**params, "num_class": 3})
    with pytest.raises(ValueError, match="num_class=4 with huber; needed: no num_class"):
        train(huber(), params={**params, "num_class": K})
    with pytest.raises(ValueError, match="y_true: one class; needed: class codes"):
        train(softmax_focal(), y=np.zeros(N))
    with pytest.raises(ValueError, match=r"no class code in \d+ of 600 rows, first in row"):
        train(softmax_focal(), y=Y - 1)
    with pytest.raises(ValueError, match=r"no class code in 600 of 600 rows"):
        train(softmax_focal(), y=Y + 0.5)
    with pytest.raises(ValueError, match="needed: a distribution a row"):
        train(kl_divergence(), y=Y)
    name = "min_child_weight" if train is train_xgb else "min_sum_hessian_in_leaf"
    with pytest.raises(TrainingError, match=rf"No tree splits, in \d .*{name}=1e\+06: lower it"):
        train(softmax_focal(), params={**params, name: 1e6}, rounds=3, guard="raise")


def test_sums_of_class_losses_start_at_their_own_optimum():
    objective = softmax_cross_entropy(class_weight=[1, 5, 1, 1]) + 2 * softmax_focal(gamma=3.0)
    found = objective.intercept(Y, W)
    best = objective.value(Y, np.tile(found, (N, 1)), W)
    for k in range(K):
        for step in (-0.01, 0.01, 0.5):
            moved = found + step * np.eye(K)[k]
            assert best < objective.value(Y, np.tile(moved, (N, 1)), W)
    with pytest.raises(ValueError, match="a sum of softmax_focal\\+focal, of one output and"):
        softmax_focal() + focal()


@old_xgboost
def test_label_matrices_in_xgboost():
    """Through row numbers; the data is as it was afterwards, also after an error."""
    data, valid, history = xgb.DMatrix(X, SOFT), xgb.DMatrix(X[:100], SOFT[:100]), {}
    booster = gbm_objectives.xgboost.train(
        XGB,
        data,
        30,
        objective=kl_divergence(),
        custom_metric=[
            lambda preds, seen: ("rows", len(seen.get_label().T)),
            kl_divergence().metric,
        ],
        evals=[(data, "train"), (valid, "valid")],
        evals_result=history,
        verbose_eval=False,
    )
    assert_array_equal(data.get_label(), SOFT)
    assert_array_equal(valid.get_label(), SOFT[:100])
    probability = booster.predict(xgb.DMatrix(X))
    assert_allclose(probability.sum(axis=1), 1, rtol=1e-5)
    assert history["train"]["rows"] == [K] * 30
    values = history["valid"]["kl_divergence"]
    raw = booster.predict(valid, output_margin=True)
    assert_allclose(values[-1], float(kl_divergence().metric(SOFT[:100], raw)), rtol=1e-4)
    assert (np.diff(history["train"]["kl_divergence"]) < 0).all()
    # A start without a preference and the plain door: the same trees.
    params = {**XGB, "base_score": [0.0] * K, "disable_default_eval_metric": 1}
    plain = xgb.train(params, data, 10, obj=kl_divergence())
    ours = gbm_objectives.xgboost.train(params, data, 10, objective=kl_divergence())
    raw = [b.predict(xgb.DMatrix(X), output_margin=True) for b in (plain, ours)]
    assert_allclose(*raw, atol=1e-6)
    found = gbm_objectives.xgboost.cv(XGB, data, 5, objective=kl_divergence(), nfold=3)
    assert found["test-kl_divergence-mean"].is_monotonic_decreasing
    codes = xgb.DMatrix(X, Y)
    with pytest.raises(ValueError, match=r"evals: labels of shapes \(600, 4\), \(600,\); needed"):
        gbm_objectives.xgboost.train(
            XGB, data, 3, objective=kl_divergence(), evals=[(codes, "codes")]
        )
    with pytest.raises(ValueError, match="expect float but value='x'"):
        gbm_objectives.xgboost.train({"eta": "x"}, data, 3, objective=kl_divergence())
    assert_array_equal(data.get_label(), SOFT)


def test_label_matrices_in_lightgbm():
    """The label is the row number of the table, in training, evaluation and folds."""
    objective, history = kl_divergence(SOFT), {}
    rows = np.arange(N)
    train_set = lgb.Dataset(X[:400], rows[:400])
    booster = gbm_objectives.lightgbm.train(
        LGB,
        train_set,
        30,
        objective=objective,
        valid_sets=[train_set, lgb.Dataset(X[400:], rows[400:], reference=train_set)],
        callbacks=[lgb.record_evaluation(history)],
    )
    values = history["training"]["kl_divergence"]
    assert (np.diff(values) < 0).all()
    raw = booster.predict(X[400:], raw_score=True)
    last = history["valid_1"]["kl_divergence"][-1]
    assert_allclose(float(kl_divergence().metric(SOFT[400:], raw)), last, rtol=1e-6)
    # The one-hot table of classes is softmax cross-entropy.
    hard = kl_divergence(np.eye(K)[Y])
    found = train_lgb(hard, y=rows, weight=W).predict(X)
    assert_allclose(found, train_lgb(softmax_cross_entropy(), weight=W).predict(X), atol=1e-6)
    folds = gbm_objectives.lightgbm.cv(LGB, lgb.Dataset(X, rows), 5, objective=objective, nfold=3)
    assert (np.diff(folds["valid kl_divergence-mean"]) < 0).all()
    with pytest.raises(ValueError, match=r"y_true: a label that is no row number in 1 of"):
        train_lgb(objective, y=np.where(rows == 5, N, rows))


def test_lightgbm_takes_no_label_matrix():
    with pytest.raises(ValueError, match=r"Dataset: labels of shape \(600, 4\).*with_rows"):
        train_lgb(kl_divergence(), y=SOFT)


def test_several_columns_in_lightgbm_are_separate_models():
    """Multi-label sigmoids and several regression targets, each column as if it were alone."""
    several = np.column_stack([Y == 0, Y == 1, X[:, 4] + RNG.standard_normal(N) > 0]).astype(float)
    rows = np.arange(N)
    booster = train_lgb(multilabel_cross_entropy(several), y=rows, weight=W)
    for k in range(3):
        alone = lgb.train(
            {**LGB, "objective": "binary"}, lgb.Dataset(X, several[:, k], weight=W), 20
        )
        assert_allclose(booster.predict(X)[:, k], alone.predict(X), atol=1e-5)
    targets = 1e3 * X[:, :2] + RNG.standard_normal((N, 2))
    booster = train_lgb(huber().with_targets(targets), y=rows)
    for k in range(2):
        alone = train_lgb(huber(), y=targets[:, k].astype(np.float32)).predict(X)
        assert_allclose(booster.predict(X)[:, k], alone, rtol=1e-4, atol=1e-2)


ESTIMATORS = {
    "xgboost": lambda: xgb.XGBClassifier(n_estimators=15, max_depth=3, n_jobs=1),
    "lightgbm": lambda: lgb.LGBMClassifier(n_estimators=15, num_leaves=7, n_jobs=1, verbosity=-1),
}
libraries = pytest.mark.parametrize("library", sorted(ESTIMATORS))
NAMES = np.array(["ant", "bee", "cat", "dog"])[Y]


@libraries
@every_objective
def test_classifier_of_several_classes(library, objective):
    silent = {"verbose": False} if library == "xgboost" else {}
    model = ObjectiveClassifier(ESTIMATORS[library](), objective)
    model.fit(X, NAMES, sample_weight=W, eval_set=[(X, NAMES)], **silent)
    assert model.classes_.tolist() == ["ant", "bee", "cat", "dog"]
    probability = model.predict_proba(X)
    assert probability.shape == (N, K)
    assert_allclose(probability.sum(axis=1), 1)
    assert_array_equal(model.predict(X), model.classes_[probability.argmax(axis=1)])
    assert (model.predict(X) == NAMES).mean() > 0.6
    assert_allclose(SOFTMAX.inverse(model.decision_function(X)), probability)
    raw = model.raw_prediction(X)
    plain = ObjectiveClassifier(ESTIMATORS[library](), objective, recover_proba=False)
    assert_allclose(plain.fit(X, NAMES, sample_weight=W).predict_proba(X), SOFTMAX.inverse(raw))
    booster = model.estimator_.get_booster() if library == "xgboost" else model.estimator_.booster_
    response = booster.predict(xgb.DMatrix(X) if library == "xgboost" else X)
    assert_allclose(response, SOFTMAX.inverse(raw), rtol=1e-4, atol=1e-6)


@libraries
def test_recovered_probabilities_of_focal_loss_are_better(library):
    """Log-loss on held-out rows: focal loss draws scores together; the map undoes it."""
    rng = np.random.default_rng(1)
    features = rng.standard_normal((4000, K))
    labels = np.argmax(features + rng.gumbel(size=features.shape), axis=1)
    train, test = slice(0, 3000), slice(3000, None)
    estimator = ESTIMATORS[library]().set_params(learning_rate=0.1, n_estimators=30)
    loss = {}
    for recover in (True, False):
        model = ObjectiveClassifier(estimator, softmax_focal(gamma=3.0), recover_proba=recover)
        model.fit(features[train], labels[train])
        loss[recover] = log_loss(labels[test], model.predict_proba(features[test]))
    assert loss[True] < loss[False]


@libraries
def test_classifier_in_cross_validation_and_refusals(library):
    features, labels = load_wine(return_X_y=True)
    model = ObjectiveClassifier(ESTIMATORS[library](), softmax_cross_entropy())
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    assert cross_val_score(model, features, labels, cv=folds).mean() > 0.9
    with pytest.raises(ValueError, match="2 classes; needed: 3 or more for softmax_cross_entropy"):
        model.fit(X, Y > 0)
    with pytest.raises(TypeError, match="objective: kl_divergence, whose labels are numbers"):
        ObjectiveClassifier(ESTIMATORS[library](), kl_divergence()).fit(X, Y)


@old_xgboost
def test_regressors_of_label_matrices():
    model = ObjectiveRegressor(xgb.XGBRegressor(n_estimators=15, n_jobs=1), kl_divergence())
    found = model.fit(X, SOFT, sample_weight=W).predict(X)
    assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    start = np.average(SOFT, axis=0, weights=W)
    assert np.abs(found - SOFT).mean() < 0.85 * np.abs(start - SOFT).mean()
    estimator = lgb.LGBMRegressor(n_estimators=15, n_jobs=1, verbosity=-1)
    model = ObjectiveRegressor(estimator, kl_divergence(SOFT))
    found = model.fit(X, np.arange(N), sample_weight=W).predict(X)
    assert np.abs(found - SOFT).mean() < 0.85 * np.abs(start - SOFT).mean()


def test_class_weights_are_sample_weights_of_the_classes():
    """Fixed class weights give the model of sample weights multiplied by them."""
    given = np.array([1.0, 3.0, 0.5, 2.0])
    for train in (train_xgb, train_lgb):
        features = xgb.DMatrix(X) if train is train_xgb else X
        # Sample weights move XGBoost's cuts, unless each value has its own bin.
        params = {**XGB, "max_bin": 1024} if train is train_xgb else LGB
        by_class = train(softmax_focal(class_weight=given), weight=W, params=params)
        by_row = train(softmax_focal(), weight=W * given[Y], params=params)
        assert_allclose(by_class.predict(features), by_row.predict(features), atol=1e-5)
    binary = (Y > 1).astype(float)
    for objective in (focal(class_weight=[1.0, 4.0]), focal(class_weight={0: 1.0, 1: 4.0})):
        by_class = train_lgb(objective, y=binary).predict(X)
        by_row = train_lgb(focal(), y=binary, weight=1 + 3 * binary).predict(X)
        assert_allclose(by_class, by_row, atol=1e-5)
    with pytest.raises(ValueError, match="class_weight: 2 weights; needed: 4, one for each class"):
        train_lgb(softmax_focal(class_weight=[1, 2]))
    with pytest.raises(ValueError, match="class_weight: 'even'"):
        softmax_focal(class_weight="even")
    with pytest.raises(ValueError, match="class_weight: 0"):
        softmax_focal(class_weight=[0, 1])
    with pytest.raises(TypeError, match="class_weight: 3"):
        softmax_focal(class_weight=3)


def test_metrics_of_classes_have_the_objectives_link():
    history = {}
    data = xgb.DMatrix(X, Y)
    booster = gbm_objectives.xgboost.train(
        XGB,
        data,
        10,
        objective=softmax_focal(),
        custom_metric=metrics.negative_log_likelihood(),
        evals=[(data, "train")],
        evals_result=history,
        verbose_eval=False,
    )
    last = history["train"]["negative_log_likelihood"][-1]
    assert_allclose(last, log_loss(Y, booster.predict(data)), rtol=1e-4)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_hessians_of_the_libraries_by_hand(n_classes):
    """2 p q in XGBoost, K/(K - 1) p q in LightGBM."""
    raw = np.random.default_rng(5).normal(size=(50, n_classes))
    y = np.arange(50) % n_classes
    p = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    for curvature, factor in (("xgboost", 2.0), ("lightgbm", n_classes / (n_classes - 1))):
        objective = softmax_cross_entropy(curvature=curvature)
        _, hessian = objective.gradient_hessian(y, raw)
        assert_allclose(hessian, factor * p * (1 - p), rtol=1e-6)
