"""Metrics against scikit-learn and NumPy, at every door."""

import copy
import pickle
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pytest
import sklearn.metrics as sk
import xgboost as xgb
from numpy.testing import assert_allclose
from scipy.special import expit, softmax

from gbm_objectives import (
    dice,
    focal,
    huber,
    links,
    log_cosh,
    metrics,
    quantile,
    softmax_cross_entropy,
)

RNG = np.random.default_rng(0)
Y, PRED = RNG.standard_normal((2, 501))
W = RNG.uniform(0.1, 3, 501)
LABEL = (Y > 0.5).astype(float)
P = expit(PRED)
LOGIT = links.LOGIT


@pytest.mark.parametrize("weight", [None, W])
@pytest.mark.parametrize(
    ("metric", "oracle"),
    [
        (metrics.mae(), sk.mean_absolute_error),
        (metrics.rmse(), sk.root_mean_squared_error),
        (metrics.median_absolute_error(), sk.median_absolute_error),
        (metrics.pinball(0.9), lambda y, p, **k: sk.mean_pinball_loss(y, p, alpha=0.9, **k)),
        (
            metrics.mbe(),
            lambda y, p, sample_weight: np.average(p - y, weights=sample_weight),
        ),
    ],
    ids=lambda m: getattr(m, "name", ""),
)
def test_regression_metrics_are_scikit_learns(metric, oracle, weight):
    # scikit-learn's weighted median error takes the lower of two middle values, ours their mean.
    assert_allclose(metric(Y, PRED, weight), oracle(Y, PRED, sample_weight=weight), rtol=1e-9)
    two = np.column_stack([Y, Y]), np.column_stack([PRED, PRED])
    assert_allclose(metric(*two, weight), metric(Y, PRED, weight))
    relative = replace(metric, relative=True)
    assert_allclose(relative(1e-6 * Y, 1e-6 * PRED, weight), relative(Y, PRED, weight), rtol=1e-9)


@pytest.mark.parametrize("weight", [None, W])
def test_probability_metrics_are_scikit_learns(weight):
    log_loss = sk.log_loss(LABEL, P, sample_weight=weight)
    brier = sk.brier_score_loss(LABEL, P, sample_weight=weight)
    assert_allclose(metrics.log_loss()(LABEL, P, weight), log_loss, rtol=1e-9)
    assert_allclose(metrics.log_loss(link=LOGIT)(LABEL, PRED, weight), log_loss, rtol=1e-9)
    assert_allclose(metrics.brier()(LABEL, P, weight), brier, rtol=1e-9)
    assert_allclose(metrics.brier(link=LOGIT)(LABEL, PRED, weight), brier, rtol=1e-9)


def test_log_loss_at_the_extremes():
    """From raw scores it is exact; from probabilities it is bounded, as scikit-learn's."""
    assert_allclose(metrics.log_loss(link=LOGIT)([0, 1], [800.0, -800.0]), 800)
    assert_allclose(metrics.log_loss(link=LOGIT)([0, 1], [-800.0, 800.0]), 0)
    assert_allclose(metrics.log_loss()([0, 1], [1.0, 0.0]), sk.log_loss([0, 1], [1.0, 0.0]))


@pytest.mark.parametrize("weight", [None, W])
def test_overlap_metrics_are_scikit_learns(weight):
    f1 = sk.f1_score(LABEL, P > 0.5, sample_weight=weight)
    jaccard = sk.jaccard_score(LABEL, P > 0.5, sample_weight=weight)
    for link, prediction in ((links.IDENTITY, P), (LOGIT, PRED)):
        assert_allclose(metrics.dice(link=link)(LABEL, prediction, weight), f1, rtol=1e-12)
        assert_allclose(metrics.jaccard(link=link)(LABEL, prediction, weight), jaccard, rtol=1e-12)
    assert_allclose(metrics.tversky_index(1, 1)(LABEL, P, weight), jaccard, rtol=1e-12)
    # F_beta weighs recall beta times: beta^2 FN against FP.
    f2 = sk.fbeta_score(LABEL, P > 0.2, beta=2, sample_weight=weight)
    found = metrics.tversky_index(0.2, 0.8, threshold=0.2)(LABEL, P, weight)
    assert_allclose(found, f2, rtol=1e-12)
    soft = metrics.dice(threshold=None, link=LOGIT)
    assert_allclose(soft(LABEL, PRED, weight), 1 - dice(0.0).value(LABEL, PRED, weight), rtol=1e-12)
    two = np.column_stack([LABEL, 1 - LABEL]), np.column_stack([P, P])
    other = sk.f1_score(1 - LABEL, P > 0.5, sample_weight=weight)
    assert_allclose(metrics.dice()(*two, weight), (f1 + other) / 2, rtol=1e-12)
    assert metrics.dice()(np.zeros(3), np.zeros(3)) == 0
    assert (metrics.dice().name, soft.name) == ("dice", "soft_dice")


def test_overlap_metrics_rise_and_know_it():
    dataset = lgb.Dataset(np.zeros((501, 1)), LABEL, weight=W).construct()
    for metric in (metrics.dice(), metrics.jaccard(threshold=None), metrics.tversky_index()):
        assert metric.higher_is_better
        assert metric(P, dataset)[2]
        assert not metric.name.startswith(("auc", "pre", "map", "ndcg"))
        assert pickle.loads(pickle.dumps(metric)) == metric
    with pytest.raises(ValueError, match=r"y_pred: a value outside \[0, 1\]"):
        metrics.dice()(LABEL, PRED)
    with pytest.raises(ValueError, match="threshold"):
        metrics.jaccard(threshold=1.5)
    with pytest.raises(ValueError, match="alpha"):
        metrics.tversky_index(alpha=0.0)


def test_interval_metrics():
    interval = np.column_stack([PRED - 1, PRED + 1])
    inside = np.abs(Y - PRED) <= 1
    assert_allclose(metrics.coverage()(Y, interval, W), np.average(inside, weights=W))
    assert_allclose(metrics.coverage_error(0.8)(Y, interval), abs(inside.mean() - 0.8))
    assert_allclose(metrics.interval_width()(Y, interval, W), 2)
    assert metrics.coverage().higher_is_better
    assert not metrics.coverage_error().higher_is_better
    assert_allclose(
        metrics.interval_width(relative=True)(1e-6 * Y, 1e-6 * interval),
        metrics.interval_width(relative=True)(Y, interval),
    )
    with pytest.raises(ValueError, match=r"needed: shape \(501, 2\)"):
        metrics.coverage()(Y, PRED)


def test_metric_of_an_objective_is_its_value_at_a_fixed_scale():
    y, raw = 1000 * Y, 1000 * PRED
    delta = huber().fixed(y, np.full_like(y, np.median(y))).loss.fixed_delta
    assert_allclose(huber().metric(y, raw), huber(delta).value(y, raw) / delta**2, rtol=1e-9)
    assert_allclose(huber().metric(y, raw), huber().metric(Y, PRED), rtol=1e-3)
    assert_allclose(log_cosh(50.0).metric(y, raw), log_cosh(50.0).value(y, raw) / 2500)
    # The smooth quantile's metric is the exact pinball loss, so its minimum is the quantile.
    delta = quantile(0.9).fixed(y, np.full_like(y, np.quantile(y, 0.9))).loss.fixed_delta
    expected = 2 * sk.mean_pinball_loss(y, raw, alpha=0.9) / delta
    assert_allclose(quantile(0.9).metric(y, raw), expected, rtol=1e-3)
    assert_allclose(focal(0.0).metric(LABEL, PRED, W), sk.log_loss(LABEL, P, sample_weight=W))
    total = (2 * focal(2.0) + focal(0.0)).metric(LABEL, PRED)
    assert_allclose(total, 2 * focal(2.0).metric(LABEL, PRED) + focal(0.0).metric(LABEL, PRED))


@pytest.mark.parametrize("metric", [metrics.mae(), huber().metric, metrics.pinball(0.1)])
def test_doors(metric):
    features = np.zeros((501, 1))
    dmatrix = xgb.DMatrix(features, Y, weight=W)
    dataset = lgb.Dataset(features, Y, weight=W).construct()
    preds = PRED.astype(np.float32)
    expected = float(metric(Y.astype(np.float32), preds, W.astype(np.float32)))
    name, value = metric(preds, dmatrix)
    assert name == metric.name == metric.__name__
    assert_allclose(value, expected)
    assert metric(PRED, dataset) == (metric.name, pytest.approx(expected, rel=1e-6), False)
    assert not name.startswith(("auc", "pre", "map", "ndcg"))
    assert " " not in name
    assert ":" not in name
    score = metric(Y, PRED)
    assert isinstance(score, float)
    name, value, higher = score
    assert (name, value, higher) == (metric.name, float(score), False)
    assert (score[0], score[2]) == (metric.name, False)
    for other in (pickle.loads(pickle.dumps(score)), copy.deepcopy(score)):
        assert tuple(other) == tuple(score)
    assert_allclose(np.mean([score, score]), float(score))
    assert pickle.loads(pickle.dumps(metric)) == metric


def test_small_values_at_xgboosts_door_warn():
    dmatrix = xgb.DMatrix(np.zeros((501, 1)), 1e-7 * Y)
    with pytest.warns(UserWarning, match="six decimals.*relative=True"):
        metrics.mae()(np.zeros(501), dmatrix)
    _, value = metrics.mae(relative=True)(np.zeros(501), dmatrix)
    assert 0.5 < value < 2


CLASSES = RNG.integers(0, 4, 501).astype(float)
SCORES = 3 * RNG.standard_normal((501, 4))
SHARES = softmax(SCORES, axis=1)


@pytest.mark.parametrize("weight", [None, W])
def test_class_metrics_are_scikit_learns(weight):
    nll = sk.log_loss(CLASSES, SHARES, sample_weight=weight, labels=range(4))
    accuracy = sk.accuracy_score(CLASSES, SHARES.argmax(axis=1), sample_weight=weight)
    ours = metrics.negative_log_likelihood()
    assert_allclose(ours(CLASSES, SHARES, weight), nll, rtol=1e-9)
    assert_allclose(ours(CLASSES[:, None], SHARES.astype(np.float32), weight), nll, rtol=1e-5)
    raw = metrics.negative_log_likelihood(link=links.SOFTMAX)
    assert_allclose(raw(CLASSES, SCORES, weight), nll, rtol=1e-9)
    for pred in (SHARES, SCORES):
        assert_allclose(metrics.accuracy()(CLASSES, pred, weight), accuracy, rtol=1e-12)
    assert metrics.accuracy().higher_is_better
    assert not raw.higher_is_better


def test_negative_log_likelihood_at_the_extremes():
    """From raw scores it is exact; from probabilities it is bounded, as scikit-learn's."""
    raw = metrics.negative_log_likelihood(link=links.SOFTMAX)
    assert_allclose(raw([0, 1], [[-800.0, 0, 0], [0, -800.0, 0]]), 800 + np.log(2))
    assert_allclose(raw([0, 0], [[40.0, 0, 0], [40.0, 0, 0]]), 2 * np.exp(-40), rtol=1e-12)
    hard = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    expected = sk.log_loss([0, 1], hard, labels=range(3))
    assert_allclose(metrics.negative_log_likelihood()([0, 1], hard), expected)


@pytest.mark.parametrize(
    "metric", [metrics.negative_log_likelihood(link=links.SOFTMAX), metrics.accuracy()]
)
def test_doors_of_class_metrics(metric):
    """Both libraries hand over (n, K), after a training with two metrics by the plain doors."""
    objective = softmax_cross_entropy()
    expected = float(metric(CLASSES, SCORES.astype(np.float32), W))
    dmatrix = xgb.DMatrix(SCORES, CLASSES, weight=W)
    assert metric(SCORES.astype(np.float32), dmatrix) == (metric.name, pytest.approx(expected))
    params = {"num_class": 4, "nthread": 1, "disable_default_eval_metric": 1}
    seen = {}
    booster = xgb.train(
        params, dmatrix, 3, obj=objective, custom_metric=metric, evals=[(dmatrix, "train")],
        evals_result=seen, verbose_eval=False,
    )  # fmt: skip
    after = float(metric(CLASSES, booster.predict(dmatrix, output_margin=True), W))
    assert_allclose(seen["train"][metric.name][-1], after, rtol=1e-4)
    dataset = lgb.Dataset(SCORES, CLASSES, weight=W)
    params = {"objective": objective, "num_class": 4, "metric": "None", "verbosity": -1}
    booster = lgb.train(
        params | {"num_threads": 1}, dataset, 3, valid_sets=[dataset], feval=metric,
        callbacks=[lgb.record_evaluation(seen)],
    )  # fmt: skip
    after = float(metric(CLASSES, booster.predict(SCORES, raw_score=True), W))
    assert_allclose(seen["training"][metric.name][-1], after, rtol=1e-6)


def test_errors_of_class_metrics():
    nll = metrics.negative_log_likelihood()
    with pytest.raises(ValueError, match=r"y_pred: a value outside .*link=objective.link"):
        nll(CLASSES, SCORES)
    with pytest.raises(ValueError, match=r"y_pred: a sum other than 1.*link=objective.link"):
        nll(CLASSES, SHARES / 2)
    with pytest.raises(
        ValueError, match=r"y_pred: shape \(501,\); needed: one column for each class"
    ):
        metrics.accuracy()(LABEL, P)
    with pytest.raises(ValueError, match=r"y_true: a label that is no class code.*codes 0..3"):
        metrics.accuracy()(CLASSES + 1, SHARES)
    with pytest.raises(ValueError, match=r"y_true: shape \(501, 4\)"):
        nll(SHARES, SHARES)
    with pytest.raises(ValueError, match="y_true: NaN"):
        nll(CLASSES * np.nan, SHARES)


def test_errors():
    with pytest.raises(
        ValueError, match=r"y_pred: a value outside \[0, 1\] in.*link=objective.link"
    ):
        metrics.log_loss()(LABEL, PRED)
    with pytest.raises(ValueError, match=r"y_true: a label outside \[0, 1\]"):
        metrics.brier()(Y, P)
    with pytest.raises(ValueError, match=r"y_true: a label outside \[0, 1\]"):
        metrics.log_loss(link=LOGIT)(Y, PRED)
    with pytest.raises(ValueError, match="all labels equal"):
        metrics.mae(relative=True)(np.ones(5), np.zeros(5))
    with pytest.raises(ValueError, match="tau"):
        metrics.pinball(1.0)
    with pytest.raises(ValueError, match="level"):
        metrics.coverage_error(90)
