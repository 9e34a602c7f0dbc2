"""LightGBM's own scikit-learn estimators, fitted by the flow of `train`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.utils.class_weight import compute_sample_weight

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.flow import Job, Request, run
from gbm_objectives._training.leaves import Leaves
from gbm_objectives._training.metrics import of_estimator, split_named
from gbm_objectives._training.outputs import numbered
from gbm_objectives._training.refit import LeafRefit
from gbm_objectives._training.starts import LocalLabels
from gbm_objectives.lightgbm import _library
from gbm_objectives.lightgbm._callbacks import Views, skip_reset
from gbm_objectives.lightgbm._data import in_float32
from gbm_objectives.lightgbm._lagging import Sample
from gbm_objectives.lightgbm._leaves import SettingLeaves, with_rows
from gbm_objectives.lightgbm._library import refuse_raw_scores
from gbm_objectives.lightgbm._params import METRIC, MIN_DATA, first, is_on
from gbm_objectives.objective import Objective

#: What users give an estimator to have it called, and `clone` would hand on copies of: nothing here.
OBJECTS: tuple[str, ...] = ()


def fit(
    estimator: Any,
    X: Any,  # noqa: N803
    y: Array,
    sample_weight: Array | None,
    evaluations: list[tuple[Any, Any]] | None,
    arguments: dict[str, Any],
    *,
    objective: Objective,
    guard: Any,
    leaves: Leaves,
    projections: int | None,
) -> Any:
    """Fit ``estimator`` from the best constant, to a booster that answers on the response scale."""
    if projections is not None:
        given = f"{projections} with LightGBM, whose leaves have one value"
        raise ValueError(message("projections", given, "an estimator of XGBoost, or None"))
    params = {name: value for name, value in estimator.get_params().items() if value is not None}
    named, functions = split_named(arguments.get("eval_metric"))
    if named:
        refuse_raw_scores("eval_metric", named, objective)
    metrics = [of_estimator(metric, objective) for metric in functions]
    continued = arguments.get("init_model")
    request = Request(
        objective,
        params,
        guard,
        metrics if functions or named else None,
        leaves,
        continued,
    )
    if objective.rows is not None and params.get("class_weight") is not None:
        given = "a parameter of the estimator, beside a table of rows"
        raise ValueError(message("class_weight", given, "class_weight of the objective"))
    door = _Fit(estimator, X, y, sample_weight, evaluations, arguments, named)
    run(_library, door, request)
    return estimator


class _Fit:
    """The estimator's own ``fit`` as a door."""

    beside_leaves: Mapping[str, object] = {}

    def __init__(
        self,
        estimator: Any,
        X: Any,  # noqa: N803
        y: Array,
        sample_weight: Array | None,
        evaluations: list[tuple[Any, Any]] | None,
        arguments: dict[str, Any],
        named: list[str],
    ) -> None:
        self.estimator, self.X, self.y, self.sample_weight = estimator, X, y, sample_weight
        self.evaluations, self.arguments, self.named = evaluations, dict(arguments), named
        self.callbacks = list(self.arguments.pop("callbacks", None) or [])
        self.arguments.pop("eval_metric", None)
        weights = estimator.get_params().get("class_weight")
        self.weight = sample_weight
        if weights is not None:
            balance = compute_sample_weight(weights, y)
            self.weight = balance if sample_weight is None else sample_weight * balance

    @contextmanager
    def numbered(self, objective: Objective) -> Iterator[Objective]:
        """On the row numbers of label matrices: LightGBM's labels are one column."""
        if self.y.ndim == 1 or objective.rows is not None:
            yield objective
            return
        pairs = self.evaluations or []
        own = [i for i, (_, labels) in enumerate(pairs) if labels is not self.y]
        table, (rows, *others) = numbered("y", [self.y, *(pairs[i][1] for i in own)])
        given, self.y = self.y, rows
        if self.evaluations is not None:
            numbers = dict(zip(own, others, strict=True))
            self.evaluations = [(x, numbers.get(i, rows)) for i, (x, _) in enumerate(pairs)]
        try:
            yield objective.with_targets(table)
        finally:
            self.y = given

    def labels(self, objective: Objective, params: Mapping[str, Any]) -> LocalLabels:
        """In float32, with the weights of the classes."""
        y = in_float32("y_true", self.y) if self.y.dtype.kind == "f" else self.y
        return LocalLabels(y, self.weight)

    def train(self, job: Job) -> list[lgb.Booster]:
        """The estimator's booster."""
        estimator, arguments, params = self.estimator, dict(self.arguments), job.params
        own = arguments.get("init_score") is not None
        own = own or not is_on(params, ("boost_from_average",), True)
        _, intercept = job.begin(params, job.labels, own_start=own)
        features = None
        if isinstance(job.leaves, LeafRefit):
            others = [x for x, y in self.evaluations or [] if not (x is self.X and y is self.y)]
            features = [np.asarray(x) if isinstance(x, list) else x for x in (self.X, *others)]
        setting = SettingLeaves(job.leaves, [features])
        if intercept is not None:
            start = np.atleast_1d(intercept)
            arguments["init_score"] = np.repeat(start, len(self.y))
            if self.evaluations is not None:
                scores = [np.repeat(start, len(y)) for _, y in self.evaluations]
                arguments["eval_init_score"] = scores
        if metrics := setting.metrics(job, self.named):
            arguments["eval_metric"] = metrics
        settings: dict[str, Any] = {"objective": job.objective}
        params = estimator.get_params()
        given = {name: value for name, value in params.items() if name in METRIC}
        if first(job.request.params, METRIC) is None:
            given = {"metric": "None"}
        limits = {name: params[name] for name in params if name in MIN_DATA}
        own_limit = type(estimator)().get_params()["min_child_samples"]
        limit = first(with_rows(limits, job.leaves, own_limit), MIN_DATA)
        if job.n_outputs > 1:
            settings["num_class"] = job.n_outputs
        # What is computed here, the estimator must not have LightGBM compute.
        hidden = dict.fromkeys(given, "None")
        if job.leaves is not None:
            hidden |= dict.fromkeys(limits, limit)
        estimator.set_params(**{**settings, **given, **(hidden if job.leaves else {})})
        estimator.set_params(objective=setting.objective(job))
        views = Views(job.objective.link, [intercept], setting.settle)
        callbacks = [*views.given_to(self.callbacks), skip_reset, *setting.callbacks]
        # A classifier would number the rows of a table as classes, and give each level a score.
        no_classes = job.objective.rows is not None or job.objective.learns
        plain = no_classes and isinstance(estimator, lgb.LGBMClassifier)
        own_fit = lgb.LGBMModel.fit if plain else type(estimator).fit
        with setting:
            own_fit(
                estimator, self.X, self.y, sample_weight=self.sample_weight, callbacks=callbacks,
                **_evaluations(estimator, self.evaluations), **arguments,
            )  # fmt: skip
        estimator.set_params(**settings, **given, **limits)
        start = arguments.get("init_score", 0.0)
        categories = arguments.get("categorical_feature", "auto")
        sample = Sample(self.X, start, categories, len(self.y))
        job.seek_rows_behind(
            estimator.booster_.current_iteration(),
            lambda: sample.margins(estimator.booster_),
            sample.grower(job.params),
            sample.step,
        )
        return [estimator.booster_]


def _evaluations(estimator: Any, pairs: list[tuple[Any, Any]] | None) -> dict[str, Any]:
    """In the form that this LightGBM takes: 4.7 deprecates eval_set."""
    if pairs is None:
        return {}
    if "eval_X" not in inspect.signature(estimator.fit).parameters:
        return {"eval_set": pairs}
    return {"eval_X": tuple(x for x, _ in pairs), "eval_y": tuple(labels for _, labels in pairs)}


def raw_prediction(estimator: Any, X: Any, arguments: dict[str, Any]) -> Array:  # noqa: N803
    """Raw scores of a fitted estimator."""
    return np.asarray(estimator.predict(X, raw_score=True, **arguments))
