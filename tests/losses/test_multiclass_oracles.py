"""Losses of several outputs, and weights of classes, against independent implementations."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax, rel_entr, softmax
from sklearn._loss import HalfMultinomialLoss
from sklearn.utils.class_weight import compute_sample_weight

from gbm_objectives import (
    binary_cross_entropy,
    focal,
    kl_divergence,
    negative_log_likelihood,
    softmax_cross_entropy,
    softmax_focal,
)
from gbm_objectives.weighting import EffectiveNumber

N, K = 400, 5
RNG = np.random.default_rng(0)
SHARES = np.array([0.5, 0.25, 0.15, 0.07, 0.03])
CODES = RNG.choice(K, N, p=SHARES).astype(float)
RAW = np.asfortranarray(3 * RNG.standard_normal((N, K)))
ONE_HOT = np.eye(K)[CODES.astype(int)]
GAMMAS = [0.0, 0.5, 1.3, 2.0, 5.0]


def test_softmax_cross_entropy_is_scikit_learns():
    oracle, loss = HalfMultinomialLoss(n_classes=K), softmax_cross_entropy().loss
    gradient, hessian = oracle.gradient_hessian(CODES, np.ascontiguousarray(RAW))
    assert_allclose(loss.value(CODES, RAW), oracle.loss(CODES, np.ascontiguousarray(RAW)))
    assert_allclose(loss.gradient(CODES, RAW), gradient, rtol=1e-9, atol=1e-14)
    assert_allclose(loss.hessian(CODES, RAW), hessian, rtol=1e-9, atol=1e-14)
    assert_allclose(
        loss.intercept(CODES, None), oracle.fit_intercept_only(CODES), rtol=1e-6, atol=1e-9
    )
    assert negative_log_likelihood() == softmax_cross_entropy()


@pytest.mark.parametrize("sharp", [False, True])
def test_kl_divergence_is_scipys(sharp):
    """Labels of 0, too: 0 log 0 is 0."""
    target = ONE_HOT if sharp else np.random.default_rng(1).dirichlet(np.full(K, 0.3), N)
    loss = kl_divergence().loss
    assert_allclose(
        loss.value(target, RAW), rel_entr(target, softmax(RAW, axis=1)).sum(axis=1), atol=1e-12
    )
    p = softmax(RAW, axis=1)
    assert_allclose(loss.gradient(target, RAW), p - target, atol=1e-14)
    assert_allclose(loss.hessian(target, RAW), p * (1 - p), atol=1e-14)
    # Up to the entropy of the labels it is cross-entropy, scikit-learn's where they are sharp.
    if sharp:
        oracle = HalfMultinomialLoss(n_classes=K).loss(CODES, np.ascontiguousarray(RAW))
        assert_allclose(loss.value(target, RAW), oracle, atol=1e-12)


def test_label_smoothing_of_five_classes():
    objective = softmax_cross_entropy(label_smoothing=0.1, smoothing="others")
    target = np.full((1, 5), 0.025)
    target[0, 1] = 0.9
    raw = np.asfortranarray(RAW[:1])
    assert_allclose(
        objective.loss.gradient(np.ones(1), raw), softmax(raw, axis=1) - target, atol=1e-14
    )
    assert_allclose(
        objective.loss.value(np.ones(1), raw), -(target * log_softmax(raw, axis=1)).sum()
    )


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.7])
def test_uniform_smoothing_is_pytorchs(epsilon):
    """(1 - e) nll - e/K sum of log p, as CrossEntropyLoss(label_smoothing=e) documents it."""
    loss = softmax_cross_entropy(label_smoothing=epsilon).loss
    log_p = log_softmax(RAW, axis=1)
    nll = -log_p[np.arange(N), CODES.astype(int)]
    assert_allclose(
        loss.value(CODES, RAW), (1 - epsilon) * nll - epsilon / K * log_p.sum(axis=1), rtol=1e-12
    )
    target = (1 - epsilon) * ONE_HOT + epsilon / K
    assert_allclose(loss.gradient(CODES, RAW), softmax(RAW, axis=1) - target, atol=1e-14)


@pytest.mark.parametrize("factory", [softmax_cross_entropy, softmax_focal])
def test_balanced_weights_are_scikit_learns(factory):
    weight = compute_sample_weight("balanced", CODES)
    expected = factory()(CODES, RAW, weight)
    for found, right in zip(factory(class_weight="balanced")(CODES, RAW), expected, strict=True):
        assert_allclose(found, right, rtol=1e-5)
    metric = factory(class_weight="balanced").metric(CODES, RAW)
    values = factory().loss.value(CODES, RAW)
    assert_allclose(float(metric), np.mean(weight * values), rtol=1e-6)


@pytest.mark.parametrize("factory", [binary_cross_entropy, focal])
def test_balanced_binary_weights_are_scikit_learns(factory):
    label, raw = (CODES == 1).astype(float), RAW[:, 0].copy()
    expected = factory()(label, raw, compute_sample_weight("balanced", label))
    for found, right in zip(factory(class_weight="balanced")(label, raw), expected, strict=True):
        assert_allclose(found, right, rtol=1e-5)


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.999, 1 - 1e-9])
def test_effective_numbers_are_the_papers(beta):
    """(1 - beta)/(1 - beta^n_k), up to a factor that makes the mean over rows 1."""
    counts = np.bincount(CODES.astype(int), minlength=K)
    exact = [(1 - mpmath.mpf(beta)) / (1 - mpmath.mpf(beta) ** int(n)) for n in counts]
    weight = np.array(exact, dtype=float)[CODES.astype(int)]
    expected = softmax_cross_entropy()(CODES, RAW, weight / weight.mean())
    objective = softmax_cross_entropy(class_weight=EffectiveNumber(beta))
    for found, right in zip(objective(CODES, RAW), expected, strict=True):
        assert_allclose(found, right, rtol=1e-5)


@pytest.mark.parametrize("smoothing", ["uniform", "others"])
@pytest.mark.parametrize("epsilon", [0.0, 0.2])
@pytest.mark.parametrize("gamma", GAMMAS)
def test_softmax_focal_of_two_classes_is_binary_focal(gamma, epsilon, smoothing):
    label = (CODES == 0).astype(float)
    raw = np.asfortranarray(RAW[:, :2])
    z = raw[:, 1] - raw[:, 0]
    ours = softmax_focal(gamma, label_smoothing=epsilon, smoothing=smoothing).loss
    binary = focal(gamma, label_smoothing=epsilon, smoothing=smoothing).loss
    assert_allclose(ours.value(label, raw), binary.value(label, z), rtol=1e-10, atol=1e-14)
    gradient, hessian = binary.gradient_hessian(label, z)
    sides = np.array([-1.0, 1.0])
    assert_allclose(ours.gradient(label, raw), gradient[:, None] * sides, rtol=1e-9, atol=1e-14)
    assert_allclose(ours.hessian(label, raw), np.tile(hessian[:, None], 2), rtol=1e-9, atol=1e-13)
    assert_allclose(
        np.diff(ours.log_probabilities(raw))[:, 0], binary.log_odds(z), rtol=1e-8, atol=1e-9
    )


RECOVERABLE = [
    softmax_cross_entropy(),
    softmax_cross_entropy(label_smoothing=0.1),
    softmax_cross_entropy(label_smoothing=0.1, smoothing="others"),
    softmax_focal(0.0),
    softmax_focal(0.5),
    softmax_focal(2.0),
    softmax_focal(5.0),
    softmax_focal(2.0, label_smoothing=0.1),
    softmax_focal(2.0, label_smoothing=0.1, smoothing="others"),
]


@pytest.mark.parametrize("objective", RECOVERABLE, ids=repr)
def test_the_best_constant_gives_the_class_shares_back(objective):
    """Those of smoothed labels, where labels are smoothed."""
    y = np.repeat(np.arange(K), (1000 * SHARES).astype(int)).astype(float)
    scores = objective.intercept(y)
    found = softmax(objective.loss.log_probabilities(scores[None]), axis=1)[0]
    e = objective.loss.label_smoothing
    other = e / K if objective.loss.smoothing == "uniform" else e / (K - 1)
    true = 1 - (K - 1) * other
    assert_allclose(found, true * SHARES + other * (1 - SHARES), rtol=1e-6)
    raw = np.asfortranarray(np.tile(scores, (len(y), 1)))
    assert_allclose(objective.loss.gradient(y, raw).mean(axis=0), 0, atol=1e-7)


MAGNITUDES = [0.0, 1e-3, 0.3, 2.0, 8.0, 15.0, 30.0, 90.0, 200.0, 1e4]


def score_rows():
    """Rows of three classes: each one ahead by each magnitude, near ties and mixed sizes."""
    rows = []
    for size in MAGNITUDES:
        rows += [
            (size, 0.0, -size),
            (-size, size, 0.5 * size),
            (size, size, 0.0),
            (0.1, size, -1.0),
        ]
        rows += [(-size, -size, -size), (size + 0.25, size, size)]
    return np.asfortranarray(rows, dtype=np.float32)


def exact_derivatives(value, scores):
    """Gradient and diagonal of the Hessian of ``value`` at float32 scores, by 60 digits."""
    z = [mpmath.mpf(float(s)) for s in scores]
    gradient, hessian = [], []
    for k in range(len(z)):

        def along(t, k=k):
            return value([*z[:k], t, *z[k + 1 :]])

        gradient.append(mpmath.diff(along, z[k]))
        hessian.append(mpmath.diff(along, z[k], 2))
    return gradient, hessian


@pytest.mark.parametrize("epsilon", [0.0, 0.1])
@pytest.mark.parametrize("gamma", [None, 0.5, 2.0, 5.0])
def test_float32_derivatives_against_mpmath(gamma, epsilon):
    """1e-6 of their size, or of .1 (gradient) and .25 (Hessian), which are below their ranges, at any score."""
    # Differences of 1 - p cancel where p is near 1: far more digits than the scores' exp(-1e4) has.
    mpmath.mp.dps = 60
    raw = score_rows()
    factory = softmax_cross_entropy if gamma is None else softmax_focal
    parameters = {} if gamma is None else {"gamma": gamma}
    loss = factory(label_smoothing=epsilon, **parameters).loss
    for y in range(3):
        target = [epsilon / 3 + (1 - epsilon) * (k == y) for k in range(3)]

        def value(z, target=target):
            total = mpmath.mpf(0)
            for k, share in enumerate(target):
                if share:
                    odds = mpmath.fsum(mpmath.exp(s - z[k]) for i, s in enumerate(z) if i != k)
                    q = odds / (1 + odds)
                    total += share * mpmath.power(q, gamma or 0) * mpmath.log1p(odds)
            return total

        g, h = loss.gradient_hessian(np.full(len(raw), y, np.float32), raw)
        for i, scores in enumerate(raw):
            exact_g, exact_h = exact_derivatives(value, scores)
            for k in range(3):
                assert abs(g[i, k] - exact_g[k]) <= 1e-6 * max(abs(exact_g[k]), 0.1), (scores, y)
                assert abs(h[i, k] - exact_h[k]) <= 1e-6 * max(abs(exact_h[k]), 0.25), (scores, y)


def test_extreme_values_of_the_losses_are_exact():
    """Where one class holds nearly all: log1p of the others, and differences of scores."""
    raw = np.asfortranarray([[40.0, 0.0, 0.0], [-800.0, 0.0, -800.0], [1e4, 0.0, 0.0]])
    expected = [2 * np.exp(-40), 800.0, 0.0]
    for factory in (softmax_cross_entropy, lambda: softmax_focal(0.0)):
        assert_allclose(factory().loss.value(np.zeros(3), raw), expected, rtol=1e-12)
    target = np.tile([1.0, 0.0, 0.0], (3, 1))
    assert_allclose(kl_divergence().loss.value(target, raw), expected, rtol=1e-12)
    assert_array_equal(softmax_cross_entropy().loss.gradient(np.zeros(3), raw)[1], [-1, 1, 0])
