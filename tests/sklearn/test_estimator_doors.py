"""What users do with the estimators beside fitting them: label matrices, functions as metrics, selection of features."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_friedman1, make_multilabel_classification
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, roc_auc_score

from gbm_objectives import (
    binary_cross_entropy,
    focal,
    hinge,
    huber,
    kl_divergence,
    metrics,
    multilabel_cross_entropy,
    poisson,
    quantile,
    softmax_cross_entropy,
    softmax_focal,
)
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor

X, Y = make_friedman1(400, noise=1.0, random_state=0)
COUNT = np.round(Y / 4)
LABEL = (np.median(Y) < Y).astype(int)
X_SEVERAL, SEVERAL = make_multilabel_classification(300, n_labels=2, n_classes=4, random_state=0)
XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
LIBRARIES = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
FROM_31 = pytest.mark.skipif(XGB_VERSION < (3, 1), reason="one base_score before XGBoost 3.1")


def regressor(library, objective, **params):
    if library == "xgboost":
        return ObjectiveRegressor(xgb.XGBRegressor(n_estimators=10, n_jobs=1, **params), objective)
    estimator = lgb.LGBMRegressor(n_estimators=10, n_jobs=1, verbosity=-1, **params)
    return ObjectiveRegressor(estimator, objective)


def classifier(library, objective, **params):
    if library == "xgboost":
        estimator = xgb.XGBClassifier(n_estimators=10, n_jobs=1, **params)
    else:
        estimator = lgb.LGBMClassifier(n_estimators=10, n_jobs=1, verbosity=-1, **params)
    return ObjectiveClassifier(estimator, objective)


def history(model, name):
    """The last value of a metric."""
    inner = model.estimator_
    found = inner.evals_result() if hasattr(inner, "evals_result") else inner.evals_result_
    return next(iter(found.values()))[name][-1]


def watched(model, library, x, y, metric, **arguments):
    """The model fitted with an evaluation set and a metric, where the library wants it."""
    if library == "xgboost":
        model.set_params(estimator__eval_metric=metric)
        return model.fit(x, y, eval_set=[(x, y)], verbose=False, **arguments)
    return model.fit(x, y, eval_set=[(x, y)], eval_metric=metric, **arguments)


@LIBRARIES
def test_selection_of_features(library):
    for selector in (RFE, SelectFromModel):
        found = selector(regressor(library, huber())).fit(X, Y)
        assert 0 < found.get_support().sum() < X.shape[1]
        assert found.get_support()[:5].sum() > found.get_support()[5:].sum()
    model = regressor(library, huber()).fit(X, Y)
    assert_array_equal(model.feature_importances_, model.estimator_.feature_importances_)
    assert not hasattr(regressor(library, huber()), "feature_importances_")


def named(function):
    """scikit-learn's function as LightGBM wants one."""

    def metric(y_true, y_pred):
        return function.__name__, function(y_true, y_pred), False

    metric.__name__ = function.__name__
    return metric


@LIBRARIES
def test_functions_get_the_response(library):
    """Those of scikit-learn among them; with weights if they take them, and in lists."""
    own = (lambda f: f) if library == "xgboost" else named
    model = watched(regressor(library, poisson()), library, X, COUNT, own(mean_absolute_error))
    expected = mean_absolute_error(COUNT, model.predict(X))
    assert_allclose(history(model, "mean_absolute_error"), expected, rtol=1e-5, atol=1e-6)
    both = [own(log_loss), metrics.brier()]
    model = watched(classifier(library, binary_cross_entropy()), library, X, LABEL, both)
    assert_allclose(history(model, "log_loss"), log_loss(LABEL, model.predict_proba(X)), atol=2e-6)
    brier = np.mean((model.predict_proba(X)[:, 1] - LABEL) ** 2)
    assert_allclose(history(model, "brier"), brier, atol=2e-6)
    level = np.digitize(Y, np.quantile(Y, [0.3, 0.6]))
    model = watched(
        classifier(
            library,
            softmax_focal(),
        ),
        library,
        X,
        level,
        own(log_loss),
    )
    raw = model.set_params(recover_proba=False).predict_proba(X)
    assert_allclose(history(model, "log_loss"), log_loss(level, raw), rtol=1e-5, atol=2e-6)


def test_functions_of_weights_get_them():
    weight = np.random.default_rng(0).uniform(0.2, 3, len(Y))
    model = regressor("xgboost", huber(), eval_metric=mean_absolute_error)
    model.fit(X, Y, eval_set=[(X, Y)], sample_weight_eval_set=[weight], verbose=False)
    expected = mean_absolute_error(Y, model.predict(X), sample_weight=weight)
    assert_allclose(history(model, "mean_absolute_error"), expected, rtol=1e-5)


@pytest.mark.parametrize("where", ["fit", "constructor"])
def test_built_in_metrics_of_lightgbm_on_raw_scores_are_refused(where):
    arguments = {"eval_set": [(X, LABEL)]}
    model = classifier("lightgbm", binary_cross_entropy())
    if where == "fit":
        arguments["eval_metric"] = ["auc", "binary_logloss"]
    else:
        model.set_params(estimator__metric="binary_logloss")
    with pytest.raises(ValueError, match="'binary_logloss', which LightGBM would compute on raw"):
        model.fit(X, LABEL, **arguments)
    model = watched(classifier("lightgbm", focal()), "lightgbm", X, LABEL, "auc")
    found = roc_auc_score(LABEL, model.predict_proba(X)[:, 1])
    assert_allclose(history(model, "auc"), found, rtol=1e-6)


@LIBRARIES
def test_metrics_of_probabilities_beside_margins_are_refused(library):
    name = "logloss" if library == "xgboost" else "binary_logloss"
    with pytest.raises(ValueError, match="hinge gives no probabilities for"):
        watched(classifier(library, hinge()), library, X, LABEL, name)


@LIBRARIES
@pytest.mark.parametrize(
    "objective", [multilabel_cross_entropy(), focal(), hinge()], ids=lambda o: o.name
)
@FROM_31
def test_several_labels_a_row(library, objective):
    train, test = slice(0, 200), slice(200, None)
    model = classifier(library, objective)
    verbose = {"verbose": False} if library == "xgboost" else {}
    pairs = [(X_SEVERAL[test], SEVERAL[test])]
    model.fit(X_SEVERAL[train], SEVERAL[train], eval_set=pairs, **verbose)
    predicted = model.predict(X_SEVERAL[test])
    assert predicted.shape == SEVERAL[test].shape
    assert set(np.unique(predicted)) == {0, 1}
    assert model.score(X_SEVERAL[test], SEVERAL[test]) == accuracy_score(SEVERAL[test], predicted)
    usual = SEVERAL[train].mean(axis=0) > 0.5
    assert (predicted == SEVERAL[test]).mean() > (usual == SEVERAL[test]).mean() + 0.02
    assert_array_equal(model.classes_, np.arange(4))
    if objective.name != "hinge":
        probability = model.predict_proba(X_SEVERAL[test])
        assert_array_equal(probability > 0.5, predicted)
        alone = classifier(library, objective).fit(X_SEVERAL[train], SEVERAL[train][:, 1])
        single = alone.predict_proba(X_SEVERAL[test])[:, 1]
        assert_allclose(probability[:, 1], single, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="a label matrix for softmax_cross_entropy"):
        classifier(library, softmax_cross_entropy()).fit(X_SEVERAL, SEVERAL)


@LIBRARIES
@FROM_31
def test_label_matrices_of_regressors(library):
    """A column is the model of its own; soft labels are distributions."""
    both = np.column_stack([Y, -3 * Y[::-1]])
    verbose = {"verbose": False} if library == "xgboost" else {}
    model = regressor(library, huber()).fit(X, both, eval_set=[(X, both)], **verbose)
    for k, column in enumerate(both.T):
        alone = regressor(library, huber()).fit(X, column)
        assert_allclose(model.predict(X)[:, k], alone.predict(X), rtol=1e-4, atol=1e-4)
    assert_allclose(history(model, "huber"), huber().metric(both, model.predict(X)), rtol=1e-4)
    soft = np.column_stack([LABEL * 0.6 + 0.2, 0.8 - LABEL * 0.6])
    model = regressor(library, kl_divergence()).fit(X, soft)
    predicted = model.predict(X)
    assert_allclose(predicted.sum(axis=1), 1, rtol=1e-6)
    assert np.abs(predicted - soft).mean() < np.abs(soft.mean(axis=0) - soft).mean()


@LIBRARIES
def test_what_cannot_be_answered_is_refused_in_fit(library):
    level = np.digitize(Y, np.quantile(Y, [0.3, 0.6]))
    total = softmax_cross_entropy() + softmax_focal()
    with pytest.raises(ValueError, match="a sum, with recover_proba=True"):
        classifier(library, total).fit(X, level)
    model = ObjectiveClassifier(classifier(library, total).estimator, total, recover_proba=False)
    assert set(model.fit(X, level).predict(X)) <= {0, 1, 2}
    with pytest.raises(ValueError, match=r"y: NaN or inf in 1 of 400 rows.*Float32 ends"):
        regressor(library, quantile(0.5)).fit(X, np.where(np.arange(400) == 7, 1e39, Y))
    for name in ("group", "qid"):
        with pytest.raises(ValueError, match=f"{name}: groups of rows"):
            regressor(library, huber()).fit(X, Y, **{name: np.zeros(400)})


def test_arguments_that_xgboosts_fit_does_not_know():
    with pytest.raises(TypeError, match=r"eval_metric'; it is a parameter of the estimator"):
        regressor("xgboost", huber()).fit(X, Y, eval_metric="mae")


class Counting(xgb.callback.TrainingCallback):
    """A user's callback."""

    calls = 0

    def after_iteration(self, model, epoch, evals_log):
        self.calls += 1
        return False


def test_callbacks_and_metrics_are_the_users_own_objects():
    """`clone` would hand on copies, and the user's would never be called: Optuna's pruning would not prune."""
    counting = Counting()
    model = regressor("xgboost", huber(), callbacks=[counting]).fit(X, Y)
    assert counting.calls == 10
    assert model.estimator_.callbacks[0] is counting
    seen = []

    class Recording:
        __name__ = "recording"

        def __call__(self, y_true, y_pred):
            seen.append(float(np.mean(y_pred)))
            return seen[-1]

    regressor("xgboost", poisson(), eval_metric=Recording()).fit(
        X, COUNT, eval_set=[(X, COUNT)], verbose=False
    )
    assert len(seen) == 10
    assert abs(seen[-1] - COUNT.mean()) < 0.5


def test_switches_of_lightgbm_are_read_as_lightgbm_reads_them():
    for value, starts in (("false", False), ("-", False), (False, False), ("true", True)):
        model = regressor("lightgbm", huber(), boost_from_average=value)
        model.set_params(estimator__n_estimators=1).fit(X, Y + 1000)
        assert (model.predict(X).mean() > 900) == starts
