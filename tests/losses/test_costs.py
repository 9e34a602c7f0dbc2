"""Cross-entropy of decisions that have costs: the decision is that of the least expected cost."""

import lightgbm as lgb
import numpy as np
import pytest
import sklearn
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from gbm_objectives import cost_sensitive_cross_entropy, softmax_cross_entropy
from gbm_objectives.losses import CostSensitiveCrossEntropy
from gbm_objectives.sklearn import ObjectiveClassifier

RNG = np.random.default_rng(0)
CELLS, EACH, K = 12, 60, 3
CELL = np.repeat(np.arange(CELLS), EACH)
X = CELL[:, None].astype(float)
N = len(X)
Y = np.array([RNG.choice(K, p=p) for p in np.repeat(RNG.dirichlet(np.ones(K), CELLS), EACH, 0)])
MATRIX = np.array([[0.0, 1.0, 2.0], [4.0, 0.0, 1.0], [9.0, 2.0, 0.0]])
COST = MATRIX[Y] * RNG.uniform(0.5, 1.5, (N, 1))
NAMES = np.array(["ant", "bee", "cat"])[Y]
libraries = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])


def model(library, objective, rounds=60):
    if library == "xgboost":
        own = xgb.XGBClassifier(n_estimators=rounds, max_depth=4, reg_lambda=0, n_jobs=1)
    else:
        own = lgb.LGBMClassifier(
            n_estimators=rounds, min_child_samples=1, min_data_in_bin=1, n_jobs=1, verbosity=-1
        )
    return ObjectiveClassifier(own, objective, guard="ignore")


def least(cost, cells=CELL):
    """The decision of the least mean cost in each cell."""
    means = np.array([cost[cells == cell].mean(axis=0) for cell in np.unique(cells)])
    gaps = np.sort(means, axis=1)
    assert (gaps[:, 1] - gaps[:, 0]).min() > 1e-3
    return means.argmin(axis=1)


@libraries
def test_decisions_of_least_expected_cost(library):
    """In each cell of a table, for a matrix of costs and for costs of rows; not those of the likeliest class."""
    cells = np.arange(CELLS)[:, None]
    plain = model(library, softmax_cross_entropy()).fit(X, Y).predict(cells)
    by_matrix = model(library, cost_sensitive_cross_entropy(MATRIX)).fit(X, NAMES)
    codes = np.searchsorted(by_matrix.classes_, by_matrix.predict(cells))
    assert_array_equal(codes, least(MATRIX[Y]))
    assert (codes != plain).any()
    assert_allclose(by_matrix.score(cells, by_matrix.classes_[plain]), -MATRIX[plain, codes].mean())
    by_rows = model(library, cost_sensitive_cross_entropy()).fit(X, Y, cost=COST)
    assert_array_equal(by_rows.predict(cells), least(COST))
    assert not hasattr(by_rows, "predict_proba")
    assert_allclose(by_matrix.predict_proba(cells).sum(axis=1), 1)
    two = model(library, cost_sensitive_cross_entropy())
    costs = np.where(Y[:, None] == 0, [[0.0, 1.0]], [[5.0, 0.0]])
    two.fit(X, Y > 0, cost=costs)
    assert_array_equal(two.predict(cells), least(costs) == 1)
    assert_array_equal(two.decision_function(cells) > 0, two.predict(cells))


@libraries
def test_costs_stay_with_their_rows(library):
    """In a search, which hands on the costs of each fold, and beside an evaluation set."""
    order = RNG.permutation(N)
    x, y, cost = X[order], Y[order], COST[order]
    quiet = {"verbose": False} if library == "xgboost" else {}
    search = GridSearchCV(
        model(library, cost_sensitive_cross_entropy(), 5), {"guard": ["warn"]}, cv=3
    )
    search.fit(x, y, cost=cost)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = clone(search)
        routed.estimator.set_fit_request(cost=True).set_score_request(cost=True)
        routed.fit(x, y, cost=cost)
    decisions = routed.predict(x)
    assert_array_equal(decisions, search.predict(x))
    assert_allclose(
        routed.best_estimator_.score(x, y, cost=cost), -cost[np.arange(N), decisions].mean()
    )
    assert routed.best_score_ < 0 < search.best_score_
    rows = np.arange(N) < 500
    fitted = model(library, cost_sensitive_cross_entropy(), 9).fit(
        x[rows], y[rows], cost=cost[rows], eval_set=[(x[~rows], y[~rows])],
        eval_rows=[{"cost": cost[~rows]}], **quiet,
    )  # fmt: skip
    ((name, history),) = next(iter(fitted.estimator_.evals_result_.values())).items()
    assert name == "cost_sensitive_cross_entropy"
    table = cost_sensitive_cross_entropy().with_rows(y, cost=cost)
    raw = fitted.raw_prediction(x[~rows])
    assert_allclose(history[-1], table.metric.evaluate(np.flatnonzero(~rows), raw), rtol=1e-5)
    by_hand = model(library, cost_sensitive_cross_entropy(cost[rows]), 9).fit(x[rows], y[rows])
    assert_allclose(by_hand.raw_prediction(x), fitted.raw_prediction(x), atol=1e-6)


def test_formulas_of_costs_of_rows():
    """Finite differences, the quadratic bound, the best constant, 0-1 costs and far scores."""
    raw = np.asfortranarray(3 * RNG.standard_normal((N, K)))
    loss = CostSensitiveCrossEntropy(COST)
    gradient, hessian = loss.gradient_hessian(Y, raw)
    for k in range(K):
        step = 1e-5 * np.eye(K)[k]
        up, down = (loss.gradient_hessian(Y, raw + s)[0][:, k] for s in (step, -step))
        values = [loss.value(Y, raw + s) for s in (step, -step)]
        assert_allclose((values[0] - values[1]) / 2e-5, gradient[:, k], atol=1e-8)
        assert_allclose((up - down) / 2e-5, hessian[:, k], atol=1e-8)
    other = np.asfortranarray(raw + 4 * RNG.standard_normal((N, K)))
    bound = loss.value(Y, raw) + (gradient * (other - raw)).sum(axis=1)
    bound += (loss.majorizer(Y, raw) * (other - raw) ** 2).sum(axis=1) / 2
    assert (loss.value(Y, other) <= bound + 1e-9).all()
    objective, weight = cost_sensitive_cross_entropy(COST), RNG.uniform(0, 2, N)
    start = np.tile(objective.intercept(Y, weight), (N, 1))
    assert_allclose(objective.gradient_hessian(Y, start, weight)[0].sum(axis=0), 0, atol=1e-3)
    scores = raw.astype(np.float32)
    same = cost_sensitive_cross_entropy((1 - np.eye(K))[Y])
    for found, wanted in zip(same(Y, scores), softmax_cross_entropy()(Y, scores), strict=True):
        assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)
    far = np.array([[1e4, -1e4, 0], [0, 1e4, -1e4]], dtype=np.float32)
    gradient, _ = cost_sensitive_cross_entropy(MATRIX[[2, 1]])([2, 1], far)
    assert_allclose(
        gradient, [[16, -7, -9], [0, 3, -3]], rtol=1e-6
    )  # W p - w, of w (0, 7, 9) and (0, 4, 3)


LOSS = CostSensitiveCrossEntropy


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: cost_sensitive_cross_entropy([1.0, 2.0]), "cost: shape .*needed: a cost for each class"),
        (lambda: cost_sensitive_cross_entropy([[1.0]]), "matrix: shape"),
        (lambda: cost_sensitive_cross_entropy([[0, np.nan], [1, 0]]), "matrix: NaN or inf in 1 of 2 rows"),
        (lambda: cost_sensitive_cross_entropy([["a", "b"]]), "real numbers"),
        (lambda: LOSS(matrix=np.ones((3, 2))), "matrix: shape .*a row for each true class"),
        (lambda: LOSS(COST, MATRIX), "cost: costs of rows beside a matrix"),
        (lambda: cost_sensitive_cross_entropy(MATRIX).with_rows(Y, cost=COST), "costs of rows beside a matrix"),
        (lambda: cost_sensitive_cross_entropy(COST)(Y, np.zeros((N, 4))), "costs of 3 classes for scores of 4"),
        (lambda: model("xgboost", cost_sensitive_cross_entropy(MATRIX)).fit(X, Y % 2).predict(X), "a matrix of 3 classes"),
        (lambda: cost_sensitive_cross_entropy(COST)(Y[1:], np.zeros((N - 1, K))), "cost: 720 rows where the data has 719"),
        (lambda: cost_sensitive_cross_entropy(np.ones((N, K))).intercept(Y), "cost: the same for all classes"),
        (lambda: model("xgboost", cost_sensitive_cross_entropy().with_rows(Y)).fit(X, Y), "objective: an objective with a"),
        (lambda: model("xgboost", cost_sensitive_cross_entropy()).fit(X, Y, cost=COST[:, :2]), "cost"),
        (lambda: model("xgboost", cost_sensitive_cross_entropy()).fit(X, Y).score(X, Y, cost=MATRIX), "cost: shape"),
    ],
)  # fmt: skip
def test_refused(call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call()
