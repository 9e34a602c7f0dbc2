"""Ray Train: `xgboost.train` with an objective of this package in a worker function; run where ray[train] is installed."""

import os

import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose

from gbm_objectives import binary_cross_entropy, dice, huber
from gbm_objectives.xgboost._links import placeholder as placeholder_of

RNG = np.random.default_rng(0)
N = 700
X = RNG.integers(0, 8, (N, 4)).astype(float)  # few values: the bins don't depend on the machine
Y = X[:, 0] / 3 + np.sin(X[:, 1]) + 0.3 * RNG.standard_t(2, N)
LABEL = (Y > 2).astype(float)


def params(objective, y):
    start = float(objective.link.inverse(objective.intercept(y)))
    placeholder = {"objective": placeholder_of(objective.link), "disable_default_eval_metric": 1}
    return {"max_depth": 3, "eta": 0.3, "nthread": 1, "base_score": start, **placeholder}


@pytest.mark.filterwarnings("ignore")  # Ray's own
@pytest.mark.parametrize(
    ("objective", "y"),
    [(huber(), Y), (binary_cross_entropy() + dice(), LABEL)],
    ids=["huber", "dice"],
)
def test_two_ray_workers_give_the_model_of_one_machine(objective, y, tmp_path, monkeypatch):
    pytest.importorskip("ray.train", exc_type=ImportError)
    import ray
    from ray.train import ScalingConfig, get_context
    from ray.train.xgboost import XGBoostTrainer

    path, features = str(tmp_path / "model.ubj"), X
    settings = params(objective, y)

    def work():
        rank = get_context().get_world_rank()
        rows = slice(0, 100) if rank == 0 else slice(100, None)
        dtrain = xgb.DMatrix(features[rows], y[rows])
        booster = xgb.train(settings, dtrain, 10, obj=objective)
        if rank == 0:
            booster.save_model(path)

    monkeypatch.setitem(os.environ, "RAY_USAGE_STATS_ENABLED", "0")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        XGBoostTrainer(work, scaling_config=ScalingConfig(num_workers=2)).fit()
    finally:
        ray.shutdown()
    one = xgb.DMatrix(X, y)
    right = xgb.train(settings, one, 10, obj=objective).predict(one)
    assert_allclose(xgb.Booster(model_file=path).predict(one), right, rtol=1e-5, atol=1e-6)
