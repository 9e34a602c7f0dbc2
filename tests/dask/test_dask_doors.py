"""What users pass to the doors on a cluster: equal to one machine, or refused with the reason."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("distributed")
import lightgbm as lgb
import xgboost as xgb
from _cluster import placed
from xgboost import dask as dxgb

import gbm_objectives.dask.lightgbm
import gbm_objectives.dask.xgboost
import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import binary_cross_entropy, huber, metrics, poisson, softmax_cross_entropy

pytestmark = [
    pytest.mark.dask,
    pytest.mark.filterwarnings("default"),  # Dask's own
]

RNG = np.random.default_rng(0)
SIZES = (120, 180)
N, ROUNDS = sum(SIZES), 6
X = RNG.integers(0, 8, (N, 4)).astype(float)
SIGNAL = X[:, 0] / 3 + np.sin(X[:, 1]) + 0.3 * RNG.normal(size=N)
CASES = {
    "identity": (huber(delta=1.0), SIGNAL),
    "logit": (binary_cross_entropy(), (np.median(SIGNAL) < SIGNAL).astype(float)),
    "log": (poisson(), np.round(np.exp(SIGNAL / 2))),
    "softmax": (softmax_cross_entropy(), np.digitize(SIGNAL, [0.5, 1.8]).astype(float)),
}
XGB = {"max_depth": 3, "eta": 0.3}
LGB = {"num_leaves": 7, "eta": 0.3, "min_data_in_leaf": 0, "min_sum_hessian_in_leaf": 1.0}
LGB |= {"min_data_in_bin": 1, "verbosity": -1}
link = pytest.mark.parametrize("link", CASES)


def on_one(library, link, **arguments):
    objective, y = CASES[link]
    if library == "xgboost":
        data = xgb.DMatrix(X, y)
        train, params = gbm_objectives.xgboost.train, XGB | arguments.pop("params", {})
        arguments |= {"leaves": "library"}  # as on a cluster
        return train(params, data, ROUNDS, objective=objective, **arguments).predict(data)
    data, train = lgb.Dataset(X, y), gbm_objectives.lightgbm.train
    arguments |= {"leaves": "library"}
    return train(LGB, data, ROUNDS, objective=objective, **arguments).predict(X)


def on_cluster(client, library, link, **arguments):
    client.wait_for_workers(3, timeout=60)  # one may be starting again
    objective, y = CASES[link]
    dX, dy = (placed(client, a, SIZES) for a in (X, y))
    if library == "xgboost":
        dtrain = dxgb.DaskDMatrix(client, dX, dy)
        params = XGB | arguments.pop("params", {})
        if arguments.pop("evaluate", False):
            arguments |= {"evals": [(dtrain, "v")], "verbose_eval": False}
        return gbm_objectives.dask.xgboost.train(
            client,
            params,
            dtrain,
            arguments.pop("rounds", ROUNDS),
            objective=objective,
            **arguments,
        )
    params = LGB | arguments.pop("params", {})
    return gbm_objectives.dask.lightgbm.train(
        client, params, dX, dy, ROUNDS, objective=objective, **arguments
    )


@link
def test_start_and_built_in_metric_of_xgboost(client, link):
    """base_score and the library's own metric are on the response scale."""
    score = {"identity": 0.3, "logit": 0.2, "log": 2.0, "softmax": 0.5}[link]
    name = {"identity": "mae", "logit": "logloss", "log": "rmse", "softmax": "mlogloss"}[link]
    params = {"base_score": score, "eval_metric": name}
    found = on_cluster(client, "xgboost", link, params=params, evaluate=True)
    data = xgb.DMatrix(X)
    expected = on_one("xgboost", link, params={"base_score": score})
    assert_allclose(found["booster"].predict(data), expected, rtol=1e-5, atol=1e-6)
    y = CASES[link][1]
    value = {
        "mae": lambda p: np.abs(p - y).mean(),
        "rmse": lambda p: np.sqrt(np.square(p - y).mean()),
        "logloss": lambda p: -np.log(np.where(y > 0, p, 1 - p)).mean(),
        "mlogloss": lambda p: -np.log(p[np.arange(N), y.astype(int)]).mean(),
    }[name](expected)
    assert_allclose(found["history"]["v"][name][-1], value, rtol=1e-4)


@link
def test_going_on_from_a_model_of_xgboost(client, link):
    objective, y = CASES[link]
    first = gbm_objectives.xgboost.train(
        XGB, xgb.DMatrix(X, y), 3, objective=objective, leaves="library"
    )
    found = on_cluster(client, "xgboost", link, xgb_model=first, rounds=3)["booster"]
    assert_allclose(found.predict(xgb.DMatrix(X)), on_one("xgboost", link), rtol=1e-4, atol=1e-5)


def test_the_users_own_early_stopping(client):
    """Its direction is that of the metric, in each training anew."""
    _objective, _y = CASES["softmax"]
    stop = xgb.callback.EarlyStopping(rounds=5)
    found = on_cluster(
        client, "xgboost", "softmax", evaluate=True, rounds=30, callbacks=[stop],
        custom_metric=[metrics.negative_log_likelihood(), metrics.accuracy()],
    )  # fmt: skip
    values = found["history"]["v"]["accuracy"]
    assert found["booster"].best_iteration == int(np.argmax(values)) > 0
    assert stop.maximize is None


@link
def test_checkpoints(client, link, tmp_path):
    """What is saved in mid-training is a right model, one that training goes on from."""
    saving = xgb.callback.TrainingCheckPoint(directory=tmp_path, interval=3, name="xgb")
    on_cluster(client, "xgboost", link, callbacks=[saving])
    path = min(tmp_path.glob("xgb*"))
    booster = xgb.Booster(model_file=path)
    objective, y = CASES[link]
    half = gbm_objectives.xgboost.train(
        XGB,
        xgb.DMatrix(X, y),
        booster.num_boosted_rounds(),
        objective=objective,
        leaves="library",
    )
    data = xgb.DMatrix(X)
    assert_allclose(booster.predict(data), half.predict(data), rtol=1e-5, atol=1e-6)


class Saving:
    """A user's callback of LightGBM, which runs on every worker."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __call__(self, env):
        if env.iteration == 2:
            from distributed import get_worker

            port = get_worker().address.rpartition(":")[2]
            env.model.save_model(f"{self.folder}/{port}.txt")


@link
def test_callbacks_of_lightgbm(client, link, tmp_path):
    on_cluster(client, "lightgbm", link, callbacks=[Saving(tmp_path)])
    objective, y = CASES[link]
    half = gbm_objectives.lightgbm.train(
        LGB, lgb.Dataset(X, y), 3, objective=objective, leaves="library"
    )
    paths = list(tmp_path.glob("*.txt"))
    assert len(paths) == 2
    for path in paths:
        found = lgb.Booster(model_file=path).predict(X)
        assert_allclose(found, half.predict(X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("link", ["logit", "log", "softmax"])
def test_built_in_metrics_of_lightgbm_are_refused(client, link):
    with pytest.raises(ValueError, match="compute on raw scores"):
        on_cluster(client, "lightgbm", link, params={"metric": "l2"})
