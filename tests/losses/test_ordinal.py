"""Ordered classes: formulas against mpmath, thresholds, the state of models, estimators and metrics."""

import itertools
import pickle
from dataclasses import replace

import lightgbm as lgb
import mpmath
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
import xgboost as xgb
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from sklearn.base import clone

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import links, metrics, ordinal, softmax_focal
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor
from gbm_objectives.sklearn._decisions import KappaDecision

RNG = np.random.default_rng(0)
N = 500
X = RNG.standard_normal((N, 3))
SCORE = 2 * np.sin(X[:, 0]) + X[:, 1]
CUTS = [-2.0, -0.5, 0.25, 2.5]
Y = np.searchsorted(CUTS, SCORE + 0.5 * RNG.logistic(size=N))
W = RNG.uniform(0.2, 3.0, N)
XGB, LGB = {"nthread": 1, "max_depth": 3}, {"num_threads": 1, "verbosity": -1, "num_leaves": 7}
every_link = pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])


def parts(link, x):
    """G, 1 - G, the density and the slope of its logarithm, in mpmath."""
    if link == "logit":
        low, high = 1 / (1 + mpmath.exp(-x)), 1 / (1 + mpmath.exp(x))
        return low, high, low * high, high - low
    if link == "probit":
        low, high = (mpmath.erfc(s * x / mpmath.sqrt(2)) / 2 for s in (-1, 1))
        return low, high, mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi), -x
    rate = mpmath.exp(x)
    return -mpmath.expm1(-rate), mpmath.exp(-rate), rate * mpmath.exp(-rate), 1 - rate


@every_link
def test_derivatives_in_float32_against_mpmath(link):
    """At any score; those of the complementary log-log link beside float32 are held."""
    scores = [-1e4, -200, -60, -8, -1, 0, 0.3, 5, 40, 200, 1e4]
    scores = [z for z in scores if link != "cloglog" or z > -70]
    raw = np.array(scores, np.float32)
    loss = replace(ordinal(link=link).loss, thresholds=CUTS)
    mpmath.mp.dps = 60
    for level in range(5):
        y = np.full(len(raw), level, np.float32)
        gradient, hessian = loss.gradient_hessian(y, raw)
        assert gradient.dtype == hessian.dtype == np.float32
        value = loss.value(y.astype(float), raw.astype(float))
        for i, z in enumerate(raw.tolist()):
            upper = parts(link, CUTS[level] - mpmath.mpf(z)) if level < 4 else (1, 0, 0, 0)
            lower = parts(link, CUTS[level - 1] - mpmath.mpf(z)) if level else (0, 1, 0, 0)
            inside = upper[0] - lower[0] if upper[0] < 0.5 else lower[1] - upper[1]
            slope = (upper[2] - lower[2]) / inside
            bend = slope**2 - (upper[2] * upper[3] - lower[2] * lower[3]) / inside
            assert_allclose(gradient[i], float(slope), rtol=3e-6, atol=3e-6)
            assert_allclose(hessian[i], float(bend), rtol=3e-6, atol=3e-6)
            assert_allclose(value[i], float(-mpmath.log(inside)), rtol=1e-9, atol=1e-9)


@every_link
def test_thresholds_are_the_likeliest(link):
    """Against a general minimiser over increasing thresholds; a level without rows has a place."""
    found = ordinal(link=link).fixed(Y, SCORE, W).loss

    def mean(steps):
        cuts = np.cumsum([steps[0], *np.exp(steps[1:])])
        return np.average(replace(found, thresholds=cuts).value(Y, SCORE), weights=W)

    start = np.array([found.thresholds[0], *np.log(np.diff(found.thresholds))])
    sought = minimize(mean, start + 0.1, method="BFGS")
    assert mean(start) <= sought.fun + 1e-7
    few = ordinal(6, link=link).fixed(np.where(Y == 2, 1, Y), SCORE)
    probability = few.response(SCORE)
    assert probability.shape == (N, 6)
    assert probability[:, [2, 5]].mean() < 1e-3


@every_link
@pytest.mark.parametrize("huge", [0.0, 1e38])
def test_a_level_whose_rows_weigh_nothing_and_scores_beyond_all_bounds(link, huge):
    y, raw = np.array([0.0, 1, 0, 1, 2]), np.array([-1.0, 1, 0, 2, huge], np.float32)
    weight = np.array([1.0, 1, 1, 1, 0])
    objective = ordinal(link=link)
    gradient, hessian = objective(y, raw, weight)
    assert np.isfinite(gradient).all()
    assert gradient[4] == hessian[4] == 0
    for found in (objective.value(y, raw, weight), objective.metric(y, raw, weight)):
        assert np.isfinite(found).all()
    assert np.isfinite(objective.value(y, raw)).all()


@every_link
def test_probabilities_are_those_of_a_distribution(link):
    objective = ordinal(link=link).fixed(Y, SCORE)
    raw = np.concatenate([[-1e4, -50, 0, 50, 1e4], SCORE]).astype(np.float32)
    probability = objective.response(raw)
    assert_allclose(probability.sum(axis=1), 1.0, rtol=1e-14)
    assert (probability >= 0).all()
    below = objective.link.cumulative(raw)
    assert (np.diff(below, axis=1) >= 0).all()
    true = probability[np.arange(5, len(raw)), Y]
    assert_allclose(-np.log(true).mean(), objective.value(Y, SCORE), rtol=1e-6)


@every_link
@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_models_keep_their_thresholds(library, link, tmp_path):
    objective = ordinal(link=link)
    if library == "xgboost":
        data = xgb.DMatrix(X, Y, weight=W)
        booster = gbm_objectives.xgboost.train(XGB, data, 15, objective=objective)
        booster.save_model(tmp_path / "model.ubj")
        loaded, rows = xgb.Booster(model_file=tmp_path / "model.ubj"), xgb.DMatrix(X)
        raw = booster.predict(rows, output_margin=True)
        library_alone = xgb.train(XGB, data, 2, obj=objective)
    else:
        data = lgb.Dataset(X, Y, weight=W)
        booster = gbm_objectives.lightgbm.train(LGB, data, 15, objective=objective)
        booster.save_model(tmp_path / "model.txt")
        lgb.Booster(model_file=tmp_path / "model.txt").save_model(tmp_path / "again.txt")
        loaded, rows = lgb.Booster(model_file=tmp_path / "again.txt"), X
        raw = booster.predict(X)
        library_alone = lgb.train({**LGB, "objective": objective}, lgb.Dataset(X, Y), 2)
    expected = objective.fixed(Y, raw, W).response(raw)
    for model in (booster, loaded, pickle.loads(pickle.dumps(booster))):
        assert_allclose(objective.predict(model, rows), expected, atol=1e-6)
    likelihood = np.log(expected[np.arange(N), Y]).mean()
    assert likelihood > np.log(np.bincount(Y)[Y] / N).mean() + 0.1
    with pytest.raises(ValueError, match=r"thresholds are not known.*objective\.fixed"):
        objective.predict(library_alone, rows)


class Kept(xgb.callback.TrainingCallback):
    """The boosters of `xgboost.cv`."""

    def after_training(self, model):
        self.boosters = [fold.bst for fold in model.cvfolds]
        return model


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_boosters_of_cv_and_a_level_that_the_training_rows_lack(library):
    """The highest level: thresholds are those of a fold's training rows, with a place for it."""
    objective, lower = ordinal(n_classes=5), np.flatnonzero(Y < 4)
    folds = [(lower, np.flatnonzero(Y == 4)), (np.arange(0, N, 2), np.arange(1, N, 2))]
    given = {"num_boost_round": 5, "objective": objective, "folds": folds}
    if library == "xgboost":
        kept, data = Kept(), xgb.DMatrix(X, Y, weight=W)
        gbm_objectives.xgboost.cv(XGB, data, callbacks=[kept], **given)
        boosters, raw = kept.boosters, {"output_margin": True}
    else:
        data, raw = lgb.Dataset(X, Y, weight=W), {"raw_score": True}
        found = gbm_objectives.lightgbm.cv(LGB, data, return_cvbooster=True, **given)
        boosters = found["cvbooster"].boosters
    if library == "lightgbm":  # and metrics of levels go into a training
        kappa, record = metrics.quadratic_weighted_kappa(), {}
        more = {"feval": kappa, "callbacks": [lgb.record_evaluation(record)]}
        booster = gbm_objectives.lightgbm.train(
            LGB, data, 3, objective=objective, valid_sets=[data], **more
        )
        found = kappa(Y, objective.predict(booster, X), W)
        assert_allclose(record["training"]["quadratic_weighted_kappa"][-1], found, atol=1e-3)
    rows = data if library == "xgboost" else X
    for booster, (train, _) in zip(boosters, folds, strict=True):
        score = booster.predict(rows, **raw)
        expected = objective.fixed(Y[train], score[train], W[train].astype(np.float32))
        probability = objective.predict(booster, rows)
        assert probability.shape == (N, 5)
        assert_allclose(probability, expected.response(score), atol=1e-5)
    assert (objective.predict(boosters[0], rows)[:, 4] < 1e-3).all()


@pytest.mark.parametrize(
    "estimator",
    [
        xgb.XGBClassifier(n_estimators=15, n_jobs=1, max_depth=3),
        lgb.LGBMClassifier(n_estimators=15, n_jobs=1, verbosity=-1, num_leaves=7),
    ],
    ids=["xgboost", "lightgbm"],
)
def test_the_classifier(estimator):
    """Labels are numbers or ordered categories; probabilities, the median level, weights, a search."""
    model = ObjectiveClassifier(estimator, ordinal()).fit(X, 2 * Y - 3, sample_weight=W)
    assert model.classes_.tolist() == [-3, -1, 1, 3, 5]
    probability = model.predict_proba(X)
    assert_allclose(np.exp(model.decision_function(X)), probability)
    median = (np.cumsum(probability, axis=1) < 0.5 - 1e-12).sum(axis=1)
    assert (model.predict(X) == model.classes_[median]).all()
    assert sk.cohen_kappa_score(model.predict(X), 2 * Y - 3, weights="quadratic") > 0.7
    agreed = clone(model).set_params(decision="kappa").fit(X, 2 * Y - 3, sample_weight=W)
    kappa = [
        sk.cohen_kappa_score(one.predict(X), 2 * Y - 3, weights="quadratic", sample_weight=W)
        for one in (model, agreed)
    ]
    assert kappa[1] > kappa[0]
    copied = pickle.loads(pickle.dumps(model))
    assert_allclose(copied.predict_proba(X), probability)
    names = np.array(["poor", "fair", "good", "very good", "best"])
    words = pd.Series(pd.Categorical(names[Y], categories=names, ordered=True))
    named = clone(model).fit(X, words, sample_weight=W)
    assert named.classes_.tolist() == names.tolist()
    assert_allclose(named.predict_proba(X), probability)
    with pytest.raises(ValueError, match="whose order is not known"):
        clone(model).fit(X, names[Y])
    with pytest.raises(ValueError, match="as n_classes of ordinal_logit says"):
        clone(model).set_params(objective__n_classes=4).fit(X, Y)
    with pytest.raises(TypeError, match="for ordered classes"):
        ObjectiveRegressor(xgb.XGBRegressor(), ordinal()).fit(X, Y)


def expected_kappa(levels, probability, weight):
    """1 - N/D, by sums over all labels that a row may have."""
    codes = np.arange(probability.shape[1])
    shares = np.average(probability, axis=0, weights=weight)
    squares = (levels[:, None] - codes) ** 2
    over, under = (
        np.average((squares * p).sum(axis=1), weights=weight) for p in (probability, shares)
    )
    return 1 - over / under if under else 1.0


def test_the_decision_of_the_highest_expected_kappa():
    """Against all decisions for a few rows; where the model says nothing it ends too."""
    weight = np.array([1.0, 2.0, 0.5, 1.5, 1.0])
    every = np.array(list(itertools.product(range(3), repeat=5)))
    for seed in range(5):
        probability = np.random.default_rng(seed).dirichlet([0.6] * 3, 5)
        best = max(expected_kappa(levels, probability, weight) for levels in every)
        decision = KappaDecision.of(probability, weight)
        assert_allclose(expected_kappa(decision(probability), probability, weight), best)
        assert_allclose(decision.kappa, best)
    same = np.full((4, 3), 1 / 3)
    assert KappaDecision.of(same, None)(same).tolist() == [1] * 4
    for objective, decision in ((ordinal(), "mode"), (softmax_focal(), "kappa")):
        with pytest.raises(ValueError, match="decision: "):
            ObjectiveClassifier(lgb.LGBMClassifier(), objective, decision=decision).fit(X, Y)


def test_parameters_that_are_none_are_refused():
    for arguments, words in (
        ({"n_classes": 1}, "n_classes: 1"),
        ({"n_classes": 1000}, "n_classes: 1000"),
        ({"link": "cauchit"}, "link: 'cauchit'"),
        ({"curvature": "natural"}, "curvature"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            ordinal(**arguments)
    with pytest.raises(ValueError, match="no level code"):
        ordinal(3)(Y, SCORE)
    with pytest.raises(ValueError, match="increasing"):
        replace(ordinal().loss, thresholds=(1.0, 0.0))


@pytest.mark.parametrize("weight", [None, W])
def test_metrics_against_others(weight):
    """Kappa of scikit-learn, and sums written out."""
    objective = ordinal().fixed(Y, SCORE)
    probability = objective.response(SCORE)
    level = (np.cumsum(probability, axis=1) < 0.5).sum(axis=1)
    kappa = sk.cohen_kappa_score(Y, level, weights="quadratic", sample_weight=weight)
    error = sk.mean_absolute_error(Y, level, sample_weight=weight)
    rows = [
        sum((sum(p[: k + 1]) - (y <= k)) ** 2 for k in range(4))
        for p, y in zip(probability, Y, strict=True)
    ]
    expected = {
        metrics.quadratic_weighted_kappa: kappa,
        metrics.level_error: error,
        metrics.ranked_probability_score: np.average(rows, weights=weight),
    }
    for make, value in expected.items():
        assert_allclose(make()(Y, probability, weight), value, rtol=1e-10)
        assert_allclose(make(link=objective.link)(Y, SCORE, weight), value, rtol=1e-10)
    for make in (metrics.quadratic_weighted_kappa, metrics.level_error):
        assert_allclose(make()(Y, level, weight), expected[make], rtol=1e-10)
    assert_allclose(metrics.ranked_probability_score()(Y, level, weight), error, rtol=1e-10)
    assert metrics.quadratic_weighted_kappa().higher_is_better
    assert metrics.quadratic_weighted_kappa()([1, 1], [1, 1]) == 1.0
    with pytest.raises(ValueError, match="Round the predictions"):
        metrics.level_error()(Y, SCORE**2)
    # Without thresholds they are those that are likeliest for the rows, as while a model is trained.
    own = ordinal(link="probit").fixed(Y, SCORE, weight).response(SCORE)
    unknown = metrics.ranked_probability_score(link=links.Cumulative("probit"))
    assert_allclose(
        unknown(Y, SCORE, weight), metrics.ranked_probability_score()(Y, own, weight), rtol=1e-6
    )
    with pytest.raises(ValueError, match="thresholds are not known"):
        unknown.over_machines(Y, SCORE, weight, lambda sums: sums)
