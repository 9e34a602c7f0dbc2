"""Weights that follow the predictions: gradient harmonizing, hard example mining."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import (
    EffectiveNumber,
    binary_cross_entropy,
    curvature,
    dice,
    focal,
    ghm_classification,
    ghm_regression,
    hinge,
    huber,
    mean_bias_error,
    ohem,
    pseudo_huber,
    quantile,
    softmax_cross_entropy,
    squared_error,
)
from gbm_objectives.factories._make import objective as make
from gbm_objectives.objective import Objective
from gbm_objectives.weighting._hardness import GradientHarmonizing, HardestShare, _keys, _value

RNG = np.random.default_rng(0)
N = 3000
Y = (RNG.random(N) < 0.1).astype(float)
RAW = 2 * RNG.standard_normal(N) - 1
W = RNG.uniform(0.5, 2, N)
R_TRUE, R_RAW = RNG.standard_normal((2, N))
CODES = RNG.integers(0, 3, N).astype(float)
SCORES = np.asfortranarray(2 * RNG.standard_normal((N, 3)))
weighted = pytest.mark.parametrize("weight", [None, W], ids=["", "weighted"])


def factors(objective, y, raw, weight=None):
    """The factor of each row, of an objective of one weighting."""
    term = objective.terms[0].resolved(y, raw, weight, None)
    return term.weightings[0].factor(term.loss, slice(None), y, raw)


# Gradient harmonizing


@weighted
def test_ghm_by_hand(weight):
    """The density by the definition: each row shared between two bins, bins smoothed, read between."""
    bins = 10
    norm = np.abs(binary_cross_entropy().loss.gradient(Y, RAW))
    centres = (np.arange(bins) + 0.5) / bins
    w = np.ones(N) if weight is None else weight

    def hats(x):
        """The shares of each row in the bins, (n, bins): linear between centres, constant beyond."""
        return np.array([np.interp(x, centres, unit) for unit in np.eye(bins)]).T

    counts = w @ hats(norm)
    edged = np.concatenate([counts[:1], counts, counts[-1:]])
    density = edged[:-2] / 4 + edged[1:-1] / 2 + edged[2:] / 4
    expected = hats(norm) @ (1 / density)
    expected /= np.average(expected, weights=weight)
    found = factors(ghm_classification(bins=bins), Y, RAW, weight)
    assert_allclose(found, expected, rtol=2e-3)
    assert_allclose(np.average(found, weights=weight), 1, rtol=1e-5)


@weighted
def test_ghm_multiplies_gradient_and_hessian(weight):
    for objective, base, y, raw in (
        (ghm_classification(curvature="exact"), binary_cross_entropy(), Y, RAW),
        (ghm_regression(delta=0.5), pseudo_huber(0.5), R_TRUE, R_RAW),
    ):
        factor = factors(objective, y, raw, weight)
        for found, plain in zip(objective(y, raw, weight), base(y, raw, weight), strict=True):
            assert_allclose(found, factor * plain, rtol=1e-4)
        assert_allclose(objective.metric(y, raw, weight), base.metric(y, raw, weight), rtol=1e-12)
        assert objective.intercept(y, weight) == base.intercept(y, weight)


def test_ghm_evens_out_the_gradient():
    """Regions of equal width of the norm then add up to about the same weight, from 90% easy rows."""
    raw = 5 * Y - 4 + 1.5 * RNG.standard_normal(N)
    norm = np.abs(binary_cross_entropy().loss.gradient(Y, raw))
    region = (norm * 5).astype(int)
    before = np.bincount(region)
    after = np.bincount(region, factors(ghm_classification(), Y, raw))
    assert before.max() / before.min() > 8
    assert after.max() / after.min() < 1.3


def test_ghm_regression_holds_back_a_crowd_of_outliers():
    y = R_TRUE.copy()
    y[:600] += 50
    factor = factors(ghm_regression(delta=1.0), y, np.zeros(N))
    plain = np.abs(pseudo_huber(1.0).loss.gradient(y, np.zeros(N)))
    assert (factor * plain)[:600].sum() < 0.5 * plain[:600].sum()


def test_the_papers_loss_is_pseudo_huber_over_mu():
    mu, d = 0.02, np.linspace(-3, 3, 101)
    asl1 = np.sqrt(d**2 + mu**2) - mu
    assert_allclose(pseudo_huber(mu).loss.value(np.zeros(101), d) / mu, asl1, atol=1e-15)


def test_ghm_of_classes_takes_the_largest_gradient():
    base = softmax_cross_entropy()
    (term,) = base.terms
    objective = Objective((type(term)(term.loss, weightings=(GradientHarmonizing(10),)),))
    factor = factors(objective, CODES, SCORES)
    assert factor.shape == (N,)
    for found, plain in zip(objective(CODES, SCORES), base(CODES, SCORES), strict=True):
        assert_allclose(found, factor[:, None] * plain, rtol=1e-4)


@pytest.mark.parametrize("raw", [0.0, 30.0, -200.0, 3e38])
def test_ghm_of_rows_that_are_all_alike(raw):
    """The first round: two values of the norm, at an edge of a bin too. Factors by class, mean 1."""
    factor = factors(ghm_classification(), Y.astype(np.float32), np.full(N, raw, np.float32))
    assert np.isfinite(factor).all()
    assert_allclose(factor.mean(), 1, rtol=1e-5)
    assert len(np.unique(factor)) <= 2


def test_gradient_bounds_are_suprema():
    r = np.linspace(-1e6, 1e6, 10_001)
    for objective in (huber(0.7), pseudo_huber(0.7)):
        largest = np.abs(objective.loss.gradient(np.zeros_like(r), r)).max()
        assert_allclose(objective.loss.gradient_bound, largest, rtol=1e-6)
    assert_allclose(hinge().loss.gradient_bound, 1)
    assert squared_error().loss.gradient_bound is None


# Hard example mining


@weighted
@pytest.mark.parametrize("keep", [0.05, 0.25, 1.0])
def test_exactly_the_hardest_share_is_kept(keep, weight):
    w = np.ones(N) if weight is None else weight
    factor = factors(ohem(keep=keep), Y, RAW, weight)
    loss = binary_cross_entropy().loss.value(Y, RAW)
    assert_allclose((w * factor).sum(), keep * w.sum(), rtol=1e-6)
    assert ((factor > 0) & (factor < 1)).sum() <= 1
    if keep < 1:
        assert loss[factor > 0].min() >= loss[factor == 0].max()


def tail(values, weight, keep):
    """The mean of the largest values with the share keep of the weight, by sorting."""
    order = np.argsort(-values)
    w = weight[order]
    before = np.cumsum(w) - w
    kept = np.clip(keep * w.sum() - before, 0, w)
    return (kept * values[order]).sum() / kept.sum()


@weighted
@pytest.mark.parametrize(
    ("objective", "y", "raw"),
    [
        (binary_cross_entropy(), Y, RAW),
        (focal(), Y, RAW),
        (huber(0.5), R_TRUE, R_RAW),
        (quantile(0.2, 0.7), R_TRUE, R_RAW),  # losses below 0
        (softmax_cross_entropy(), CODES, SCORES),
    ],
    ids=lambda o: getattr(o, "name", ""),
)
def test_mining_is_conditional_value_at_risk(objective, y, raw, weight):
    """Its value, and by finite differences through the threshold its gradient."""
    y, raw = y[:200], raw[:200]
    w = np.ones(200) if weight is None else weight[:200]
    for keep in (0.1, 0.37):
        mined = ohem(objective, keep)
        expected = keep * tail(objective.loss.value(y, raw), w, keep)
        assert_allclose(mined.value(y, raw, w), expected, rtol=1e-6)
        gradient = mined(y, raw, w)[0]
        for row in range(0, 200, 5):
            for one in np.ndindex(raw.shape[1:]):
                move = np.zeros_like(raw)
                move[(row, *one)] = 1e-5
                slope = (mined.value(y, raw + move, w) - mined.value(y, raw - move, w)) / 2e-5
                assert_allclose(gradient[(row, *one)] / w.sum(), slope, rtol=2e-4, atol=1e-9)


def test_ties_share_what_is_left():
    """The first round at the base rate: positives are harder, and negatives tie for the rest."""
    y = (np.arange(1000) < 100).astype(float)
    gradient, hessian = ohem()(y, np.full(1000, np.log(0.1 / 0.9)))
    assert_allclose(gradient[:100], -0.9, rtol=1e-6)
    assert_allclose(gradient[100:], 0.1 * 150 / 900, rtol=1e-6)
    # Rows that count in part keep the share of their Hessian that all rows have on average.
    assert_allclose(hessian[100:], 0.25 * 0.09, rtol=1e-6)
    gradient, _ = ohem()(y, np.zeros(1000))
    assert_allclose(gradient, 0.25 * (0.5 - y), rtol=1e-6)


def test_rows_left_out_have_no_gradient_and_a_share_of_their_hessian():
    gradient, hessian = ohem(keep=0.2)(Y, RAW)
    plain, exact = binary_cross_entropy()(Y, RAW)
    factor = factors(ohem(keep=0.2), Y, RAW)
    assert_allclose(gradient, factor * plain, rtol=1e-5)
    assert_allclose(hessian, np.maximum(factor, 0.2) * exact, rtol=1e-5)
    assert ((gradient == 0) & (hessian > 0)).sum() >= 0.79 * N


def test_keys_order_floats_and_come_back():
    values = np.array([-3e38, -1.5, -1e-40, 0, 1e-45, 1e-40, 0.5, 0.5000001, 1, 3e38], np.float32)
    keys = _keys(values)
    assert (np.diff(keys.astype(np.int64)) > 0).all()
    assert_array_equal([_value(int(key)) for key in keys], values)
    minus_zero = np.array([-0.0, 0.0], np.float32)
    for others in ([], [-1.0]):
        keys = _keys(np.append(minus_zero, np.array(others, np.float32)))
        assert keys[0] == keys[1]


@pytest.mark.parametrize("keep", [0.1, 0.25, 0.6, 1.0])
@pytest.mark.parametrize("rate", [0.02, 0.2, 0.5, 0.9])
def test_the_start_of_binary_mining_has_even_shares_within_the_caps(keep, rate):
    """A class can have no more than its share of all rows in the share that is kept."""
    y = (np.arange(1000) < 1000 * rate).astype(float)
    share = min(max(0.5, 1 - (1 - rate) / keep), rate / keep)
    found = ohem(keep=keep).intercept(y)
    assert_allclose(1 / (1 + np.exp(-found)), share, atol=1e-7)
    shares = HardestShare(keep).class_shares(np.array([1 - rate, rate]))
    assert_allclose(shares, [1 - share, share], atol=1e-12)


def test_even_shares_of_classes():
    shares = HardestShare(0.5).class_shares(np.array([0.9, 0.06, 0.03, 0.01]))
    assert_allclose(shares, [0.8, 0.12, 0.06, 0.02])
    assert_allclose(HardestShare(0.1).class_shares(np.array([0.5, 0.3, 0.2])), 1 / 3)
    assert_allclose(HardestShare(1.0).class_shares(np.array([0.5, 0.5, 0.0])), [0.5, 0.5, 0.0])


def test_class_weights_are_weights_to_mining():
    balanced = ohem(binary_cross_entropy(class_weight="balanced"), 0.3)
    counts = np.bincount(Y.astype(int))
    w = (N / (2 * counts))[Y.astype(int)]
    for found, right in zip(balanced(Y, RAW), ohem(keep=0.3)(Y, RAW, w), strict=True):
        assert_allclose(found, right, rtol=1e-5)


def test_parameters_and_errors():
    assert ohem().with_parameters(keep=0.5) == ohem(keep=0.5)
    assert ghm_classification().with_parameters(bins=7) == ghm_classification(bins=7)
    assert "bin" not in ohem().parameters
    with pytest.raises(ValueError, match=r"the sum huber\+huber.*of one term"):
        ohem(huber() + huber())
    for objective in (dice(), mean_bias_error(1.0)):
        with pytest.raises(TypeError, match="needed: a loss of single rows"):
            ohem(objective)
    for keep in (0.0, 1.5):
        with pytest.raises(ValueError, match="keep"):
            ohem(keep=keep)
    for bins in (1, 2.5, True):
        with pytest.raises(ValueError, match="bins"):
            ghm_regression(bins=bins)
    (term,) = squared_error().terms
    with pytest.raises(TypeError, match="squared_error; needed: a loss of bounded gradient"):
        type(term)(term.loss, weightings=(GradientHarmonizing(),))
    assert make(huber().loss, None, None) == huber()


# Training

RARE = load_digits(return_X_y=True)
DATA = {
    "cancer": load_breast_cancer(return_X_y=True),
    "rare": (RARE[0], (RARE[1] == 8).astype(float)),
    "diabetes": load_diabetes(return_X_y=True),
}


def trained(library, objective, x, y):
    """Raw scores at the start, after 10 and after 100 rounds."""
    start = np.full(len(y), objective.intercept(y))
    if library == "xgboost":
        data = xgb.DMatrix(x, y)
        booster = gox.train({"nthread": 1}, data, 100, objective=objective)
        later = [
            booster.predict(data, output_margin=True, iteration_range=(0, k)) for k in (10, 100)
        ]
    else:
        parameters = {"num_threads": 1, "verbosity": -1}
        booster = gol.train(parameters, lgb.Dataset(x, y), 100, objective=objective)
        later = [booster.predict(x, raw_score=True, num_iteration=k) for k in (10, 100)]
    return [start, *later]


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
@pytest.mark.parametrize(
    ("objective", "data"),
    [(ohem(), "cancer"), (ohem(), "rare"), (ohem(hinge()), "rare"), (ohem(huber()), "diabetes")],
    ids=repr,
)
def test_mining_lowers_the_mean_of_the_largest_losses(objective, data, library):
    x, y = DATA[data]
    raws = trained(library, objective, x, y)
    # At the scale of the start: an automatic delta would shrink with the residuals.
    start, early, late = (objective.fixed(y, raws[0]).value(y, raw) for raw in raws)
    assert late < early < start
    assert late < (0.1 if data != "diabetes" else 0.6) * start


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("data", ["cancer", "rare"])
def test_mining_a_small_share_learns(data, library):
    """It may rise for some rounds: leaves move rows that were not mined. In the end it is far below the start."""
    x, y = DATA[data]
    start, _, late = (
        ohem(keep=0.05).value(y, raw) for raw in trained(library, ohem(keep=0.05), x, y)
    )
    assert late < 0.3 * start


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
@pytest.mark.parametrize(
    ("objective", "data"),
    [
        (ghm_classification(), "cancer"),
        (ghm_classification(), "rare"),
        (ghm_regression(), "diabetes"),
    ],
    ids=repr,
)
def test_harmonizing_lowers_the_loss_without_weights(objective, data, library):
    """The weighted loss itself may rise in a round, as the weights move: it isn't asked to fall."""
    x, y = DATA[data]
    values = [float(objective.metric(y, raw)) for raw in trained(library, objective, x, y)]
    assert values[2] < values[1] < values[0]
    assert values[2] < (0.1 if data != "diabetes" else 0.6) * values[0]


def test_mining_of_classes_through_the_plain_door():
    x, y = load_wine(return_X_y=True)
    objective = ohem(softmax_cross_entropy(), 0.3)
    start = np.tile(objective.intercept(y), (len(y), 1))
    data = xgb.DMatrix(x, y, base_margin=start)
    parameters = {"num_class": 3, "nthread": 1, "disable_default_eval_metric": 1}
    raw = xgb.train(parameters, data, 100, obj=objective).predict(data, output_margin=True)
    assert objective.value(y, raw) < 0.2 * objective.value(y, start)


def test_ghm_wraps_other_objectives():
    assert ghm_regression(huber(2.0)).loss == huber(2.0).loss
    assert ghm_classification() == ghm_classification(
        binary_cross_entropy(curvature=curvature.Exact(trust=2.0))
    )
    classes = ghm_classification(softmax_cross_entropy())
    gradient, _ = classes(np.arange(N) % 3, np.random.default_rng(0).standard_normal((N, 3)))
    assert np.isfinite(gradient).all()
    with pytest.raises(ValueError, match=r"delta: 1\.0 beside an objective"):
        ghm_regression(huber(), delta=1.0)
    with pytest.raises(ValueError, match="objective: the sum huber\\+pseudo_huber"):
        ghm_regression(huber() + pseudo_huber())
    with pytest.raises(
        TypeError, match="objective: squared_error; needed: a loss of bounded gradient"
    ):
        ghm_regression(squared_error())


def test_threshold_of_many_rows_is_found_in_a_sample():
    """Above 2^19 rows: the share that is kept is right within its sampling error."""
    n = 600_000
    rng = np.random.default_rng(0)
    y, raw = np.zeros(n, np.float32), rng.standard_normal(n).astype(np.float32)
    gradient, _ = ohem(pseudo_huber(1.0), keep=0.25)(y, raw)
    assert abs(np.mean(gradient != 0) - 0.25) < 0.01
    kept = np.abs(raw[gradient != 0])
    assert kept.min() >= np.abs(raw[gradient == 0]).max() - 1e-6
    codes = (np.arange(n) % 3).astype(np.float32)
    scores = np.asfortranarray(rng.standard_normal((n, 3)), dtype=np.float32)
    gradient, _ = ohem(softmax_cross_entropy(), keep=0.1)(codes, scores)
    assert abs(np.mean((gradient != 0).any(axis=1)) - 0.1) < 0.01


def test_the_default_of_the_effective_number_is_that_of_the_paper():
    y, raw = np.repeat([0.0, 1.0], [900, 100]), np.zeros(1000)
    by_default, given = EffectiveNumber(), EffectiveNumber(beta=0.999)
    assert by_default == given
    _, hessian = binary_cross_entropy(class_weight=by_default).gradient_hessian(y, raw)
    factors = 1.0 / (1.0 - 0.999 ** np.array([900, 100]))
    assert_allclose(hessian[-1] / hessian[0], factors[1] / factors[0], rtol=1e-6)


def test_two_bins_are_enough_and_class_weights_are_of_all_codes():
    assert ghm_classification(bins=2).parameters["bins"] == 2
    y, raw = np.array([0.0, 0.0, 0.0, 1.0]), np.array([-3.0, -2.5, -3.0, -2.0])
    gradient, hessian = ghm_classification(bins=2).gradient_hessian(y, raw)
    assert np.isfinite(gradient).all()
    assert (hessian > 0).all()
    for given in ({1: 1.0, 2: 2.0}, {0: 1.0, 2: 2.0}):
        with pytest.raises(ValueError, match=r"class code, 0\.\.K-1"):
            binary_cross_entropy(class_weight=given)


def test_binary_losses_tell_probabilities_and_margins_do_not():
    from gbm_objectives import hinge
    from gbm_objectives.sklearn import ObjectiveClassifier

    assert hasattr(ObjectiveClassifier(None, binary_cross_entropy()), "predict_proba")
    assert hasattr(ObjectiveClassifier(None, focal()), "predict_proba")
    assert not hasattr(ObjectiveClassifier(None, hinge()), "predict_proba")
