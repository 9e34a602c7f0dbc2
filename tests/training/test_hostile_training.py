"""Hostile labels, weights and settings through both libraries: the model of plain numbers, or an error."""

import warnings

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from _hostile import FORMS, REFUSED, examples, is_binary, plain, rows
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from variants import HOSTILE

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import focal, huber, quantile
from gbm_objectives._training.alarms import TrainingError
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor

XGB = {"max_depth": 2, "nthread": 1, "verbosity": 0}
LGB = {"num_leaves": 4, "num_threads": 1, "verbosity": -1, "min_data_in_leaf": 1}
ROUNDS = 3
#: What both libraries raise for what they don't take themselves.
ERRORS = (ValueError, TypeError, FloatingPointError, TrainingError, xgb.core.XGBoostError,
          lgb.basic.LightGBMError, KeyError, NotImplementedError)  # fmt: skip


def with_classes(objective, params):
    n_outputs = objective.n_outputs or 3
    return {**params, "num_class": n_outputs} if objective.vector else params


def xgb_train(objective, X, y, w):
    data = xgb.DMatrix(X, y, weight=w)
    params = {**with_classes(objective, XGB), "base_score": 0.5, "disable_default_eval_metric": 1}
    return xgb.train(params, data, ROUNDS, obj=objective).predict(data)


def lgb_train(objective, X, y, w):
    params = {**with_classes(objective, LGB), "objective": objective, "metric": "None"}
    return lgb.train(params, lgb.Dataset(X, y, weight=w), ROUNDS).predict(X)


def our_xgboost(objective, X, y, w):
    data = xgb.DMatrix(X, y, weight=w)
    booster = gbm_objectives.xgboost.train(
        with_classes(objective, XGB) if objective.of_classes else XGB, data, ROUNDS,
        objective=objective, guard="raise", evals=[(data, "train")], verbose_eval=False,
    )  # fmt: skip
    return booster.predict(data)


def our_lightgbm(objective, X, y, w):
    booster = gbm_objectives.lightgbm.train(
        with_classes(objective, LGB) if objective.of_classes else LGB,
        lgb.Dataset(X, y, weight=w), ROUNDS, objective=objective, guard="raise",
    )  # fmt: skip
    return booster.predict(X)


def estimators(objective):
    classes = is_binary(objective) or objective.of_classes
    settings = {"n_estimators": ROUNDS, "n_jobs": 1}
    yield (xgb.XGBClassifier if classes else xgb.XGBRegressor)(**settings, max_depth=2)
    yield (lgb.LGBMClassifier if classes else lgb.LGBMRegressor)(
        **settings, num_leaves=4, verbosity=-1, min_child_samples=1
    )


def meta(number):
    def door(objective, X, y, w):
        classes = is_binary(objective) or objective.of_classes
        cls = ObjectiveClassifier if classes else ObjectiveRegressor
        model = cls(list(estimators(objective))[number], objective, guard="raise")
        return model.fit(X, y, w).raw_prediction(X)

    return door


def wrapper(number):
    def door(objective, X, y, w):
        model = list(estimators(objective))[number].set_params(objective=objective)
        model.fit(X, y, sample_weight=w)
        return model.predict(X)

    return door


DOORS = {
    "xgb.train": xgb_train,
    "lgb.train": lgb_train,
    "gbm_objectives.xgboost.train": our_xgboost,
    "gbm_objectives.lightgbm.train": our_lightgbm,
    "ObjectiveRegressor(XGB)": meta(0),
    "ObjectiveRegressor(LGBM)": meta(1),
    "XGBRegressor": wrapper(0),
    "LGBMRegressor": wrapper(1),
}
#: Where labels and weights are in a DMatrix before this package sees them.
XGBOOSTS_OWN = ("xgb.train", "gbm_objectives.xgboost.train", "XGBRegressor")
#: What the libraries themselves take for numbers, so that an objective can't know: LightGBM makes 0 of NaN.
MISSING = {"NaN", "inf", *(name for name in REFUSED if "NA" in name or "null" in name)}
TAKEN = {"masked", "durations", "objects", "objects with None", "dates"}
LOST = {
    **dict.fromkeys(XGBOOSTS_OWN, TAKEN),
    "lgb.train": TAKEN | MISSING | {"complex"},
    "LGBMRegressor": TAKEN | MISSING,
}
doors = st.sampled_from(sorted(DOORS))
objectives = st.sampled_from(HOSTILE)
sizes = st.sampled_from([3, 17, 64])


def features(n):
    return np.random.default_rng(n).standard_normal((n, 3))


def trained(door, objective, y, w, n=None):
    """Predictions of ``n`` rows, as many as labels by default, or the error."""
    X = features(len(y) if n is None else n)
    with warnings.catch_warnings():  # of LightGBM's estimators about raw scores and eval_set
        warnings.simplefilter("ignore")
        try:
            found = DOORS[door](objective, X, y, w)
        except ERRORS as error:
            return error
    return np.asarray(found)


def assert_finite(found, door):
    if not isinstance(found, Exception):
        assert np.isfinite(found).all(), door


@examples(2)
@given(objective=objectives, door=doors, data=st.data())
def test_the_form_of_labels_and_weights_does_not_matter(objective, door, data):
    y, _, w = data.draw(rows(objective, sizes))
    forms = [data.draw(st.sampled_from(sorted(FORMS))) for _ in range(2)]
    with np.errstate(over="ignore"):
        made = [None if a is None else FORMS[f](a) for a, f in zip((y, w), forms, strict=True)]
    numbers = [plain(array) for array in made]
    if door in XGBOOSTS_OWN and any("big-endian" in form for form in forms):
        return  # XGBoost reads the bytes in its own order
    found, expected = trained(door, objective, *made), trained(door, objective, *numbers)
    if isinstance(found, Exception):
        return  # some forms the libraries themselves don't take
    assert not isinstance(expected, Exception), (found, expected)
    assert_finite(expected, door)
    assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    for array, before in zip(made, numbers, strict=True):
        assert_array_equal(plain(array), before)


@examples(1)
@given(objective=objectives, door=doors, where=st.booleans(), data=st.data())
def test_what_is_no_number_trains_no_model(objective, door, where, data):
    y, _, _ = data.draw(rows(objective, sizes))
    form = data.draw(
        st.sampled_from(sorted(set(REFUSED) - {"objects", "texts", "bytes", "no rows"}))
    )
    if form in LOST.get(door, ()) or (where and form == "a number"):
        return  # a number is a weight of all rows to scikit-learn
    n, w = len(y), REFUSED[form](np.linspace(1, 2, len(y))) if where else None
    y = y if where else REFUSED[form](y)
    assert isinstance(trained(door, objective, y, w, n), Exception)


@pytest.mark.parametrize("objective", [huber(), quantile(0.3), focal()], ids=lambda o: o.name)
@pytest.mark.parametrize("door", sorted(DOORS))
@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_rows(door, objective, n):
    y = np.arange(n, dtype=float)
    try:
        found = trained(door, objective, y, None)
    except IndexError:  # XGBoost's own estimators look at the first row
        assert n == 0
        return
    assert_finite(found, door)
    if n == 0:
        assert isinstance(found, Exception)


def test_lightgbm_makes_no_number_of_a_missing_label():
    """LightGBM itself makes 0 of NaN: labels and weights are looked at before they are in its hands."""
    X, y = features(40), np.arange(40.0)
    bad = np.where(y == 7, np.nan, y)
    params = {**LGB, "boost_from_average": False}
    for label, weight, name in ((bad, None, "y_true"), (y, bad, "sample_weight")):
        for train, valid in (((label, weight), (y, None)), ((y, None), (label, weight))):
            data = lgb.Dataset(X, train[0], weight=train[1])
            other = data.create_valid(X, valid[0], weight=valid[1])
            with pytest.raises(ValueError, match=f"{name}: NaN or inf in 1 of 40 rows.*row 7"):
                gbm_objectives.lightgbm.train(
                    params, data, 2, objective=huber(), valid_sets=[other]
                )
        with pytest.raises(ValueError, match=f"{name}: NaN or inf in 1 of 40 rows"):
            gbm_objectives.lightgbm.cv(
                params, lgb.Dataset(X, label, weight=weight), 2, objective=huber(), nfold=2
            )
    with pytest.raises(ValueError, match="y_true: NaN or inf in 39 of 40 rows"):
        gbm_objectives.lightgbm.train(params, lgb.Dataset(X, 1e300 * y), 2, objective=huber())


@pytest.mark.parametrize("number", [0, 1], ids=["XGBoost", "LightGBM"])
def test_labels_of_estimators_and_of_their_evaluation_sets(number):
    X, y = features(60), features(60)[:, 0] + 3
    foreign, masked = y.astype(">f4"), np.ma.masked_array(y, mask=y > 4)
    found = []
    for labels in (foreign, foreign.astype(np.float32)):
        estimator = list(estimators(huber()))[number]
        model = ObjectiveRegressor(estimator, huber()).fit(X, labels, eval_set=[(X, labels + 0)])
        fitted = model.estimator_
        history = fitted.evals_result_ if number else fitted.evals_result()
        found.append((model.predict(X), list(next(iter(history.values())).values())))
        with pytest.raises(ValueError, match=r"^y: \d+ masked values; needed"):
            model.fit(X, masked)
        with pytest.raises(ValueError, match=r"^eval_set: \d+ masked values; needed"):
            model.fit(X, y, eval_set=[(X, masked)])
    assert_array_equal(found[0][0], found[1][0])
    assert_allclose(found[0][1], found[1][1], rtol=1e-6)
    assert np.ptp(found[0][0]) > 0.1
    classifier = ObjectiveClassifier(list(estimators(focal()))[number], focal())
    with pytest.raises(ValueError, match=r"^y: 30 masked values"):
        classifier.fit(X, np.ma.masked_array(y > 3, mask=np.arange(60) % 2))


# Features


FEATURES = np.random.default_rng(8).normal(size=(120, 3)).astype(np.float16).astype(np.float64)
LABELS = FEATURES[:, 0] + FEATURES[:, 1]


def _unaligned(x):
    buffer = bytearray(x.nbytes + 1)
    found = np.frombuffer(buffer, x.dtype, x.size, offset=1).reshape(x.shape)
    found[:] = x
    return found


def _read_only(x):
    found = x.copy()
    found.flags.writeable = False
    return found


def _frame(x, index):
    import pandas as pd

    return pd.DataFrame(x, columns=list("abc"), index=index)


X_FORMS = {
    "float16": lambda x: x.astype(np.float16),
    "float32": lambda x: x.astype(np.float32),
    "big-endian": lambda x: x.astype(">f8"),
    "big-endian float32": lambda x: x.astype(">f4"),
    "Fortran": np.asfortranarray,
    "strided": lambda x: np.repeat(np.repeat(x, 2, axis=0), 2, axis=1)[::2, ::2],
    "reversed": lambda x: x[::-1].copy()[::-1],
    "read-only": _read_only,
    "unaligned": _unaligned,
    "objects": lambda x: x.astype(object),
    "nothing masked": lambda x: np.ma.masked_array(x, np.zeros(x.shape, bool)),
    "frame, odd index": lambda x: _frame(x, np.r_[0:60, 0:60][::-1]),
    "frame, big-endian": lambda x: _frame(x.astype(">f8"), None),
}


def _models():
    for estimator in estimators(huber(1.0)):
        yield lambda estimator=estimator: ObjectiveRegressor(estimator, huber(1.0)), LABELS
    for estimator in estimators(focal()):
        yield lambda estimator=estimator: ObjectiveClassifier(estimator, focal()), LABELS > 0


@pytest.mark.parametrize("form", X_FORMS)
def test_features_of_any_form_make_the_same_model(form):
    for make, y in _models():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            expected = make().fit(FEATURES, y).raw_prediction(FEATURES)
            given_features = X_FORMS[form](FEATURES)
            model = make().fit(given_features, y, eval_set=[(given_features, y)])
            found = model.raw_prediction(given_features)
        assert np.ptp(expected) > 0.1
        assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
        assert_array_equal(np.asarray(given_features, np.float64), FEATURES)  # unchanged


def test_masked_features_and_other_numbers_of_rows_are_errors():
    masked = np.ma.masked_array(FEATURES, FEATURES > 1)
    for make, y in _models():
        with pytest.raises(ValueError, match=r"X: .* masked"):
            make().fit(masked, y)
        with pytest.raises(ValueError, match=r"eval_set: .* masked"):
            make().fit(FEATURES, y, eval_set=[(masked, y)])
        # Two labels a row: XGBoost would take them for two targets.
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            make().fit(FEATURES[:60], y)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            make().fit(FEATURES, y, eval_set=[(FEATURES[:60], y)])
        with pytest.raises(ValueError, match=r"X: .* masked"):
            make().fit(FEATURES, y).raw_prediction(masked)
