"""One contract for every registered objective: what the libraries and the users rely on."""

import copy
import inspect
import itertools
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from variants import CASES, VARIANTS, of_levels

import gbm_objectives
from gbm_objectives import mean_bias_error
from gbm_objectives._core import rows as _rows
from gbm_objectives.curvature import POLICIES, Majorizer, default_for
from gbm_objectives.links import LOG
from gbm_objectives.loss import (
    HasDamping,
    HasFisher,
    HasHalley,
    HasHessian,
    HasMajorizer,
    HasNaturalGradient,
    HasReach,
    HasSize,
    Loss,
)
from gbm_objectives.losses import BetaDistribution, ResidualLoss, RobustLoss
from gbm_objectives.losses.distributions import Family, PositiveLabels
from gbm_objectives.losses.functions import NumberFunction
from gbm_objectives.losses.levels import Levels
from gbm_objectives.objective import Objective
from gbm_objectives.registry import OBJECTIVES
from gbm_objectives.weighting import InverseLabel


def binary(objective):
    return all(term.loss.labels == "binary" for term in objective.terms)


every_objective = pytest.mark.parametrize("objective", CASES)
every_class_objective = pytest.mark.parametrize(
    "objective", [case for case in CASES if case.values[0].of_classes]
)
every_objective_of_tasks = pytest.mark.parametrize(
    "objective",
    [
        case
        for case in CASES
        if not case.values[0].vector and not of_levels(case.values[0])  # one set of thresholds
    ],
)


def draws_rows(objective):
    """Rows are drawn by their number: repeated rows, and rows on other machines, have other fates."""
    return any(w.drawn for term in objective.terms for w in term.weightings)


every_objective_of_whole_rows = pytest.mark.parametrize(
    "objective", [case for case in CASES if not draws_rows(case.values[0])]
)
every_residual_objective = pytest.mark.parametrize(
    "objective",
    [case for case in CASES if all(term.loss.shift_invariant for term in case.values[0].terms)],
)
every_objective_with_a_scale = pytest.mark.parametrize(
    "objective",
    [
        case
        for case in CASES
        if all(
            term.loss.shift_invariant and not isinstance(term.loss, NumberFunction)
            for term in case.values[0].terms
        )
    ],
)


K = 4  # classes, and levels
SHARES = np.array([0.4, 0.3, 0.2, 0.1])


def outputs(objective):
    """Of a loss of several outputs: as many as it says, or one for each class."""
    return objective.n_outputs or K


def distributions(objective):
    return objective.terms[0].loss.labels == "distribution"


def relative(objective):
    """Errors count relative to the labels, so a shift of both is no symmetry, and 0 is no label."""
    return any(isinstance(w, InverseLabel) for term in objective.terms for w in term.weightings)


def least(objective):
    """The smallest whole number that is a label; of shares the least of three labels."""
    if shares(objective):
        return 0.25
    positive = objective.name == "gamma" or isinstance(objective.terms[0].loss, PositiveLabels)
    return 1.0 if positive or relative(objective) else 0.0


def shares(objective):
    """Labels lie strictly between 0 and 1."""
    return isinstance(objective.terms[0].loss, BetaDistribution)


def discrete(objective):
    loss = objective.terms[0].loss
    return isinstance(loss, Family) and loss.discrete


def two_labels(objective, pattern, dtype):
    """A pattern of 0 and 1 as two labels of the objective."""
    size = 0.5 if shares(objective) else 1.0
    return (np.array(pattern) * size + least(objective)).astype(dtype)


def labels(objective, n, rng):
    if distributions(objective):
        return rng.dirichlet(5 * SHARES, n)
    if objective.of_classes or of_levels(objective):
        return rng.choice(K, n, p=SHARES).astype(np.float64)
    y = rng.standard_normal(n)
    if shares(objective):
        return 1 / (1 + np.exp(-y))
    if objective.link == LOG or relative(objective) or least(objective) or discrete(objective):
        if binary(objective):
            return (y > 0.8).astype(np.float64)
        return np.floor(np.exp(y)) + least(objective)
    return (y > 0.8).astype(np.float64) if binary(objective) else y


def sample(objective, n=400, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    y = labels(objective, n, rng).astype(dtype)
    raw = 2 * rng.standard_normal((n, outputs(objective)) if objective.vector else n)
    return y, np.asarray(raw, dtype, order="F")


def moves(raw, eps):
    """Each output's scores moved by eps, and its index into a result."""
    if raw.ndim == 1:
        yield ..., np.full_like(raw, eps)
        return
    for k in range(raw.shape[1]):
        move = np.zeros_like(raw)
        move[:, k] = eps
        yield (slice(None), k), move


def away_from(points, y, raw, eps):
    """Rows whose residual is not near one of these sizes; all rows of losses of classes."""
    near = np.zeros(len(raw), bool)
    if raw.ndim == 1:
        for point in points:
            near |= np.abs(np.abs(raw - y) - point) <= 10 * eps
    return ~near


def fixed_losses(objective, y, raw):
    """Each term's loss with its scale and sums filled in from these rows."""
    return [term.resolved(y, raw, None, None).loss for term in objective.terms]


def kept(objective, gradient):
    """Where a Hessian must be positive; rows that a draw leaves out have 0, as those of weight 0."""
    return (gradient != 0) if draws_rows(objective) else np.ones(gradient.shape, bool)


def all_losses(base=Loss):
    for cls in base.__subclasses__():
        yield from all_losses(cls)
        if not cls.__abstractmethods__ and cls.__module__.startswith("gbm_objectives."):
            yield cls


#: They make one objective of several, or a metric of one of these: tests/objective/test_multi_task.py.
COMBINING = {"multi_task", "task_metric"}


def test_registry_is_complete():
    factories = {
        name for name in gbm_objectives.__all__ if inspect.isfunction(getattr(gbm_objectives, name))
    }
    assert set(OBJECTIVES) == factories - COMBINING == set(VARIANTS)


def test_every_loss_has_an_objective():
    with pytest.warns(UserWarning, match="no minimum"):
        forced = mean_bias_error(force=True)
    objectives = [case.values[0] for case in CASES] + [forced]
    reached = {type(term.loss).__name__ for objective in objectives for term in objective.terms}
    # By name: a slotted dataclass leaves its class without slots behind as a second subclass.
    assert {cls.__name__ for cls in all_losses()} == reached


#: Labels of each kind, and labels that are none of that kind.
KINDS = {
    "binary": ([0.0, 1.0, 1.0], [0.0, 2.0, 1.0]),
    "class": ([0.0, 2.0, 1.0], [0.0, 0.5, 1.0]),
    "distribution": (np.eye(3), 2 * np.eye(3)),
}


@every_objective
def test_labels_are_of_the_kind_that_is_declared(objective):
    for loss in (term.loss for term in objective.terms):
        good, bad = KINDS.get(loss.labels, (sample(objective)[0], None))
        assert loss.check_labels(np.array(good))
        if bad is not None:
            assert not loss.check_labels(np.array(bad))
            with pytest.raises(ValueError, match="y_true"):
                loss.reject_labels(np.array(bad))


@every_objective
def test_scores_tell_probabilities_where_this_is_declared(objective):
    for loss in (term.loss for term in objective.terms):
        raw = np.zeros((5, outputs(objective)) if loss.vector else 5)
        tells = {
            "binary": "log_odds",
            "class": "log_probabilities",
            "distribution": "log_probabilities",
        }
        if loss.labels not in tells:
            assert not loss.probabilistic
        elif loss.probabilistic:
            assert getattr(loss, tells[loss.labels])(raw).shape == raw.shape
        else:
            with pytest.raises(TypeError, match=loss.name):
                getattr(loss, tells[loss.labels])(raw)


@every_objective
def test_only_scaled_losses_find_a_scale(objective):
    """Residuals 3 times as large: 3 times the scale, or the same loss but for its draw and its sums."""
    y, raw = sample(objective)
    zero = np.zeros_like(y)
    for term in objective.terms:
        if not term.loss.scaled:
            assert term.resolved(y, raw, None, None).loss.scale == term.loss.scale == 1.0
        elif term.loss.pending and not relative(objective):
            one, three = (term.resolved(zero, c * raw, None, None).loss for c in (1.0, 3.0))
            assert not one.pending
            assert_allclose(three.scale, 3 * one.scale, rtol=1e-5)


@every_objective
def test_a_default_curvature_is_a_policy_that_fits(objective):
    for term in objective.terms:
        policy = default_for(term.loss)
        assert policy.fits(term.loss)
        assert term.loss.default_curvature in (None, policy)


@every_objective
def test_gradient_is_the_derivative_of_the_value(objective):
    """Central differences of the value alone, in float64, away from kinks."""
    y, raw = sample(objective)
    for loss in fixed_losses(objective, y, raw):
        if not loss.stands_alone:
            continue  # its value is a global sum: test_bias.py
        eps = 1e-6
        smooth = away_from([0.0], y, raw, eps)  # the pinball loss has a kink there
        assert smooth.sum() > 390
        gradient = loss.gradient(y, raw)
        for one, move in moves(raw, eps):
            difference = (loss.value(y, raw + move) - loss.value(y, raw - move)) / (2 * eps)
            held = np.abs(gradient[one]) > 1e29  # a likelihood's, far beyond what training meets
            compared = smooth & ~held
            assert held.sum() <= (40 if isinstance(loss, Family) else 0)
            assert_allclose(gradient[one][compared], difference[compared], rtol=1e-7, atol=1e-8)


@every_objective
def test_hessian_is_the_derivative_of_the_gradient(objective):
    y, raw = sample(objective)
    for loss in fixed_losses(objective, y, raw):
        if not isinstance(loss, HasHessian):
            continue
        eps = 1e-6
        kink = getattr(loss, "delta", np.inf)  # Huber's corner
        smooth = away_from([0.0, kink], y, raw, eps)
        assert smooth.sum() > 390
        hessian = loss.hessian(y, raw)
        for one, move in moves(raw, eps):
            difference = (loss.gradient(y, raw + move) - loss.gradient(y, raw - move))[one] / (
                2 * eps
            )
            assert_allclose(hessian[one][smooth], difference[smooth], rtol=1e-6, atol=1e-7)


@every_objective
def test_joint_evaluations_agree_with_the_single_ones(objective):
    y, raw = sample(objective)
    for loss in fixed_losses(objective, y, raw):
        if isinstance(loss, HasHessian):
            gradient, hessian = loss.gradient_hessian(y, raw)
            assert_allclose(gradient, loss.gradient(y, raw), rtol=1e-13)
            assert_allclose(hessian, loss.hessian(y, raw), rtol=1e-13)
        if isinstance(loss, HasMajorizer):
            gradient, hessian = loss.gradient_majorizer(y, raw)
            assert_allclose(gradient, loss.gradient(y, raw), rtol=1e-12, atol=1e-15)
            assert_allclose(hessian, loss.majorizer(y, raw), rtol=1e-13)
        if isinstance(loss, HasHalley):
            assert_allclose(loss.gradient_halley(y, raw)[0], loss.gradient(y, raw), rtol=1e-13)


@every_objective
def test_majorizer_lies_above_the_loss(objective):
    """value(s) <= value(r) + g (s - r) + h (s - r)^2 / 2 on values, over a wide grid of r and s."""
    for term in objective.terms:
        loss = term.loss
        if not isinstance(loss, HasMajorizer) or not loss.stands_alone:
            continue
        if isinstance(loss, ResidualLoss):
            loss = replace(loss, delta=0.7)
        if loss.vector:
            rng = np.random.default_rng(0)
            y = labels(objective, 3000, rng)
            size = (2, 3000, outputs(objective))
            r, s = rng.choice([0.1, 1, 10, 100], (2, 3000, 1)) * rng.standard_normal(size)
            if (
                isinstance(loss, Levels) and loss.ordered
            ):  # it holds for scores in the order at hand
                s = np.take_along_axis(np.sort(s), np.argsort(np.argsort(r)), axis=1)
            loss = term.resolved(y, r, None, None).loss
            parabola = loss.value(y, r) + (loss.gradient(y, r) * (s - r)).sum(axis=1)
            parabola += 0.5 * (loss.majorizer(y, r) * (s - r) ** 2).sum(axis=1)
            excess = loss.value(y, s) - parabola
            if loss.flat:
                excess = excess[(np.abs(r - y[:, None]) >= 0.7).all(axis=1)]
            assert excess.max() <= 1e-9 * max(1.0, loss.value(y, s).max())
            continue
        grid = np.concatenate([-np.geomspace(1e-3, 100, 60), [0.0], np.geomspace(1e-3, 100, 60)])
        r, s = (a.ravel() for a in np.meshgrid(grid, grid))
        known = [
            y for y in (0.0, 0.3, 1.0) if binary(objective) and loss.check_labels(np.array([y]))
        ]
        y = np.random.default_rng(0).choice(known or [0.0], r.shape)
        gradient, curvature = loss.gradient(y, r), loss.majorizer(y, r)
        parabola = loss.value(y, r) + gradient * (s - r) + 0.5 * curvature * (s - r) ** 2
        excess = loss.value(y, s) - parabola
        if loss.flat:
            # Inside |r| < delta the exact pinball loss has no finite majorizer, as its docstring says.
            outside = np.abs(r) >= 0.7
            assert (excess[~outside] > 0).any()
            excess = excess[outside]
        if loss.majorizes_downhill:
            # No parabola bounds an exponential: only on the way from r to the minimum does it.
            downhill = (s * r >= 0) & (np.abs(s) <= np.abs(r))
            assert (excess[~downhill] > 0).any()
            excess = excess[downhill]
        assert excess.max() <= 1e-9 * max(1.0, loss.value(y, s).max())


ROBUST = {type(t.loss) for c in CASES for t in c.values[0].terms if isinstance(t.loss, RobustLoss)}


@pytest.mark.parametrize("cls", sorted(ROBUST, key=lambda cls: cls.__name__))
def test_robust_losses_are_what_their_base_needs(cls):
    """Even, curvature 1 at 0, psi(u)/u not growing: then psi(u)/u is the sharpest majorizer."""
    loss = replace(cls(), delta=1.0)
    u = np.geomspace(1e-6, 1e4, 500)
    assert_allclose(loss.rho(-u), loss.rho(u), rtol=1e-14)
    assert_allclose(loss.psi(-u), -loss.psi(u), rtol=1e-14)
    assert_allclose(loss.psi_deriv(np.zeros(1)), 1.0)
    assert_allclose(loss.weight(np.zeros(1)), 1.0)
    assert_allclose(loss.weight(u), loss.psi(u) / u, rtol=1e-12)
    assert (np.diff(loss.weight(u)) <= 1e-15).all()


@every_objective
@pytest.mark.parametrize("weighted", [False, True])
def test_intercept_is_the_best_constant(objective, weighted):
    if not all(term.loss.has_best_constant for term in objective.terms):
        pytest.skip("the best constant is not finite: test_overlap.py")
    rng = np.random.default_rng(3)
    y = labels(objective, 301, rng)
    if not (objective.vector or binary(objective) or of_levels(objective)):
        y = np.exp(y)  # skewed, so that median, mean and Huber location differ
        y = np.floor(y) if discrete(objective) else y
    w = rng.integers(1, 5, len(y)).astype(float) if weighted else None
    found = objective.intercept(y, w)
    terms = tuple(
        replace(
            term,
            loss=term.loss.criterion.anchored(y, w),
            curvature=POLICIES["unit"](),
            weightings=tuple(weighting for weighting in term.weightings if weighting.in_metric),
        )
        for term in objective.terms
    )
    value = Objective(terms).value

    def at(constant):
        return value(y, np.tile(constant, (len(y), *([1] * np.ndim(constant)))).squeeze(), w)

    best = at(found)
    directions = np.eye(outputs(objective)) if objective.vector else [1.0]
    for step, direction in itertools.product((1e-3, 1e-2, 0.1, 1.0), directions):
        assert best <= at(found + step * direction) + 1e-12
        assert best <= at(found - step * direction) + 1e-12


@every_objective_of_whole_rows
def test_integer_weights_are_repeated_rows(objective):
    rng = np.random.default_rng(5)
    y, raw = sample(objective, 200, 5, np.float32)
    times = rng.integers(0, 4, 200)
    gradient, hessian = objective(y, raw, times.astype(np.float32))
    g, h = objective(np.repeat(y, times, axis=0), np.repeat(raw, times, axis=0))
    starts = np.concatenate([[0], np.cumsum(times)[:-1]])[times > 0]
    rows = times > 0
    each = times[rows].reshape(-1, *([1] * (raw.ndim - 1)))
    assert_allclose(gradient[rows], each * g[starts], rtol=2e-5, atol=1e-7)
    assert_allclose(hessian[rows], each * h[starts], rtol=2e-5)
    assert_array_equal(gradient[~rows], 0)
    assert_array_equal(hessian[~rows], 0)
    many = np.repeat(y, times, axis=0).astype(float)
    assert_allclose(objective.intercept(y, times), objective.intercept(many), rtol=1e-6, atol=1e-9)
    assert_allclose(
        objective.metric(y, raw, times),
        objective.metric(np.repeat(y, times, axis=0), np.repeat(raw, times, axis=0)),
        rtol=1e-4,
    )


@every_objective
@pytest.mark.parametrize("magnitude", [0.0, 1e-30, 30.0, 1e4, 1e20, 3e38])
def test_extremes_stay_finite(objective, magnitude):
    """Gradients and Hessians are finite, the Hessian positive, at any float32 score."""
    for dtype in (np.float32, np.float64):
        y = two_labels(objective, [0, 1, 0, 1, 0, 1], dtype)
        raw = np.array([1, 1, -1, -1, 0.5, 0.5], dtype) * dtype(magnitude)
        if objective.vector:
            raw = np.column_stack([raw, -raw, raw[::-1], 0 * raw])[:, : outputs(objective)]
            y = np.eye(K, dtype=dtype)[y.astype(int)] if distributions(objective) else y
        gradient, hessian = objective(y, raw)
        assert np.isfinite(gradient).all()
        assert np.isfinite(hessian).all()
        assert (hessian > 0)[kept(objective, gradient)].all()


@every_objective
@pytest.mark.parametrize("argument", ["y_true", "raw_prediction", "sample_weight"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_by_name(objective, argument, bad):
    """In one row or in all of them, in either precision, in the derivatives and in the metric."""
    for dtype, rows in itertools.product((np.float32, np.float64), (slice(3, 4), slice(None))):
        y, raw = sample(objective, 20, dtype=dtype)
        given = {"y_true": y, "raw_prediction": raw, "sample_weight": np.ones(20, dtype)}
        given[argument][rows] = bad
        for call in (objective, objective.metric):
            with pytest.raises(ValueError, match=rf"^{argument}\b.*needed"):
                call(*given.values())


@every_objective
def test_zero_residuals(objective):
    """A perfect fit on the residual scale: gradient 0 where the loss is even, Hessian at its peak."""
    y = two_labels(objective, [0, 1, 1, 0], np.float32)
    raw = y.copy()
    if objective.vector:
        raw = np.zeros((4, outputs(objective)), np.float32)
        y = np.full((4, K), 1 / K) if distributions(objective) else y
    gradient, hessian = objective(y, raw)
    assert np.isfinite(gradient).all()
    assert (hessian > 0)[kept(objective, gradient)].all()
    if all(isinstance(term.loss, RobustLoss) for term in objective.terms):
        assert_array_equal(gradient, 0)


@every_objective
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_result_is_fresh_float32_and_nothing_is_changed(objective, dtype):
    y, raw = sample(objective, dtype=dtype)
    w = np.random.default_rng(1).uniform(0.5, 2, len(y)).astype(dtype)
    before = [a.copy() for a in (y, raw, w)]
    for array in (y, raw, w):
        array.flags.writeable = False
    gradient, hessian = objective(y, raw, w)
    for result, given in itertools.product((gradient, hessian), (y, raw, w)):
        assert not np.shares_memory(result, given)
    assert not np.shares_memory(gradient, hessian)
    for result in (gradient, hessian):
        assert result.dtype == np.float32
        assert result.flags.f_contiguous
        assert result.flags.writeable
        assert result.shape == raw.shape
    for array, copied in zip((y, raw, w), before, strict=True):
        assert_array_equal(array, copied)


@every_objective
def test_types_of_input_agree(objective):
    """float64, float32, lists, integers, strided, reversed, big-endian: the same result."""
    rng = np.random.default_rng(2)
    y = labels(objective, 64, rng)
    y = np.clip(np.round(8 * y), 1, 7) / 8 if shares(objective) else np.round(y)
    shape = (64, outputs(objective)) if objective.vector else 64
    raw = np.round(4 * rng.standard_normal(shape)) / 4
    if distributions(objective):
        y = np.eye(K)[rng.choice(K, 64)]
    gradient, hessian = objective(y, raw)
    strided = np.zeros((128, *raw.shape[1:]))
    strided[::2] = raw
    forms = [
        (y.astype(np.float32), raw.astype(np.float32)),
        (y.astype(np.float16 if shares(objective) else np.int8), raw.astype(np.float16)),
        (y.tolist(), raw.tolist()),
        (y.astype(">f8"), raw.astype(">f4")),
        (y[::-1].copy()[::-1], strided[::2]),
        (y.reshape(64, -1), raw),
    ]
    for y_form, raw_form in forms:
        g, h = objective(y_form, raw_form)
        assert_allclose(g, gradient, rtol=1e-5, atol=1e-6)
        assert_allclose(h, hessian, rtol=1e-5, atol=1e-6)


@every_objective_of_tasks
def test_several_outputs_are_separate_tasks(objective):
    y, raw = sample(objective, 300)
    y2, raw2 = sample(objective, 300, seed=9)
    labels_2d, raws_2d = np.column_stack([y, y2]), np.column_stack([raw, raw2])
    w = np.random.default_rng(1).uniform(0.5, 2, 300)
    for order in "CF":
        gradient, hessian = objective(labels_2d, np.asarray(raws_2d, order=order), w)
        assert gradient.flags.f_contiguous
        for k, one in enumerate([objective(y, raw, w), objective(y2, raw2, w)]):
            assert_allclose(gradient[:, k], one[0], rtol=1e-6)
            assert_allclose(hessian[:, k], one[1], rtol=1e-6)
    assert np.shape(objective.intercept(labels_2d, w)) == (2,)
    assert_allclose(
        objective.metric(labels_2d, raws_2d, w),
        (float(objective.metric(y, raw, w)) + float(objective.metric(y2, raw2, w))) / 2,
    )
    single = objective(y[:, None], raw[:, None])
    assert single[0].shape == (300, 1)


@every_objective
def test_block_size_does_not_matter(objective, monkeypatch):
    y, raw = sample(objective, 200, dtype=np.float32)
    expected = objective(y, raw)
    for block in (1, 7, 199, 200, 201):
        # At a block far below n the scale is read from a sample; see test_sketch.py.
        monkeypatch.setattr(Loss, "sampled", False)
        for weighting in (w for term in objective.terms for w in term.weightings):
            monkeypatch.setattr(type(weighting), "sampled", False)
        for cls in {type(term.loss) for term in objective.terms}:
            for parent in cls.__mro__:
                if "sampled" in parent.__dict__:
                    monkeypatch.setattr(parent, "sampled", False)
        monkeypatch.setattr(_rows, "BLOCK", block)
        for found, right in zip(objective(y, raw), expected, strict=True):
            assert_allclose(found, right, rtol=1e-5, atol=1e-6)


@every_objective_of_whole_rows
def test_sums_add_up_over_machines(objective):
    """Two parts that exchange nothing but their vectors of sums give the result of the whole."""
    y, raw = sample(objective, 501, dtype=np.float32)
    w = np.random.default_rng(1).uniform(0.5, 2, 501)
    whole = objective.gradient_hessian(y, raw, w)
    parts = [slice(0, 120), slice(120, 501)]
    exchange, meet = {}, threading.Barrier(2, timeout=10)

    def machine(k):
        def allreduce(sums):
            exchange[k] = sums
            meet.wait()
            total = exchange[0] + exchange[1]
            meet.wait()
            return total

        part = parts[k]
        return objective.gradient_hessian(y[part], raw[part], w[part], reduce=allreduce)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(machine, range(2)))
    for part, found in zip(parts, results, strict=True):
        for result, right in zip(found, whole, strict=True):
            assert_allclose(result, right[part], rtol=1e-5, atol=1e-7)


@every_objective
def test_copies_are_equal_and_hash_alike(objective):
    for other in (
        pickle.loads(pickle.dumps(objective)),
        copy.deepcopy(objective),
        copy.copy(objective),
    ):
        assert other == objective
        assert hash(other) == hash(objective)
        assert repr(other) == repr(objective)
    assert objective != 2 * objective
    assert pickle.loads(pickle.dumps(objective.metric)) == objective.metric
    with pytest.raises(AttributeError):
        objective.terms = ()


@every_objective_with_a_scale
@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3, 1e6])
def test_automatic_scale_is_equivariant(objective, factor):
    """y -> c y: gradients times c, Hessians and metric unchanged; a fixed delta scales with y."""

    def scaled(loss):
        delta = getattr(loss, "delta", "auto")
        if isinstance(delta, str):
            return loss
        return replace(
            loss, delta=tuple(factor * d for d in delta) if np.ndim(delta) else factor * delta
        )

    y, raw = sample(objective, 5000, dtype=np.float32)
    gradient, hessian = objective(y, raw)
    other = Objective(tuple(replace(term, loss=scaled(term.loss)) for term in objective.terms))
    c = np.float32(factor)
    g, h = other(c * y, c * raw)
    size = np.abs(gradient).max()
    assert_allclose(g / c, gradient, rtol=1e-5, atol=1e-5 * size)
    assert_allclose(h, hessian, rtol=1e-5, atol=1e-6)
    assert_allclose(other.metric(c * y, c * raw), objective.metric(y, raw), rtol=1e-5)
    start, moved = objective.intercept(y), other.intercept(factor * y.astype(float))
    if any(w.in_metric and not w.of_labels for w in objective.terms[0].weightings):
        # Many constants may be best: the loss at this one is what scales.
        at = [
            o.metric(a * y, np.full_like(y, s))
            for o, a, s in ((objective, 1, start), (other, c, moved))
        ]
        assert_allclose(*at, rtol=1e-5)
    else:
        assert_allclose(moved, factor * start, rtol=1e-5)


@every_residual_objective
def test_offsets_lose_nothing(objective):
    """Float64 predictions near 1e9: the difference is taken before the cast to float32."""
    if relative(objective):
        objective = Objective(tuple(replace(term, weightings=()) for term in objective.terms))
    y, raw = sample(objective, 300)
    expected = objective(y, raw)
    for found, right in zip(objective(y + 1e9, raw + 1e9), expected, strict=True):
        assert_allclose(found, right, rtol=2e-3, atol=1e-4)


@every_class_objective
def test_outputs_of_a_class_loss_share_their_rows(objective):
    """Orders of the scores agree; the results are LightGBM's order, which it takes without a copy."""
    y, raw = sample(objective, 300)
    expected = objective(y, np.asfortranarray(raw))
    for found, right in zip(objective(y, np.ascontiguousarray(raw)), expected, strict=True):
        assert_allclose(found, right, rtol=1e-6)
        assert found.flags.f_contiguous
        assert np.shares_memory(found, found.ravel(order="F"))
    # A shift of all scores changes nothing, so gradients sum to 0.
    assert_allclose(expected[0].sum(axis=1), 0, atol=1e-5)
    with pytest.raises(
        ValueError, match=r"raw_prediction: shape \(300,\); needed: one score for each class"
    ):
        objective(y, raw[:, 0])


@pytest.mark.parametrize("policy", sorted(POLICIES))
@pytest.mark.parametrize("name", sorted(set(OBJECTIVES) - {"mean_bias_error", "negative_sampling"}))
def test_policies_fit_or_say_why_not(name, policy):
    if "curvature" not in inspect.signature(OBJECTIVES[name]).parameters:
        pytest.skip("it takes the curvature of the objective that it is given")
    loss = OBJECTIVES[name]().loss
    needs = {
        "majorizer": HasMajorizer,
        "exact": HasHessian,
        "fisher": HasFisher,
        "natural": HasNaturalGradient,
        "halley": HasHalley,
        "safe": HasReach,
        "normalized": HasSize,
        "xgboost": HasDamping,
        "lightgbm": HasDamping,
    }
    if isinstance(loss, needs.get(policy, Loss)):
        objective = OBJECTIVES[name](curvature=policy)
        y, raw = sample(objective)
        assert (objective(y, raw)[1] > 0).all()
    else:
        with pytest.raises(TypeError, match=rf'{loss.name}.*a loss with.*For {loss.name} use "'):
            OBJECTIVES[name](curvature=policy)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.3, 2.0, 5.0])
@pytest.mark.parametrize("y", [0, 1])
def test_focal_against_mpmath(gamma, y):
    """Float32 derivatives against 60 digits: 1e-6 of their range, also at scores of +-1e4."""
    mpmath.mp.dps = 60
    scores = [-1e4, -200, -88, -30, -10, -3, -0.5, 0, 1e-8, 0.5, 3, 10, 30, 88, 200, 1e4]

    def value(z):
        m = z if y else -z
        return -mpmath.power(1 / (1 + mpmath.exp(m)), gamma) * -mpmath.log1p(mpmath.exp(-m))

    loss = OBJECTIVES["focal"](gamma=gamma).loss
    raw = np.array(scores, np.float32)
    gradient, hessian = loss.gradient_hessian(np.full(len(raw), y, np.float32), raw)
    for z, g, h in zip(raw, gradient, hessian, strict=True):
        exact_g = mpmath.diff(value, mpmath.mpf(float(z)))
        exact_h = mpmath.diff(value, mpmath.mpf(float(z)), 2)
        assert abs(g - exact_g) <= 1e-6 * max(abs(exact_g), 1e-2)
        assert abs(h - exact_h) <= 1e-6 * max(abs(exact_h), 1e-1)


ALPHAS = {f"general_robust_{alpha:g}": alpha for alpha in (1.99999, 1.3, 1e-9, -1.7, -1e7)}


def general(alpha):
    """Barron's psi in high precision."""
    b = 2 - mpmath.mpf(alpha)
    return lambda u: u * mpmath.power(1 + u * u / b, mpmath.mpf(alpha) / 2 - 1)


@pytest.mark.parametrize(
    "name",
    [
        "huber", "pseudo_huber", "log_cosh", "fair", "cauchy", "geman_mcclure", "welsch", "tukey",
        "absolute_error", *ALPHAS,
    ],
)  # fmt: skip
def test_robust_losses_in_float32_against_mpmath(name):
    mpmath.mp.dps = 50
    exact = {
        "huber": lambda u: u if abs(u) <= 1 else mpmath.sign(u),
        "pseudo_huber": lambda u: u / mpmath.sqrt(1 + u * u),
        "log_cosh": mpmath.tanh,
        "absolute_error": mpmath.tanh,
        "fair": lambda u: u / (1 + abs(u)),
        "cauchy": lambda u: u / (1 + u * u),
        "geman_mcclure": lambda u: u / (1 + u * u) ** 2,
        "welsch": lambda u: u * mpmath.exp(-u * u),
        "tukey": lambda u: u * (1 - u * u) ** 2 if abs(u) < 1 else mpmath.mpf(0),
        **{key: general(alpha) for key, alpha in ALPHAS.items()},
    }[name]
    parameters = {"alpha": ALPHAS[name]} if name in ALPHAS else {}
    factory = OBJECTIVES["general_robust" if parameters else name]
    objective = factory(delta=0.75, **parameters)
    # The exponent of a float32 power carries its rounding: log(weight) epsilon.
    exponential = name == "welsch" or name in ALPHAS
    largest = 5e14 if parameters else 1e15  # within the limit of the loss
    residuals = [1e-20, 1e-6, 0.01, 0.5, 0.74, 1.0, 3.0, 50.0, 800.0, 1e4, largest]
    raw = np.array(residuals + [-r for r in residuals], np.float32)
    gradient, hessian = objective(np.zeros(len(raw), np.float32), raw)
    for r, g, h in zip(raw, gradient, hessian, strict=True):
        r_exact = mpmath.mpf(float(r))
        psi = mpmath.mpf("0.75") * exact(r_exact / mpmath.mpf("0.75"))
        weight = psi / r_exact
        relative = 1e-6
        if exponential and weight:
            relative += 2e-7 * abs(mpmath.log(weight))
        # Weights below the smallest normal float32 leave nothing of the gradient.
        assert abs(g - psi) <= relative * abs(psi) + 1e-37 * abs(r_exact)
        floored = max(weight, mpmath.mpf("1e-16"))
        assert abs(h - floored) <= relative * floored


def test_majorizer_steps_never_raise_the_loss_of_a_leaf():
    """The reason for the default: full Newton steps of contaminated leaves, majorizer against exact."""
    rng = np.random.default_rng(0)
    rises = {"majorizer": 0, "exact": 0}
    for _ in range(300):
        r = (
            rng.standard_normal(20)
            + rng.choice([0, 30], 20, p=[0.8, 0.2])
            + 5 * rng.standard_normal()
        )
        for policy in rises:
            objective = OBJECTIVES["log_cosh"](1.0, curvature=policy)
            zero = np.zeros(20)
            gradient, hessian = objective(zero, r)
            step = float(gradient.sum(dtype=float) / hessian.sum(dtype=float))
            rises[policy] += objective.value(zero, r - step) > objective.value(zero, r) + 1e-9
    assert rises["majorizer"] == 0
    assert rises["exact"] > 30


def test_trust_region_bounds_every_step():
    objective = OBJECTIVES["huber"](1.0, curvature=Majorizer(kappa=0.5, trust=3.0))
    r = np.linspace(-1e4, 1e4, 1001)
    gradient, hessian = objective(np.zeros_like(r), r)
    assert (np.abs(gradient) <= 3.0 * 1.0001 * hessian).all()
