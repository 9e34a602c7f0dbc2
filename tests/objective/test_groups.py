"""No objective knows of query groups: they are refused at every door, and weights arrive at every door."""

import inspect

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose

from gbm_objectives import focal, huber

RNG = np.random.default_rng(0)
N = 200
X = RNG.standard_normal((N, 3))
Y = X[:, 0] + RNG.standard_t(2, N)
LABEL = (Y > 0).astype(int)
W = RNG.uniform(0.2, 3.0, N)
GROUP = [150, 50]
LGB = {"n_estimators": 3, "n_jobs": 1, "verbosity": -1}
XGB = {"n_estimators": 3, "n_jobs": 1, "base_score": 0.5}
GROUPS = r"^group: query groups of rows, which huber would ignore; needed: data without groups"


def test_the_names_that_the_wrappers_look_for():
    names = list(inspect.signature(huber()).parameters)
    assert names == ["y_true", "raw_prediction", "sample_weight", "group"]


@pytest.mark.parametrize("weight", [None, W], ids=["unweighted", "weighted"])
@pytest.mark.parametrize(
    ("make", "settings", "objective", "y"),
    [
        (xgb.XGBRegressor, XGB, huber(), Y),
        (xgb.XGBClassifier, XGB, focal(), LABEL),
        (lgb.LGBMRegressor, LGB, huber(), Y),
        (lgb.LGBMClassifier, LGB, focal(), LABEL),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_weights_reach_the_objective(make, settings, objective, y, weight):
    """As many parameters as the wrapper counts, or names as it looks for: the same trees as from `train`."""

    def raw(sample_weight):
        model = make(objective=objective, **settings).fit(X, y, sample_weight=sample_weight)
        if settings is XGB:
            return model.predict(X, output_margin=True)
        return model.booster_.predict(X, raw_score=True)

    if settings is XGB:
        params = {"base_score": 0.5, "nthread": 1}
        if y is LABEL:
            params["objective"] = "binary:logistic"
        booster = xgb.train(params, xgb.DMatrix(X, y, weight=weight), 3, obj=objective)
        expected = booster.predict(xgb.DMatrix(X), output_margin=True)
    else:
        params = {"objective": objective, "verbosity": -1, "num_threads": 1}
        expected = lgb.train(params, lgb.Dataset(X, y, weight=weight), 3).predict(X)
    assert_allclose(raw(weight), expected, rtol=1e-6)
    assert np.abs(raw(W[::-1]) - expected).max() > 1e-3


def test_groups_are_refused_in_the_estimators():
    relevance = np.digitize(Y, [-0.5, 0.5])
    with pytest.raises(ValueError, match=GROUPS):
        lgb.LGBMRanker(objective=huber(), **LGB).fit(X, relevance, group=GROUP)
    with pytest.raises(ValueError, match=GROUPS):
        lgb.LGBMRanker(objective=huber(), **LGB).fit(X, relevance, group=GROUP, sample_weight=W)


@pytest.mark.parametrize("weight", [None, W], ids=["unweighted", "weighted"])
def test_groups_are_refused_in_train(weight):
    dataset = lgb.Dataset(X, Y, group=GROUP, weight=weight)
    with pytest.raises(ValueError, match=GROUPS):
        lgb.train({"objective": huber(), "verbosity": -1}, dataset, 1)
    weight = None if weight is None else [1.0, 2.0]  # XGBoost weighs groups
    for data in (
        xgb.DMatrix(X, Y, qid=np.repeat([0, 1], GROUP), weight=weight),
        xgb.DMatrix(X, Y, group=GROUP, weight=weight),
    ):
        with pytest.raises(ValueError, match=GROUPS):
            xgb.train({}, data, 1, obj=huber())


def test_weights_of_groups_without_the_groups():
    """What XGBoost's wrapper would hand over: one weight for each group, with the labels of all rows."""
    with pytest.raises(ValueError, match=r"sample_weight: shape \(2,\).*weights of groups \(qid\)"):
        huber()(Y, Y + 1, sample_weight=[1.0, 2.0])


def test_no_groups_are_no_groups():
    objective = huber(1.0)
    gradient, _ = objective(Y, Y + 0.5, W)
    for group in (None, [], np.array([])):
        assert_allclose(objective(Y, Y + 0.5, W, group)[0], gradient)
    with pytest.raises(ValueError, match=GROUPS):
        objective(Y, Y + 0.5, W, GROUP)
    data = xgb.DMatrix(X, Y, weight=W)
    assert_allclose(objective(Y + 0.5, data)[0], gradient, rtol=1e-5)
