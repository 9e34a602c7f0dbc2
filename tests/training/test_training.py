"""What the objectives are for, in whole trainings with the libraries' defaults."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose
from sklearn.datasets import make_friedman1
from sklearn.metrics import mean_pinball_loss

from gbm_objectives import focal, huber, log_cosh, pseudo_huber, quantile

X, Y = make_friedman1(1500, noise=1.0, random_state=0)
X_TEST, Y_TEST = make_friedman1(1000, noise=0.0, random_state=1)
LIBRARIES = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])


def fit_predict(library, objective, y, rounds=100, start=None, **params):
    """Predictions on the test rows, started at the objective's intercept, and the splits a round."""
    start = float(objective.intercept(y)) if start is None else start
    if library == "xgboost":
        booster = xgb.train(
            {"base_score": start, "nthread": 1, **params}, xgb.DMatrix(X, y), rounds, obj=objective
        )
        splits = booster.trees_to_dataframe().query("Feature != 'Leaf'").groupby("Tree").size()
        return booster.predict(xgb.DMatrix(X_TEST)), splits.reindex(range(rounds), fill_value=0)
    data = lgb.Dataset(X, y, init_score=np.full(len(y), start))
    params = {"verbosity": -1, "num_threads": 1, **params}
    booster = lgb.train({**params, "objective": objective}, data, rounds)
    splits = [tree["num_leaves"] - 1 for tree in booster.dump_model()["tree_info"]]
    return booster.predict(X_TEST) + start, np.array(splits)


def mean_absolute_error(predictions):
    return np.mean(np.abs(predictions - Y_TEST))


@LIBRARIES
def test_log_cosh_splits_at_any_size_of_the_target(library):
    """The constant-gradient problem: sizes 1, 1e3, 1e6, library defaults, equal errors to 1%."""
    errors = []
    for size in (1.0, 1e3, 1e6):
        unit = size / np.std(Y)
        predictions, splits = fit_predict(library, log_cosh(), unit * Y)
        assert splits.iloc[0] > 0 if library == "xgboost" else splits[0] > 0
        assert len(splits) == 100
        errors.append(mean_absolute_error(predictions / unit))
    assert_allclose(errors, errors[0], rtol=0.01)
    assert errors[0] < 0.3 * np.mean(np.abs(Y_TEST - np.median(Y)))


@LIBRARIES
def test_log_cosh_splits_from_the_librarys_own_start(library):
    """From 0.5 or 0 to a target of 1e6, with an offset: slower, but it gets there."""
    y = 1e6 + 1e5 * (Y - Y.mean())
    predictions, splits = fit_predict(library, log_cosh(), y, start=0.5)
    assert np.asarray(splits)[:3].any()
    truth = 1e6 + 1e5 * (Y_TEST - Y.mean())
    assert np.mean(np.abs(predictions - truth)) < 0.4 * np.mean(np.abs(truth - 1e6))


@LIBRARIES
def test_the_exact_hessian_is_the_problem(library):
    """The control: the same loss with its exact Hessian fails, as the documentation says."""
    objective = log_cosh(1.0, curvature="exact")
    y = 1000 * (Y - Y.mean())
    predictions, _ = fit_predict(library, objective, y, start=0.0)
    safe, _ = fit_predict(library, log_cosh(), y, start=0.0)
    error, safe_error = (np.mean(np.abs(p / 1000 + Y.mean() - Y_TEST)) for p in (predictions, safe))
    constant = np.mean(np.abs(Y_TEST - Y.mean()))
    assert error > 0.99 * constant
    assert safe_error < 0.3 * constant


@LIBRARIES
@pytest.mark.parametrize("objective", [huber(), pseudo_huber(), log_cosh()], ids=lambda o: o.name)
def test_contaminated_labels(library, objective):
    """30% of the labels moved by +-10 standard deviations: far better than squared error."""
    rng = np.random.default_rng(0)
    moved = rng.random(len(Y)) < 0.3
    y = Y + 10 * np.std(Y) * moved * rng.choice([-1, 1], len(Y))
    robust, _ = fit_predict(library, objective, y)
    if library == "xgboost":
        l2 = xgb.train({"nthread": 1}, xgb.DMatrix(X, y), 100).predict(xgb.DMatrix(X_TEST))
    else:
        l2 = lgb.train({"verbosity": -1}, lgb.Dataset(X, y), 100).predict(X_TEST)
    assert mean_absolute_error(robust) < 0.25 * mean_absolute_error(l2)


@pytest.mark.parametrize("weighted", [False, True])
def test_focal_of_gamma_0_is_the_libraries_own_logistic(weighted):
    """Equal parameters, equal intercept: 1e-5 after 100 rounds, weights included."""
    label = (np.quantile(Y, 0.8) < Y).astype(float)
    weight = np.random.default_rng(0).uniform(0.5, 2, len(Y)) if weighted else None
    start = float(focal(0.0).intercept(label, weight))

    data = xgb.DMatrix(X, label, weight=weight)
    params = {"nthread": 1, "base_score": 1 / (1 + np.exp(-start)), "objective": "binary:logistic"}
    test = xgb.DMatrix(X_TEST)
    built_in = xgb.train(params, data, 100).predict(test)
    ours = xgb.train(params, data, 100, obj=focal(0.0)).predict(test)
    assert_allclose(ours, built_in, rtol=1e-5)

    def lightgbm(objective, **parameters):
        data = lgb.Dataset(X, label, weight=weight, init_score=np.full(len(Y), start))
        parameters = {"verbosity": -1, "num_threads": 1, "deterministic": True, **parameters}
        return lgb.train({**parameters, "objective": objective}, data, 100).predict(
            X_TEST, raw_score=True
        )

    assert_allclose(lightgbm(focal(0.0)), lightgbm("binary"), rtol=1e-5, atol=1e-5)


@LIBRARIES
@pytest.mark.parametrize("tau", [0.05, 0.95])
def test_quantile_beats_the_built_in_and_covers_better(library, tau):
    """Heteroscedastic noise, 3000 rows, 200 rounds, leaf sizes of depth 6; built-ins over-fit there."""
    rng = np.random.default_rng(0)

    def draw(n):
        features = rng.uniform(size=(n, 6))
        scale = 0.5 + 2 * features[:, 5] + 1.5 * features[:, 0]
        signal = 10 * np.sin(np.pi * features[:, 0] * features[:, 1]) + 10 * features[:, 3]
        return features, signal + scale * rng.standard_normal(n)

    (features, y), (features_test, y_test) = draw(3000), draw(5000)
    objective = quantile(tau)
    start = float(objective.intercept(y))
    if library == "xgboost":
        train, test = xgb.DMatrix(features, y), xgb.DMatrix(features_test)
        base = {"eta": 0.1, "max_depth": 6, "nthread": 1}
        named = {**base, "objective": "reg:quantileerror", "quantile_alpha": tau}
        built_in = xgb.train(named, train, 200).predict(test)
        ours = xgb.train({**base, "base_score": start}, train, 200, obj=objective).predict(test)
    else:
        base = {"learning_rate": 0.1, "num_leaves": 31, "num_threads": 1, "verbosity": -1}
        named = {**base, "objective": "quantile", "alpha": tau}
        built_in = lgb.train(named, lgb.Dataset(features, y), 200).predict(features_test)
        train = lgb.Dataset(features, y, init_score=np.full(len(y), start))
        ours = (
            lgb.train({**base, "objective": objective}, train, 200).predict(features_test) + start
        )
    assert mean_pinball_loss(y_test, ours, alpha=tau) < 0.99 * mean_pinball_loss(
        y_test, built_in, alpha=tau
    )
    assert abs(np.mean(y_test <= ours) - tau) < abs(np.mean(y_test <= built_in) - tau)


def test_focal_trains_from_a_bad_start():
    """Where the exact Hessian is negative: started at -10, the default still learns to rank."""
    from sklearn.metrics import roc_auc_score

    label = (np.quantile(Y, 0.95) < Y).astype(float)
    truth = np.quantile(Y_TEST, 0.95) < Y_TEST
    for library in ("xgboost", "lightgbm"):
        predictions, _ = fit_predict(library, focal(2.0), label, start=-10.0)
        assert np.isfinite(predictions).all()
        assert np.abs(predictions).max() < 100
        assert roc_auc_score(truth, predictions) > 0.9
