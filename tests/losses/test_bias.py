"""The mean bias error: refused raw, useful as a penalty, per group too."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gbm_objectives import huber, mean_bias_error, quantile
from gbm_objectives.losses.bias import Groups, MeanBiasPenalty

RNG = np.random.default_rng(0)
Y, RAW = RNG.standard_normal((2, 60))
GROUPS = RNG.choice(["a", "b", "c"], 60)
WEIGHT = RNG.uniform(0.5, 2, 60)


def test_raw_error_is_refused_with_an_explanation():
    with pytest.raises(ValueError, match=r"no tree can split.*huber\(\) \+ mean_bias_error"):
        mean_bias_error()
    with pytest.warns(UserWarning, match="no minimum"):
        raw = mean_bias_error(force=True)
    gradient, hessian = raw(Y, RAW)
    assert_allclose(gradient, 1)
    assert_allclose(hessian, 1)
    assert_allclose(raw.value(Y, RAW), np.mean(RAW - Y))
    with pytest.raises(ValueError, match="force"):
        mean_bias_error(1.0, force=True)


def test_penalty_alone_is_refused():
    with pytest.raises(ValueError, match=r"alone.*Write huber\(\) \+ mean_bias_error"):
        mean_bias_error(1.0)(Y, RAW)


@pytest.mark.parametrize("groups", [None, GROUPS])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_gradient_is_the_derivative_of_the_global_penalty(groups, weight):
    """The sum, recomputed from scratch for every move of a single row."""
    w = np.ones(60) if weight is None else weight

    def penalty(raw):
        r, total = raw - Y, 0.0
        for group in np.unique(GROUPS if groups is not None else ["all"]):
            rows = (group == GROUPS) if groups is not None else np.ones(60, bool)
            total += 1.5 * w[rows].sum() * np.average(r[rows], weights=w[rows]) ** 2 / 2
        return total

    objective = huber(0.5) + mean_bias_error(1.5, groups=groups)
    base, _ = huber(0.5)(Y, RAW, weight)
    gradient, _ = objective(Y, RAW, weight)
    move = 1e-5 * np.eye(60)
    expected = [(penalty(RAW + step) - penalty(RAW - step)) / 2e-5 for step in move]
    assert_allclose(gradient - base, expected, rtol=1e-4, atol=1e-6)
    only = objective.value(Y, RAW, weight) - huber(0.5).value(Y, RAW, weight)
    assert_allclose(only * w.sum(), penalty(RAW), rtol=1e-9)


def test_majorizer_bounds_the_penalty():
    """penalty on the diagonal is never below the rank-one Hessian (Cauchy-Schwarz)."""
    rank_one = 1.5 / 60 * np.ones((60, 60))
    diagonal = MeanBiasPenalty(1.5).majorizer(Y, RAW)
    assert np.linalg.eigvalsh(np.diag(diagonal) - rank_one).min() > -1e-12


def test_a_round_at_the_learning_rate_does_not_overshoot():
    gradient, hessian = (1e-6 * huber() + mean_bias_error(2.0, learning_rate=0.3))(Y, RAW)
    step = 0.3 * gradient.sum() / hessian.sum()
    assert abs(np.mean(RAW - Y) - step) < 1e-3 * abs(np.mean(RAW - Y))


def test_groups_belong_to_their_rows():
    objective = huber() + mean_bias_error(1.0, groups=GROUPS)
    with pytest.raises(ValueError, match="groups: 60 rows where the data has 59"):
        objective(Y[:59], RAW[:59])
    other = huber() + mean_bias_error(1.0, groups=GROUPS.copy())
    assert other == objective
    assert hash(other) == hash(objective)
    for same in (pickle.loads(pickle.dumps(objective)), copy.deepcopy(objective)):
        assert same == objective
        assert_allclose(same(Y, RAW), objective(Y, RAW))
    assert objective != huber() + mean_bias_error(1.0, groups=GROUPS[::-1])
    # On other rows the metric is that of the terms that have a value there.
    assert float(objective.metric(Y[:9], RAW[:9])) == float(huber().metric(Y[:9], RAW[:9]))
    with pytest.raises(ValueError, match="groups"):
        Groups.of([[1, 2]])
    with pytest.raises(ValueError, match="NaN"):
        Groups.of([1.0, np.nan])


def test_intercept_of_a_sum_lies_between_its_terms():
    y = np.exp(RNG.standard_normal(500))
    strong = (huber() + mean_bias_error(1e6)).intercept(y)
    weak = (huber() + mean_bias_error(1e-9)).intercept(y)
    assert_allclose(strong, y.mean(), rtol=1e-4)
    assert_allclose(weak, huber().intercept(y), rtol=1e-4)


def test_sums_need_one_link_and_positive_factors():
    from gbm_objectives import focal

    with pytest.raises(ValueError, match="losses of one link"):
        huber() + focal()
    for factor in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="coefficient"):
            factor * huber()
    with pytest.raises(TypeError):
        huber() + 1
    with pytest.raises(TypeError, match="coefficient"):
        huber() * "2"
    total = 2 * (huber(1.0) + 0.5 * quantile(0.9, 1.0))
    parts = [huber(1.0)(Y, RAW), quantile(0.9, 1.0)(Y, RAW)]
    for k in range(2):
        assert_allclose(total(Y, RAW)[k], 2 * parts[0][k] + parts[1][k], rtol=1e-5, atol=1e-6)
    with pytest.raises(AttributeError, match="sum"):
        _ = total.loss
