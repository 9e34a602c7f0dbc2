"""Labels that are missing in a table have no part in anything: each column is as if its observed rows were all."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV, KFold

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import (
    binary_cross_entropy,
    huber,
    kl_divergence,
    mean_bias_error,
    metrics,
    multilabel_cross_entropy,
    poisson,
    quantile,
    squared_error,
)
from gbm_objectives._training.metrics import bound
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor
from gbm_objectives.testing import check_objective

RNG = np.random.default_rng(0)
N = 240
X = RNG.integers(0, 6, (N, 3)).astype(np.float32)  # the bins of any half of the rows are the same
Y = np.column_stack([X[:, 0] + X[:, 1], X[:, 0] - X[:, 2]]) + RNG.standard_normal((N, 2))
W = RNG.uniform(0.2, 2, N).astype(np.float32)
SEEN = RNG.random((N, 2)) > 0.4
SEEN[~SEEN.any(axis=1), 0] = True
HOLES = np.where(SEEN, Y, np.nan)
BINARY, COUNTS = np.where(SEEN, Y > 2, np.nan), np.where(SEEN, np.round(np.exp(Y / 4)), np.nan)
GROUP = X[:, 0] > 2
ROWS = np.arange(N)
old_xgboost = pytest.mark.skipif(
    tuple(map(int, xgb.__version__.split(".")[:2])) < (3, 1), reason="one base_score before 3.1"
)
libraries = pytest.mark.parametrize(
    "library", [pytest.param("xgboost", marks=old_xgboost), "lightgbm"]
)
XGB = {"max_depth": 2, "eta": 0.3, "nthread": 1}
LGB = {
    "num_leaves": 4, "eta": 0.3, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 1.0, "min_data_in_bin": 1,
    "num_threads": 1, "verbosity": -1,
}  # fmt: skip
CASES = [
    (huber(), HOLES),
    (quantile(0.8), HOLES),
    (binary_cross_entropy(class_weight="balanced"), BINARY),
    (poisson(), COUNTS),
    (huber() + mean_bias_error(1.0, groups=GROUP), HOLES),
]


@pytest.mark.parametrize("weight", [None, W], ids=["", "weighted"])
@pytest.mark.parametrize(("objective", "table"), CASES, ids=[o.name for o, _ in CASES])
def test_each_column_as_if_it_were_alone(objective, table, weight):
    rows = objective.with_rows(table)
    raw = RNG.standard_normal((N, 2)).astype(np.float32)
    found = rows(ROWS, raw, weight)
    intercept, value, metric = rows.intercept(ROWS, weight), 0.0, []
    for k, seen in enumerate(SEEN.T):
        y, w = table[seen, k].astype(np.float32), None if weight is None else weight[seen]
        groups = {"groups": GROUP[seen]} if len(objective.terms) > 1 else {}
        alone = objective.with_parameters(**groups)
        for result, wanted in zip(found, alone(y, raw[seen, k], w), strict=True):
            assert_array_equal(result[seen, k], wanted)
            assert not result[~seen, k].any()
        assert_allclose(intercept[k], alone.intercept(y, w), rtol=1e-6)
        value += alone.value(y, raw[seen, k], w)
        metric.append(alone.with_rows(y).metric.evaluate(np.arange(len(y)), raw[seen, k], w))
    assert_allclose(rows.value(ROWS, raw, weight), value, rtol=1e-6)
    assert_allclose(rows.metric.evaluate(ROWS, raw, weight), np.mean(metric), rtol=1e-6)
    assert check_objective(rows, train=False)["targets"].status == "ok"


def test_metrics_of_observed_labels():
    """The mean over columns of a metric over the rows that have a label there, at both doors."""
    raw = RNG.standard_normal((N, 2))
    wanted = [
        np.average(np.abs(Y[seen, k] - raw[seen, k]), weights=W[seen])
        for k, seen in enumerate(SEEN.T)
    ]
    (mae,) = bound([metrics.mae()], squared_error().with_rows(HOLES))
    assert_allclose(float(mae(ROWS, raw, W)), np.mean(wanted), rtol=1e-6)
    for data in (xgb.DMatrix(X, ROWS, weight=W), lgb.Dataset(X, ROWS, weight=W).construct()):
        name, found, *_ = mae(raw, data)
        assert name == "mae"
        assert_allclose(found, np.mean(wanted), rtol=1e-6)


@libraries
@pytest.mark.parametrize("leaves", ["library", "step"])
def test_training(library, leaves):
    """The models of the observed rows of each column, with an evaluation set and folds."""
    objective = huber()
    if library == "xgboost":
        train, Data, params = gbm_objectives.xgboost.train, xgb.DMatrix, XGB
        given = {"verbose_eval": False}
    else:
        train, Data, params, given = gbm_objectives.lightgbm.train, lgb.Dataset, LGB, {}
    new = xgb.DMatrix(X) if library == "xgboost" else X
    data, history = Data(X, ROWS, weight=W), {}
    table = objective.with_rows(HOLES)
    if library == "xgboost":
        given |= {"evals": [(data, "seen")], "evals_result": history}
    else:
        given |= {"valid_sets": [data], "callbacks": [lgb.record_evaluation(history)]}
    both = train(params, data, 10, objective=table, leaves=leaves, **given).predict(new)
    assert (np.diff(*[h["huber"] for h in history.values()]) < 0).all()
    for k, seen in enumerate(SEEN.T):
        alone = Data(X[seen], Y[seen, k].astype(np.float32), weight=W[seen])
        wanted = train(params, alone, 10, objective=objective, leaves=leaves).predict(new)
        assert_allclose(both[:, k], wanted, atol=1e-5)
    with pytest.raises(ValueError, match="leaves: 'refit' with missing labels"):
        train(params, data, 3, objective=table, leaves="refit")
    cv = gbm_objectives.xgboost.cv if library == "xgboost" else gbm_objectives.lightgbm.cv
    assert len(cv(params, data, 3, objective=table, nfold=3))


def model(library, kind="Regressor"):
    if library == "xgboost":
        return getattr(xgb, f"XGB{kind}")(n_estimators=9, max_depth=2, n_jobs=1)
    return getattr(lgb, f"LGBM{kind}")(n_estimators=9, num_leaves=4, n_jobs=1, verbosity=-1)


@libraries
def test_estimators(library):
    """NaN in the labels of fit and of evaluation sets; searches score observed labels."""
    quiet = {"verbose": False} if library == "xgboost" else {}
    fitted = ObjectiveRegressor(model(library), squared_error())
    fitted.fit(X[:160], HOLES[:160], eval_set=[(X[160:], HOLES[160:])], **quiet)
    (history,) = fitted.estimator_.evals_result_.values()
    table = squared_error().with_rows(HOLES[160:])
    wanted = table.metric.evaluate(ROWS[:80], fitted.predict(X[160:]))
    assert_allclose(history["squared_error"][-1], wanted, rtol=1e-4)
    search = GridSearchCV(fitted, {"objective__clip": [None]}, cv=KFold(3)).fit(X, HOLES)
    assert 0.5 < search.best_score_ < 1
    labels = ObjectiveClassifier(model(library, "Classifier"), multilabel_cross_entropy())
    probability = labels.fit(X, BINARY).predict_proba(X)
    for k, seen in enumerate(SEEN.T):
        assert np.mean((probability[seen, k] > 0.5) == BINARY[seen, k]) > 0.8


EMPTY = np.where([[True, False]], HOLES, np.nan)
LATE = np.column_stack([Y[:, 0], np.where(ROWS < 120, np.nan, Y[:, 1])])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: huber().with_rows(np.where(ROWS[:, None] == 5, np.nan, Y)), r"targets: no label \(NaN\) in 1 of 240"),
        (lambda: huber().with_rows(EMPTY[SEEN[:, 0]]), r"targets: no label \(NaN in all rows\) in column 1"),
        (lambda: huber().with_rows(LATE)(ROWS[:100], Y[:100]), "no label in column 1 of the 100 rows at hand"),
        (lambda: huber().with_rows(LATE)(ROWS, Y, ROWS < 50), "no label whose row weighs anything in column 1"),
        (lambda: huber().with_rows(LATE).metric(ROWS[:9], Y[:9]), "no label in column 1 of the 9 rows at hand"),
        (lambda: huber()(HOLES, Y), "y_true: NaN or inf"),
        (lambda: kl_divergence(np.where(SEEN, 0.5, np.nan))(ROWS, Y), "y_true: NaN or inf"),
        (lambda: huber().with_rows(HOLES).fixed(ROWS, Y), "targets: missing labels"),
        (lambda: ObjectiveRegressor(model("xgboost"), huber()).fit(X, HOLES[:, 0]), "NaN"),
        (lambda: ObjectiveRegressor(model("xgboost"), huber()).fit(X, np.where(SEEN, Y, np.inf)), "inf"),
        (lambda: ObjectiveRegressor(model("lightgbm"), huber()).fit(X, EMPTY), "no label"),
    ],
)  # fmt: skip
def test_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
