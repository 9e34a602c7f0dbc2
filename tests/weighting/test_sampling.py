"""Random draws of classes and rows: unbiased, reproducible, another one in each round."""

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp, softmax
from sklearn.datasets import load_digits

from gbm_objectives import (
    binary_cross_entropy,
    focal,
    huber,
    kl_divergence,
    multilabel_cross_entropy,
    negative_sampling,
    sampled_softmax,
    softmax_cross_entropy,
)
from gbm_objectives._core import draws as _draws
from gbm_objectives._core import rows as _rows
from gbm_objectives._core.frozen import FrozenArray
from gbm_objectives.curvature import XGBoost
from gbm_objectives.losses.sampled import Draw
from gbm_objectives.testing import check_objective

N, K = 300, 12
RNG = np.random.default_rng(0)
CODES = RNG.choice(K, N, p=np.arange(K, 0, -1) / (K * (K + 1) / 2)).astype(float)
RAW = np.asfortranarray(1.5 * RNG.standard_normal((N, K)))
ONE_HOT = np.eye(K)[CODES.astype(int)]
DISTRIBUTIONS = ["uniform", "frequency"]


def drawn(objective, y=CODES, raw=RAW, weight=None):
    return objective.terms[0].resolved(y, raw, weight, None).loss


def log_partition(loss, y=CODES, raw=RAW):
    return loss.value(y, raw) + raw[np.arange(len(y)), y.astype(int)]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_every_class_is_drawn_with_its_probability(distribution):
    """Against the count over 4,000 seeds; always n_negatives classes, none twice."""
    n_seeds, counts, expected = 4000, np.zeros(K), np.zeros(K)
    for seed in range(n_seeds):
        draw = drawn(sampled_softmax(4, distribution=distribution, seed=seed)).draw
        assert len(set(draw.classes.values)) == len(draw.classes.values) == 4
        counts[draw.classes.values] += 1
        expected[draw.classes.values] = draw.probability.values
    assert_allclose(expected.sum(), 4)
    assert (np.abs(counts / n_seeds - expected) < 4 * np.sqrt(expected / n_seeds)).all()
    shares = np.bincount(CODES.astype(int), minlength=K) / N
    sizes = np.ones(K) if distribution == "uniform" else shares**0.75
    assert_allclose(expected, 4 * sizes / sizes.sum())


def test_probabilities_are_at_most_one():
    """What is cut off goes to the others; a class without rows counts as a tenth of the mean one."""
    probability = _draws.inclusion(np.array([100.0, 10.0, 1.0, 1.0, 1.0]), 3)
    assert_allclose(probability, [1, 1, 1 / 3, 1 / 3, 1 / 3])
    assert_array_equal(_draws.inclusion(np.ones(3), 5), 1)
    for draw in range(50):
        assert {0, 1} <= set(_draws.systematic(probability, draw))
    y = np.array([0.0] * 90 + [1.0] * 10)
    raw = np.zeros((100, 4))
    seen = {}
    for seed in range(50):
        draw = drawn(sampled_softmax(2, distribution="frequency", seed=seed), y, raw).draw
        seen |= dict(
            zip(draw.classes.values.tolist(), draw.probability.values.tolist(), strict=True)
        )
    sizes = np.array([0.9, 0.1, 0.025, 0.025]) ** 0.75
    assert_allclose(seen[0], 1)
    assert_allclose([seen[1], seen[2], seen[3]], sizes[1:] / sizes[1:].sum())


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_estimated_partition_is_unbiased(distribution):
    """Of exp: each row's mean over 4,000 draws within 5 of its standard errors, and of all rows within 3."""
    factories = [sampled_softmax(4, distribution=distribution, seed=s) for s in range(4000)]
    ratio = np.exp([log_partition(drawn(f)) for f in factories] - logsumexp(RAW, axis=1))
    error = ratio.std(axis=0) / np.sqrt(len(ratio))
    z = (ratio.mean(axis=0) - 1) / error
    assert np.abs(z).max() < 5
    joint = ratio.mean(axis=1)
    assert abs(joint.mean() - 1) < 3 * joint.std() / np.sqrt(len(joint))
    assert ratio.std() > 0.2  # there was something to average
    # The logarithm is too small on average (Jensen).
    assert np.log(ratio).mean() < -0.01


def test_gradient_nears_the_full_one_as_more_classes_are_drawn():
    full = softmax(RAW, axis=1) - ONE_HOT
    bias, spread = {}, {}
    for n_negatives in (2, 4, 8, 11):
        gradients = [sampled_softmax(n_negatives, seed=s)(CODES, RAW)[0] for s in range(800)]
        bias[n_negatives] = np.abs(np.mean(gradients, axis=0) - full).mean()
        spread[n_negatives] = np.std(gradients, axis=0).mean()
    assert bias[2] > bias[4] > bias[8] > bias[11]
    assert spread[2] > spread[4] > spread[8] > spread[11]
    assert bias[2] < 0.5 * np.abs(full).mean()
    assert bias[11] < 0.02 * np.abs(full).mean()


def test_classes_that_are_not_drawn_have_gradients_in_their_own_rows_alone():
    objective = sampled_softmax(3)
    draw = drawn(objective).draw
    gradient, hessian = objective(CODES, RAW)
    used = ONE_HOT.astype(bool)
    used[:, draw.classes.values] = True
    assert (gradient[used] != 0).all()
    assert_array_equal(gradient[~used], 0)
    # So much each class' leaves are held back where nothing is known of its probability.
    shares = np.bincount(CODES.astype(int), minlength=K) / N
    expected = np.broadcast_to(2 * shares * (1 - shares), (N, K))
    assert_allclose(hessian[~used], expected[~used], rtol=1e-6)


def test_derivatives_are_those_of_the_corrected_softmax():
    """One row by hand: logits z_y and z_j - log pi_j of the drawn ones."""
    loss = drawn(sampled_softmax(5, distribution="frequency"))
    gradient, hessian = loss.gradient_hessian(CODES, RAW)
    _, stand_in = XGBoost().evaluate(loss, CODES, RAW)
    for i in range(N):
        own = int(CODES[i])
        logits = {
            int(j): RAW[i, j] - np.log(pi)
            for j, pi in zip(loss.draw.classes.values, loss.draw.probability.values, strict=True)
        } | {own: RAW[i, own]}
        q = dict(zip(logits, softmax(list(logits.values())), strict=True))
        assert_allclose(loss.value(CODES[[i]], RAW[[i]]), -np.log(q[own]), rtol=1e-12)
        chance = dict(zip(loss.draw.classes.values, loss.draw.probability.values, strict=True)) | {
            own: 1.0
        }
        for j, share in q.items():
            assert_allclose(gradient[i, j], share - (j == own), rtol=1e-12, atol=1e-15)
            assert_allclose(hessian[i, j], share * (1 - share), rtol=1e-10, atol=1e-15)
            p = chance[j] * share
            assert_allclose(stand_in[i, j], 2 * p * (1 - p), rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("curvature", [None, "exact", "majorizer", "lightgbm"])
@pytest.mark.parametrize("n_negatives", [K, K + 5])
def test_all_classes_are_the_full_loss(n_negatives, curvature):
    weights = np.random.default_rng(1).uniform(0.5, 2, N)
    full = softmax_cross_entropy(curvature=curvature, class_weight="balanced")
    for distribution in DISTRIBUTIONS:
        objective = sampled_softmax(
            n_negatives, distribution=distribution, curvature=curvature, class_weight="balanced"
        )
        for found, right in zip(
            objective(CODES, RAW, weights), full(CODES, RAW, weights), strict=True
        ):
            assert_array_equal(found, right)
        assert objective.value(CODES, RAW, weights) == full.value(CODES, RAW, weights)


def test_intercept_and_metric_are_those_of_the_full_loss():
    objective, full = sampled_softmax(3), softmax_cross_entropy()
    assert_array_equal(objective.intercept(CODES), full.intercept(CODES))
    assert float(objective.metric(CODES, RAW)) == float(full.metric(CODES, RAW))
    total = (objective + full).intercept(CODES)
    assert_allclose(total, full.intercept(CODES), atol=1e-4)
    assert_array_equal(objective.loss.log_probabilities(RAW), full.loss.log_probabilities(RAW))


DRAWING = [
    pytest.param(sampled_softmax(3), CODES, RAW, id="sampled_softmax"),
    pytest.param(
        negative_sampling(share=0.5), (CODES == 0) * 1.0, RAW[:, 0].copy(), id="negative_sampling"
    ),
]


@pytest.mark.parametrize(("objective", "y", "raw"), DRAWING)
def test_draws_are_reproducible_and_change_with_the_predictions(objective, y, raw):
    first = objective(y, raw)[0] != 0
    objective(y, -raw)
    assert_array_equal(objective(y, raw)[0] != 0, first)
    # Another prediction in one row of 300 changes the draw (of classes: one of 220, so not always).
    rng, changed = np.random.default_rng(1), []
    for row in range(40):
        moved = raw.astype(np.float32)
        moved[row] += np.float32(1e-3) * rng.standard_normal(moved[row].shape)
        changed.append((objective(y, moved)[0] != 0).tolist() != first.tolist())
    assert np.mean(changed) > 0.9
    reseeded = objective.with_parameters(seed=1)
    assert ((reseeded(y, raw)[0] != 0) != first).any()
    fixed = objective.fixed(y, raw) if raw.ndim == 1 else None
    if fixed is not None:
        assert_array_equal(fixed(y, -raw)[0] != 0, first)


def test_checksum_is_exact_in_any_order():
    values = np.random.default_rng(1).standard_normal((5000, 7)).astype(np.float32)
    weights = np.random.default_rng(2).uniform(0, 3, 5000)
    parts = [_draws.checksum(values[i::13], weights[i::13]) for i in range(13)]
    assert sum(parts) % 2**32 == _draws.checksum(values, weights)
    times = np.random.default_rng(3).integers(0, 5, 5000)
    assert _draws.checksum(np.repeat(values, times, axis=0)) == _draws.checksum(values, times)
    ones = _draws.checksum(values, np.ones(5000))
    assert ones == _draws.checksum(values) == _draws.checksum(values.astype(np.float64))
    # Weights that add up to 1 leave no bit of it unused.
    small = weights / weights.sum()
    assert len({_draws.checksum(values + np.float32(i), small) for i in range(50)}) == 50


def test_hashes_are_uniform_and_independent():
    for draw in (_draws.key(seed, total) for seed in range(3) for total in (0.0, 1.0, 2.0**33)):
        u = _draws.hashes(draw, 0, 200_000) / 2.0**32
        counts = np.bincount((256 * u).astype(int), minlength=256)
        assert abs(((counts - 781.25) ** 2 / 781.25).sum() - 255) < 5 * np.sqrt(2 * 255)
        assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 5 / np.sqrt(200_000)
        assert_array_equal(_draws.hashes(draw, 1000, 2000), _draws.hashes(draw, 0, 2000)[1000:])
    keys = {_draws.key(seed, float(total)) for seed in range(100) for total in range(100)}
    assert len(keys) == 10_000
    one, other = (_draws.hashes(_draws.key(0, total), 0, 200_000) for total in (0.0, 1.0))
    assert abs(np.corrcoef(one, other)[0, 1]) < 5 / np.sqrt(200_000)


ROWS = 20_000
LABEL = (RNG.random(ROWS) < 0.05).astype(float)
SCORE = RNG.standard_normal(ROWS) - 3


def test_negatives_are_kept_by_their_share_and_weighted_up():
    share = 0.2
    full_gradient, full_hessian = binary_cross_entropy()(LABEL, SCORE)
    gradient, hessian = negative_sampling(share=share)(LABEL, SCORE)
    for found, full in ((gradient, full_gradient), (hessian, full_hessian)):
        factor = found / full
        assert_array_equal(factor[LABEL == 1], 1)
        negatives = factor[LABEL == 0]
        dropped = negatives == 0
        assert_allclose(negatives[~dropped], 1 / share, rtol=1e-6)
        n = len(negatives)
        deviation = abs((~dropped).mean() - share)
        assert deviation < 4 * np.sqrt(share * (1 - share) / n)


def test_sums_over_draws_are_unbiased():
    """The mean factor of each row over 2,000 seeds is 1, within 5 standard errors."""
    share, n = 0.3, 200
    total = np.zeros(n)
    for seed in range(2000):
        g, _ = negative_sampling(focal(), share=share, seed=seed)(LABEL[:n], SCORE[:n])
        total += g / focal()(LABEL[:n], SCORE[:n])[0]
    error = np.sqrt((1 / share - 1) / 2000)
    assert np.abs(total / 2000 - 1).max() < 5 * error


def test_blocks_and_weights_do_not_change_the_rows_that_are_kept(monkeypatch):
    objective = negative_sampling(share=0.5)
    y, raw = LABEL[:1000], SCORE[:1000]
    expected = objective(y, raw)
    weights = np.random.default_rng(1).uniform(0.5, 2, 1000)
    for found, right in zip(objective(y, raw, weights), expected, strict=True):
        assert_allclose(found, weights * right, rtol=1e-5)
    value = objective.value(y, raw)
    monkeypatch.setattr(_rows, "BLOCK", 17)
    assert_allclose(objective.value(y, raw), value)
    for found, right in zip(objective(y, raw), expected, strict=True):
        assert_array_equal(found, right)


def test_columns_have_draws_of_their_own():
    """In the first round too, where their predictions are equal, unless they have as many positives."""
    y = (np.random.default_rng(1).random((2000, 3)) < [0.08, 0.1, 0.12]).astype(float)
    assert len(set(y.sum(axis=0))) == 3
    objective = negative_sampling(multilabel_cross_entropy(class_weight="balanced"), share=0.5)
    gradient, _ = objective(y, np.zeros((2000, 3)))
    zero = gradient == 0
    negative = (y == 0).all(axis=1)
    for a, b in ((0, 1), (1, 2), (0, 2)):
        both = (zero[negative, a] & zero[negative, b]).mean()
        assert abs(both - 0.25) < 0.05
    table = negative_sampling(multilabel_cross_entropy(y), share=0.5)
    assert_array_equal(table(np.arange(2000), np.zeros((2000, 3)))[0] == 0, zero)


def test_a_share_of_one_is_the_objective():
    for base in (binary_cross_entropy(), focal(alpha=0.25)):
        objective = negative_sampling(base, share=1.0)
        for found, right in zip(objective(LABEL, SCORE), base(LABEL, SCORE), strict=True):
            assert_array_equal(found, right)
        assert objective.intercept(LABEL) == base.intercept(LABEL)
        half = negative_sampling(base, share=0.5)
        assert float(half.metric(LABEL, SCORE)) == float(base.metric(LABEL, SCORE))
        assert half.intercept(LABEL) == base.intercept(LABEL)
    # Terms of a sum lose the same rows.
    total = negative_sampling(binary_cross_entropy() + focal(), share=0.5)
    one = negative_sampling(share=0.5)
    assert_array_equal(total(LABEL, SCORE)[0] == 0, one(LABEL, SCORE)[0] == 0)


def test_the_self_test_sees_the_draws():
    """A row that one draw leaves out is no dead row: over many draws it has a gradient."""
    report = check_objective(sampled_softmax(1), train=False)
    assert report["gradient"].status == report["determinism"].status == "ok"
    assert report["weights"].status == report["hessian"].status == "ok"
    assert report["saturation"].status == "ok"
    report = check_objective(negative_sampling(share=0.5), train=False)
    assert report["determinism"].status == report["weights"].status == "ok"
    assert report["saturation"].status == "ok"
    assert report["rows"].status == "warning"


def test_errors():
    with pytest.raises(ValueError, match=r"n_negatives: 0; needed: a whole number >= 1"):
        sampled_softmax(0)
    with pytest.raises(ValueError, match=r"n_negatives: 2.5; needed: a whole number"):
        sampled_softmax(2.5)
    with pytest.raises(TypeError, match=r"seed: None of type NoneType"):
        sampled_softmax(seed=None)
    with pytest.raises(ValueError, match=r'distribution: \'log\'; needed: "uniform" or'):
        sampled_softmax(distribution="log")
    with pytest.raises(ValueError, match="share: 0; needed: a number > 0 and <= 1"):
        negative_sampling(share=0)
    with pytest.raises(ValueError, match="seed: -1; needed: a whole number >= 0"):
        negative_sampling(seed=-1)
    with pytest.raises(TypeError, match=r"objective: huber; needed: a loss of labels 0 and 1"):
        negative_sampling(huber())
    for objective in (softmax_cross_entropy(), kl_divergence()):
        with pytest.raises(TypeError, match=r"use sampled_softmax\(\)"):
            negative_sampling(objective)
    with pytest.raises(TypeError, match="objective: a str; needed: an objective"):
        negative_sampling("focal")
    with pytest.raises(ValueError, match=r"draw: None.*resolve"):
        sampled_softmax(3).loss.value(CODES, RAW)
    loss, (sampling,) = negative_sampling().loss, negative_sampling().terms[0].weightings
    with pytest.raises(ValueError, match=r"key: None.*resolve"):
        sampling.factor(loss, slice(0, 3), LABEL[:3], SCORE[:3])
    assert replace(sampling, key=1) != sampling


def trained(library, objective, X, y, rounds=100):
    """Raw scores by each library's own door."""
    if library == "xgboost":
        data = xgb.DMatrix(X, y)
        params = {"num_class": 10, "max_depth": 3, "nthread": 1, "disable_default_eval_metric": 1}
        booster = xgb.train(params, data, rounds, obj=objective)
        return booster.predict(data, output_margin=True)
    params = {"objective": objective, "num_class": 10, "num_leaves": 7, "metric": "None"}
    params |= {"num_threads": 1, "verbosity": -1, "learning_rate": 0.3, "lambda_l2": 1}
    return lgb.train(params, lgb.Dataset(X, y), rounds).predict(X, raw_score=True)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_training_on_digits(library, distribution):
    """100 rounds: the full cross-entropy falls from log 10 to below a tenth, on training rows."""
    X, y = load_digits(return_X_y=True)
    objective = sampled_softmax(3, distribution=distribution)
    raw = trained(library, objective, X, y)
    full = float(objective.metric(y, raw))
    assert_allclose(float(objective.metric(y, np.zeros_like(raw))), np.log(10), rtol=1e-6)
    assert full < 0.1 * np.log(10)
    assert (raw.argmax(axis=1) == y).mean() > 0.97


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_training_on_sampled_negatives(library):
    """Rare digits against all: the full loss nears that of training on all negatives."""
    X, y = load_digits(return_X_y=True)
    label = (y == 3).astype(float)
    full = binary_cross_entropy()
    loss = {}
    for objective in (full, negative_sampling(share=0.3)):
        if library == "xgboost":
            data = xgb.DMatrix(X, label)
            params = {"max_depth": 3, "nthread": 1, "base_score": objective.intercept(label)}
            params["disable_default_eval_metric"] = 1
            raw = xgb.train(params, data, 60, obj=objective).predict(data)
        else:
            start = objective.intercept(label)
            data = lgb.Dataset(X, label, init_score=np.full(len(y), start))
            params = {"objective": objective, "metric": "None", "num_leaves": 7, "lambda_l2": 1}
            params |= {"num_threads": 1, "verbosity": -1, "learning_rate": 0.3}
            raw = start + lgb.train(params, data, 60).predict(X, raw_score=True)
        loss[objective] = float(full.metric(label, raw))
    assert loss[negative_sampling(share=0.3)] < 3 * loss[full] < 0.1


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_the_default_hessian_holds_back_classes_that_are_not_drawn(library):
    """With the exact one leaves step up nearly always, and the full loss stays far higher."""
    X, y = load_digits(return_X_y=True)
    loss = {}
    for curvature in (None, "exact"):
        objective = sampled_softmax(2, curvature=curvature)
        raw = trained(library, objective, X, y, rounds=40)
        loss[curvature] = float(objective.metric(y, raw))
    assert loss[None] < 0.35
    assert loss["exact"] > 3 * loss[None]


def test_a_draw_is_equal_to_the_same_draw_only():
    shares = np.array([0.2, 0.3, 0.5])

    def draw_of(*arrays):
        return Draw(*map(FrozenArray, arrays))

    draw = draw_of(np.array([0, 2]), np.array([0.5, 1.0]), shares)
    assert draw == draw_of(np.array([0, 2]), np.array([0.5, 1.0]), shares)
    assert hash(draw) == hash(draw_of(np.array([0, 2]), np.array([0.5, 1.0]), shares))
    assert draw != draw_of(np.array([0, 1]), np.array([0.5, 1.0]), shares)
    assert draw != draw_of(np.array([0, 2]), np.array([0.5, 0.9]), shares)
    assert draw != "a draw"
