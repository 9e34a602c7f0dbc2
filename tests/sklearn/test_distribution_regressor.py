"""Whole distributions as an estimator: its answers, early stopping, weights, the choice of a family."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from _versions import only_newest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.base import clone
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import GridSearchCV

from gbm_objectives import distribution
from gbm_objectives.metrics import coverage, crps, log_score, pit_error
from gbm_objectives.sklearn import DistributionRegressor

FROM_31 = pytest.mark.skipif(
    tuple(map(int, xgb.__version__.split(".")[:2])) < (3, 1),
    reason="XGBoost 3.1 is the first with an intercept for each output",
)
ESTIMATORS = [
    pytest.param(
        xgb.XGBRegressor(n_estimators=40, max_depth=3, learning_rate=0.1, n_jobs=1), marks=FROM_31
    ),
    lgb.LGBMRegressor(n_estimators=40, max_depth=3, n_jobs=1, verbosity=-1),
]
estimators = pytest.mark.parametrize("estimator", ESTIMATORS, ids=["XGBoost", "LightGBM"])
RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (1500, 3))
MEAN, SCALE = 2 * X[:, 0], np.exp(X[:, 1])
Y = MEAN + SCALE * RNG.standard_normal(1500)
TRAIN, TEST = slice(0, 1000), slice(1000, None)


@estimators
def test_what_it_answers(estimator):
    model = DistributionRegressor(estimator).fit(X[TRAIN], Y[TRAIN])
    parameters, frozen = model.predict_parameters(X[TEST]), model.predict_distribution(X[TEST])
    assert np.corrcoef(parameters[:, 0], MEAN[TEST])[0, 1] > 0.9
    assert np.corrcoef(np.log(parameters[:, 1]), X[TEST, 1])[0, 1] > 0.8
    assert_allclose(model.predict(X[TEST]), frozen.mean())
    assert_allclose(model.predict_quantile(X[TEST]), frozen.median())
    ends = model.predict_interval(X[TEST], 0.8)
    assert_allclose(ends, model.predict_quantile(X[TEST], [0.1, 0.9]))
    assert 0.7 < coverage().evaluate(Y[TEST], ends) < 0.88
    assert_allclose(model.score(X[TEST], Y[TEST]), frozen.logpdf(Y[TEST]).mean())
    assert_allclose(log_score().evaluate(Y[TEST], parameters), -model.score(X[TEST], Y[TEST]))
    assert pit_error().evaluate(Y[TEST], parameters) < 0.05
    assert_allclose(model.pit(X[TEST], Y[TEST]), frozen.cdf(Y[TEST]))
    assert_allclose(model.estimator_.score(X[TEST], Y[TEST]), model.score(X[TEST], Y[TEST]))
    chosen = SelectFromModel(model, threshold=-np.inf, max_features=2, prefit=True)
    assert chosen.get_support().tolist() == [True, True, False]
    raw, link = model.estimator_.raw_prediction(X[TEST]), distribution().link
    assert_allclose(
        crps(link=link).evaluate(Y[TEST], raw), crps().evaluate(Y[TEST], parameters), rtol=1e-5
    )


@estimators
def test_weights_early_stopping_and_search(estimator):
    weight = np.where(X[TRAIN, 2] > 0, 1.0, 0.0)
    shifted = Y[TRAIN] + np.where(weight > 0, 0.0, 50.0)
    found = DistributionRegressor(estimator).fit(X[TRAIN], shifted, weight).predict(X[TEST])
    assert np.abs(found - MEAN[TEST]).mean() < 1
    many = clone(estimator).set_params(n_estimators=400)
    if isinstance(many, xgb.XGBRegressor):
        many.set_params(early_stopping_rounds=5)
        extra = {"verbose": False}
    else:
        extra = {"callbacks": [lgb.early_stopping(5, verbose=False)]}
    stopped = DistributionRegressor(many).fit(
        X[TRAIN], Y[TRAIN], eval_set=[(X[TEST], Y[TEST])], **extra
    )
    fitted = stopped.estimator_.estimator_
    rounds = fitted.best_iteration if isinstance(many, xgb.XGBRegressor) else fitted.best_iteration_
    assert 5 < rounds < 300
    search = GridSearchCV(
        DistributionRegressor(estimator), {"family": ["normal", "lognormal"]}, cv=2
    )
    search.fit(X[TRAIN], np.exp(Y[TRAIN]))
    assert search.best_params_ == {"family": "lognormal"}


@estimators
@pytest.mark.parametrize("family", ["poisson", "bernoulli"])
def test_families_of_one_parameter(estimator, family):
    rng = np.random.default_rng(1)
    chance = 1 / (1 + np.exp(-3 * X[:, 0]))
    y = (
        rng.poisson(4 * chance)
        if family == "poisson"
        else (rng.uniform(size=1500) < chance).astype(int)
    )
    model = DistributionRegressor(estimator, family).fit(X[TRAIN], y[TRAIN])
    frozen = model.predict_distribution(X[TEST])
    assert_allclose(model.predict(X[TEST]), frozen.mean(), rtol=1e-6)
    one_column = distribution(family).loss.frozen(model.estimator_.predict(X[TEST]))
    assert_allclose(one_column.mean(), frozen.mean(), rtol=1e-6)
    assert_allclose(model.score(X[TEST], y[TEST]), frozen.logpmf(y[TEST]).mean())
    assert np.corrcoef(model.predict(X[TEST]), chance[TEST])[0, 1] > 0.9


def test_a_family_is_chosen_out_of_fold():
    rng = np.random.default_rng(2)
    small = lgb.LGBMRegressor(n_estimators=15, max_depth=2, n_jobs=1, verbosity=-1)
    features = X[:800]
    mu, size = np.exp(1 + features[:, 0]), 1.0
    counts = rng.negative_binomial(size, size / (size + mu))
    model = DistributionRegressor(small, "auto", cv=2, random_state=0).fit(features, counts)
    table = model.cv_results_
    assert model.family_ == table["family"][0]
    assert {"poisson", "negative_binomial", "zero_inflated_poisson"} < set(table["family"])
    assert model.family_.endswith("negative_binomial")
    assert table["family"][-1] == "poisson"
    assert table["log_likelihood"] == sorted(table["log_likelihood"], reverse=True)
    assert table["standard_error"][0] == 0
    amounts = rng.gamma(3.0, mu)
    model = DistributionRegressor(small, ["normal", "gamma"], cv=2, random_state=0)
    assert model.fit(features, amounts, rng.uniform(0.5, 2, 800)).family_ == "gamma"
    binary = DistributionRegressor(small, "auto", cv=2).fit(features, counts > 0)
    assert binary.family_ == "bernoulli"
    with pytest.raises(ValueError, match="families of one kind"):
        clone(model).set_params(family=["poisson", "gamma"]).fit(features, amounts)
    for wrong, given in (("gauss", "'gauss'"), (["gauss"], "'gauss'"), (None, "None")):
        with pytest.raises(ValueError, match=f"family: {given}"):
            clone(model).set_params(family=wrong).fit(features, amounts)


#: CRPS by its definition: the integral of (F(x) - 1{y <= x})^2.
CRPS = {
    "normal": [0.3, 1.2], "laplace": [0.3, 1.2], "logistic": [0.3, 1.2], "student_t": [0.3, 1.2, 3.0],
    "lognormal": [0.3, 0.8], "gamma": [2.0, 1.5], "weibull": [2.0, 1.5], "beta": [0.4, 5.0],
    "negative_binomial": [3.0, 1.5], "zero_inflated_poisson": [3.0, 0.3], "poisson": [3.0],
}  # fmt: skip


@pytest.mark.parametrize("family", CRPS)
def test_crps_is_the_integral(family):
    y = np.array([0.2, 0.7, 0.99] if family == "beta" else [1.0, 2.0, 9.0])
    parameters = np.tile(CRPS[family], (3, 1))
    loss = distribution(family).loss
    frozen = loss.frozen(parameters[:1])
    found = crps(family).rows(y, parameters)
    if loss.discrete:
        x, width = np.arange(400.0), 1.0
    else:
        x = frozen.ppf(stats.logistic.cdf(np.linspace(-25, 25, 200_001)))
        x = np.unique(np.concatenate([x, y]))
        width = np.diff(x)
        x = 0.5 * (x[1:] + x[:-1])
    expected = [(width * (frozen.cdf(x) - (one <= x)) ** 2).sum() for one in y]
    assert_allclose(found, expected, rtol=2e-4)


@only_newest
@pytest.mark.filterwarnings("ignore")
def test_check_estimator():
    from sklearn.utils.estimator_checks import check_estimator

    small = lgb.LGBMRegressor(n_estimators=5, n_jobs=1, verbosity=-1, min_child_samples=1)
    results = check_estimator(DistributionRegressor(small), on_fail=None)
    assert {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"} == {}
    assert sum(r["status"] == "passed" for r in results) >= 45


@estimators
def test_exposure(estimator):
    """The mean is multiplied by it: in the gradients, in the choice of a family, in scores and predictions."""
    exposure = RNG.uniform(0.1, 4.0, len(X))
    rate = np.exp(0.8 * X[:, 0])
    counts = RNG.poisson(exposure * rate * RNG.gamma(2.0, 0.5, len(X))).astype(float)
    raw = RNG.normal(size=(len(X), 2))
    plain, exposed = distribution("negative_binomial"), np.log(exposure)[:, None] * [1.0, 0.0]
    table, rows = plain.with_rows(counts, exposure=exposure), np.arange(len(X))
    for found, wanted in zip(table(rows, raw), plain(counts, raw + exposed), strict=True):
        assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)

    names, few = ["poisson", "negative_binomial"], clone(estimator).set_params(n_estimators=20)
    model = DistributionRegressor(few, names, cv=2, random_state=0).fit(
        X[TRAIN], counts[TRAIN], exposure=exposure[TRAIN]
    )
    assert model.family_ == "negative_binomial"
    observed, given = counts[TEST], {"exposure": exposure[TEST]}
    assert np.abs(np.log(model.predict(X[TEST]) / rate[TEST])).mean() < 0.2
    assert_allclose(model.predict(X[TEST], **given), exposure[TEST] * model.predict(X[TEST]))
    frozen = model.predict_distribution(X[TEST], **given)
    assert_allclose(model.score(X[TEST], observed, **given), frozen.logpmf(observed).mean())
    assert model.score(X[TEST], observed, **given) > model.score(X[TEST], observed) + 0.2
    assert abs(model.pit(X[TEST], observed, **given).mean() - 0.5) < 0.05


def test_columns_without_a_use():
    model = DistributionRegressor(lgb.LGBMRegressor(), "normal")
    for name, said in (("groups", "no use for"), ("exposure", "whose link is no logarithm")):
        with pytest.raises(ValueError, match=f"{name}: .*{said}"):
            model.fit(X, Y, **{name: np.ones(len(X))})
