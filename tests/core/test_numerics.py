"""The small parts of the numerical core, each against a plain formula: what whole models would hide."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from variants import DEFAULTS

from gbm_objectives import (
    absolute_error,
    binary_cross_entropy,
    cauchy,
    dice,
    expectile,
    fair,
    focal,
    gamma,
    geman_mcclure,
    general_robust,
    huber,
    kl_divergence,
    log_cosh,
    mape,
    poisson,
    pseudo_huber,
    quantile,
    softmax_cross_entropy,
    softmax_focal,
    squared_error,
    tukey,
    tweedie,
    welsch,
)
from gbm_objectives._core.numerics import expm1_minus, minus_log1p, power, weighted_quantile
from gbm_objectives.curvature import Exact
from gbm_objectives.links import LOG, LOGIT, SOFTMAX, SORTED
from gbm_objectives.loss import HasHessian, HasMajorizer
from gbm_objectives.losses.binary import base_rate
from gbm_objectives.weighting import ClassWeight, EffectiveNumber

RNG = np.random.default_rng(0)


def brute_quantile(values, weight, q):
    """Of values repeated as often as their weights say."""
    return np.quantile(np.repeat(values, weight), q, method="averaged_inverted_cdf")


@pytest.mark.parametrize("q", [0.0, 0.1, 0.5, 0.97, 1.0])
def test_weighted_quantile_of_few_rows(q):
    values, weight = RNG.permutation(9.0 * np.arange(20)), RNG.integers(0, 4, 20)
    assert weighted_quantile(values, weight.astype(float), q) == brute_quantile(values, weight, q)


@pytest.mark.parametrize("q", [0.0, 0.02, 0.5, 0.98, 1.0])
@pytest.mark.parametrize("period", [0, 1, 2], ids=["random", "small ones seen", "large ones seen"])
def test_weighted_quantile_of_many_rows(q, period):
    """The first look is at every eighth row; a period of eight makes it wrong about the rest."""
    n = 1 << 17
    values = RNG.standard_normal(n)
    if period:
        values[::8] += {1: -100.0, 2: 100.0}[period]
    weight = RNG.integers(0, 3, n)
    found = weighted_quantile(values, weight.astype(float), q)
    assert found == brute_quantile(values, weight, q)


def test_weighted_quantile_where_the_first_look_sees_no_weight():
    values, weight = RNG.standard_normal(1 << 17), np.ones(1 << 17, int)
    weight[::8] = 0
    assert weighted_quantile(values, weight.astype(float), 0.3) == brute_quantile(
        values, weight, 0.3
    )


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 7.5, 8.0, 8.5, 9.0, 0.3, 2.7])
def test_power_is_a_fresh_array(exponent):
    base = RNG.random(50)
    found = power(base, exponent)
    assert_allclose(found, base**exponent, rtol=1e-14)
    assert not np.shares_memory(found, base)


def test_links():
    raw = np.array([[-900.0, 0.0, 3.0], [2.0, 1.0, 900.0]])
    assert_allclose(SOFTMAX.inverse(raw), softmax(raw, axis=1), rtol=1e-14)
    assert_allclose(LOGIT.inverse(raw[:, 1:] / 9), expit(raw[:, 1:] / 9), rtol=1e-14)
    assert_allclose(LOG.inverse(np.array([-3.0, 2.0])), np.exp([-3.0, 2.0]), rtol=1e-14)
    assert_array_equal(SORTED.inverse(raw), np.sort(raw, axis=1))


SCALES = [
    (huber, 0.5), (pseudo_huber, 0.5), (log_cosh, 0.5), (fair, 0.25), (cauchy, 1.75),
    (geman_mcclure, 3.5), (welsch, 3.0), (tukey, 5.0),
]  # fmt: skip


@pytest.mark.parametrize(("factory", "factor"), SCALES, ids=lambda v: getattr(v, "__name__", v))
def test_automatic_scales(factory, factor):
    """factor x 1.4826 median |r|, to the width of a bin of the sketch; .05 (mean sqrt|r|)^2 at least."""
    y, zero = RNG.standard_normal(2000), np.zeros(2000)
    loss = factory().fixed(y, zero).loss
    assert_allclose(loss.delta, factor * 1.4826 * np.median(np.abs(y)), rtol=3e-3)
    assert_allclose(loss.scale, max(loss.delta, np.mean(np.sqrt(np.abs(y))) ** 2), rtol=1e-6)
    tied = np.where(np.arange(2000) < 100, y, 0.0)
    spread = np.mean(np.sqrt(np.abs(tied))) ** 2
    sketched = factor * 1.4826 * spread * 2.0**-6  # the first bin: all that is below
    assert_allclose(factory().fixed(tied, zero).loss.delta, max(0.05 * spread, sketched), rtol=0.01)


def test_the_scale_of_quantiles():
    """.05 (mean sqrt|r|)^2 where most residuals are 0; smaller where tau is within .05 of the ends."""
    y, zero = RNG.standard_normal(4000), np.zeros(4000)
    middle, low = (quantile(tau).fixed(y, zero).loss.delta for tau in (0.05, 0.04))
    median, far = np.quantile(np.abs(y), [0.5, 0.9])
    sharp = (median / (0.45 * far)) ** (1.75 * 0.02)  # the rest of the difference
    assert_allclose(low / middle, 0.8 * sharp, rtol=1e-3)
    tied = np.where(np.arange(4000) < 40, y, 0.0)
    spread = np.mean(np.sqrt(np.abs(tied))) ** 2
    assert_allclose(quantile(0.5).fixed(tied, zero).loss.delta, 0.05 * spread, rtol=1e-5)


def test_names_of_levels():
    assert expectile([0.1, 0.4, 0.9]).name == "expectile_0.1_to_0.9"
    assert quantile([0.1, 0.4, 0.9]).name == "quantile_0.1_to_0.9"


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.999])
def test_effective_numbers(beta):
    """Proportional to (1 - beta)/(1 - beta^n), with a mean of 1 over the rows."""
    counts = np.array([3.0, 50.0, 7.0])
    weights = np.array(ClassWeight(EffectiveNumber(beta)).resolve(counts).factors)
    expected = (1 - beta) / (1 - beta**counts)
    assert_allclose(weights, expected * 60 / (counts @ expected), rtol=1e-10)
    absent = ClassWeight(EffectiveNumber(beta)).resolve(np.array([3.0, 0.0]))
    assert absent.factors == (1.0, 1.0)


def test_constant_labels_leave_the_unit_of_metrics_at_1():
    two, three = np.full(4, 2.0), np.full(4, 3.0)
    assert squared_error().metric(two, three) == 0.5
    assert_allclose(poisson().metric(two, np.log(three)), 3 - 2 - 2 * np.log(3 / 2), rtol=1e-12)


def test_domains_of_labels():
    zero = np.zeros(3)
    for objective in (gamma(), mape()):
        with pytest.raises(ValueError, match=r"y_true: .*in 1 of 3 rows, first in row 2"):
            objective(np.array([1.0, 2.0, 0.0]), zero)
    shares = np.array([[0.5, 0.5], [0.7, 0.2], [1.0, 0.0]])
    with pytest.raises(ValueError, match=r"don't sum to 1 in 1 of 3 rows, first in row 1"):
        kl_divergence()(shares, np.zeros((3, 2)))
    shares[1] = [-0.5, 1.5]
    with pytest.raises(ValueError, match=r"a negative share in 1 of 3 rows, first in row 1"):
        kl_divergence()(shares, np.zeros((3, 2)))


def test_a_class_without_rows_has_a_finite_start():
    for label, rate in ((0.0, 1e-6), (1.0, 1 - 1e-6)):
        assert base_rate(np.full(5, label), None) == rate
    start = binary_cross_entropy().intercept(np.zeros(5))
    assert_allclose(start, np.log(1e-6 / (1 - 1e-6)), rtol=1e-9)


def test_focal_steps_are_at_most_2():
    y, raw = np.tile([0.0, 1.0], 100), np.linspace(-8, 8, 200)
    gradient, hessian = focal()(y, raw)
    assert (hessian >= 0.499999 * np.abs(gradient)).all()
    assert_allclose((np.abs(gradient) / hessian).max(), 2.0, rtol=1e-6)
    assert not focal().loss.convex
    assert focal(0.0).loss.convex
    assert focal(0.0).loss.default_curvature == Exact()


def test_a_clip_may_have_no_lower_bound():
    y, raw = np.zeros(50), np.linspace(-5, 5, 50)
    for low, other in (((None, 0.5), (0.0, 0.5)), ((0.1, None), (0.1, 1e30))):
        assert_array_equal(huber(1.0, clip=low)(y, raw), huber(1.0, clip=other)(y, raw))


def test_the_coefficient_is_shown():
    assert repr(2 * huber()) == "2 * " + repr(huber())
    assert repr(absolute_error() + 0.5 * huber()).endswith("+ 0.5 * " + repr(huber()))


def test_the_scale_of_quantiles_is_capped_by_the_spread():
    """Residuals of +-1 alone: 1.5 times their median is more than (mean sqrt|r|)^2."""
    y = np.tile([-1.0, 1.0], 500)
    assert_allclose(quantile(0.5).fixed(y, np.zeros(1000)).loss.delta, 0.33, rtol=1e-5)


@pytest.mark.parametrize(
    ("alpha", "factor"),
    [(2.0, 0.5), (1.0, 0.5), (0.5, 0.99333), (0.0, 1.24), (-1.0, 1.58), (-2.0, 1.75), (-1e9, 2.12)],
)
def test_the_automatic_scale_of_the_general_loss(alpha, factor):
    """Linear in 1/(2 - alpha) between those of named losses."""
    y = RNG.standard_normal(2000)
    delta = general_robust(alpha).fixed(y, np.zeros(2000)).loss.delta
    assert_allclose(delta, factor * 1.4826 * np.median(np.abs(y)), rtol=3e-3)


def test_labels_that_are_no_codes_are_counted():
    raw = np.zeros((4, 3))
    for bad, count in (([0, 3, 5, 1], 2), ([0, -1, 1, 1], 1), ([0.5, 1.5, 2.5, 1], 3)):
        with pytest.raises(ValueError, match=f"no class code in {count} of 4 rows"):
            softmax_cross_entropy()(np.array(bad), raw)
    with pytest.raises(ValueError, match=r"one class code for each row.*use kl_divergence"):
        softmax_cross_entropy()(np.eye(4)[:, :3], raw)
    assert softmax_focal(0.0).loss.convex
    assert not softmax_focal(2.0).loss.convex


def test_a_sample_stands_for_all_rows_beside_other_machines():
    """Above 2^19 rows a scale is found in a sample, and its sums are those of all rows."""
    n, seen = (1 << 19) + (1 << 17), []
    y = RNG.standard_normal(n)

    def reduce(sums):
        seen.append(sums)
        return sums

    huber().gradient_hessian(y, np.zeros(n), reduce=reduce)
    assert_allclose(seen[0][0], n, rtol=1e-12)
    assert_allclose(seen[0][1], np.sqrt(np.abs(y)).sum(), rtol=0.01)
    assert_allclose(seen[1].sum(), n, rtol=1e-12)


LOSSES = {name: objective.terms[0].loss for name, objective in DEFAULTS.items()}


def losses(holds):
    """The losses of which something can be asked."""
    return pytest.mark.parametrize("name", [name for name in LOSSES if holds(LOSSES[name])])


def constructible(loss):
    try:
        return bool(type(loss)())
    except (TypeError, ValueError):
        return False


def wide(loss):
    """Each label of interest with each score, and the loss at a scale of its own."""
    scores = np.concatenate([-np.geomspace(30, 1e-3, 60), [0.0], np.geomspace(1e-3, 30, 60)])
    if loss.vector and loss.n_outputs is None:
        y = np.repeat([0.0, 1.0], len(scores))
        y = np.column_stack([y, 1 - y]) if "KL" in type(loss).__name__ else y
        raw = np.column_stack([np.tile(scores, 2), np.zeros(2 * len(scores))])
    else:
        y, raw = np.repeat([0.0, 1.0], len(scores)), np.tile(scores, 2)
    y = np.maximum(y, 0.1) if loss.name == "gamma" else y
    while loss.pending:
        loss = loss.resolve(loss.statistics(y, raw, None))
    return loss, y, raw


@losses(lambda loss: isinstance(loss, HasHessian) and not loss.vector)
def test_convexity_is_as_declared(name):
    loss, y, raw = wide(LOSSES[name])
    least = loss.hessian(y, raw).min()
    assert least >= 0 if loss.convex else least < 0


@losses(lambda loss: loss.gradient_bound is not None)
def test_the_bound_of_gradients_is_their_supremum(name):
    loss, y, raw = wide(LOSSES[name])
    largest = np.abs(loss.gradient(y, raw)).max()
    assert 0.9 * loss.gradient_bound < largest <= loss.gradient_bound * (1 + 1e-9)


@losses(lambda loss: isinstance(loss, (HasHessian, HasMajorizer)))
def test_shared_work_gives_the_same_parts(name):
    loss, y, raw = wide(LOSSES[name])
    pairs = [(HasHessian, "hessian"), (HasMajorizer, "majorizer")]
    for kind, second in pairs:
        if isinstance(loss, kind):
            both = getattr(loss, f"gradient_{second}")(y, raw)
            apart = loss.gradient(y, raw), getattr(loss, second)(y, raw)
            for found, expected in zip(both, apart, strict=True):
                assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


@losses(constructible)
def test_the_defaults_of_classes_are_those_of_factories(name):
    assert type(LOSSES[name])() == LOSSES[name]


def test_levels_are_ordered_and_smooth_by_default():
    for factory in (expectile, quantile):
        loss = factory([0.1, 0.9]).loss
        assert type(loss)((0.1, 0.9)) == loss


def test_units_before_any_label_is_seen():
    for objective in (squared_error(), expectile(0.3), poisson(), gamma(), binary_cross_entropy()):
        assert objective.loss.unit == 1.0


def test_label_smoothing_mixes_the_losses_of_both_classes():
    y, raw = np.tile([0.0, 1.0], 20), np.linspace(-3, 3, 40)
    sharp, loss = focal().loss, focal(label_smoothing=0.1).loss
    expected = 0.95 * sharp.value(y, raw) + 0.05 * sharp.value(1 - y, raw)
    assert_allclose(loss.value(y, raw), expected, rtol=1e-12)


def test_pieces_of_the_pinball_loss():
    """Without smoothing the majorizer is 1/max(1, |u|), of the absolute value's."""
    u = np.array([-7.0, -0.5, 0.0, 0.3, 4.0])
    loss = quantile(0.3, 1.0, smooth=False).loss
    assert_allclose(loss.majorizer(np.zeros(5), u), [1 / 7, 1, 1, 1, 1 / 4], rtol=1e-12)


def test_narrow_scales_begin_beyond_the_outer_twentieths():
    y, zero = RNG.uniform(-1, 1, 4000), np.zeros(4000)  # of no sharp tail
    deltas = [quantile(tau).fixed(y, zero).loss.delta for tau in (0.05, 0.06, 0.5, 0.94, 0.95)]
    assert_allclose(deltas, deltas[0], rtol=1e-12)


def test_fisher_information_of_tweedie_is_that_of_its_mean():
    """mu^(2-p), whatever the label."""
    y, raw = np.array([0.0, 0.5, 9.0]), np.array([-1.0, 0.3, 2.0])
    assert_allclose(tweedie(1.3).loss.fisher(y, raw), np.exp(0.7 * raw), rtol=1e-12)


def test_sums_that_are_no_scale_are_of_all_rows():
    """A sample of more than 2^19 rows is for scales only."""
    y = (np.arange((1 << 19) + (1 << 17)) % 1024 < 64).astype(np.float32)
    resolved = dice().terms[0].resolved(y, np.zeros(len(y), np.float32), None, None).loss
    assert_allclose(resolved.sums, [len(y), y.sum(), len(y) / 2, y.sum() / 2], rtol=1e-6)


@pytest.mark.parametrize(
    ("function", "exact", "rtol"),
    [
        (minus_log1p, lambda v: v - mpmath.log1p(v), 1e-10),
        (expm1_minus, lambda v: mpmath.expm1(v) - v, 1e-12),
    ],
)
def test_differences_that_cancel_near_0(function, exact, rtol):
    """Also where the series ends, at .01."""
    for v in (1e-30, 1e-8, 1e-3, 0.005, 0.00999999, 0.01, 0.02, 1.0, 100.0):
        with mpmath.workdps(60):
            expected = float(exact(mpmath.mpf(v)))
        assert_allclose(function(np.array([v])), expected, rtol=rtol)
