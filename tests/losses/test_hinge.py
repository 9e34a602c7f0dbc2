"""Margin losses: against the hinge itself, their probabilities, and training."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.metrics import hinge_loss
from sklearn.model_selection import cross_val_score
from sklearn.svm import LinearSVC

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import binary_cross_entropy, hinge, huber, multiclass_hinge, squared_hinge
from gbm_objectives.sklearn import ObjectiveClassifier

RNG = np.random.default_rng(0)
Y = (RNG.random(500) < 0.3).astype(float)
RAW = 2 * RNG.standard_normal(500)
W = RNG.uniform(0.5, 2, 500)
CODES = RNG.integers(0, 3, 500).astype(float)
SCORES = np.asfortranarray(2 * RNG.standard_normal((500, 3)))
X_CLASS, LABEL = load_breast_cancer(return_X_y=True)


@pytest.mark.parametrize("weight", [None, W])
def test_hinge_is_the_smooth_limit(weight):
    """As the width vanishes: scikit-learn's hinge, and max(0, 1 - s z) by hand."""
    exact = np.maximum(0, 1 - (2 * Y - 1) * RAW)
    assert_allclose(hinge(1e-12).value(Y, RAW, weight), np.average(exact, weights=weight))
    expected = hinge_loss(Y, RAW, sample_weight=weight)
    assert_allclose(hinge(1e-12).value(Y, RAW, weight), expected)
    assert_array_equal(hinge(1e-12).loss.gradient(Y, RAW), -(2 * Y - 1) * (exact > 0))
    # Within width/2 of it, from below.
    smooth = hinge(0.4).loss.value(Y, RAW)
    assert (smooth <= exact + 1e-12).all()
    assert (exact <= smooth + 0.2 + 1e-12).all()


@pytest.mark.parametrize("width", [0.1, 1.0, 4.0])
def test_the_majorizer_of_the_hinge_is_the_tightest_symmetric_one(width):
    """The hinge less half its slope is even about w/2: psi(t)/t of it, t = a - w/2."""
    raw, y = np.linspace(-6, 6, 101), np.ones(101)
    _, hessian = hinge(width, curvature="majorizer").gradient_hessian(y, raw)
    a = 1.0 - raw
    assert_allclose(hessian, 1.0 / np.maximum(width, np.abs(2.0 * a - width)), rtol=1e-5)


def test_squared_hinge_is_half_the_usual_one():
    expected = np.maximum(0, 1 - (2 * Y - 1) * RAW) ** 2
    assert_allclose(2 * squared_hinge().loss.value(Y, RAW), expected)


def test_a_linear_model_of_the_squared_hinge_is_scikit_learns():
    """At LinearSVC's solution the slopes of our loss and of its penalty balance."""
    x = (X_CLASS - X_CLASS.mean(0)) / X_CLASS.std(0)
    x = np.column_stack([x, np.ones(len(x))])
    svc = LinearSVC(C=0.1, fit_intercept=False, dual=False, tol=1e-10, max_iter=100_000)
    coefficients = svc.fit(x, LABEL).coef_[0]
    gradient = squared_hinge().loss.gradient(LABEL.astype(float), x @ coefficients)
    assert_allclose(coefficients + 0.1 * 2 * x.T @ gradient, 0, atol=1e-5)


def test_multiclass_hinge_by_hand():
    for width in (1e-12, 0.7):
        expected = np.zeros(500)
        for j in range(3):
            a = 1 + SCORES[:, j] - SCORES[np.arange(500), CODES.astype(int)]
            h = np.where(a < width, np.maximum(a, 0) ** 2 / (2 * width), a - width / 2)
            expected += np.where(j == CODES, 0, h)
        assert_allclose(multiclass_hinge(width).loss.value(CODES, SCORES), expected)
    # Two classes: the hinge of the margin between their scores.
    two = SCORES[:, :2]
    assert_allclose(
        multiclass_hinge().loss.value(Y, two), hinge().loss.value(Y, two[:, 1] - two[:, 0])
    )


@pytest.mark.parametrize("width", [0.2, 1.0, 1.3, 1.9, 5.0])
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.3, 0.5, 0.7, 1.0])
def test_hinge_intercept_has_a_flat_slope(width, rate):
    y = (np.arange(1000) < 1000 * rate).astype(float)
    found = hinge(width).intercept(y)
    assert abs(hinge(width).loss.gradient(y, np.full(1000, found)).mean()) < 1e-12


def test_log_odds_of_margins():
    z = np.array([-5.0, -0.5, 0.0, 0.2, 5.0])
    probability = 1 / (1 + np.exp(-squared_hinge().log_odds(z)))
    assert_allclose(probability, np.clip((1 + z) / 2, 0, 1), atol=1e-15)
    mixed = 2 * squared_hinge() + squared_hinge()
    assert_allclose(mixed.log_odds(z[1:4]), squared_hinge().log_odds(z[1:4]))
    assert np.isfinite(mixed.log_odds(z)).all()
    for objective in (hinge(), squared_hinge() + hinge()):
        with pytest.raises(
            TypeError, match="hinge, whose scores tell classes and no probabilities"
        ):
            objective.log_odds(z)
    with pytest.raises(TypeError, match="losses of a binary label"):
        (huber() + squared_hinge()).log_odds(z)
    with pytest.raises(ValueError, match="links"):
        hinge() + binary_cross_entropy()
    with pytest.raises(ValueError, match="a label other than 0 and 1"):
        hinge()(2 * Y - 1, RAW)


MODELS = [
    xgb.XGBClassifier(n_estimators=30, max_depth=3, n_jobs=1),
    lgb.LGBMClassifier(n_estimators=30, num_leaves=8, n_jobs=1, verbosity=-1),
]


@pytest.mark.parametrize("estimator", MODELS, ids=["xgboost", "lightgbm"])
def test_classifiers(estimator):
    names = np.where(LABEL == 1, "benign", "malignant")
    model = ObjectiveClassifier(estimator, hinge()).fit(X_CLASS, names)
    margin = model.decision_function(X_CLASS)
    assert_array_equal(margin, model.raw_prediction(X_CLASS))
    assert_array_equal(model.predict(X_CLASS), model.classes_[(margin > 0).astype(int)])
    assert (model.predict(X_CLASS) == names).mean() > 0.97
    assert not hasattr(model, "predict_proba")
    with pytest.raises(AttributeError, match="predict_proba") as error:
        model.predict_proba(X_CLASS)
    assert "hinge gives margins only" in str(error.value.__cause__)
    assert cross_val_score(clone(model), X_CLASS, names, cv=3, scoring="roc_auc").min() > 0.95

    for recover in (True, False):
        model = ObjectiveClassifier(estimator, squared_hinge(), recover_proba=recover)
        model.fit(X_CLASS, names)
        raw = model.raw_prediction(X_CLASS).astype(float)
        # benign is the first class, malignant the second.
        assert_allclose(
            model.predict_proba(X_CLASS)[:, 1], np.clip((1 + raw) / 2, 0, 1), atol=1e-12
        )
        assert (model.predict(X_CLASS) == names).mean() > 0.97
        if not recover:
            assert_array_equal(model.decision_function(X_CLASS), raw)


def test_xgboosts_classifier_starts_at_the_margin_of_train():
    """Its placeholder is logistic while it trains, so the start goes through the sigmoid and back."""
    x, y = X_CLASS[:100], LABEL[:100]
    model = ObjectiveClassifier(MODELS[0], hinge()).fit(x, y)
    data = xgb.DMatrix(x, y)
    booster = gox.train({"nthread": 1, "max_depth": 3}, data, 30, objective=hinge())
    assert_allclose(model.raw_prediction(x), booster.predict(data), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("objective", [hinge(), hinge(0.2), squared_hinge()], ids=repr)
def test_training_lowers_the_loss_in_each_round(objective, library):
    if library == "xgboost":
        data = xgb.DMatrix(X_CLASS, LABEL)
        parameters = {"nthread": 1, "max_depth": 3}
        booster = gox.train(parameters, data, 100, objective=objective)
        assert_allclose(booster.predict(data), booster.predict(data, output_margin=True))
        raws = [booster.predict(data, iteration_range=(0, k)) for k in range(1, 101)]
    else:
        parameters = {"num_threads": 1, "num_leaves": 8, "verbosity": -1}
        booster = gol.train(parameters, lgb.Dataset(X_CLASS, LABEL), 100, objective=objective)
        raws = [booster.predict(X_CLASS, num_iteration=k) for k in range(1, 101)]
    start = np.full(len(LABEL), objective.intercept(LABEL))
    values = [objective.value(LABEL, raw) for raw in (start, *raws)]
    assert (np.diff(values) <= 1e-9).all()
    assert values[-1] < 0.1 * values[0]


def test_multiclass_training_through_the_plain_doors():
    x, y = load_wine(return_X_y=True)
    objective = multiclass_hinge()
    start = objective.intercept(y, n_outputs=3)
    before = objective.value(y, np.tile(start, (len(y), 1)))
    data = xgb.DMatrix(x, y, base_margin=np.tile(start, (len(y), 1)))
    parameters = {"num_class": 3, "nthread": 1, "disable_default_eval_metric": 1}
    raw = xgb.train(parameters, data, 100, obj=objective).predict(data, output_margin=True)
    assert objective.value(y, raw) < 0.05 * before
    assert (raw.argmax(axis=1) == y).mean() > 0.98
    parameters = {"objective": objective, "num_class": 3, "num_threads": 1, "verbosity": -1}
    dataset = lgb.Dataset(x, y, init_score=np.tile(start, (len(y), 1)))
    raw = lgb.train({**parameters, "metric": "None"}, dataset, 100).predict(x, raw_score=True)
    assert objective.value(y, raw + start) < 0.05 * before
    assert ((raw + start).argmax(axis=1) == y).mean() > 0.98
