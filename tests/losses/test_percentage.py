"""MAPE: the objective, its weighting, the metric."""

import lightgbm as lgb
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_absolute_percentage_error

import gbm_objectives.lightgbm
from gbm_objectives import absolute_error, mape, metrics
from gbm_objectives._core.numerics import weighted_quantile

RNG = np.random.default_rng(0)
Y = np.exp(RNG.standard_normal(300)) * RNG.choice([-1, 1], 300)
RAW = Y + RNG.standard_normal(300)
W = RNG.uniform(0.2, 2, 300)


def test_it_is_absolute_error_of_rows_weighted_by_the_inverse_label():
    inverse = W / np.abs(Y)
    inverse *= np.exp(np.average(np.log(np.abs(Y)), weights=W))  # a geometric mean of 1
    for delta in ("auto", 0.3):
        plain = absolute_error(delta, curvature="majorizer")
        for found, right in zip(mape(delta)(Y, RAW, W), plain(Y, RAW, inverse), strict=True):
            assert_allclose(found, right, rtol=1e-5)
    assert mape().intercept(Y, W) == weighted_quantile(Y, inverse, 0.5)


def test_metric_is_scikit_learns():
    for weight in (None, W):
        right = mean_absolute_percentage_error(Y, RAW, sample_weight=weight)
        assert_allclose(float(metrics.mape()(Y, RAW, weight)), right, rtol=1e-12)
    # The objective's own is the same up to a constant of the labels.
    ratios = [float(mape().metric(Y, p)) / metrics.mape()(Y, p) for p in (RAW, 0.5 * RAW, 0 * RAW)]
    assert_allclose(ratios, ratios[0], rtol=1e-6)


def test_exact_gradient_with_a_floor_of_1_is_lightgbms():
    """sign(r)/max(1, |y|), up to the scale of the weights."""
    gradient, _ = mape(smooth=False, delta=1.0, floor=1.0)(Y, RAW)
    right = np.sign(RAW - Y) / np.maximum(1, np.abs(Y))
    assert_allclose(gradient / gradient[0], right / right[0], rtol=1e-5)


def test_it_beats_absolute_error_at_its_own_metric():
    X, y = load_diabetes(return_X_y=True)
    params = {"num_leaves": 4, "verbosity": -1, "num_threads": 1}

    def error(objective):
        booster = gbm_objectives.lightgbm.train(
            params, lgb.Dataset(X[::2], y[::2]), 50, objective=objective
        )
        return metrics.mape()(y[1::2], booster.predict(X[1::2]))

    assert error(mape()) < 0.9 * error(absolute_error())


def test_it_beats_the_built_in_over_four_decades():
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(1200, 3))
    y = 10 ** (4 * X[:, 0]) * np.exp(0.3 * rng.standard_normal(1200))
    params = {"num_leaves": 15, "verbosity": -1, "num_threads": 1}
    train, test = lgb.Dataset(X[::2], y[::2], free_raw_data=False), slice(1, None, 2)
    own = lgb.train({**params, "objective": "mape"}, train, 100).predict(X[test])
    ours = gbm_objectives.lightgbm.train(params, train, 100, objective=mape(), guard="ignore")
    error = metrics.mape()
    assert error(y[test], ours.predict(X[test])) < 0.95 * error(y[test], own)


def test_labels_of_0_need_a_floor():
    y = np.where(np.arange(300) == 7, 0.0, Y)
    with pytest.raises(
        ValueError, match=r"y_true: a label of 0 in 1 of 300 rows, first in row 7.*floor"
    ):
        mape()(y, RAW)
    with pytest.raises(ValueError, match="a label of 0 in 1 of 300 rows"):
        mape().intercept(y)
    with pytest.raises(ValueError, match="a label of 0 in 1 of 300 rows"):
        metrics.mape()(y, RAW)
    floored = mape(floor=0.5)
    assert np.isfinite(floored(y, RAW)).all()
    assert float(metrics.mape(floor=0.5)(y, RAW)) > 0
    with pytest.raises(ValueError, match="floor: 0; needed: a finite number > 0"):
        mape(floor=0)
