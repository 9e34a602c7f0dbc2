"""Several targets of different kinds in one model: each output as if its objective were alone."""

import pickle

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import (
    Objective,
    binary_cross_entropy,
    huber,
    mean_bias_error,
    metrics,
    multi_task,
    poisson,
    quantile,
    softmax_focal,
    squared_error,
    task_metric,
)
from gbm_objectives._training.metrics import OnRows
from gbm_objectives.losses import SquaredError
from gbm_objectives.sklearn import ObjectiveRegressor
from gbm_objectives.testing import check_objective
from gbm_objectives.testing._table import targets

RNG = np.random.default_rng(0)
N = 240
X = RNG.integers(0, 6, (N, 3)).astype(np.float32)
Z = X[:, 0] - X[:, 1] / 2 + RNG.standard_normal(N)
Y = np.column_stack([Z, 100 * Z + RNG.standard_normal(N), Z > 1, RNG.poisson(np.exp(Z / 3))])
Y = Y.astype(np.float32)
SEEN = RNG.random(Y.shape) > 0.3
SEEN[~SEEN.any(axis=1), 0] = True
HOLES = np.where(SEEN, Y, np.nan)
W = RNG.uniform(0.2, 2, N).astype(np.float32)
ROWS = np.arange(N)
PARTS = [
    quantile(0.8),
    huber() + mean_bias_error(1.0),
    binary_cross_entropy(class_weight="balanced"),
    poisson(),
]
WEIGHTS = [1.0, 3.0, 0.5, 2.0]
TASKS = multi_task(PARTS, weights=WEIGHTS)
old_xgboost = pytest.mark.skipif(
    tuple(map(int, xgb.__version__.split(".")[:2])) < (3, 1), reason="one base_score before 3.1"
)
libraries = pytest.mark.parametrize(
    "library", [pytest.param("xgboost", marks=old_xgboost), "lightgbm"]
)
XGB = {"max_depth": 2, "eta": 0.3, "nthread": 1, "lambda": 0.0, "min_child_weight": 0.0}
LGB = {
    "num_leaves": 4, "eta": 0.3, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0.0, "min_data_in_bin": 1,
    "num_threads": 1, "verbosity": -1,
}  # fmt: skip


@pytest.mark.parametrize("table", [Y, HOLES], ids=["all", "some"])
def test_each_output_as_if_it_were_alone(table):
    raw = RNG.standard_normal(Y.shape).astype(np.float32)
    objective = TASKS.with_rows(table)
    found, starts = objective(ROWS, raw, W), objective.intercept(ROWS, W)
    response, total, values = objective.response(raw), 0.0, []
    for k, (part, weight) in enumerate(zip(PARTS, WEIGHTS, strict=True)):
        seen = ~np.isnan(table[:, k])
        y, z, w = table[seen, k], raw[seen, k], W[seen]
        for result, wanted in zip(found, (weight * part)(y, z, w), strict=True):
            assert_array_equal(result[seen, k], wanted)
            assert not result[~seen, k].any()
        assert_allclose(starts[k], part.intercept(y, w), rtol=1e-6)
        assert_allclose(response[:, k], part.response(raw[:, k]))
        total += weight * part.value(y, z, w)
        one = part.metric.evaluate(y, z, w)
        assert_allclose(task_metric(TASKS, k).evaluate(table, raw, W), one, rtol=1e-6)
        values.append(weight * one)
    assert_allclose(objective.value(ROWS, raw, W), total, rtol=1e-6)
    assert_allclose(objective.metric.evaluate(ROWS, raw, W), np.mean(values), rtol=1e-6)
    assert [check.status for check in targets(objective)] == ["ok"]
    assert objective.name == "quantile_0.8+huber+mean_bias_penalty+binary_cross_entropy+poisson"
    assert pickle.loads(pickle.dumps(objective)) == objective
    fixed = objective.fixed(ROWS, raw, W) if table is Y else objective
    for one, other in zip(fixed(ROWS, raw, W), found, strict=True):
        assert_allclose(one, other, rtol=1e-6)


@libraries
def test_training(library):
    """Trees, metrics of tasks, folds; XGBoost takes a matrix of labels too."""
    rmse, own = task_metric(TASKS, 1, metrics.rmse()), task_metric(TASKS, 2)
    log_loss = task_metric(TASKS, 2, metrics.log_loss())
    chosen, history = [rmse, log_loss, own, TASKS.with_rows(HOLES).metric], {}
    objective, given = TASKS.with_rows(HOLES), {"guard": "ignore", "leaves": "library"}
    if library == "xgboost":
        data, new = xgb.DMatrix(X, ROWS, weight=W), xgb.DMatrix(X)
        booster = gbm_objectives.xgboost.train(
            XGB, data, 10, objective=objective, custom_metric=chosen, evals=[(data, "seen")],
            evals_result=history, verbose_eval=False, **given,
        )  # fmt: skip
        matrix = gbm_objectives.xgboost.train(
            XGB, xgb.DMatrix(X, Y, weight=W), 10, objective=TASKS, **given
        )
        numbered = gbm_objectives.xgboost.train(
            XGB, data, 10, objective=TASKS.with_rows(Y), **given
        )
        assert_allclose(matrix.predict(new), numbered.predict(new), atol=1e-6)
        raw = booster.predict(new, output_margin=True)
        train, Data, params = gbm_objectives.xgboost.train, xgb.DMatrix, XGB
        folds = gbm_objectives.xgboost.cv(XGB, data, 3, objective=objective, nfold=3)
    else:
        data, new = lgb.Dataset(X, ROWS, weight=W), X
        booster = gbm_objectives.lightgbm.train(
            LGB, data, 10, objective=objective, feval=chosen, valid_sets=[data],
            callbacks=[lgb.record_evaluation(history)], **given,
        )  # fmt: skip
        raw = booster.predict(X, raw_score=True)
        train, Data, params = gbm_objectives.lightgbm.train, lgb.Dataset, LGB
        folds = gbm_objectives.lightgbm.cv(LGB, data, 3, objective=objective, nfold=3)
    assert len(folds)
    assert_allclose(objective.predict(booster, new), objective.response(raw), rtol=1e-6)
    (seen,) = history.values()
    for metric in (rmse, log_loss, own):
        assert_allclose(seen[metric.name][-1], metric.evaluate(HOLES, raw, W), rtol=1e-4)
        assert seen[metric.name][-1] < seen[metric.name][0]
    assert_allclose(seen[objective.name][-1], objective.metric.evaluate(ROWS, raw, W), rtol=1e-4)
    for k, part in enumerate(PARTS):
        rows = SEEN[:, k]
        alone = Data(X[rows], HOLES[rows, k], weight=W[rows])
        model = train(params, alone, 10, objective=part, **given)
        wanted = part.predict(model, new)
        assert_allclose(objective.response(raw)[:, k], wanted, rtol=2e-4, atol=1e-4)
    with pytest.raises(ValueError, match=r"metric: rmse, of all targets of .*task_metric\("):
        train(params, data, 3, objective=objective, **{_name(library): metrics.rmse()})


def _name(library):
    return "custom_metric" if library == "xgboost" else "feval"


@libraries
def test_estimators(library):
    if library == "xgboost":
        model, quiet = xgb.XGBRegressor(n_estimators=20, max_depth=2, n_jobs=1), {"verbose": False}
    else:
        model, quiet = lgb.LGBMRegressor(n_estimators=20, n_jobs=1, verbosity=-1), {}
    fitted = ObjectiveRegressor(model, TASKS).fit(X, HOLES, eval_set=[(X, HOLES)], **quiet)
    found = fitted.predict(X)
    assert found.shape == Y.shape
    assert ((found[:, 2] > 0.5) == Y[:, 2]).mean() > 0.8
    table = TASKS.with_rows(HOLES)
    raw = fitted.raw_prediction(X)
    assert_allclose(fitted.score(X, HOLES), -table.metric.evaluate(ROWS, raw), rtol=1e-6)
    assert_allclose(fitted.score(X, Y), -TASKS.metric.evaluate(Y, raw), rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: multi_task([huber()]), "objectives: 1 objective; needed: a list of two or more"),
        (lambda: multi_task(huber()), "objectives: 1 objective; needed"),
        (lambda: multi_task([huber(), "huber"]), r"objectives\[1\]: a str; needed: an objective"),
        (lambda: multi_task([huber(), softmax_focal()]), r"objectives\[1\]: softmax_focal, of several outputs"),
        (lambda: multi_task([TASKS, huber()]), r"objectives\[0\]: .*of several outputs"),
        (lambda: multi_task([huber(), mean_bias_error(1.0)]), r"objectives\[1\]: mean_bias_penalty alone"),
        (lambda: multi_task([huber().with_rows(Z), huber()]), r"objectives\[0\]: one with a table"),
        (lambda: multi_task(PARTS, weights=[1, 2]), "weights: 2 for 4 objectives"),
        (lambda: multi_task(PARTS, weights=[1, 0, 1, 1]), r"weights\[1\]: 0; needed: a finite number > 0"),
        (lambda: TASKS(Y[:, :3], Y[:, :3]), "raw_prediction: shape .*one column a task"),
        (lambda: TASKS(np.where(SEEN, Y, -1), Y), "y_true"),
        (lambda: TASKS + huber(), "with the links"),
        (lambda: TASKS.log_odds(Y), "objective: several tasks"),
        (lambda: check_objective(TASKS, y_true=Z), "objective: .*several tasks; needed: one of them"),
        (lambda: task_metric(TASKS, 4), "task: 4 of .*needed: 0 to 3"),
        (lambda: task_metric(huber(), 0), "needed: a multi_task"),
        (lambda: ObjectiveRegressor(xgb.XGBRegressor(), TASKS, leaves="step").fit(X, Y), "leaves: 'step' with quantile"),
        (lambda: ObjectiveRegressor(xgb.XGBRegressor(), TASKS).fit(X, Y[:, :3]), "columns|column|num_class"),
    ],
)  # fmt: skip
def test_refused(call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call()


def test_one_kind_is_a_sum_of_tasks():
    """Two of the same are the objective of two columns."""
    raw = RNG.standard_normal((N, 2))
    both, one = multi_task([squared_error()] * 2), squared_error()
    for found, wanted in zip(both(Y[:, :2], raw, W), one(Y[:, :2], raw, W), strict=True):
        assert_array_equal(found, wanted)


class Stop(Exception):  # noqa: N818
    """Ends a metric at its first sum."""


def test_metrics_of_a_task_over_machines_one_of_which_has_no_label_of_it():
    raw = np.column_stack([Z, 100 * Z, Z - 1, Z / 3])
    for k, metric in ((2, metrics.log_loss()), (1, metrics.rmse()), (3, None)):
        table = np.where((ROWS < 150)[:, None] & (np.arange(4) == k), np.nan, Y)
        on_rows = OnRows(task_metric(TASKS, k, metric), TASKS.with_rows(table).rows, split=False)
        parts = [(ROWS[part], raw[part], W[part]) for part in (slice(0, 150), slice(150, N))]
        sums = []

        def recorded(own, sums=sums):
            sums.append(own)
            raise Stop

        for part in parts:
            with pytest.raises(Stop):
                on_rows.over_machines(*part, recorded)
        found = [on_rows.over_machines(*part, lambda _, sums=sums: sum(sums)) for part in parts]
        assert_allclose(found, float(on_rows(ROWS, raw, W)), rtol=1e-6)


def test_each_task_is_checked():
    both = multi_task([squared_error(), Objective.of(Steep())], weights=[1, 2]).with_rows(Y[:, :2])
    report = check_objective(both, train=False)
    names = {check.name for check in report.checks}
    assert {"0 gradient", "0 weights", "1 sign", "tasks", "targets"} <= names
    assert [check.name for check in report.failures] == ["1 gradient"]


class Steep(SquaredError):  # noqa: N818
    """Its gradient is not the derivative of its value."""

    def gradient(self, y_true, raw_prediction):
        return 1.5 * super().gradient(y_true, raw_prediction)
