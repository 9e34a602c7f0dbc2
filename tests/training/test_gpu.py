"""XGBoost on a GPU: the models of the CPU. Skipped where there is none."""

import shutil

import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose

import gbm_objectives.xgboost
from gbm_objectives import (
    dice,
    focal,
    huber,
    log_cosh,
    mean_bias_error,
    quantile,
    softmax_cross_entropy,
    squared_error,
)
from gbm_objectives.sklearn import ObjectiveRegressor

DEVICE = "cuda"
pytestmark = pytest.mark.skipif(
    not (xgb.build_info().get("USE_CUDA") and shutil.which("nvidia-smi")),
    reason="needs a GPU and an XGBoost built for it",
)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(3000, 6)).astype(np.float32)
Y = X[:, 0] * 2 + np.sin(3 * X[:, 1]) + RNG.normal(size=3000)
WEIGHT = RNG.uniform(0.5, 2.0, 3000)
REGRESSION = [squared_error(), huber(), log_cosh(), quantile(0.9), huber() + mean_bias_error(0.5)]


def trained(objective, y, device, **arguments):
    classes = {"num_class": 3} if objective.vector else {}
    params = {"max_depth": 4, "eta": 0.3, "tree_method": "hist", "device": device, **classes}
    data = xgb.DMatrix(X, y, weight=WEIGHT)
    booster = gbm_objectives.xgboost.train(params, data, 20, objective=objective, **arguments)
    return booster.predict(data)


@pytest.mark.parametrize("objective", REGRESSION, ids=lambda one: one.name)
def test_regression(objective):
    expected = trained(objective, Y, "cpu")
    assert np.ptp(expected) > 1
    assert_allclose(trained(objective, Y, DEVICE), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("objective", [focal(), dice()], ids=lambda one: one.name)
def test_classes(objective):
    y = (Y > 1).astype(float)
    assert_allclose(trained(objective, y, DEVICE), trained(objective, y, "cpu"), atol=1e-4)


def test_several_classes():
    y, objective = np.digitize(Y, [-1, 1]), softmax_cross_entropy()
    assert_allclose(trained(objective, y, DEVICE), trained(objective, y, "cpu"), atol=1e-4)


def test_refitted_leaves():
    found, expected = (
        trained(quantile(0.5), Y, device, leaves="refit") for device in (DEVICE, "cpu")
    )
    assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_estimators():
    found, expected = (
        ObjectiveRegressor(xgb.XGBRegressor(n_estimators=20, device=device), huber())
        .fit(X, Y, WEIGHT)
        .predict(X)
        for device in (DEVICE, "cpu")
    )
    assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
