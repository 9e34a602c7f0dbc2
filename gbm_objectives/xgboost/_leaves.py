"""XGBoost trained with leaves of this package.

XGBoost goes on from the leaves that it has grown, and has no way to set others. So a booster in training answers with
margins kept here, to the objective and to the metrics, and the leaves are written into the model in the end. A callback
may hand another booster to the training: that is the way in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost as xgb
from xgboost.collective import is_distributed

from gbm_objectives._core.validation import Array
from gbm_objectives._training.leaves import Growth, LeafRule, Leaves, Penalty
from gbm_objectives._training.moves import groups, nearest, precision
from gbm_objectives._training.refit import LeafRefit
from gbm_objectives.xgboost._data import labels_of
from gbm_objectives.xgboost._named import NamedMetrics

_VERSION = tuple(map(int, xgb.__version__.split(".")[:2]))
#: Whether it tells the leaves of a QuantileDMatrix.
QUANTISED = _VERSION >= (3, 1)
#: Rows of a leaf, where the user gives no limit and trees are grown by rows.
_ROWS = 20.0


def beside_leaves(params: Mapping[str, Any], leaves: Leaves, continued: Any) -> dict[str, object]:
    """What leaves of this package don't go with, and whether it is given; a model to go on from hands on parameters."""
    if continued is not None:
        model = (
            continued if isinstance(continued, xgb.Booster) else xgb.Booster(model_file=continued)
        )
        params = {**_configured(model), **{k: v for k, v in params.items() if v is not None}}
    booster, strategy = params.get("booster"), params.get("multi_strategy")
    dropout = _is_on(params.get("rate_drop")) or _is_on(params.get("one_drop"))
    return {
        'booster="dart", which scales its trees anew in each round': booster == "dart",
        "rate_drop or one_drop, which scale the trees anew in each round": dropout,
        'booster="gblinear"': booster == "gblinear",
        'multi_strategy="multi_output_tree"': strategy == "multi_output_tree",
        'process_type="update"': params.get("process_type") == "update",
        "monotone_constraints, which such leaves break": params.get("monotone_constraints"),
        "max_delta_step, which refitted leaves exceed": leaves == "refit"
        and _is_on(params.get("max_delta_step")),
        "several workers, each of which has a part of the rows": is_distributed(),
    }


def beside_data(data: xgb.DMatrix) -> dict[str, object]:
    """The same of a data set."""
    what = (
        f"a QuantileDMatrix with XGBoost {xgb.__version__}, which tells no leaves of it before 3.1"
    )
    return {what: isinstance(data, xgb.QuantileDMatrix) and not QUANTISED}


def _is_on(value: Any) -> bool:
    """Whether a switch or a number is given that is not 0; words count as XGBoost reads them."""
    return str(value).strip().lower() not in ("none", "false", "0", "0.0")


def _configured(booster: xgb.Booster) -> dict[str, Any]:
    """The parameters of a booster."""

    def flat(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, value in config.items():
            if isinstance(value, dict):
                yield from flat(value)
            else:
                yield name, value

    learner = json.loads(booster.save_config())["learner"]
    found = dict(flat(learner["gradient_booster"]))
    found["booster"] = learner["gradient_booster"]["name"]
    found["multi_strategy"] = learner["learner_train_param"].get("multi_strategy")
    found["monotone_constraints"] = found.get("monotone_constraints", "").strip("()")
    return found


def with_rows(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters with the default limit of rows a leaf, for trees grown by rows; a limit of the user's holds."""
    if params.get("min_child_weight") is not None:
        return params
    return {**params, "min_child_weight": _ROWS}


class SettingLeaves(xgb.callback.TrainingCallback):
    """Sets the leaves of the boosters that are trained, one or one for each fold; the first of the callbacks.

    Parameters
    ----------
    rule : LeafRule
    params : dict
        Of the training; its built-in metrics are computed here.
    """

    def __init__(self, rule: LeafRule, params: Mapping[str, Any]) -> None:
        super().__init__()
        self._rule, self._params = rule, params
        self._one: InTraining | None = None

    def margins(self, data: xgb.DMatrix) -> Array | None:
        """Of the one booster that was trained, without walking through its trees; None before."""
        return None if self._one is None else self._one.predict(data, output_margin=True)

    def before_training(self, model: Any) -> Any:
        """Hand over boosters that answer with margins kept here."""
        if not hasattr(model, "cvfolds"):
            self._one = InTraining(model, self._rule, self._params)
            return self._one
        for fold in model.cvfolds:
            fold.bst = InTraining(fold.bst, self._rule, self._params)
        return model

    def after_training(self, model: Any) -> Any:
        """Hand back XGBoost's own, finished; what another callback has made of it is so already."""
        if not hasattr(model, "cvfolds"):
            return model.finish() if isinstance(model, InTraining) else model
        for fold in model.cvfolds:
            fold.bst = fold.bst.finish()
        return model


class InTraining(xgb.Booster):
    """A booster in training as it will be when it is finished.

    What it predicts, tells of its trees and saves is that of the leaves set so far, so a checkpoint is a right model,
    one that training can go on from. All else, such as a learning rate, goes to the booster in training.
    """

    __slots__ = ("_grown", "_margins", "_named", "_rule")

    def __init__(self, booster: xgb.Booster, rule: LeafRule, params: Mapping[str, Any]) -> None:
        self.__dict__ = booster.__dict__  # one booster, seen in two ways
        self._grown, self._rule = booster, rule
        self._margins = _Margins(booster)
        self._named = NamedMetrics(params)

    def __del__(self) -> None:
        """The model belongs to the booster that is seen."""

    def update(self, dtrain: xgb.DMatrix, iteration: int, fobj: Any = None) -> None:
        labels, settings = labels_of(dtrain), _Settings.of(self._grown)
        factor = self._margins.factor(dtrain) if self._enlarges(settings) else 1.0
        rounds: list[Growth] = []

        def grown_on(raw: Array, _: xgb.DMatrix) -> tuple[Array, Array]:
            rounds.append(self._rule.growth(labels.y_true, raw, labels.sample_weight))
            return rounds[0].gradient * np.float32(factor), rounds[0].hessian

        super().update(dtrain, iteration, grown_on)
        self._margins.grown(self._grown, dtrain, rounds[0], settings, factor)

    def _enlarges(self, settings: _Settings) -> bool:
        """Whether trees don't depend on the size of gradients; a refit is as XGBoost's own, to the bit."""
        return settings.scale_free and not isinstance(self._rule, LeafRefit)

    def predict(self, data: xgb.DMatrix, **arguments: Any) -> Any:
        if not arguments.get("output_margin") or arguments.keys() - {"output_margin", "training"}:
            return self.finished().predict(data, **arguments)
        return self._margins.of(self._grown, data).copy()

    def eval_set(
        self, evals: Any, iteration: int = 0, feval: Any = None, output_margin: bool = True
    ) -> str:
        found = [f"[{iteration}]"]
        for data, name in evals:
            values = self._named(data, self.predict(data, output_margin=True))
            if feval is not None:
                preds = self.predict(data, output_margin=output_margin)
                own = feval(preds, data)
                values += own if isinstance(own, list) else [own]
            found += [f"{name}-{metric}:{value:f}" for metric, value in values]
        return "\t".join(found)

    def finished(self) -> xgb.Booster:
        """The model so far, complete."""
        return self._margins.written(self._grown.copy())

    def finish(self) -> xgb.Booster:
        """XGBoost's own booster, with the leaves in it."""
        return self._margins.written(self._grown)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickled as the library's own booster."""
        return _itself, (self.finished(),)


def _itself(booster: xgb.Booster) -> xgb.Booster:
    return booster


def _told_by_the_finished_model(name: str) -> Any:
    """A method of the finished model."""

    def method(self: InTraining, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.finished(), name)(*args, **kwargs)

    return method


for _name in (
    "__copy__",
    "__deepcopy__",
    "__getitem__",
    "__iter__",
    "copy",
    "dump_model",
    "get_dump",
    "inplace_predict",
    "save_model",
    "save_raw",
    "trees_to_dataframe",
):
    setattr(InTraining, _name, _told_by_the_finished_model(_name))


#: The value of nodes beyond the last that has rows.
_NONE = np.float32(0)


class _Margins:
    """The margins of data sets in training, and the leaves that they come from.

    XGBoost's own margins of the training rows move by the leaves that it has grown. Where all leaves move by
    different steps, as far as float32 can tell, a row's leaf is known from that; else rows are walked through the tree.
    The gradients are multiplied by a large number of alternating sign, so that steps are large beside margins.

    Parameters
    ----------
    start : xgboost.Booster
        Before the first round.
    """

    def __init__(self, start: xgb.Booster) -> None:
        self._start = start.copy()
        self._first = start.num_boosted_rounds()
        self._rounds: list[list[Array]] = []
        self._factors: list[float] = []
        self._known: dict[int, tuple[xgb.DMatrix, Array, int]] = {}
        self._own: Array | None = None

    def factor(self, dtrain: xgb.DMatrix) -> float:
        """Of the gradients of the next round."""
        if self._factors:
            return -self._factors[-1]
        largest = float(np.abs(self.of(self._start, dtrain)).max(initial=0.0))
        y = labels_of(dtrain).y_true
        spread = float(np.mean(np.abs(y - y.mean())))
        if not (spread > 0 and 0 < largest + spread < 1e12):
            return 1.0
        power = math.ceil(math.log2(1e3 * (1 + largest / spread)))
        return float(2 ** min(power, 40))

    def of(self, booster: xgb.Booster, data: xgb.DMatrix) -> Array:
        """The margins of a data set after all rounds so far."""
        if id(data) in self._known:
            _, margin, done = self._known[id(data)]
        else:
            margin, done = self._start.predict(data, output_margin=True), 0
        for i in range(done, len(self._rounds)):
            self._add(margin, self._rounds[i], self._leaves(booster, i, data))
        self._known[id(data)] = data, margin, len(self._rounds)
        return margin

    def grown(
        self,
        booster: xgb.Booster,
        dtrain: xgb.DMatrix,
        growth: Growth,
        settings: _Settings,
        factor: float,
    ) -> None:
        """Set the leaves of the last round, whose rows are those of ``dtrain``."""
        margin = self.of(booster, dtrain)
        leaves = self._moved(booster, dtrain) if abs(factor) > 1 else None
        if leaves is None:
            leaves = self._leaves(booster, len(self._rounds), dtrain)
        parallel = leaves.shape[1] // (margin.shape[1] if margin.ndim == 2 else 1)
        rate = np.float32(settings.learning_rate) / np.float32(parallel)
        values = [
            np.append(
                (rate * growth.values(tree // parallel, leaf, settings.penalty)).astype("f4"), _NONE
            )
            for tree, leaf in enumerate(leaves.T)
        ]
        self._rounds.append(values)
        self._factors.append(factor)
        self._add(margin, values, leaves)
        self._known[id(dtrain)] = dtrain, margin, len(self._rounds)

    def _moved(self, booster: xgb.Booster, dtrain: xgb.DMatrix) -> Array | None:
        """The node of each row in each tree of the last round by its move; None where moves don't tell."""
        before = self._own
        own = booster.predict(dtrain, output_margin=True, training=True)
        self._own = own = own.reshape(len(own), -1)
        if before is None:
            before = self._start.predict(dtrain, output_margin=True).reshape(own.shape)
        at = self._first + len(self._rounds)
        trees = _trees(json.loads(booster[at : at + 1].save_raw("json")))
        if len(trees) != own.shape[1]:
            return None
        found = np.empty(own.shape, dtype=np.intp, order="F")
        for k, tree in enumerate(trees):
            nodes = np.flatnonzero(np.array(tree["left_children"]) == -1)
            steps = np.array(tree["split_conditions"])[nodes]
            known_to = precision(before[:, k], own[:, k])
            if len(np.unique(groups(steps, known_to))) < len(steps):
                return None
            moves = own[:, k].astype(np.float64) - before[:, k]
            leaf = nearest(moves, steps, np.arange(len(steps)))
            if not np.abs(moves - steps[leaf]).max(initial=0.0) <= known_to:
                return None
            found[:, k] = nodes[leaf]
        return found

    def _leaves(self, booster: xgb.Booster, i: int, data: xgb.DMatrix) -> Array:
        """The node of each row in each tree of a round, (n_samples, n_trees)."""
        at = self._first + i
        found = booster[at : at + 1].predict(data, pred_leaf=True)
        return found.reshape(len(found), -1).astype(np.intp)

    @staticmethod
    def _add(margin: Array, values: list[Array], leaves: Array) -> None:
        columns = margin.reshape(len(margin), -1)
        parallel = len(values) // columns.shape[1]
        for tree, (value, leaf) in enumerate(zip(values, leaves.T, strict=True)):
            columns[:, tree // parallel] += value.take(leaf, mode="clip")

    def written(self, booster: xgb.Booster) -> xgb.Booster:
        """The booster with the leaves in its trees."""
        config, model = booster.save_config(), json.loads(booster.save_raw("json"))
        trees = _trees(model)
        values = [value for a_round in self._rounds for value in a_round]
        a_round = len(values) // max(len(self._rounds), 1)
        factors = np.repeat(self._factors, a_round)
        for tree, value, factor in zip(
            trees[self._first * a_round :], values, factors, strict=True
        ):
            leaf = np.array(tree["left_children"]) == -1
            conditions = np.array(tree["split_conditions"])
            conditions[leaf] = value.take(np.flatnonzero(leaf), mode="clip")
            tree["split_conditions"] = conditions.tolist()
            if factor != 1:
                tree["loss_changes"] = (np.array(tree["loss_changes"]) / factor**2).tolist()
                tree["base_weights"] = (np.array(tree["base_weights"]) / factor).tolist()
        booster.load_model(bytearray(json.dumps(model).encode()))
        booster.load_config(config)
        return booster


def _trees(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The trees in a model's JSON."""
    trees: list[dict[str, Any]] = model["learner"]["gradient_booster"]["model"]["trees"]
    return trees


@dataclass(frozen=True)
class _Settings:
    """What a round is grown with: a callback may change it."""

    learning_rate: float
    penalty: Penalty
    scale_free: bool

    @classmethod
    def of(cls, booster: xgb.Booster) -> _Settings:
        """Those of the next round."""
        config = json.loads(booster.save_config())["learner"]["gradient_booster"]
        names = ("learning_rate", "lambda", "alpha", "max_delta_step", "gamma")
        rate, l2, l1, largest, gamma = (float(config["tree_train_param"][name]) for name in names)
        return cls(rate, Penalty(l2, l1, largest or np.inf), not (l1 or largest or gamma))
