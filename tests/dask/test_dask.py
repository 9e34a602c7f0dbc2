"""Both libraries on clusters of processes: the models of one machine, and no waiting where something breaks.

Features have eight values, so that the bins don't depend on which machine sees which rows.
"""

import os
import pickle
import signal
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("distributed")
import dask.array as da
import dask.dataframe as dd
import lightgbm as lgb
import pandas as pd
import xgboost as xgb
from _cluster import addresses, placed
from xgboost import dask as dxgb

import gbm_objectives.dask.lightgbm
import gbm_objectives.dask.xgboost
import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import (
    adaptive_robust,
    binary_cross_entropy,
    dice,
    distribution,
    expectile,
    focal,
    ghm_classification,
    huber,
    kl_divergence,
    mean_bias_error,
    metrics,
    negative_sampling,
    ohem,
    ordinal,
    poisson,
    quantile,
    sampled_softmax,
    softmax_focal,
)
from gbm_objectives.dask import ClusterError, intercept
from gbm_objectives.sklearn import ObjectiveRegressor

pytestmark = [
    pytest.mark.dask,
    pytest.mark.filterwarnings("default"),  # Dask's own
]

VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
ONE_INTERCEPT, SORTS = VERSION < (3, 1), VERSION >= (3, 4)
RNG = np.random.default_rng(0)
SIZES = (60, 340, 200, 100)  # uneven, and two partitions on some workers
N, ROUNDS = sum(SIZES), 10
X = RNG.integers(0, 8, (N, 4)).astype(float)
Y = X[:, 0] / 3 + np.sin(X[:, 1]) + 0.3 * RNG.standard_t(2, N)
Y -= Y.mean()
W = RNG.uniform(0.2, 3.0, N)
LABEL = (Y > 0.8).astype(float)
LABEL[:60] = 0.0  # the first worker of three has no row of class 1 in its first partition
LABEL[340:] = np.where(np.arange(340, N) < 660, LABEL[340:], 0.0)
LEVEL = np.digitize(Y, [-0.8, 0.8]).astype(float)
SOFT = 0.7 * np.eye(3)[LEVEL.astype(int)] + 0.1
ROWS = np.arange(N, dtype=float)
HOLES = np.column_stack([Y, -Y])  # labels are missing, one of them on all rows of a worker
HOLES[:400, 0] = HOLES[RNG.random(N) < 0.3, 1] = np.nan
HOLES[:400, 1] = -Y[:400]

XGB = {"max_depth": 3, "eta": 0.3}
# Row counts of leaves are estimates on a cluster, so a limit on them holds back other splits than on one machine:
# of LightGBM's own poisson too (`test_lightgbms_limit_on_rows`).
LGB = {"num_leaves": 7, "eta": 0.3, "min_data_in_leaf": 0, "min_sum_hessian_in_leaf": 1.0}
LGB |= {"min_data_in_bin": 1, "verbosity": -1}

ROW_WISE = [
    (huber(delta=1.0), Y),
    (expectile(0.8), Y),
    (poisson(), np.round(np.exp(Y / 3))),
    (focal(), LABEL),
    (softmax_focal(), LEVEL),
]
GLOBAL = [
    (huber(), Y),
    (quantile(0.8), Y),
    (quantile([0.1, 0.5, 0.9]), Y),
    (adaptive_robust(), Y),
    ((huber() + mean_bias_error(2.0)).with_rows(Y, groups=LEVEL), ROWS),
    (huber().with_rows(HOLES), ROWS),
    (dice(), LABEL),
    (ghm_classification(), LABEL),
    (ohem(binary_cross_entropy()), LABEL),
    (softmax_focal(class_weight="balanced"), LEVEL),
    (sampled_softmax(n_negatives=1), LEVEL),
    (kl_divergence(SOFT), ROWS),
]
CASES = ROW_WISE + GLOBAL
if not ONE_INTERCEPT:
    CASES.append((distribution("normal"), Y))
every_case = pytest.mark.parametrize(
    ("objective", "y"), CASES, ids=[f"{o.name}-{k}" for k, (o, _) in enumerate(CASES)]
)


def spread(client, *arrays):
    return [placed(client, array, SIZES) for array in arrays]


def test_labels_of_the_first_worker_have_one_class():
    assert LABEL[:60].max() == 0 < LABEL.max()


def test_two_workers(client):
    two = addresses(client)[:2]
    for objective, y in ((huber(), Y), (focal(), LABEL), (dice(), LABEL)):
        dX, dy, dw = (placed(client, a, SIZES, two) for a in (X, y, W))
        dtrain, one = dxgb.DaskDMatrix(client, dX, dy, weight=dw), xgb.DMatrix(X, y, weight=W)
        found = gbm_objectives.dask.xgboost.train(client, XGB, dtrain, ROUNDS, objective=objective)
        right = gbm_objectives.xgboost.train(
            XGB, one, ROUNDS, objective=objective, leaves="library"
        )
        assert_allclose(found["booster"].predict(one), right.predict(one), rtol=1e-5, atol=1e-6)
        found = gbm_objectives.dask.lightgbm.train(
            client, LGB, dX, dy, ROUNDS, objective=objective, sample_weight=dw
        )
        one = lgb.Dataset(X, y, weight=W)
        right = gbm_objectives.lightgbm.train(
            LGB, one, ROUNDS, objective=objective, leaves="library"
        )
        assert_allclose(found.predict(X), right.predict(X), rtol=1e-5, atol=1e-6)


def test_thresholds_are_those_of_one_machine(client):
    """Of all machines' rows, with a place for a level that none of them has."""
    objective = ordinal(n_classes=4)
    (dX, dy, dw), given = spread(client, X, LEVEL, W), {"objective": objective}
    data, one = dxgb.DaskDMatrix(client, dX, dy, weight=dw), xgb.DMatrix(X, LEVEL, weight=W)
    found = gbm_objectives.dask.xgboost.train(client, XGB, data, 3, **given)["booster"]
    right = gbm_objectives.xgboost.train(XGB, one, 3, **given)
    assert_allclose(objective.predict(found, one), objective.predict(right, one), atol=1e-5)
    assert objective.predict(found, one).shape == (N, 4)
    found = gbm_objectives.dask.lightgbm.train(client, LGB, dX, dy, 3, sample_weight=dw, **given)
    right = gbm_objectives.lightgbm.train(LGB, lgb.Dataset(X, LEVEL, weight=W), 3, **given)
    assert_allclose(objective.predict(found, X), objective.predict(right, X), atol=1e-5)


# XGBoost


@every_case
def test_xgboost_gives_the_model_of_one_machine(client, objective, y):
    dtrain = dxgb.DaskDMatrix(client, *spread(client, X, y), weight=spread(client, W)[0])
    found = gbm_objectives.dask.xgboost.train(
        client, XGB, dtrain, ROUNDS, objective=objective, evals=[(dtrain, "train")]
    )
    history, one = {}, xgb.DMatrix(X, y, weight=W)
    right = gbm_objectives.xgboost.train(
        {**XGB, "nthread": 1},
        one,
        ROUNDS,
        objective=objective,
        evals=[(one, "train")],
        evals_result=history,
        verbose_eval=False,
        leaves="library",
    )
    predictions = right.predict(one)
    assert np.std(predictions) > 0.01
    assert_allclose(found["booster"].predict(one), predictions, rtol=1e-5, atol=1e-6)
    for name, values in history["train"].items():
        assert_allclose(found["history"]["train"][name], values, rtol=1e-4, atol=2e-6)


def test_xgboosts_own_doors(client):
    """With an intercept the objective is right in the library's own functions and estimators."""
    dX, dy, dw, label, level = spread(client, X, Y, W, LABEL, LEVEL)
    objective = huber()
    start = intercept(objective, dy, dw)
    assert_allclose(start, objective.intercept(Y, W), rtol=1e-6)
    params = {**XGB, "base_score": start, "disable_default_eval_metric": 1}
    dtrain = dxgb.DaskQuantileDMatrix(client, dX, dy, weight=dw)
    booster = dxgb.train(client, params, dtrain, ROUNDS, obj=objective)["booster"]
    one = xgb.DMatrix(X, Y, weight=W)
    right = xgb.train({**params, "nthread": 1}, one, ROUNDS, obj=objective).predict(one)
    assert_allclose(booster.predict(one), right, rtol=1e-5, atol=1e-6)

    settings = {"n_estimators": ROUNDS, "max_depth": 3, "learning_rate": 0.3}
    model = dxgb.DaskXGBRegressor(objective=objective, base_score=start, **settings)
    model.fit(dX, dy, sample_weight=dw)
    assert_allclose(model.predict(dX).compute(), right, rtol=1e-5, atol=1e-6)

    for objective, labels in ((focal(), label), (softmax_focal(), level)):
        local = labels.compute()
        several = objective.vector
        start = 0.5 if several else float(objective.link.inverse(intercept(objective, labels)))
        both = {"objective": objective, "base_score": start, **settings}
        model = dxgb.DaskXGBClassifier(**both).fit(dX, labels)
        right = xgb.XGBClassifier(**both, n_jobs=1).fit(X, local).predict_proba(X)
        assert_allclose(model.predict_proba(dX).compute(), right, rtol=1e-5, atol=1e-6)
        assert_array_equal(model.predict(dX).compute(), right.argmax(axis=1))


def test_xgboost_stops_early_where_one_machine_does(client):
    dX, dy, dw = spread(client, X, Y, W)
    dtrain = dxgb.DaskDMatrix(client, dX[:400], dy[:400], weight=dw[:400])
    dvalid = dxgb.DaskDMatrix(client, dX[400:], dy[400:], weight=dw[400:])
    arguments = {"objective": huber(), "early_stopping_rounds": 4, "verbose_eval": False}
    custom = [metrics.mae(), metrics.rmse()]
    found = gbm_objectives.dask.xgboost.train(
        client, XGB, dtrain, 300, evals=[(dvalid, "v")], custom_metric=custom, **arguments
    )
    history, valid = {}, xgb.DMatrix(X[400:], Y[400:], weight=W[400:])
    right = gbm_objectives.xgboost.train(
        {**XGB, "nthread": 1},
        xgb.DMatrix(X[:400], Y[:400], weight=W[:400]),
        300,
        evals=[(valid, "v")],
        evals_result=history,
        custom_metric=custom,
        **arguments,
        leaves="library",
    )
    assert found["booster"].best_iteration == right.best_iteration < 290
    for name in ("mae", "rmse"):
        assert_allclose(found["history"]["v"][name], history["v"][name], atol=2e-6)


def test_xgboost_a_metric_that_grows(client):
    """Accuracy is maximised, though `xgboost.dask.train` has no maximize."""
    dX, dy = spread(client, X, LEVEL)
    dtrain = dxgb.DaskDMatrix(client, dX, dy)
    found = gbm_objectives.dask.xgboost.train(
        client,
        XGB,
        dtrain,
        40,
        objective=softmax_focal(),
        custom_metric=metrics.accuracy(),
        evals=[(dtrain, "train")],
        early_stopping_rounds=5,
        verbose_eval=False,
    )
    history = found["history"]["train"]["accuracy"]
    assert found["booster"].best_iteration == int(np.argmax(history)) > 2


@pytest.mark.parametrize(
    ("objective", "y"),
    [
        (huber(), Y),
        (ohem(huber()), Y),
        (softmax_focal(), LEVEL),
        pytest.param(
            quantile([0.1, 0.9]),
            Y,
            marks=pytest.mark.skipif(SORTS, reason="XGBoost's sorted levels: refused, below"),
        ),
        pytest.param(
            huber(),
            np.column_stack([Y, 100 * Y[::-1]]),
            marks=pytest.mark.skipif(
                ONE_INTERCEPT, reason="XGBoost before 3.1 has one intercept for all targets"
            ),
        ),
    ],
    ids=["one", "sums", "classes", "levels", "targets"],
)
def test_xgboost_a_worker_without_rows(client, objective, y):
    """A worker that has evaluation rows only takes part in all sums; its scores may have no columns."""
    first = addresses(client)[:1]
    own = [placed(client, a, [N], first) for a in (X, y)]
    dtrain, dvalid = (dxgb.DaskDMatrix(client, *data) for data in (own, spread(client, X, y)))
    found = gbm_objectives.dask.xgboost.train(
        client, XGB, dtrain, ROUNDS, objective=objective, evals=[(dtrain, "t"), (dvalid, "v")]
    )["booster"]
    one = xgb.DMatrix(X, y)
    right = gbm_objectives.xgboost.train(XGB, one, ROUNDS, objective=objective, leaves="library")
    assert_allclose(found.predict(one), right.predict(one), rtol=1e-5, atol=1e-4)


@pytest.mark.skipif(not SORTS, reason="before XGBoost 3.4 levels are not sorted in the model")
def test_xgboost_sorted_levels_want_rows_on_every_worker(client):
    first = addresses(client)[:1]
    dtrain = dxgb.DaskDMatrix(client, *(placed(client, a, [N], first) for a in (X, Y)))
    dvalid = dxgb.DaskDMatrix(client, *spread(client, X, Y))
    with pytest.raises(ValueError, match=r"evals: rows on tcp.*without training rows; needed: "):
        gbm_objectives.dask.xgboost.train(
            client, XGB, dtrain, ROUNDS, objective=quantile([0.1, 0.9]), evals=[(dvalid, "v")]
        )


def test_xgboost_several_targets(client):
    both = np.column_stack([Y, 100 * Y[::-1]])
    dX, dy = spread(client, X, both)
    dtrain, one = dxgb.DaskDMatrix(client, dX, dy), xgb.DMatrix(X, both)
    if ONE_INTERCEPT:
        pytest.skip("XGBoost before 3.1 has one intercept for all targets")
    found = gbm_objectives.dask.xgboost.train(client, XGB, dtrain, ROUNDS, objective=huber())
    right = gbm_objectives.xgboost.train(XGB, one, ROUNDS, objective=huber(), leaves="library")
    assert_allclose(found["booster"].predict(one), right.predict(one), rtol=1e-5, atol=1e-4)


# LightGBM


@pytest.mark.parametrize(
    ("objective", "y"),
    # That draws by the bits of the predictions, which LightGBM rounds otherwise on a cluster.
    [case for case in CASES if "sampled" not in case[0].name],
    ids=lambda v: getattr(v, "name", ""),
)
def test_lightgbm_gives_the_model_of_one_machine(client, objective, y):
    dX, dy, dw = spread(client, X, y, W)
    found = gbm_objectives.dask.lightgbm.train(
        client, LGB, dX, dy, ROUNDS, objective=objective, sample_weight=dw
    ).predict(X)
    train_set = lgb.Dataset(X, y, weight=W)
    right = gbm_objectives.lightgbm.train(
        {**LGB, "num_threads": 1}, train_set, ROUNDS, objective=objective, leaves="library"
    ).predict(X)
    assert np.std(right) > 0.01
    assert_allclose(found, right, rtol=1e-5, atol=1e-6)


def test_lightgbms_estimator(client):
    dX, label = spread(client, X, LABEL)
    model = lgb.DaskLGBMRegressor(n_estimators=ROUNDS, num_leaves=7, verbosity=-1, client=client)
    gbm_objectives.dask.lightgbm.fit(model, focal(), dX, label)
    probability = model.predict(dX).compute()
    assert 0 < probability.min() < probability.max() < 1
    assert np.mean(probability[LABEL == 1]) > np.mean(probability[LABEL == 0]) + 0.1
    model.set_params(client=None)
    again = pickle.loads(pickle.dumps(model.to_local()))
    assert_allclose(again.predict(X), probability)
    assert again.objective == focal()


def test_lightgbms_own_estimator_with_a_loss_of_single_rows(client):
    """Nothing is summed there but what the trees sum."""
    dX, dy = spread(client, X, Y)
    params = {name: value for name, value in LGB.items() if name != "eta"}
    objective = huber(delta=1.0)
    both = {"objective": objective, "learning_rate": 0.3, "n_estimators": ROUNDS, **params}
    model = lgb.DaskLGBMRegressor(client=client, **both).fit(dX, dy)
    right = lgb.LGBMRegressor(n_jobs=1, **both).fit(X, Y).predict(X)
    assert_allclose(model.predict(dX).compute(), right, rtol=1e-5, atol=1e-6)


def test_lightgbms_limit_on_rows(client):
    """Why these tests set min_data_in_leaf=0: a limit makes other trees on a cluster, with built-in objectives too."""
    dX, dy = spread(client, X, np.round(np.exp(Y / 3)))
    both = {"objective": "poisson", "n_estimators": 5, "min_child_samples": 20, "verbosity": -1}
    model = lgb.DaskLGBMRegressor(client=client, **both).fit(dX, dy)
    alone = lgb.LGBMRegressor(n_jobs=1, **both).fit(X, dy.compute())
    assert np.abs(model.predict(dX).compute() - alone.predict(X)).max() > 1e-3


def test_lightgbm_stops_early_where_one_machine_does(client):
    cut = sum(SIZES[:3])
    dX, dy, dw = (placed(client, a[:cut], SIZES[:3]) for a in (X, Y, W))
    vX, vy, vw = (placed(client, a[cut:], [40, 10, 50]) for a in (X, Y, W))
    found = gbm_objectives.dask.lightgbm.train(
        client,
        LGB,
        dX,
        dy,
        300,
        objective=huber(),
        sample_weight=dw,
        feval=[metrics.rmse()],
        eval_set=[(vX, vy)],
        eval_sample_weight=[vw],
        callbacks=[lgb.early_stopping(4, verbose=False)],
    )
    train_set = lgb.Dataset(X[:cut], Y[:cut], weight=W[:cut])
    valid_set = lgb.Dataset(X[cut:], Y[cut:], weight=W[cut:], reference=train_set)
    right = gbm_objectives.lightgbm.train(
        {**LGB, "num_threads": 1},
        train_set,
        300,
        objective=huber(),
        feval=[metrics.rmse()],
        valid_sets=[valid_set],
        callbacks=[lgb.early_stopping(4, verbose=False)],
        leaves="library",
    )
    assert found.num_trees() == right.num_trees() < 300
    assert_allclose(found.predict(X), right.predict(X), rtol=1e-5, atol=1e-6)


def test_data_frames(client):
    frame = pd.DataFrame(X, columns=list("abcd")).assign(y=Y, w=W)
    table = dd.from_pandas(frame, npartitions=4)
    parts = table[list("abcd")], table["y"], table["w"]
    assert_allclose(intercept(huber(), *parts[1:]), huber().intercept(Y, W), rtol=1e-6)
    found = gbm_objectives.dask.lightgbm.train(
        client, LGB, *parts[:2], ROUNDS, objective=huber(), sample_weight=parts[2]
    )
    right = gbm_objectives.lightgbm.train(
        LGB, lgb.Dataset(X, Y, weight=W), ROUNDS, objective=huber(), leaves="library"
    )
    assert_allclose(found.predict(X), right.predict(X), rtol=1e-5, atol=1e-6)
    dtrain = dxgb.DaskDMatrix(client, *parts[:2], weight=parts[2])
    booster = gbm_objectives.dask.xgboost.train(client, XGB, dtrain, ROUNDS, objective=huber())
    one = xgb.DMatrix(frame[list("abcd")], Y, weight=W)
    right = gbm_objectives.xgboost.train(XGB, one, ROUNDS, objective=huber(), leaves="library")
    assert_allclose(booster["booster"].predict(one), right.predict(one), rtol=1e-5, atol=1e-6)


# What is refused, and what breaks


def test_draws_of_rows_differ_by_machine(client):
    """negative_sampling numbers the rows of each machine: another draw, as good."""
    dX, dy = spread(client, X, LABEL)
    objective = negative_sampling(share=0.5)
    found = gbm_objectives.dask.xgboost.train(
        client, XGB, dxgb.DaskDMatrix(client, dX, dy), ROUNDS, objective=objective
    )["booster"].predict(xgb.DMatrix(X))
    assert np.mean(found[LABEL == 1]) > 2 * np.mean(found[LABEL == 0])


def trainings(client, objective, y, params=None, **arguments):
    dX, dy = spread(client, X, y)
    yield lambda: gbm_objectives.dask.xgboost.train(
        client, params or XGB, dxgb.DaskDMatrix(client, dX, dy), 3, objective=objective, **arguments
    )
    yield lambda: gbm_objectives.dask.lightgbm.train(
        client, params or LGB, dX, dy, 3, objective=objective, **arguments
    )


NAN = np.where(np.arange(N) == 70, np.nan, Y)
REFUSED = [
    (huber() + mean_bias_error(1.0, groups=LEVEL), Y, "groups: a value for each row"),
    (kl_divergence(), SOFT, "with_rows"),
    (huber(), NAN, "y_true: NaN or inf"),
    (focal(), LEVEL, "a label other than 0 and 1"),
]


@pytest.mark.parametrize(("objective", "y", "text"), REFUSED, ids=lambda v: getattr(v, "name", ""))
def test_refused(client, objective, y, text):
    for train in trainings(client, objective, y):
        with pytest.raises(ValueError, match=text):
            train()


def test_refused_metrics(client):
    dX, dy = spread(client, X, Y)
    dtrain = dxgb.DaskDMatrix(client, dX, dy)
    relative = metrics.mae(relative=True)
    with pytest.raises((ValueError, ClusterError), match="no mean over rows"):
        gbm_objectives.dask.xgboost.train(
            client, XGB, dtrain, 3, objective=huber(), custom_metric=relative,
            evals=[(dtrain, "train")],
        )  # fmt: skip

    def train(params=LGB, eval_set=((dX, dy),), **arguments):
        return gbm_objectives.dask.lightgbm.train(
            client, params, dX, dy, 3, objective=huber(), eval_set=list(eval_set), **arguments
        )

    with pytest.raises((ValueError, ClusterError), match="no mean over rows"):
        train(feval=relative)
    with pytest.raises(TypeError, match="rows of one worker only"):
        train(feval=lambda y, p: ("mine", 0.0, False))
    with pytest.raises(ValueError, match="which differs between workers"):
        train({**LGB, "metric": "l1"}, callbacks=[lgb.early_stopping(2)])
    with pytest.raises(ValueError, match="eval_set: 1 partitions where X has 4"):
        train(eval_set=[(dX.rechunk((N, 4)), dy.rechunk(N))])
    assert train().num_trees() == 3  # the workers are all free


def test_refused_arguments(client):
    dX, dy = spread(client, X, LABEL)
    with pytest.raises(TypeError, match="each worker of DaskLGBMClassifier numbers"):
        gbm_objectives.dask.lightgbm.fit(lgb.DaskLGBMClassifier(client=client), focal(), dX, dy)
    with pytest.raises(TypeError, match="init_model"):
        gbm_objectives.dask.lightgbm.train(
            client, LGB, dX, dy, 3, objective=focal(), init_model="model.txt"
        )
    with pytest.raises(TypeError, match="an estimator of one machine"):
        ObjectiveRegressor(dxgb.DaskXGBRegressor(), huber()).fit(X, Y)
    with pytest.raises(TypeError, match="a Dask array, Series or DataFrame"):
        intercept(huber(), Y)
    with pytest.raises(ValueError, match="the partitions of y"):
        intercept(huber(), dy, da.from_array(W, chunks=N))
    with pytest.raises(ValueError, match="zero for all rows"):
        intercept(huber(), dy, da.zeros_like(dy))


class At:
    """In round 4, or the last, kill the process of the last machine, or raise; a callback of LightGBM."""

    order, before_iteration = 50, False

    def __init__(self, kill, last=False):
        self.kill, self.last = kill, last

    def __call__(self, env):
        machines, port = env.params["machines"].split(","), env.params["local_listen_port"]
        assert len(machines) > 1
        here = machines[-1].endswith(f":{port}")
        if here and env.iteration == (env.end_iteration - 1 if self.last else 3):
            time.sleep(0.5)
            if self.kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise ValueError("a callback's own error")


class XgboostAt(xgb.callback.TrainingCallback):
    """The same for XGBoost, on the machine of rank 1."""

    def __init__(self, kill):
        super().__init__()
        self.kill = kill

    def after_iteration(self, model, epoch, evals_log):
        if epoch == 3 and xgb.collective.get_rank() == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return False


def train_on_three(client, library, callback=None):
    """The number of trees of a small training, a part on each of three workers."""
    client.wait_for_workers(3, timeout=60)
    dX, dy = (placed(client, a, SIZES[:3]) for a in (X[:600], Y[:600]))
    callbacks = [callback] if callback else None
    if library == "lightgbm":
        return gbm_objectives.dask.lightgbm.train(
            client, LGB, dX, dy, 6, objective=huber(), callbacks=callbacks, timeout=8
        ).num_trees()
    dtrain = dxgb.DaskDMatrix(client, dX, dy)
    found = gbm_objectives.dask.xgboost.train(
        client, XGB, dtrain, 6, objective=huber(), callbacks=callbacks
    )
    return found["booster"].num_boosted_rounds()


WAYS = [
    ("xgboost", XgboostAt(kill=True), (ClusterError, xgb.core.XGBoostError, RuntimeError)),
    ("lightgbm", At(kill=False), (ValueError,)),
    ("lightgbm", At(kill=True), (ClusterError, lgb.basic.LightGBMError)),
    ("lightgbm", At(kill=True, last=True), (ClusterError,)),
]


@pytest.mark.parametrize(
    ("library", "callback", "errors"), WAYS, ids=["xgboost", "error", "killed", "killed at the end"]
)
def test_a_dead_worker_is_an_error_and_the_cluster_goes_on(client, library, callback, errors):
    """Neither the client waits for ever, nor a worker: the next training has all of them."""
    begun = time.monotonic()
    with pytest.raises(errors):
        train_on_three(client, library, callback)
    assert time.monotonic() - begun < 60
    assert train_on_three(client, library) == 6
