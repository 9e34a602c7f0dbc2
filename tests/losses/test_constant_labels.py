"""A model of labels that are all equal predicts that label."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import huber, mean_bias_error, quantile
from gbm_objectives.links import Identity
from gbm_objectives.registry import OBJECTIVES

N, ROUNDS = 60, 10
X = np.random.default_rng(0).standard_normal((N, 3))
PARAMETERS = {
    "quantile": [
        {"tau": 0.9},
        {"tau": 0.01, "smooth": False},
        {"tau": [0.1, 0.5, 0.9]},
        {"tau": [0.1, 0.9], "ordered": False, "smooth": False},
    ],
    "expectile": [{"tau": 0.9}, {"tau": [0.1, 0.5, 0.9]}],
    "linex": [{}, {"a": -2.0}],
    "absolute_error": [{}, {"smooth": False}],
    "mape": [{"floor": 1e-9}, {"floor": 1e-9, "smooth": False}],
}
CASES = [
    pytest.param(OBJECTIVES[name](**parameters), id=f"{name}({parameters})")
    for name in OBJECTIVES
    if name != "mean_bias_error"
    for parameters in PARAMETERS.get(name, [{}])
    if isinstance(OBJECTIVES[name](**parameters).link, Identity)
    and OBJECTIVES[name](**parameters).terms[0].loss.labels == "number"
    and name != "distribution"  # what its outputs are is tested in test_distributions.py
] + [pytest.param(quantile(0.9) + huber() + mean_bias_error(1.0), id="a sum")]


XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))


# That no tree splits is what the guards warn of.
@pytest.mark.filterwarnings("ignore::gbm_objectives.TrainingWarning")
@pytest.mark.parametrize("label", [0.0, 1e-6, 5.0, 1e6])
@pytest.mark.parametrize("objective", CASES)
def test_equal_labels_are_predicted(objective, label):
    y = np.full(N, label)
    if objective.n_outputs is None or XGB_VERSION >= (
        3,
        1,
    ):  # one intercept for each output came then
        first = {"nthread": 1, "max_depth": 2}
        booster = gbm_objectives.xgboost.train(
            first, xgb.DMatrix(X, y), ROUNDS, objective=objective, verbose_eval=False
        )
        found = booster.predict(xgb.DMatrix(X))
        assert_allclose(found, np.full(found.shape, label), rtol=1e-6, atol=1e-12)
    second = {"num_threads": 1, "verbosity": -1, "max_depth": 2}
    other = gbm_objectives.lightgbm.train(second, lgb.Dataset(X, y), ROUNDS, objective=objective)
    found = other.predict(X)
    assert_allclose(found, np.full(found.shape, label), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("objective", CASES)
def test_the_metric_of_equal_labels_has_the_unit_of_the_labels(objective):
    """Without a spread there is no scale to measure errors in."""
    shape = (N, objective.n_outputs) if objective.vector else N
    y, off = np.full(N, 5.0), np.full(shape, 5.25)
    near, far = objective.metric(y, off), objective.metric(y, 100 * off)
    assert 0 < near < min(1, far)
    assert np.isfinite(far)
