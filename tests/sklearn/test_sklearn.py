"""The meta-estimators: scikit-learn's own checks, and what users do with estimators."""

import pickle
import warnings

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from _deprecated import forests
from _versions import only_newest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, make_classification, make_friedman1
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import (
    TrainingError,
    TrainingWarning,
    binary_cross_entropy,
    curvature,
    focal,
    huber,
    mean_bias_error,
    metrics,
    quantile,
    squared_error,
)
from gbm_objectives._training.leaves import by_loss
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor

XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
RNG = np.random.default_rng(0)
X, Y = make_friedman1(500, noise=1.0, random_state=0)
Y += 1000
W = RNG.uniform(0.2, 3.0, len(Y))
X_CLASS, CODES = load_breast_cancer(return_X_y=True)
CODES = np.where(RNG.random(len(CODES)) < 0.15, 1 - CODES, CODES)
NAMES = np.array(["benign", "malign"])[CODES]

REGRESSORS = {
    "xgboost": lambda **p: xgb.XGBRegressor(n_estimators=20, max_depth=3, n_jobs=1, **p),
    "lightgbm": lambda **p: lgb.LGBMRegressor(n_estimators=20, n_jobs=1, verbosity=-1, **p),
}
CLASSIFIERS = {
    "xgboost": lambda **p: xgb.XGBClassifier(n_estimators=20, max_depth=3, n_jobs=1, **p),
    "lightgbm": lambda **p: lgb.LGBMClassifier(n_estimators=20, n_jobs=1, verbosity=-1, **p),
}
LIBRARIES = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])


def regressor(library, objective=None, guard="warn", **params):
    return ObjectiveRegressor(REGRESSORS[library](**params), objective or huber(), guard=guard)


def classifier(library, objective=None, recover_proba=True, **params):
    made = CLASSIFIERS[library](**params)
    return ObjectiveClassifier(made, objective or focal(), recover_proba=recover_proba)


# Failures of check_estimator, by scikit-learn's names of the checks. Each is one of the wrapped estimator too.
KNOWN_FAILURES = {
    "XGBRegressor": {"check_regressor_multioutput"},  # float32 predictions
    "XGBClassifier": set(),
    # Rows of weight 0 still count in LightGBM's bins and min_child_samples.
    "LGBMRegressor": {
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    },
    "LGBMClassifier": {
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    },
}


@only_newest
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [regressor, classifier], ids=lambda make: make.__name__)
@LIBRARIES
def test_check_estimator(library, make):
    """No check fails but those that the wrapped estimator fails by itself."""
    from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

    params = {"min_child_samples": 1} if library == "lightgbm" else {}
    model = make(library, **params)
    model.set_params(estimator__n_estimators=8, estimator__learning_rate=0.8)
    results = check_estimator(model, on_fail=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    known = KNOWN_FAILURES[type(model.estimator).__name__]
    assert set(failed) == known, failed
    assert sum(r["status"] == "passed" for r in results) >= 45
    seen = set()
    for estimator, check in estimator_checks_generator(model.estimator):
        if (name := check.func.__name__) in known:
            seen.add(name)
            with pytest.raises(AssertionError):
                check(estimator)
    assert seen == known


@LIBRARIES
@pytest.mark.parametrize("weight", [None, W], ids=["unweighted", "weighted"])
@pytest.mark.parametrize(
    "objective", [huber(), quantile(0.9), huber() + mean_bias_error(1.0)], ids=lambda o: o.name
)
def test_a_regressor_is_the_model_of_train(library, objective, weight):
    model = regressor(library, objective).fit(X, Y, sample_weight=weight)
    if library == "xgboost":
        # The estimator bins by itself, with QuantileDMatrix, where steps can be told on it.
        steps = by_loss(objective) and XGB_VERSION < (3, 1)
        data = (xgb.DMatrix if steps else xgb.QuantileDMatrix)(X, Y, weight=weight)
        booster = gox.train({"max_depth": 3, "nthread": 1}, data, 20, objective=objective)
        expected = booster.predict(xgb.DMatrix(X))
        assert_allclose(model.estimator_.get_booster().predict(xgb.DMatrix(X)), model.predict(X))
    else:
        data = lgb.Dataset(X, Y, weight=weight)
        params = {"num_threads": 1, "verbosity": -1}
        expected = gol.train(params, data, 20, objective=objective).predict(X)
        assert_allclose(model.estimator_.booster_.predict(X), model.predict(X))
    assert_allclose(model.predict(X), expected, rtol=1e-5)
    assert_array_equal(model.predict(X), model.raw_prediction(X))
    assert model.score(X, Y) == r2_score(Y, model.predict(X))


BUILT_IN = {
    "regressor": (regressor, squared_error(), (X, Y)),
    "logistic": (classifier, binary_cross_entropy(), (X_CLASS, CODES)),
    "focal 0": (classifier, focal(gamma=0.0), (X_CLASS, CODES)),
}


@LIBRARIES
@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("weighted", [False, True])
def test_estimators_equal_the_built_in_ones(library, name, weighted):
    """100 rounds, 1e-5 relative."""
    make, objective, (x, y) = BUILT_IN[name]
    model = make(library, objective).set_params(estimator__n_estimators=100)
    weight = RNG.uniform(0.2, 3.0, len(y)) if weighted else None
    model.fit(x, y, sample_weight=weight)
    alone = clone(model.estimator)
    if library == "xgboost" and make is classifier and XGB_VERSION < (3, 2):
        alone.set_params(base_score=np.average(y, weights=weight))  # its own is one Newton step
    alone.fit(x, y, sample_weight=weight)
    if make is classifier:
        # The first column of the wrapped estimator is 1 - p in float32.
        found, expected = model.predict_proba(x), alone.predict_proba(x)
        assert_allclose(found[:, 1], expected[:, 1], rtol=1e-5)
        assert_allclose(found[:, 0], expected[:, 0], rtol=1e-5, atol=1e-6)
        assert_array_equal(model.predict(x), alone.predict(x))
    else:
        assert_allclose(model.predict(x), alone.predict(x), rtol=1e-5)


@LIBRARIES
@pytest.mark.parametrize("labels", [CODES, NAMES, CODES == 1, np.where(CODES, 7.0, -2.0)])
def test_any_class_labels(library, labels):
    model = classifier(library).fit(X_CLASS, labels)
    assert_array_equal(model.classes_, np.unique(labels))
    predicted = model.predict(X_CLASS)
    assert predicted.dtype == np.asarray(labels).dtype
    assert model.score(X_CLASS, labels) == accuracy_score(labels, predicted) > 0.85
    probability = model.predict_proba(X_CLASS)
    assert probability.shape == (len(labels), 2)
    assert_allclose(probability.sum(1), 1)
    assert_array_equal(predicted, model.classes_[probability.argmax(1)])
    decision = model.decision_function(X_CLASS)
    assert_allclose(decision, np.log(probability[:, 1] / probability[:, 0]), rtol=1e-6)
    again = classifier(library).fit(X_CLASS, CODES)
    assert_allclose(probability, again.predict_proba(X_CLASS))


@LIBRARIES
def test_focal_probabilities_are_recovered_or_raw(library):
    """On a rare class the raw ones are far from calibrated; the recovered ones are as good as logistic's."""
    x, y = make_classification(
        6000, n_features=10, n_informative=5, weights=[0.95], class_sep=1.0, random_state=0
    )
    rows, test = slice(0, 3000), slice(3000, None)
    loss = {}
    for name, model in {
        "recovered": classifier(library, focal(gamma=2.0)),
        "raw": classifier(library, focal(gamma=2.0), recover_proba=False),
        "logistic": classifier(library, binary_cross_entropy()),
    }.items():
        probability = model.fit(x[rows], y[rows]).predict_proba(x[test])
        loss[name] = log_loss(y[test], probability)
    assert loss["recovered"] < 1.05 * loss["logistic"]
    assert loss["raw"] > 1.2 * loss["logistic"]


@LIBRARIES
def test_raw_probabilities_are_those_of_the_booster(library):
    model = classifier(library, recover_proba=False).fit(X_CLASS, NAMES)
    if library == "xgboost":
        booster = model.estimator_.get_booster().predict(xgb.DMatrix(X_CLASS))
    else:
        booster = model.estimator_.booster_.predict(X_CLASS)
    assert_allclose(model.predict_proba(X_CLASS)[:, 1], booster, rtol=1e-6)
    recovered = clone(model).set_params(recover_proba=True).fit(X_CLASS, NAMES)
    raw = recovered.raw_prediction(X_CLASS)
    assert_allclose(recovered.decision_function(X_CLASS), focal().log_odds(raw))
    assert np.abs(recovered.predict_proba(X_CLASS) - model.predict_proba(X_CLASS)).max() > 0.05


@LIBRARIES
def test_evaluation_sets_and_early_stopping(library):
    weight = np.random.default_rng(1).uniform(0.2, 3, 250)
    model = regressor(library).set_params(estimator__n_estimators=300)
    if library == "xgboost":
        model.set_params(estimator__early_stopping_rounds=5)
        arguments = {"sample_weight_eval_set": [weight], "verbose": False}
    else:
        model.set_params(estimator__early_stopping_round=5)
        arguments = {"eval_sample_weight": [weight]}
    model.fit(X[:250], Y[:250], eval_set=[(X[250:], Y[250:])], **arguments)
    fitted = model.estimator_
    history = fitted.evals_result() if library == "xgboost" else fitted.evals_result_
    (scores,) = history.values()
    assert set(scores) == {"huber"}
    best = int(np.argmin(scores["huber"]))
    found = fitted.best_iteration if library == "xgboost" else fitted.best_iteration_ - 1
    assert found == best < 299
    # predict stops at the best iteration, as the estimators do
    raw = model.raw_prediction(X[250:])
    assert_allclose(scores["huber"][best], float(huber().metric(Y[250:], raw, weight)), rtol=1e-4)


@LIBRARIES
def test_evaluation_sets_of_classes(library):
    arguments = {"verbose": False} if library == "xgboost" else {"eval_metric": metrics.brier()}
    extra = {"eval_metric": metrics.brier()} if library == "xgboost" else {}
    model = classifier(library, **extra)
    half = len(NAMES) // 2
    model.fit(
        X_CLASS[:half], NAMES[:half], **arguments,
        eval_set=[(X_CLASS[:half], NAMES[:half]), (X_CLASS[half:], NAMES[half:])],
    )  # fmt: skip
    fitted = model.estimator_
    history = fitted.evals_result() if library == "xgboost" else fitted.evals_result_
    last = list(history.values())[-1]["brier"][-1]
    raw = model.raw_prediction(X_CLASS[half:])
    expected = np.mean((1 / (1 + np.exp(-raw)) - CODES[half:]) ** 2)
    assert_allclose(last, expected, rtol=1e-4)
    with pytest.raises(ValueError, match=r"eval_set: the label .*unknown.*; needed: labels of y"):
        model.fit(X_CLASS, NAMES, eval_set=[(X_CLASS[:2], ["benign", "unknown"])])


@pytest.mark.skipif(
    tuple(map(int, lgb.__version__.split(".")[:2])) < (4, 7), reason="eval_X came with 4.7"
)
def test_the_new_form_of_evaluation_sets():
    model = regressor("lightgbm").fit(X[:250], Y[:250], eval_X=(X[250:],), eval_y=(Y[250:],))
    old = regressor("lightgbm").fit(X[:250], Y[:250], eval_set=(X[250:], Y[250:]))
    assert model.estimator_.evals_result_ == old.estimator_.evals_result_


@LIBRARIES
def test_grid_search_over_both(library):
    """objective__delta makes a difference here, as it silently does not on the libraries' estimators."""
    contaminated = Y + np.where(RNG.random(len(Y)) < 0.2, 200, 0)
    model = regressor(library)
    grid = {"objective__delta": ["auto", 0.01, 1e5], "estimator__max_depth": [2, 4]}
    search = GridSearchCV(model, grid, cv=3, scoring="neg_mean_absolute_error", n_jobs=2)
    search.fit(X, contaminated, sample_weight=W)
    assert len(np.unique(search.cv_results_["mean_test_score"])) == 6
    assert search.best_params_["objective__delta"] == "auto"
    assert search.best_estimator_.objective == huber()
    assert model.objective == huber()
    search = GridSearchCV(model, {"objective": [huber(1.0), quantile(0.3)]}, cv=2).fit(X, Y)
    assert len(np.unique(search.cv_results_["mean_test_score"])) == 2


def test_parameters():
    model = regressor("xgboost", huber(1.0))
    params = model.get_params()
    assert params["objective__delta"] == 1.0
    assert params["estimator__max_depth"] == 3
    assert "objective__delta" not in model.get_params(deep=False)
    model.set_params(objective=quantile(0.2), objective__tau=0.7, estimator__max_depth=5)
    assert model.objective == quantile(0.7)
    assert model.estimator.max_depth == 5
    with pytest.raises(ValueError, match=r"'gamma' for quantile_0\.7"):
        model.set_params(objective__gamma=1.0)
    model.set_params(objective__curvature="unit")
    assert model.objective.curvature == curvature.Unit()
    assert "Objective(Quantile" in repr(model)


@LIBRARIES
def test_pipelines_cross_validation_and_calibration(library):
    model = make_pipeline(StandardScaler(), regressor(library))
    assert cross_val_score(model, X, Y, cv=3).min() > 0.4
    model.fit(X, Y, objectiveregressor__sample_weight=W)
    search = GridSearchCV(model, {"objectiveregressor__objective__delta": [0.1, 1.0]}, cv=2)
    assert search.fit(X, Y).best_params_
    calibrated = CalibratedClassifierCV(classifier(library), cv=3, method="sigmoid")
    calibrated.fit(X_CLASS, NAMES, sample_weight=np.ones(len(NAMES)))
    assert log_loss(NAMES, calibrated.predict_proba(X_CLASS)) < 0.5
    probability = cross_val_predict(
        classifier(library), X_CLASS, NAMES, cv=3, method="predict_proba"
    )
    assert log_loss(NAMES, probability) < 0.6


@LIBRARIES
def test_copies_of_fitted_models(library):
    for make, x, y in ((regressor, X, Y), (classifier, X_CLASS, NAMES)):
        model = make(library).fit(x, y)
        again = pickle.loads(pickle.dumps(model))
        assert_array_equal(again.predict(x), model.predict(x))
        fresh = clone(model)
        assert fresh.objective == model.objective
        assert not hasattr(fresh, "estimator_")
        assert not hasattr(model.estimator, "n_features_in_")


@LIBRARIES
def test_feature_names_and_frames(library):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    model = regressor(library).fit(frame, pd.Series(Y), sample_weight=pd.Series(W))
    assert list(model.feature_names_in_) == list(frame.columns)
    assert_allclose(model.predict(frame), regressor(library).fit(X, Y, W).predict(X), rtol=1e-6)
    assert model.fit(X, Y).n_features_in_ == X.shape[1]
    assert not hasattr(model, "feature_names_in_")
    labels = pd.Series(NAMES, dtype="category")
    cancer = classifier(library).fit(X_CLASS, labels)
    assert set(cancer.predict(X_CLASS)) <= {"benign", "malign"}


@LIBRARIES
def test_the_users_own_start_and_weights_by_class(library):
    if library == "xgboost":
        model = regressor(library, base_score=3.0, max_leaves=1).set_params(guard="ignore")
        model.set_params(estimator__n_estimators=1, estimator__gamma=1e12).fit(X, Y)
        assert np.abs(model.predict(X) - 3.0).max() < np.abs(Y.mean() - 3.0)
        data = {"base_margin": np.full(len(Y), 1000.0)}
    else:
        data = {"init_score": np.full(len(Y), 1000.0)}
        model = classifier(library, binary_cross_entropy(), class_weight={"benign": 5.0})
        weight = np.where(NAMES == "benign", 5.0, 1.0)
        by_hand = classifier(library, binary_cross_entropy()).fit(X_CLASS, NAMES, weight)
        model.fit(X_CLASS, NAMES)
        assert_allclose(model.predict_proba(X_CLASS), by_hand.predict_proba(X_CLASS), rtol=1e-6)
        balanced = classifier(library, class_weight="balanced").fit(X_CLASS, NAMES)
        constant = balanced.set_params(estimator__min_split_gain=1e9).fit
        with pytest.warns(TrainingWarning):
            constant(X_CLASS, NAMES)
        assert_allclose(balanced.predict_proba(X_CLASS), 0.5, rtol=1e-6)
    model = regressor(library).set_params(estimator__n_estimators=60).fit(X, Y, **data)
    name = next(iter(data))
    arguments = {name: data[name]} if library == "xgboost" else {}
    offset = 0.0 if library == "xgboost" else 1000.0  # LightGBM never predicts an init_score
    found = model.predict(X, **arguments) + offset
    assert np.mean(np.abs(found - Y)) < 0.5 * np.std(Y)


@pytest.mark.parametrize("objective", [binary_cross_entropy(), focal()], ids=lambda o: o.name)
@LIBRARIES
def test_a_regressor_with_a_link(library, objective):
    """Labels between 0 and 1: predictions are responses, the booster's own too."""
    y = CODES.astype(float)
    if objective.name == "binary_cross_entropy":
        y = 0.1 + 0.8 * y
    model = regressor(library, objective).fit(X_CLASS, y)
    predicted = model.predict(X_CLASS)
    assert predicted.min() > 0
    assert predicted.max() < 1
    assert np.mean(np.abs(predicted - y)) < 0.8 * np.mean(np.abs(y.mean() - y))
    if library == "xgboost":
        booster = model.estimator_.get_booster()
        assert_allclose(booster.predict(xgb.DMatrix(X_CLASS)), predicted, rtol=1e-5)
        again = xgb.Booster(model_file=booster.save_raw("json"))
        assert_allclose(again.predict(xgb.DMatrix(X_CLASS)), predicted, rtol=1e-5)
    else:
        assert_allclose(model.estimator_.booster_.predict(X_CLASS), predicted)


@pytest.mark.skipif(XGB_VERSION < (3, 1), reason="one intercept for all outputs")
def test_several_targets():
    both = np.column_stack([Y, -3 * Y])
    model = regressor("xgboost").fit(X, both)
    assert model.predict(X).shape == both.shape
    assert np.mean(np.abs(model.predict(X) - both)) < 3


@forests
def test_forests():
    forest = ObjectiveRegressor(xgb.XGBRFRegressor(n_estimators=20, n_jobs=1), huber()).fit(X, Y)
    assert np.mean(np.abs(forest.predict(X) - Y)) < 0.6 * np.std(Y)


@LIBRARIES
def test_guards(library):
    limit = {"estimator__gamma" if library == "xgboost" else "estimator__min_split_gain": 1e12}
    with pytest.warns(TrainingWarning, match="No tree splits") as seen:
        regressor(library).set_params(**limit).fit(X, Y)
    assert seen[0].filename == __file__
    with pytest.raises(TrainingError, match="No tree splits"):
        regressor(library, guard="raise").set_params(**limit).fit(X, Y)
    regressor(library, guard="ignore").set_params(**limit).fit(X, Y)


def test_what_cannot_work_is_refused():
    with pytest.raises(TypeError, match="estimator: a LinearRegression; needed: an estimator of"):
        ObjectiveRegressor(LinearRegression(), huber()).fit(X, Y)
    with pytest.raises(TypeError, match=r"an objective; needed: a regressor\. The estimator comes"):
        ObjectiveRegressor(huber(), xgb.XGBRegressor()).fit(X, Y)
    with pytest.raises(TypeError, match=r"the class XGBRegressor; needed: .*, XGBRegressor\(\)"):
        ObjectiveRegressor(xgb.XGBRegressor, huber()).fit(X, Y)
    with pytest.raises(TypeError, match="estimator: a XGBClassifier; needed: a regressor"):
        ObjectiveRegressor(xgb.XGBClassifier(), huber()).fit(X, Y)
    with pytest.raises(TypeError, match="estimator: a LGBMRegressor; needed: a classifier"):
        ObjectiveClassifier(lgb.LGBMRegressor(), focal()).fit(X_CLASS, CODES)
    with pytest.raises(TypeError, match="objective: huber, whose labels are numbers"):
        classifier("xgboost", huber()).fit(X_CLASS, CODES)
    with pytest.raises(TypeError, match="objective: 'huber' of type str"):
        ObjectiveRegressor(xgb.XGBRegressor(), "huber").fit(X, Y)
    with pytest.raises(ValueError, match=r"y: 3 classes; needed: 2 classes.*softmax_cross_entropy"):
        classifier("lightgbm").fit(X_CLASS, np.arange(len(CODES)) % 3)
    with pytest.raises(ValueError, match="y: 1 class; needed: 2 classes"):
        classifier("lightgbm").fit(X_CLASS, np.zeros(len(CODES)))
    with pytest.raises(ValueError, match="scale_pos_weight=3"):
        classifier("xgboost", scale_pos_weight=3).fit(X_CLASS, CODES)
    with pytest.raises(ValueError, match="objective='reg:absoluteerror' beside huber"):
        ObjectiveRegressor(xgb.XGBRegressor(objective="reg:absoluteerror"), huber()).fit(X, Y)
    with pytest.raises(ValueError, match='boosting="rf"'):
        regressor("lightgbm", boosting_type="rf", subsample=0.5, subsample_freq=1).fit(X, Y)
    with pytest.raises(ValueError, match="NaN"):
        regressor("xgboost").fit(X, np.where(X[:, 0] > 0.9, np.nan, Y))


@LIBRARIES
def test_nothing_is_warned_of(library):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier(library).fit(X_CLASS, NAMES).predict_proba(X_CLASS)
        regressor(library).fit(X, Y, eval_set=[(X, Y)]).predict(X)
