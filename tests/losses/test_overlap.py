"""Dice and Tversky: global sums, their metrics, their start, and training."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.metrics import f1_score, jaccard_score

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import binary_cross_entropy, dice, tversky
from gbm_objectives.sklearn import ObjectiveClassifier

RNG = np.random.default_rng(0)
N = 60
Y = (RNG.random(N) < 0.3).astype(float)
RAW = 2 * RNG.standard_normal(N)
W = RNG.uniform(0.5, 2, N)
CASES = [dice(), dice(0.0), tversky(), tversky(0.9, 0.2, 3.0), tversky(1.0, 1.0, 0.0)]
every_case = pytest.mark.parametrize("objective", CASES, ids=repr)
weighted = pytest.mark.parametrize("weight", [None, W], ids=["", "weighted"])


def index(y, raw, weight, alpha, beta, smooth):
    """The Tversky index as the papers write it."""
    w, p = np.ones(len(y)) if weight is None else weight, expit(raw)
    both = (w * y * p).sum()
    false_positive, false_negative = (w * (1 - y) * p).sum(), (w * y * (1 - p)).sum()
    return (both + smooth) / (both + alpha * false_positive + beta * false_negative + smooth)


@every_case
@weighted
def test_value_and_metric_are_the_global_loss(objective, weight):
    loss = objective.loss
    expected = 1 - index(Y, RAW, weight, *loss.costs, loss.smooth)
    assert_allclose(objective.value(Y, RAW, weight), expected, rtol=1e-12)
    assert_allclose(objective.metric(Y, RAW, weight), expected, rtol=1e-12)


@every_case
@weighted
def test_gradient_is_n_times_the_derivative_of_the_global_loss(objective, weight):
    """The sums are taken anew for each move of a single row."""
    gradient, hessian = objective(Y, RAW, weight)
    total = N if weight is None else weight.sum()
    moves = 1e-5 * np.eye(N)
    expected = [
        (objective.value(Y, RAW + move, weight) - objective.value(Y, RAW - move, weight)) / 2e-5
        for move in moves
    ]
    assert_allclose(gradient / total, expected, rtol=1e-5, atol=1e-9)
    assert_allclose(hessian, np.abs(gradient))


@weighted
def test_hard_predictions_are_f1_and_jaccard(weight):
    """At scores of +-800 probabilities are 0 and 1: soft overlap is the hard one of scikit-learn."""
    raw = 800 * np.sign(RAW)
    f1 = f1_score(Y, RAW > 0, sample_weight=weight)
    jaccard = jaccard_score(Y, RAW > 0, sample_weight=weight)
    assert_allclose(1 - dice(0.0).value(Y, raw, weight), f1, rtol=1e-12)
    assert_allclose(1 - tversky(1.0, 1.0, 0.0).value(Y, raw, weight), jaccard, rtol=1e-12)
    assert dice().value(Y, RAW) == tversky(0.5, 0.5).value(Y, RAW)


def test_alpha_weighs_false_positives_and_beta_false_negatives():
    positives = np.where(Y == 1, 50.0, np.where(np.arange(N) % 2, 50.0, -50.0))  # and no misses
    misses = np.where(Y == 1, np.where(np.arange(N) % 2, 50.0, -50.0), -50.0)
    for raw, alpha, beta in ((positives, 5.0, 0.1), (misses, 0.1, 5.0)):
        assert tversky(alpha, beta).value(Y, raw) > tversky(beta, alpha).value(Y, raw)


def test_gradient_is_of_order_1_in_any_number_of_rows():
    small = dice(0.0)(Y, RAW)[0]
    large = dice(0.0)(np.tile(Y, 1000), np.tile(RAW, 1000))[0][:N]
    assert_allclose(large, small, rtol=1e-4)
    assert 0.01 < np.abs(small).max() < 10


def test_the_best_constant_is_infinite_so_boosting_starts_at_the_base_rate():
    rate = Y.mean()
    for objective in CASES:
        assert_allclose(objective.intercept(Y), np.log(rate / (1 - rate)))
        values = [objective.value(Y, np.full(N, z)) for z in (-10.0, -1.0, 0.0, 1.0, 10.0)]
        assert (np.diff(values) < 0).all() or (np.diff(values) > 0).all()
    sums = dice() + tversky()
    assert_allclose(sums.intercept(Y), np.log(rate / (1 - rate)))


@pytest.mark.parametrize(
    "objective",
    [
        binary_cross_entropy() + dice(),
        binary_cross_entropy() + 50 * tversky(),
        binary_cross_entropy() + dice(1e4),
        0.1 * binary_cross_entropy(class_weight="balanced") + dice(0.0),
    ],
    ids=repr,
)
@weighted
def test_beside_cross_entropy_the_start_is_the_best_constant(objective, weight):
    found = objective.intercept(Y, weight)

    def at(score):
        return objective.value(Y, np.full(N, score), weight)

    for step in (1e-4, 1e-2, 0.3, 2.0, 20.0):
        assert at(found) <= min(at(found - step), at(found + step)) + 1e-13
    # A minimum, not the start of the search.
    assert abs(found - binary_cross_entropy().intercept(Y, weight)) > 1e-3


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_alone(label):
    """No slope changes its sign: the start is that of cross-entropy, and all is finite."""
    y = np.full(20, label)
    for objective in (dice(), dice(0.0), binary_cross_entropy() + dice(0.0)):
        assert_allclose(abs(objective.intercept(y)), np.log(1e6), rtol=1e-6)
        gradient, hessian = objective(y, RAW[:20])
        assert np.isfinite(gradient).all()
        assert (hessian > 0).all()
        assert np.isfinite(objective.value(y, RAW[:20]))


def test_soft_labels_and_bad_parameters_are_refused():
    with pytest.raises(ValueError, match="a label other than 0 and 1"):
        dice()(np.full(4, 0.5), np.zeros(4))
    for bad in ({"alpha": 0.0}, {"beta": -1.0}, {"smooth": -1.0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            tversky(**bad)
    with pytest.raises(TypeError, match=r'dice; needed.*use "absolute" or "unit"'):
        dice(curvature="exact")
    with pytest.raises(ValueError, match="sums: None"):
        dice().loss.gradient(Y, RAW)


RARE = load_digits(return_X_y=True)
DATA = {
    "cancer": load_breast_cancer(return_X_y=True),
    "rare": (RARE[0], (RARE[1] == 8).astype(float)),
}


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize(
    "objective", [dice(), tversky(), binary_cross_entropy() + dice()], ids=repr
)
def test_training_lowers_the_global_loss(objective, data, library):
    x, y = DATA[data]
    if library == "xgboost":
        trained = xgb.DMatrix(x, y)
        booster = gox.train({"nthread": 1}, trained, 100, objective=objective)
        raws = [
            booster.predict(trained, output_margin=True, iteration_range=(0, k)) for k in (5, 100)
        ]
    else:
        parameters = {"num_threads": 1, "verbosity": -1}
        booster = gol.train(parameters, lgb.Dataset(x, y), 100, objective=objective)
        raws = [booster.predict(x, raw_score=True, num_iteration=k) for k in (5, 100)]
    start = objective.value(y, np.full(len(y), objective.intercept(y)))
    early, late = (objective.value(y, raw) for raw in raws)
    assert late < early < start
    assert late < 0.05 * start
    assert f1_score(y, raws[1] > 0) > 0.98


def test_log_odds_are_the_scores():
    """Dice has no map back to probabilities, so a classifier beside cross-entropy uses the sigmoid."""
    for objective in (dice(), binary_cross_entropy() + dice()):
        assert_allclose(objective.log_odds(RAW), RAW)


@pytest.mark.parametrize(
    "estimator",
    [
        xgb.XGBClassifier(n_estimators=20, n_jobs=1),
        lgb.LGBMClassifier(n_estimators=20, verbosity=-1),
    ],
    ids=["xgboost", "lightgbm"],
)
def test_classifier(estimator):
    x, y = DATA["cancer"]
    model = ObjectiveClassifier(estimator, binary_cross_entropy() + dice()).fit(x, y)
    raw = model.raw_prediction(x)
    assert_allclose(model.predict_proba(x)[:, 1], expit(raw.astype(float)))
    assert f1_score(y, model.predict(x)) > 0.98


def test_sums_of_huge_weights_stay_finite():
    """Two weights that float32 holds, and whose sum it doesn't."""
    y, raw = np.array([1, 0], np.float32), np.array([0.6, 0.1], np.float32)
    weight = np.array([2.4, 2.7], np.float32)
    objective = dice(smooth=0.0)
    found = objective.value(y, raw, weight * np.float32(1e38))
    assert_allclose(found, objective.value(y, raw, weight), rtol=1e-6)
