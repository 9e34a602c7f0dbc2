"""The warning where a robust loss leaves rows behind: structure, not outliers."""

import warnings

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import adaptive_robust, huber, quantile, squared_error
from gbm_objectives._training.alarms import TrainingError, TrainingWarning
from gbm_objectives.sklearn import ObjectiveRegressor

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(1500, 4))
SMOOTH = np.exp(6 * X[:, 0] - 3 * X[:, 1]) * (1 + 0.02 * RNG.standard_normal(1500))
GROUP = RNG.random(1500) < 0.03
PLAIN = 5 * X[:, 0] + 0.3 * RNG.standard_normal(1500)
ONE = {"nthread": 1, "num_threads": 1}


def train(library, objective, features, y, rounds=60, **arguments):
    if library == "xgboost":
        data = xgb.DMatrix(features, y)
        params = {"nthread": 1, "eta": 0.1}
        return gbm_objectives.xgboost.train(params, data, rounds, objective=objective, **arguments)
    if library == "lightgbm":
        params = {"num_threads": 1, "verbosity": -1}
        return gbm_objectives.lightgbm.train(
            params, lgb.Dataset(features, y), rounds, objective=objective, **arguments
        )
    estimator = {
        "XGBRegressor": lambda: xgb.XGBRegressor(n_estimators=rounds, learning_rate=0.1, n_jobs=1),
        "LGBMRegressor": lambda: lgb.LGBMRegressor(n_estimators=rounds, n_jobs=1, verbosity=-1),
    }[library]()
    return ObjectiveRegressor(estimator, objective, **arguments).fit(features, y)


DOORS = ["xgboost", "lightgbm", "XGBRegressor", "LGBMRegressor"]


@pytest.mark.parametrize("door", DOORS)
def test_smooth_structure_that_lags_is_told(door):
    with pytest.warns(
        TrainingWarning, match=r"% of the training rows are left behind: their median"
    ):
        train(door, adaptive_robust(), X, SMOOTH)
    with pytest.raises(TrainingError, match="left behind"):
        train(door, adaptive_robust(), X, SMOOTH, guard="raise")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(door, adaptive_robust(), X, SMOOTH, guard="ignore")
        train(door, adaptive_robust(), X, SMOOTH, rounds=20)  # they may be on their way
        train(door, squared_error(), X, SMOOTH)


def test_a_far_group_is_told_from_as_many_outliers_whatever_the_start():
    y = PLAIN + 20.0 * GROUP
    told = np.column_stack([X, GROUP])
    data = lgb.Dataset(told, y, init_score=7.0 + X[:, 1])
    params = {"num_threads": 1, "verbosity": -1}
    with pytest.warns(TrainingWarning, match="left behind: .* distance .* is 1[89]"):
        gbm_objectives.lightgbm.train(params, data, 60, objective=huber(), leaves="library")
    for library in ("xgboost", "LGBMRegressor"):
        for labels in (y, PLAIN + 20.0 * GROUP * RNG.choice([-1, 1], 1500)):
            train(library, quantile(0.5), X, labels, guard="raise")
            train(library, huber(), X, labels, guard="raise")
