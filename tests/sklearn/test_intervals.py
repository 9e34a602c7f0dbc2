"""Conformal intervals: the coverage that they promise, and everything that an estimator of scikit-learn does."""

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from _versions import only_newest
from mapie.regression import ConformalizedQuantileRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.utils.estimator_checks import check_estimator

from gbm_objectives.intervals import IntervalRegressor

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(1500, 4))
Y = 4 * X[:, 0] + (0.2 + 2 * X[:, 1]) * RNG.standard_t(3, 1500)
OLD = tuple(map(int, xgb.__version__.split(".")[:2])) < (3, 1)
FROM_31 = pytest.mark.skipif(
    OLD, reason="XGBoost 3.1 is the first with an intercept for each output"
)
ESTIMATORS = [
    pytest.param(xgb.XGBRegressor(n_estimators=60, n_jobs=1), marks=FROM_31),
    lgb.LGBMRegressor(n_estimators=60, n_jobs=1, verbosity=-1),
]
estimators = pytest.mark.parametrize("estimator", ESTIMATORS, ids=["XGBoost", "LightGBM"])


class Column(RegressorMixin, BaseEstimator):
    """A fitted regressor of one level, as MAPIE wants three: its features are the predicted levels."""

    fitted_ = True

    def __init__(self, column=0):
        self.column = column

    def fit(self, X, y):
        return self

    def predict(self, X):
        return X[:, self.column]


@estimators
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_intervals_are_mapies(estimator, level):
    """Against the package of the field; it tells the root logger where a correction is below 0."""
    model = IntervalRegressor(estimator, level=level, random_state=1).fit(X, Y)
    _, held_out = train_test_split(np.arange(len(Y)), test_size=0.25, random_state=1)
    levels = model.estimator_.predict(X).astype(float)
    columns = [Column(0), Column(2), Column(1)]
    oracle = ConformalizedQuantileRegressor(columns, confidence_level=level, prefit=True)
    oracle.conformalize(levels[held_out], Y[held_out])
    median, ends = oracle.predict_interval(levels, symmetric_correction=True)
    assert_allclose(model.predict_interval(X), np.sort(ends[:, :, 0]), rtol=1e-6)
    assert_allclose(model.predict(X), median)


@only_newest
@estimators
def test_coverage_where_the_model_itself_fails(estimator):
    """Many deep trees on noise: the quantiles are far too narrow on new rows, the intervals aren't."""
    estimator = clone(estimator).set_params(n_estimators=100)
    covered, plain = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x, y = rng.uniform(size=(1200, 4)), rng.standard_t(3, 1200)
        model = IntervalRegressor(estimator, random_state=seed).fit(x[:600], y[:600])
        for ends, shares in (
            (model.predict_interval(x[600:]), covered),
            (model.estimator_.predict(x[600:])[:, [0, 2]], plain),
        ):
            shares.append(((ends[:, 0] <= y[600:]) & (y[600:] <= ends[:, 1])).mean())
    assert abs(np.mean(covered) - 0.9) < 0.03
    assert np.mean(plain) < 0.87


@estimators
def test_frames_weights_and_searches(estimator):
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["kind"] = pd.Categorical(np.where(X[:, 1] > 0.5, "loud", "quiet"))
    frame.loc[::7, "a"] = np.nan
    wrapped = clone(estimator).set_params(n_estimators=10)
    if isinstance(wrapped, xgb.XGBRegressor):
        wrapped.set_params(enable_categorical=True)
    weight = np.where(X[:, 2] > 0.5, 1.0, 0.0)
    model = IntervalRegressor(wrapped, calibration=300, random_state=0)
    model.fit(frame, Y, sample_weight=weight, eval_set=[(frame, Y)], **_quiet(wrapped))
    assert_array_equal(model.feature_names_in_, frame.columns)
    again = clone(model).fit(frame, Y, sample_weight=weight)
    assert_array_equal(again.predict_interval(frame), model.predict_interval(frame))
    other = clone(model).fit(frame, Y)
    assert (other.predict(frame) != model.predict(frame)).any()
    search = GridSearchCV(model, {"estimator__n_estimators": [1, 10], "level": [0.8]}, cv=2)
    search.fit(frame, Y)
    assert search.best_params_["estimator__n_estimators"] == 10
    assert 0 < search.best_score_ < 1


def _quiet(estimator):
    return {"verbose": False} if isinstance(estimator, xgb.XGBRegressor) else {}


def test_wrong_arguments():
    with pytest.raises(
        ValueError, match=r"calibration: 8 of 32 rows; needed: 9 rows for level=0.9"
    ):
        IntervalRegressor(xgb.XGBRegressor()).fit(X[:32], Y[:32])
    held_out = np.where(
        np.arange(len(Y)) == train_test_split(np.arange(len(Y)), random_state=0)[1][0], np.nan, Y
    )
    with pytest.raises(ValueError, match="y: NaN or inf in 1 of 1500 rows"):
        IntervalRegressor(ESTIMATORS[1], random_state=0).fit(X, held_out)
    with pytest.raises(
        ValueError, match="exposure: a column that IntervalRegressor has no use for"
    ):
        IntervalRegressor(xgb.XGBRegressor()).fit(X, Y, exposure=np.ones(len(Y)))
    with pytest.raises(ValueError, match="level: 90"):
        IntervalRegressor(xgb.XGBRegressor(), level=90).fit(X, Y)
    with pytest.raises(TypeError, match="estimator: a XGBClassifier; needed: a regressor"):
        IntervalRegressor(xgb.XGBClassifier()).fit(X, Y)


@only_newest
@estimators
@pytest.mark.filterwarnings("ignore")
def test_check_estimator(estimator):
    """No check of scikit-learn fails but those that hold out rows, which weights of 0 and copies of rows change."""
    small = clone(estimator).set_params(n_estimators=8, learning_rate=0.8)
    if isinstance(small, lgb.LGBMRegressor):
        small.set_params(min_child_samples=1)
    results = check_estimator(IntervalRegressor(small, level=0.5, random_state=0), on_fail=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert set(failed) == {
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    }, failed
    assert sum(r["status"] == "passed" for r in results) >= 45


def test_masked_labels_are_an_error():
    model = IntervalRegressor(lgb.LGBMRegressor(n_estimators=2, verbosity=-1))
    with pytest.raises(ValueError, match=r"y: 1 masked"):
        model.fit(X, np.ma.masked_array(Y, np.arange(len(Y)) == 3))
