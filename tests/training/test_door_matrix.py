"""Every door x link x what users pass: equal to the library's own objective, or refused with the reason.

The reference is the library's built-in objective of the same link and Hessian, trained by the library alone; for
several levels, which no library has so, it is the plain callback with intercept and link by hand.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from numpy.testing import assert_allclose
from sklearn.datasets import make_friedman1

import gbm_objectives.lightgbm as gol
import gbm_objectives.xgboost as gox
from gbm_objectives import (
    binary_cross_entropy,
    distribution,
    metrics,
    poisson,
    quantile,
    softmax_cross_entropy,
    squared_error,
)
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor

RNG = np.random.default_rng(0)
X, Y = make_friedman1(360, noise=1.0, random_state=0)
TRAIN, VALID = slice(0, 240), slice(240, 360)
ROUNDS = 6
LEVELS = [0.1, 0.5, 0.9]
XGB_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
LGB_VERSION = tuple(map(int, lgb.__version__.split(".")[:2]))
XGB = {"nthread": 1, "max_depth": 3, "eta": 0.3}
LGB = {"num_threads": 1, "verbosity": -1, "num_leaves": 7, "deterministic": True, "seed": 3,
       "force_col_wise": True}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A link: labels, our objective and the built-in one in each library, metrics of both."""

    y: Any
    objective: dict[str, Any]
    built_in: dict[str, dict[str, Any]]
    named: dict[str, str]
    falls: Any
    grows: Any = None
    classifier: bool = False

    def plain(self, library, rows=TRAIN):
        """The parameters of the built-in objective, started where ours is."""
        params = dict(self.built_in[library])
        if library == "xgboost":
            objective = self.objective[library]
            score = np.asarray(objective.intercept(self.y[rows]))
            natural = score if self is CASES["softmax"] else objective.link.inverse(score)
            params["base_score"] = np.asarray(natural).tolist()
        return params


both = lambda objective: {"xgboost": objective, "lightgbm": objective}  # noqa: E731
CASES = {
    "identity": Case(
        Y, both(squared_error()),
        {"xgboost": {"objective": "reg:squarederror"}, "lightgbm": {"objective": "regression"}},
        {"xgboost": "mae", "lightgbm": "l1"}, metrics.mae(),
    ),
    "logit": Case(
        (np.median(Y) < Y).astype(float), both(binary_cross_entropy()),
        {"xgboost": {"objective": "binary:logistic"}, "lightgbm": {"objective": "binary"}},
        {"xgboost": "logloss", "lightgbm": "binary_logloss"}, metrics.log_loss(), metrics.dice(),
        classifier=True,
    ),
    "log": Case(
        np.round(Y / 4),
        {"xgboost": poisson(curvature="exact"), "lightgbm": poisson(curvature="lightgbm")},
        {"xgboost": {"objective": "count:poisson", "max_delta_step": 0}, "lightgbm": {"objective": "poisson"}},
        {"xgboost": "rmse", "lightgbm": "l2"}, metrics.rmse(),
    ),
    "softmax": Case(
        np.digitize(Y, np.quantile(Y, [0.3, 0.6])).astype(float),
        {k: softmax_cross_entropy(curvature=k) for k in ("xgboost", "lightgbm")},
        {"xgboost": {"objective": "multi:softprob", "num_class": 3},
         "lightgbm": {"objective": "multiclass", "num_class": 3}},
        {"xgboost": "mlogloss", "lightgbm": "multi_logloss"},
        metrics.negative_log_likelihood(), metrics.accuracy(), classifier=True,
    ),
    "levels": Case(
        Y, both(quantile(LEVELS)), {}, {"xgboost": "mae", "lightgbm": "l1"}, metrics.pinball(LEVELS)
    ),
    "normal": Case(Y, both(distribution("normal")), {}, {}, metrics.log_score("normal")),
}  # fmt: skip


@dataclass
class Found:
    """What a training gives."""

    response: Any = None
    history: dict[str, list[float]] = field(default_factory=dict)
    best: int | None = None
    seen: list[Any] = field(default_factory=list)


@dataclass
class Asked:
    """What the user passes beside data and objective."""

    params: dict[str, Any] = field(default_factory=dict)
    metric: Any = None  # names, metrics or a list of both
    stop: int | None = None
    callbacks: list[Any] = field(default_factory=list)
    continued: Any = None
    rows: Any = field(default_factory=lambda: TRAIN)
    x: Any = None
    rounds: int = ROUNDS
    fold: bool = False  # LightGBM's bins are those of all rows, as they are in cv

    @property
    def names(self):
        return [m for m in self.listed if isinstance(m, str)]

    @property
    def functions(self):
        return [m for m in self.listed if not isinstance(m, str)]

    @property
    def listed(self):
        if self.metric is None:
            return []
        return self.metric if isinstance(self.metric, list) else [self.metric]


# ------------------------------------------------------------------ doors


def by_train(library, case, asked, objective=None):
    """Our `train`; without an objective of ours the library's own, for the reference."""
    x = X if asked.x is None else asked.x
    ours, history = objective is not None, {}
    if library == "xgboost":
        data = xgb.DMatrix(x[asked.rows], case.y[asked.rows])
        valid = xgb.DMatrix(x[VALID], case.y[VALID])
        params = {**XGB, **asked.params}
        if asked.names:
            params["eval_metric"] = asked.names
        arguments = {
            "evals": [(valid, "v")], "evals_result": history, "verbose_eval": False,
            "early_stopping_rounds": asked.stop, "xgb_model": asked.continued,
            "callbacks": asked.callbacks, "custom_metric": asked.functions or None,
        }  # fmt: skip
        if ours:
            booster = gox.train(params, data, asked.rounds, objective=objective, **arguments)
        else:
            arguments.pop("custom_metric")
            if not asked.names:
                params["disable_default_eval_metric"] = 1
            booster = xgb.train(
                {**params, **case.plain(library, asked.rows)}, data, asked.rounds, **arguments
            )
        best = booster.best_iteration if asked.stop else None
        return Found(booster.predict(xgb.DMatrix(x)), history.get("v", {}), best)
    if asked.fold:
        whole = lgb.Dataset(x, case.y, free_raw_data=False, params=LGB).construct()
        data, valid = (whole.subset(np.arange(len(x))[part]) for part in (asked.rows, VALID))
    else:
        data = lgb.Dataset(x[asked.rows], case.y[asked.rows])
        valid = lgb.Dataset(x[VALID], case.y[VALID], reference=data)
    params = {**LGB, "metric": asked.names or "None", **asked.params}
    if asked.stop:
        params["early_stopping_round"] = asked.stop
    arguments = {
        "valid_sets": [valid], "valid_names": ["v"], "init_model": asked.continued,
        "callbacks": [*asked.callbacks, lgb.record_evaluation(history)],
    }  # fmt: skip
    if ours:
        feval = asked.functions or None
        booster = gol.train(
            params, data, asked.rounds, objective=objective, feval=feval, **arguments
        )
    else:
        booster = lgb.train(
            {**params, **case.plain(library, asked.rows)}, data, asked.rounds, **arguments
        )
    best = booster.best_iteration - 1 if asked.stop else None
    return Found(booster.predict(x), dict(history.get("v", {})), best)


def estimator(library, case, asked):
    """The library's own estimator with what the user passes to its constructor."""
    renamed = {"base_score", "colsample_bytree", "seed"} & set(asked.params)
    params = {name: asked.params[name] for name in renamed}
    if library == "xgboost":
        kind = xgb.XGBClassifier if case.classifier else xgb.XGBRegressor
        settings = {
            "max_depth": 3, "learning_rate": 0.3, "n_jobs": 1, "n_estimators": asked.rounds,
            "eval_metric": asked.metric,
            "early_stopping_rounds": asked.stop, "callbacks": asked.callbacks or None, **params,
        }  # fmt: skip
        return kind(**settings)
    kind = lgb.LGBMClassifier if case.classifier else lgb.LGBMRegressor
    settings = {k: v for k, v in LGB.items() if k not in ("num_threads", "num_leaves", "seed")}
    return kind(
        n_estimators=asked.rounds, num_leaves=7, n_jobs=1, random_state=3,
        **settings, **asked.params, **({"early_stopping_round": asked.stop} if asked.stop else {}),
    )  # fmt: skip


def by_estimator(library, case, asked, objective):
    """Our meta-estimators."""
    x = X if asked.x is None else asked.x
    make = ObjectiveClassifier if case.classifier else ObjectiveRegressor
    model = make(estimator(library, case, asked), objective)
    arguments = {"eval_set": [(x[VALID], case.y[VALID])]}
    if library == "xgboost":
        arguments |= {"verbose": False, "xgb_model": asked.continued}
    else:
        arguments |= {
            "eval_names": ["v"], "callbacks": asked.callbacks, "eval_metric": asked.metric,
            "init_model": asked.continued,
        }  # fmt: skip
        if asked.metric is None:
            del arguments["eval_metric"]
    model.fit(x[asked.rows], case.y[asked.rows], **arguments)
    inner = model.estimator_
    if library == "xgboost":
        booster = inner.get_booster()
        history = inner.evals_result().get("validation_0", {}) if asked.rounds else {}
        best = inner.best_iteration if asked.stop else None
        return Found(booster.predict(xgb.DMatrix(x)), history, best)
    best = inner.best_iteration_ - 1 if asked.stop else None
    return Found(inner.booster_.predict(x), dict(inner.evals_result_.get("v", {})), best)


def by_cv(library, case, asked, objective):
    """Our `cv` on one fold, whose training rows are those of `train`."""
    x = X if asked.x is None else asked.x
    rows = np.arange(len(X))
    folds = [(rows[asked.rows], rows[VALID])]
    if library == "xgboost":
        params = {**XGB, **asked.params}
        result = gox.cv(
            params, xgb.DMatrix(x, case.y), asked.rounds, objective=objective, folds=folds,
            metrics=asked.names, custom_metric=asked.functions or None, as_pandas=False,
            early_stopping_rounds=asked.stop, callbacks=asked.callbacks,
        )  # fmt: skip
        history = {
            name.removeprefix("test-").removesuffix("-mean"): values
            for name, values in result.items()
            if name.startswith("test-") and name.endswith("-mean")
        }
    else:
        params = {**LGB, "metric": asked.names or "None", **asked.params}
        if asked.stop:
            params["early_stopping_round"] = asked.stop
        result = gol.cv(
            params, lgb.Dataset(x, case.y, free_raw_data=False), asked.rounds, folds=folds,
            objective=objective, feval=asked.functions or None, callbacks=asked.callbacks,
            **({"init_model": asked.continued} if asked.continued is not None else {}),
        )  # fmt: skip
        history = {
            name.removeprefix("valid ").removesuffix("-mean"): values
            for name, values in result.items()
            if name.endswith("-mean")
        }
    best = len(next(iter(history.values()))) - 1 if asked.stop else None
    return Found(None, history, best)


DOORS = {"train": by_train, "cv": by_cv, "estimator": by_estimator}


def by_hand(library, case, asked):
    """The plain callback for several outputs: intercept and link, which sorts levels, by hand."""
    x, objective = X if asked.x is None else asked.x, case.objective[library]
    start = objective.intercept(case.y[asked.rows])
    n, k = len(case.y[asked.rows]), len(start)
    if library == "xgboost":
        data = xgb.DMatrix(x[asked.rows], case.y[asked.rows], base_margin=np.tile(start, (n, 1)))
        params = {**XGB, **asked.params, "num_class": k}
        booster = xgb.train(params, data, asked.rounds, obj=objective)
        test = xgb.DMatrix(x, base_margin=np.tile(start, (len(x), 1)))
        return Found(objective.link.inverse(booster.predict(test, output_margin=True)))
    data = lgb.Dataset(x[asked.rows], case.y[asked.rows], init_score=np.repeat(start, n))
    params = {**LGB, **asked.params, "num_class": k, "objective": objective, "metric": "None"}
    booster = lgb.train(params, data, asked.rounds)
    return Found(objective.link.inverse(booster.predict(x, raw_score=True) + start))


def reference(library, case, asked):
    """By the library alone."""
    if not case.built_in:
        return by_hand(library, case, asked)
    return by_train(library, case, Asked(**{**vars(asked), "metric": asked.names or None}))


def same(found, expected, case):
    if found.response is not None and expected.response is not None:
        assert_allclose(answered(found.response, case), expected.response, rtol=1e-5, atol=1e-6)


def answered(prediction, case):
    """What a booster's predictions stand for: of several outputs it predicts raw ones."""
    several = case is CASES["levels"] or case is CASES["normal"]
    return case.objective["lightgbm"].link.inverse(prediction) if several else prediction


# ------------------------------------------------------------------ what users pass

every = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
door = pytest.mark.parametrize("door", DOORS)
every_link = pytest.mark.parametrize("link", CASES)
link = pytest.mark.parametrize("link", [name for name in CASES if name != "normal"])


def prepared(library, link):
    case = CASES[link]
    if library == "xgboost" and XGB_VERSION < (3, 1) and link in ("levels", "softmax", "normal"):
        pytest.skip("one base_score for all outputs before XGBoost 3.1")
    return case, case.objective[library]


@every
@door
@every_link
def test_nothing(library, door, link):
    """Data and objective alone; the metric is the objective's own, and is that of what is predicted."""
    case, objective = prepared(library, link)
    found = DOORS[door](library, case, Asked(), objective)
    same(found, reference(library, case, Asked()), case)
    (values,) = found.history.values()
    assert len(values) == ROUNDS
    assert values[-1] < values[0]


@every
@door
@link
def test_built_in_metric(library, door, link):
    """On the response scale in XGBoost; LightGBM gives raw scores to a metric, so all but ranks are refused."""
    case, objective = prepared(library, link)
    asked = Asked(metric=case.named[library])
    raw = library == "lightgbm" and link != "identity"
    if raw or link == "levels":
        reason = "compute on raw scores" if raw else "no place for the 3 outputs"
        with pytest.raises(ValueError, match=reason):
            DOORS[door](library, case, asked, objective)
        return
    found = DOORS[door](library, case, asked, objective)
    expected = reference(library, case, replace(asked, fold=door == "cv"))
    same(found, expected, case)
    assert_allclose(found.history[asked.metric], expected.history[asked.metric], rtol=1e-5)


@every
@door
@every_link
@pytest.mark.parametrize("several", [False, True], ids=["one", "list"])
def test_own_metric(library, door, link, several):
    """Our metrics, alone and in a list, are those of the response."""
    case, objective = prepared(library, link)
    listed = [m for m in (case.falls, case.grows) if m is not None]
    asked = Asked(metric=[*listed, objective.metric] if several else case.falls)
    found = DOORS[door](library, case, asked, objective)
    assert set(found.history) == {m.name for m in asked.listed}
    if found.response is not None:
        for metric in listed if several else [case.falls]:
            response = answered(found.response[VALID], case)
            value = metric.evaluate(case.y[VALID], response)
            assert_allclose(found.history[metric.name][-1], value, rtol=1e-5, atol=2e-6)
    elif link != "levels":
        trained = by_train(library, case, replace(asked, fold=True), objective)
        for name, values in found.history.items():
            assert_allclose(values, trained.history[name], rtol=1e-5)


@every
@door
@pytest.mark.parametrize("link", ["identity", "logit", "softmax"])
def test_names_and_functions_in_one_list(library, door, link):
    case, objective = prepared(library, link)
    name = {"identity": case.named[library], "logit": "auc"}.get(link)
    if name is None:
        name = "merror" if library == "xgboost" else None
    if name is None:
        pytest.skip("LightGBM has no rank metric of several classes")
    asked = Asked(metric=[name, case.falls])
    found = DOORS[door](library, case, asked, objective)
    assert set(found.history) == {name, case.falls.name}


@every
@door
@pytest.mark.parametrize("link", ["logit", "softmax"])
@pytest.mark.parametrize("callback", [False, True], ids=["rounds", "callback"])
@pytest.mark.parametrize("grows", [False, True], ids=["falls", "grows"])
def test_early_stopping_in_both_directions(library, door, link, grows, callback):
    """The best round is that of the metric's own direction; also for the user's own callback."""
    case, objective = prepared(library, link)
    metric = case.grows if grows else case.falls
    asked = Asked(metric=metric, rounds=40, params={})
    if not callback:
        asked.stop = 8
    elif library == "xgboost":
        asked.callbacks = [stop := xgb.callback.EarlyStopping(rounds=8)]
    else:
        asked.callbacks = [lgb.early_stopping(8, verbose=False)]
    found = DOORS[door](library, case, asked, objective)
    values = found.history[metric.name]
    best = int(np.argmax(values) if grows else np.argmin(values))
    assert len(values) > 0
    if found.best is not None:
        assert found.best == best
    else:
        assert best >= len(values) - 9 or len(values) == 40
    if callback and library == "xgboost":
        assert stop.maximize is None
    if grows:
        assert best > 0


@every
@pytest.mark.parametrize("door", ["train", "estimator"])
@link
def test_start(library, door, link):
    """The user's base_score is on the response scale, from the first round on."""
    case, objective = prepared(library, link)
    if library == "lightgbm":
        pytest.skip("LightGBM's start is init_score, in the data: below")
    score = {"identity": 3.0, "logit": 0.2, "log": 2.0, "softmax": 0.5, "levels": 4.0}[link]
    asked = Asked(params={"base_score": score})
    found = DOORS[door](library, case, asked, objective)
    if link == "levels":
        assert np.abs(np.median(found.response) - 4.0) < 12
        return
    plain = {**XGB, **case.plain(library), "base_score": score}
    data = xgb.DMatrix(X[TRAIN], case.y[TRAIN])
    expected = xgb.train(plain, data, ROUNDS).predict(xgb.DMatrix(X))
    assert_allclose(found.response, expected, rtol=1e-5, atol=1e-6)


@every
@pytest.mark.parametrize("door", ["train", "estimator"])
@every_link
def test_going_on_from_a_model(library, door, link, tmp_path):
    """Three rounds and three more are six, through a file too."""
    case, objective = prepared(library, link)
    module = gox if library == "xgboost" else gol
    if library == "xgboost":
        data = xgb.DMatrix(X[TRAIN], case.y[TRAIN])
        first = module.train(XGB, data, 3, objective=objective)
    else:
        first = module.train(LGB, lgb.Dataset(X[TRAIN], case.y[TRAIN]), 3, objective=objective)
    path = tmp_path / ("model.json" if library == "xgboost" else "model.txt")
    first.save_model(path)
    whole = by_train(library, case, Asked(), objective)
    for model in (first, str(path)):
        found = DOORS[door](library, case, Asked(continued=model, rounds=3), objective)
        assert_allclose(found.response, whole.response, rtol=1e-4, atol=1e-5)


class Watching:
    """A user's callback of LightGBM: it predicts and saves in mid-training."""

    def __init__(self, path, after):
        super().__init__()
        self.path, self.after, self.seen, self.calls = path, after, None, 0

    def look(self, model, iteration, data):
        self.calls += 1
        if iteration == self.after - 1:
            self.seen = np.asarray(model.predict(data))
            model.save_model(self.path)

    def __call__(self, env):
        self.look(env.model, env.iteration, X)


class XGBoostWatching(Watching, xgb.callback.TrainingCallback):
    """The same for XGBoost."""

    def after_iteration(self, model, epoch, evals_log):
        self.look(model, epoch, xgb.DMatrix(X))
        return False


@every
@pytest.mark.parametrize("door", ["train", "estimator"])
@every_link
def test_callbacks_and_checkpoints(library, door, link, tmp_path):
    """A callback is the user's own object; what it sees and saves is a right model that training goes on from."""
    case, objective = prepared(library, link)
    path = str(tmp_path / ("model.json" if library == "xgboost" else "model.txt"))
    watching = (XGBoostWatching if library == "xgboost" else Watching)(path, 3)
    whole = DOORS[door](library, case, Asked(callbacks=[watching]), objective)
    assert watching.calls == ROUNDS
    half = by_train(library, case, Asked(rounds=3), objective)
    assert_allclose(watching.seen, half.response, rtol=1e-5, atol=1e-6)
    if library == "xgboost":
        saved = xgb.Booster(model_file=path).predict(xgb.DMatrix(X))
    else:
        saved = lgb.Booster(model_file=path).predict(X)
    assert_allclose(saved, half.response, rtol=1e-5, atol=1e-6)
    on = DOORS[door](library, case, Asked(continued=path, rounds=3), objective)
    assert_allclose(on.response, whole.response, rtol=1e-4, atol=1e-5)


@every
@door
@link
def test_column_sampling(library, door, link):
    """LightGBM draws columns anew for a custom objective (#6053), but not at our doors."""
    case, objective = prepared(library, link)
    names = {
        ("xgboost", True): "colsample_bytree", ("xgboost", False): "colsample_bytree",
        ("lightgbm", True): "colsample_bytree", ("lightgbm", False): "feature_fraction",
    }  # fmt: skip
    name = names[library, door == "estimator"]
    asked = Asked(params={name: 0.5})
    found = DOORS[door](library, case, asked, objective)
    plain = Asked(params={names[library, False]: 0.5})
    if link == "levels":
        expected = by_train(library, case, plain, objective)
    else:
        expected = reference(library, case, plain)
    same(found, expected, case)
    if found.response is None:
        trained = by_train(library, case, replace(plain, fold=True), objective)
        for metric, values in found.history.items():
            assert_allclose(values, trained.history[metric], rtol=1e-5)


@every
@door
@link
@pytest.mark.parametrize("what", ["few rows", "constant feature"])
@pytest.mark.filterwarnings("ignore:.*No tree splits", "ignore:.*No further splits")
def test_nothing_to_split(library, door, link, what):
    """The best constant, and a warning of ours: no error of the library's."""
    case, objective = prepared(library, link)
    few = what == "few rows"
    rows = np.r_[np.argsort(case.y)[:: len(X) // 12][:12]] if few else TRAIN
    x = X.copy() if few else np.ones_like(X)
    asked = Asked(rows=rows, x=x, rounds=2)
    found = DOORS[door](library, case, asked, objective)
    if library == "xgboost":
        same(found, reference(library, case, asked), case)
    elif found.response is not None:
        constant = objective.response(
            np.broadcast_to(objective.intercept(case.y[rows]), np.shape(found.response))
        )
        response = np.sort(found.response, axis=1) if link == "levels" else found.response
        assert_allclose(response, constant, rtol=1e-6)
    assert all(np.isfinite(values).all() for values in found.history.values())


@link
def test_subsets_of_lightgbm(link):
    """A data set that is a part of another, not constructed yet."""
    case, objective = prepared("lightgbm", link)
    rows = np.arange(0, 240)
    for constructed in (False, True):
        whole = lgb.Dataset(X, case.y, free_raw_data=False)
        if constructed:
            whole.construct()
        booster = gol.train(LGB, whole.subset(rows), ROUNDS, objective=objective)
        copy = lgb.Dataset(X, case.y, free_raw_data=False).construct().subset(rows).construct()
        again = gol.train(LGB, copy, ROUNDS, objective=objective)
        assert_allclose(booster.predict(X), again.predict(X))


# ------------------------------------------------------------------ the libraries' own estimators


def by_own_estimator(library, case, objective):
    """What a caller of the library's own estimator writes to be right; the README lists these lines."""
    x, y = X[TRAIN], case.y[TRAIN]
    start = np.asarray(objective.intercept(y))
    asked = Asked()
    if library == "xgboost":
        model = estimator(library, case, asked)
        # The placeholder is the class's own: the identity of a regressor, the logistic or softmax of a classifier.
        natural = objective.link.inverse(start) if case is CASES["logit"] else start
        several = {"num_class": len(LEVELS)} if case is CASES["levels"] else {}
        model.set_params(
            objective=objective,
            base_score=natural.tolist(),
            eval_metric=objective.metric,
            disable_default_eval_metric=1,
            **several,
        )
        model.fit(x, y, eval_set=[(X[VALID], case.y[VALID])], verbose=False)
        (values,) = model.evals_result()["validation_0"].values()
        return objective.response(model.predict(X, output_margin=True)), values
    model = estimator(library, case, asked)
    several = {"num_class": len(LEVELS)} if case is CASES["levels"] else {}
    model.set_params(objective=objective, metric="None", **several)
    starts = {"eval_X": (X[VALID],), "eval_y": (case.y[VALID],)}
    if LGB_VERSION < (4, 7):
        starts = {"eval_set": [(X[VALID], case.y[VALID])]}
    rows = len(case.y[VALID])
    model.fit(
        x, y, init_score=np.repeat(start, len(y)), eval_init_score=[np.repeat(start, rows)],
        eval_metric=objective.metric, **starts,
    )  # fmt: skip
    (values,) = next(iter(model.evals_result_.values())).values()
    return objective.response(model.predict(X, raw_score=True) + start), values


@every
@link
def test_the_libraries_own_estimators_with_the_lines_that_they_need(library, link):
    case, objective = prepared(library, link)
    if library == "lightgbm" and link == "levels":
        pytest.skip("LGBMRegressor itself refuses num_class with one label for each row")
    response, values = by_own_estimator(library, case, objective)
    same(Found(response), reference(library, case, Asked()), case)
    trained = by_train(library, case, Asked(), objective)
    assert_allclose(values, next(iter(trained.history.values())), rtol=1e-4)
