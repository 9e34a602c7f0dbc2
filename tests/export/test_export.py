"""Models in other tools predict what the library predicts, or the tool refuses them for a reason of its own.

A reason is the tool's where a model of the library alone, of the same kind, is refused or converted wrongly too.
`REASONS` has them all.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from _export import booster_of, compiled, predicted
from numpy.testing import assert_allclose

import gbm_objectives as go
import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives.links import LOGIT, Identity
from gbm_objectives.sklearn import ObjectiveClassifier, ObjectiveRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4)).astype(np.float32)
X[:, 3] = rng.integers(0, 8, len(X))
GAPS = np.where(rng.random(X.shape) < 0.1, np.float32(np.nan), X)
signal = X[:, 0] + np.abs(X[:, 1]) + 2 * np.isin(X[:, 3], [1, 4, 6])
NUMBER = 5 + 2 * signal + rng.normal(size=len(X))
COUNT = rng.poisson(np.exp(0.3 * signal)).astype(float)
POSITIVE = np.exp(0.3 * signal) * rng.gamma(2.0, size=len(X)) + 0.01
BINARY = (signal + rng.normal(size=len(X)) > 1.5).astype(float)
CLASS = np.digitize(signal + 0.3 * rng.normal(size=len(X)), [0.5, 1.8]).astype(float)
TARGETS = np.column_stack([NUMBER, 3 - 2 * NUMBER + X[:, 2]])
LABELS = np.column_stack([BINARY, X[:, 2] > 0, X[:, 1] > 0.3]).astype(float)

OBJECTIVES = {
    "huber": (go.huber(), NUMBER),
    "squared_error": (go.squared_error(), NUMBER),
    "levels": (go.quantile([0.05, 0.5, 0.95]), NUMBER),
    "targets": (go.huber(), TARGETS),
    "probability": (go.binary_cross_entropy(), BINARY),  # in a regressor
    "binary_cross_entropy": (go.binary_cross_entropy(), BINARY),
    "focal": (go.focal(), BINARY),
    "hinge": (go.hinge(), BINARY),
    "squared_hinge": (go.squared_hinge(), BINARY),
    "poisson": (go.poisson(), COUNT),
    "gamma": (go.gamma(), POSITIVE),
    "tweedie": (go.tweedie(1.5), COUNT),
    "softmax_cross_entropy": (go.softmax_cross_entropy(), CLASS),
    "softmax_focal": (go.softmax_focal(), CLASS),
    "multiclass_hinge": (go.multiclass_hinge(), CLASS),
    "multilabel_cross_entropy": (go.multilabel_cross_entropy(), LABELS),
}
#: In the estimators these are for classifiers.
CLASSES = {
    "binary_cross_entropy",
    "focal",
    "hinge",
    "squared_hinge",
    "softmax_cross_entropy",
    "softmax_focal",
    "multiclass_hinge",
}
DOORS = ("train", "loaded", "estimator")
TOOLS = {"xgboost": ("onnxmltools", "treelite"), "lightgbm": ("onnxmltools", "treelite", "lleaves")}
TREES = {"max_depth": 3}
PARAMS = {
    "xgboost": {**TREES, "nthread": 1, "verbosity": 0},
    "lightgbm": {**TREES, "num_threads": 1, "verbosity": -1, "min_data_in_leaf": 5},
}
ROUNDS = 6


class Reason(NamedTuple):
    """Why a tool has no right model of ours, and a model of the library alone that fares no better."""

    tool: str
    refused: str | None  # how the tool refuses ours; None: it converts ours and is wrong
    alone: Callable[[], Any]
    alone_refused: bool = True  # in the same words; False: it converts that model and is wrong


def alone(
    library: str, objective: Any, y: Any, features: Any = X, rounds: int = ROUNDS, **params: Any
) -> Any:
    """A booster of the library without this package."""
    params = {**PARAMS[library], "objective": objective, **params}
    if library == "lightgbm":
        return lgb.train(params, lgb.Dataset(features, y), rounds)
    obj = objective if callable(objective) else None
    if obj:
        params["objective"] = "reg:squarederror"
    return xgb.train(params, xgb.DMatrix(features, y), rounds, obj=obj)


def three_levels(raw: Any, data: Any) -> tuple[Any, Any]:
    """A user's own function: three outputs of one label."""
    gradient = np.asarray(raw - data.get_label()[:, None], order="F")
    return gradient, np.full(gradient.shape, 0.7, order="F")


def alone_in_scikit(name: str, objective: str, y: Any, **params: Any) -> Any:
    """An estimator of the library without this package."""
    library = "xgboost" if name.startswith("XGB") else "lightgbm"
    cls = getattr({"xgboost": xgb, "lightgbm": lgb}[library], name)
    return cls(n_estimators=ROUNDS, objective=objective, **in_scikit(library), **params).fit(X, y)


def in_scikit(library: str) -> dict[str, Any]:
    return {"n_jobs": 1, **{k: v for k, v in PARAMS[library].items() if "thread" not in k}}


def dart_keys() -> set[str]:
    booster = xgb.Booster({"booster": "dart", "num_feature": 1, "verbosity": 0})
    return set(json.loads(booster.save_config())["learner"]["gradient_booster"])


#: onnxmltools' words for an objective without a name that it knows. Where it would be wrong, it is given no name.
NAMELESS_XGB = "Missing attribute in XGBoost model"
NAMELESS_LGB = "Unsupported LightGbm objective: '(none|custom)'"
KEYLESS = "Missing non-nullable keys {'objective'}"  # lleaves: no objective in the header
NOT_OF_CLASSES = "Unexpected objective: reg:squarederror"
#: Newer versions of XGBoost have this key for dart too; the weights of its trees are then left out.
DART = None if "gbtree_model_param" in dart_keys() else "gbtree_model_param"

#: From 3.4 on XGBoost has several quantiles that its ``predict`` sorts; the tool takes the outputs for another model.
SORTS = tuple(map(int, xgb.__version__.split(".")[:2])) >= (3, 4)
SORTED_LEVELS = Reason(
    "onnxmltools", None,
    lambda: alone("xgboost", "reg:quantileerror", NUMBER, quantile_alpha=[0.05, 0.5, 0.95]), False,
)  # fmt: skip
SCORES = Reason(
    "onnxmltools", NOT_OF_CLASSES, lambda: alone("xgboost", three_levels, NUMBER, num_class=3)
)
REASONS = {
    # Scores of levels or margins of classes are num_class outputs of the identity link: no library has it built in.
    "scores of classes": SCORES,
    "levels": SORTED_LEVELS if SORTS else SCORES,
    "LightGBM's levels": Reason(
        "onnxmltools", NAMELESS_LGB, lambda: alone("lightgbm", three_levels, NUMBER, num_class=3)
    ),
    "LightGBM's levels in treelite": Reason(
        "treelite", 'obj_name_ == "multiclass"',
        lambda: alone("lightgbm", three_levels, NUMBER, num_class=3),
    ),
    "LightGBM's levels in lleaves": Reason(
        "lleaves", KEYLESS, lambda: alone("lightgbm", three_levels, NUMBER, num_class=3)
    ),
    # A margin is no probability.
    "margins": Reason(
        "onnxmltools", NOT_OF_CLASSES,
        lambda: alone_in_scikit("XGBClassifier", "reg:squarederror", BINARY),
    ),
    "LightGBM's margins": Reason(
        "onnxmltools", "This is an invalid model",
        lambda: alone_in_scikit("LGBMClassifier", "regression", BINARY),
    ),
    # All trees of XGBoost's models of several targets are added to the first target, or to one class.
    "targets": Reason(
        "onnxmltools", None, lambda: alone("xgboost", "reg:squarederror", TARGETS), False
    ),
    "labels": Reason(
        "onnxmltools", None, lambda: alone("xgboost", "binary:logistic", LABELS), False
    ),
    "targets of a regressor": Reason(
        "onnxmltools", NAMELESS_XGB,
        lambda: alone_in_scikit("XGBRegressor", "reg:squarederror", TARGETS), False,
    ),
    # Regressors get no sigmoid or softmax.
    "probability of a regressor": Reason(
        "onnxmltools", NAMELESS_XGB,
        lambda: alone_in_scikit("XGBRegressor", "binary:logistic", BINARY), False,
    ),
    "probability of LightGBM's regressor": Reason(
        "onnxmltools", "'LGBMRegressor' object has no attribute 'classes_'",
        lambda: alone_in_scikit("LGBMRegressor", "binary", BINARY),
    ),
    "several outputs of LightGBM's regressor": Reason(
        "onnxmltools", "'LGBMRegressor' object has no attribute 'classes_'",
        lambda: alone_in_scikit("LGBMRegressor", "multiclass", CLASS, num_class=3),
    ),
    # Labels that don't exclude each other: multiclassova, of which onnxmltools makes a softmax.
    "LightGBM's labels": Reason(
        "onnxmltools", NAMELESS_LGB,
        lambda: alone("lightgbm", "multiclassova", CLASS, num_class=3), False,
    ),
    "LightGBM's labels in lleaves": Reason(
        "lleaves", "Objective 'multiclassova' not yet implemented",
        lambda: alone("lightgbm", "multiclassova", CLASS, num_class=3),
    ),
    # Kinds of trees.
    "dart": Reason(
        "onnxmltools", DART,
        lambda: alone("xgboost", "reg:squarederror", NUMBER, booster="dart", rate_drop=0.5),
        DART is not None,
    ),
    "gblinear": Reason(
        "onnxmltools", "gbtree_model_param",
        lambda: alone("xgboost", "reg:squarederror", NUMBER, booster="gblinear"),
    ),
    "gblinear in treelite": Reason(
        "treelite", "sax_parse",
        lambda: alone("xgboost", "reg:squarederror", NUMBER, booster="gblinear"),
    ),
    "linear leaves": Reason(
        "onnxmltools", NAMELESS_LGB,
        lambda: alone("lightgbm", "regression", NUMBER, linear_tree=True), False,
    ),
    "linear leaves in treelite": Reason(
        "treelite", "LightGBM models with linear",
        lambda: alone("lightgbm", "regression", NUMBER, linear_tree=True),
    ),
    "linear leaves in lleaves": Reason(
        "lleaves", KEYLESS,
        lambda: alone("lightgbm", "regression", NUMBER, linear_tree=True), False,
    ),
    "linear leaves and a link in lleaves": Reason(
        "lleaves", None, lambda: alone("lightgbm", "binary", BINARY, linear_tree=True), False
    ),
    # Where all sums of Hessians are whole numbers, a booster is taken for a regression.
    "whole Hessians": Reason(
        "onnxmltools", None,
        lambda: alone(
            "xgboost", "binary:logistic", np.repeat(BINARY, 4), np.repeat(X, 4, axis=0),
            rounds=1, base_score=0.5,
        ), False,
    ),
}  # fmt: skip


def reason(library: str, tool: str, name: str, door: str) -> str | None:
    """The key of the reason, or None where the predictions must be the same."""
    link, classes = OBJECTIVES[name][0].link, name in CLASSES
    several = name in ("levels", "targets", "multiclass_hinge", "multilabel_cross_entropy")
    identity = isinstance(link, Identity)
    in_estimator = tool == "onnxmltools" and door == "estimator"
    if library == "xgboost":
        if tool == "treelite":
            return None
        if in_estimator and classes:
            return "margins" if identity else None
        if in_estimator and several:
            return "targets of a regressor"
        if in_estimator and link == LOGIT:
            return "probability of a regressor"
        if name == "targets":
            return "targets"
        if name == "multiclass_hinge":
            return "scores of classes"
        if several:
            return "levels" if identity else "labels"
        return None
    if in_estimator and classes:
        return "LightGBM's margins" if identity and not several else None
    if in_estimator and several:
        return "several outputs of LightGBM's regressor"
    if in_estimator and link == LOGIT:
        return "probability of LightGBM's regressor"
    if not several or (tool == "treelite" and not identity):
        return None
    kind = "LightGBM's levels" if identity else "LightGBM's labels"
    return kind if tool == "onnxmltools" else f"{kind} in {tool}"


def check(tool: str, model: Any, why: str | None, features: Any = X, **data: Any) -> None:
    expect(tool, model, REASONS[why].refused if why else "", features, **data)


def expect(tool: str, model: Any, refused: str | None, features: Any = X, **data: Any) -> None:
    """The same predictions, where ``refused`` is empty; wrong ones, where it is None; or that error."""
    booster = booster_of(model)
    rows = xgb.DMatrix(features, **data) if isinstance(booster, xgb.Booster) else features
    expected = booster.predict(rows)
    if refused:
        with pytest.raises(Exception, match=refused):
            predicted(tool, model, features)
        return
    found = predicted(tool, model, features)
    if refused is None:
        same = found.shape == expected.shape and np.allclose(found, expected, rtol=1e-2)
        assert not same
    else:
        assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def trained(library: str, objective: Any, y: Any, features: Any = X, **arguments: Any) -> Any:
    """A booster of `train`; arguments are parameters, but for ``data`` and ``leaves``."""
    data, leaves = arguments.pop("data", {}), arguments.pop("leaves", "auto")
    if y.ndim == 2 and library == "lightgbm":
        objective, y = objective.with_targets(y), np.arange(len(y))
    if library == "xgboost":
        train, rows = gbm_objectives.xgboost.train, xgb.DMatrix(features, y, **data)
    else:
        train = gbm_objectives.lightgbm.train
        rows = lgb.Dataset(features, y, free_raw_data=False, **data)
    params = {**PARAMS[library], **arguments}
    return train(params, rows, ROUNDS, objective=objective, leaves=leaves)


def fitted(library: str, objective: Any, y: Any, kind: str) -> Any:
    """The estimator of the library inside a fitted one of ours."""
    if y.ndim == 2 and library == "lightgbm":
        objective, y = objective.with_targets(y), np.arange(len(y))
    cls = getattr(xgb, f"XGB{kind}") if library == "xgboost" else getattr(lgb, f"LGBM{kind}")
    meta = {"Classifier": ObjectiveClassifier, "Regressor": ObjectiveRegressor}[kind]
    return meta(cls(n_estimators=ROUNDS, **in_scikit(library)), objective).fit(X, y).estimator_


@cache
def ours(library: str, name: str, door: str) -> Any:
    """A model of this package."""
    objective, y = OBJECTIVES[name]
    if door == "estimator":
        return fitted(library, objective, y, "Classifier" if name in CLASSES else "Regressor")
    model = trained(library, objective, y)
    if door == "train":
        return model
    if library == "lightgbm":
        return lgb.Booster(model_str=model.model_to_string())
    loaded = xgb.Booster()
    loaded.load_model(model.save_raw("ubj"))
    return loaded


PAIRS = [(library, tool) for library in TOOLS for tool in TOOLS[library]]
#: onnxmltools takes the start of an XGBoost model that it knows no better for a probability.
tools_logarithm = pytest.mark.filterwarnings("ignore:invalid value encountered in log")


@tools_logarithm
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize(("library", "tool"), PAIRS)
def test_models_of_every_door(library: str, tool: str, name: str, door: str) -> None:
    check(tool, ours(library, name, door), reason(library, tool, name, door))


@tools_logarithm
@pytest.mark.parametrize("why", REASONS)
def test_the_reason_is_the_tools(why: str) -> None:
    found = REASONS[why]
    expect(found.tool, found.alone(), found.refused if found.alone_refused else None)


KINDS: dict[str, dict[str, dict[str, Any]]] = {
    "gaps": {"xgboost": {}, "lightgbm": {}},
    "categories": {
        "xgboost": {
            "data": {"feature_types": ["q", "q", "q", "c"], "enable_categorical": True},
        },
        "lightgbm": {"data": {"categorical_feature": [3]}, "min_data_per_group": 5},
    },
    "sampled": {
        "xgboost": {"num_parallel_tree": 3, "subsample": 0.6},
        "lightgbm": {"data_sample_strategy": "goss"},
    },
    "leaf-wise": {
        "xgboost": {"grow_policy": "lossguide", "max_leaves": 6},
        "lightgbm": {"num_leaves": 6},
    },
    "refitted": {"xgboost": {"leaves": "refit"}, "lightgbm": {"leaves": "refit"}},
    "dart": {
        "xgboost": {"booster": "dart", "rate_drop": 0.5},
        "lightgbm": {"boosting": "dart", "drop_rate": 0.5},
    },
    "linear": {"xgboost": {"booster": "gblinear"}, "lightgbm": {"linear_tree": True}},
}


def reason_of_kind(library: str, tool: str, kind: str, name: str) -> str | None:
    if kind == "linear" and library == "xgboost":
        return "gblinear" if tool == "onnxmltools" else f"gblinear in {tool}"
    if kind == "linear" and tool == "lleaves" and name != "huber":
        return "linear leaves and a link in lleaves"
    if kind == "linear":
        return "linear leaves" if tool == "onnxmltools" else f"linear leaves in {tool}"
    if kind == "dart" and library == "xgboost" and tool == "onnxmltools":
        return "dart"
    return None


@pytest.mark.parametrize("name", ["huber", "binary_cross_entropy", "poisson"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("library", "tool"), PAIRS)
def test_kinds_of_trees(library: str, tool: str, kind: str, name: str) -> None:
    if kind == "refitted" and name != "huber":
        pytest.skip("for losses of the residual")
    objective, y = OBJECTIVES[name]
    features, arguments = GAPS if kind == "gaps" else X, KINDS[kind][library]
    model = trained(library, objective, y, features, **arguments)
    rows = arguments.get("data", {}) if library == "xgboost" else {}
    check(tool, model, reason_of_kind(library, tool, kind, name), features, **rows)


def test_whole_hessians_hide_a_link_from_onnxmltools() -> None:
    """As a booster; the estimator says that it is a classifier."""
    objective = go.binary_cross_entropy(curvature="unit")
    check("onnxmltools", trained("xgboost", objective, BINARY), "whole Hessians")
    check("onnxmltools", fitted("xgboost", objective, BINARY, "Classifier"), None)


@pytest.mark.parametrize("name", ["levels", "multilabel_cross_entropy"])
def test_lleaves_has_the_raw_scores_of_several_outputs(name: str) -> None:
    """Once the header says custom, which LightGBM itself reads and forgets."""
    model = ours("lightgbm", name, "train")
    text = model.model_to_string()
    if "\nobjective=" not in text:
        text = text.replace("\nfeature_names=", "\nobjective=custom\nfeature_names=", 1)
    found = compiled(text, X, raw_score=True)
    assert_allclose(found, model.predict(X, raw_score=True), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "header", "parameter"),
    [
        ("huber", "regression", "regression"),
        ("levels", None, "custom"),
        ("targets", None, "custom"),
        ("focal", "binary sigmoid:1", "binary"),
        ("hinge", "regression", "regression"),
        ("poisson", "poisson", "poisson"),
        ("softmax_focal", "multiclass num_class:3", "multiclass"),
        ("multiclass_hinge", None, "custom"),
        ("multilabel_cross_entropy", "multiclassova num_class:3 sigmoid:1", "custom"),
    ],
)
def test_names_in_models_of_lightgbm(name: str, header: str | None, parameter: str) -> None:
    """Unchanged when LightGBM loads a model and saves it again."""
    for door in DOORS:
        booster = booster_of(ours("lightgbm", name, door))
        lines = booster.model_to_string().splitlines()
        assert [line for line in lines if line.startswith("objective=")] == (
            [f"objective={header}"] if header else []
        )
        assert f"[objective: {parameter}]" in lines
        assert booster.dump_model(num_iteration=1).get("objective") == header


def test_a_loaded_model_goes_on_and_explains() -> None:
    """The name in the header changes nothing but what other tools read."""
    loaded = ours("lightgbm", "huber", "loaded")
    raw = loaded.predict(X, raw_score=True)
    assert_allclose(loaded.predict(X), raw)
    assert_allclose(loaded.predict(X, pred_contrib=True).sum(axis=1), raw)
    objective, y = OBJECTIVES["huber"]
    rows = lgb.Dataset(X, y)
    longer = gbm_objectives.lightgbm.train(
        PARAMS["lightgbm"], rows, 2, objective=objective, init_model=loaded
    )
    assert longer.num_trees() == ROUNDS + 2
    assert_allclose(longer.predict(X, num_iteration=ROUNDS), raw)
    check("lleaves", longer, None)
    with pytest.raises(ValueError, match="a model of regression; needed: one with the link of"):
        gbm_objectives.lightgbm.train(
            PARAMS["lightgbm"], lgb.Dataset(X, BINARY), 2, objective=go.focal(), init_model=loaded
        )


@pytest.mark.parametrize("library", TOOLS)
def test_early_stopping(library: str) -> None:
    """onnxmltools converts an estimator at its best round, as it predicts."""
    cls = xgb.XGBRegressor if library == "xgboost" else lgb.LGBMRegressor
    params = {**in_scikit(library), "learning_rate": 0.6, "early_stopping_rounds": 3}
    model = ObjectiveRegressor(cls(n_estimators=60, **params), go.huber())
    quiet = {"verbose": False} if library == "xgboost" else {}
    model.fit(X[:150], NUMBER[:150], eval_set=[(X[150:], NUMBER[150:])], **quiet)
    found = predicted("onnxmltools", model.estimator_, X)
    assert_allclose(found, model.predict(X), rtol=1e-5, atol=1e-5)


def test_kept_boosters_are_not_finished() -> None:
    """LightGBM predicts from the objective that it trains with, which has no name."""
    booster = gbm_objectives.lightgbm.train(
        PARAMS["lightgbm"], lgb.Dataset(X, NUMBER), 2, objective=go.huber(), keep_training_booster=True
    )  # fmt: skip
    with pytest.raises(NotImplementedError, match=NAMELESS_LGB):
        predicted("onnxmltools", booster, X)
