"""XGBoost trained with refitted leaves.

XGBoost goes on from the leaves that it has grown, and has no way to set others. So while it trains, the booster
answers with margins kept here, to the objective and to the metrics, and the leaves are written into the model in the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import xgboost as xgb
from xgboost.collective import is_distributed

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.leaves import LeafRefit, refuse_beside, refuse_names
from gbm_objectives.xgboost._data import labels_of


def validate_refit(params: Mapping[str, Any], metric: Any, callbacks: Iterable[Any]) -> None:
    """Raise for what refitted leaves don't go with; ``metric`` is what takes the place of eval_metric."""
    _refuse(params)
    checkpoints = [isinstance(c, xgb.callback.TrainingCheckPoint) for c in callbacks]
    refuse_beside(
        {
            "TrainingCheckPoint: leaves are written when training ends": any(checkpoints),
            "several workers, each of which has a part of the rows": is_distributed(),
        }
    )
    refuse_names("eval_metric", metric)


def _refuse(params: Mapping[str, Any]) -> None:
    """Raise for parameters that refitted leaves don't go with."""
    booster, strategy = params.get("booster"), params.get("multi_strategy")
    dropout = _is_on(params.get("rate_drop")) or _is_on(params.get("one_drop"))
    refuse_beside(
        {
            'booster="dart", which scales its trees anew in each round': booster == "dart",
            "rate_drop or one_drop, which scale the trees anew in each round": dropout,
            'booster="gblinear"': booster == "gblinear",
            'multi_strategy="multi_output_tree"': strategy == "multi_output_tree",
            'process_type="update"': params.get("process_type") == "update",
            "monotone_constraints, which refitted leaves break": params.get("monotone_constraints"),
            "max_delta_step, which refitted leaves exceed": _is_on(params.get("max_delta_step")),
        }
    )


def _is_on(value: Any) -> bool:
    """Whether a switch or a number is given that is not 0; words count as XGBoost reads them."""
    return str(value).strip().lower() not in ("none", "false", "0", "0.0")


def _configured(booster: xgb.Booster) -> dict[str, Any]:
    """The parameters of a booster, also those that a model to go on from has handed on."""

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


class Refitting(xgb.callback.TrainingCallback):
    """Refits the leaves of the boosters that are trained, one or one a fold."""

    def __init__(self, objective: LeafRefit) -> None:
        super().__init__()
        self._objective = objective
        self._boosters: list[Any] = []

    def before_training(self, model: Any) -> Any:
        """Have the boosters answer with refitted margins."""
        for fold in getattr(model, "cvfolds", [model]):
            booster = getattr(fold, "bst", fold)
            _refuse(_configured(booster))
            booster._margins = _Margins(booster.copy(), self._objective)
            booster.__class__ = _RefittedBooster
            self._boosters.append(booster)
        return model

    def after_training(self, model: Any) -> Any:
        """Make them what they were."""
        for booster in self._boosters:
            booster.__class__ = xgb.Booster
        return model

    def finish(self, booster: xgb.Booster) -> None:
        """Write the leaves into the trained model, which may be its first rounds alone."""
        (trained,) = self._boosters
        margins: _Margins = vars(trained).pop("_margins")
        vars(booster).pop("_margins", None)
        margins.write(booster)


class _RefittedBooster(xgb.Booster):
    """A booster in training whose margins are those of refitted leaves."""

    _margins: _Margins

    def update(self, dtrain: xgb.DMatrix, iteration: int, fobj: Any = None) -> None:
        super().update(dtrain, iteration, fobj)
        self._margins.grown(self, dtrain)

    def predict(self, data: xgb.DMatrix, **arguments: Any) -> Any:
        if not arguments.pop("output_margin", False) or arguments.keys() - {"training"}:
            raise NotImplementedError(
                message(
                    "predict", "a booster in training with refit_leaves",
                    "a call with output_margin=True alone, or the trained model",
                )
            )  # fmt: skip
        return self._margins.of(self, data).copy()

    def save_model(self, fname: Any) -> None:
        self._refuse_saving()

    def save_raw(self, raw_format: str = "ubj") -> Any:
        self._refuse_saving()

    def _refuse_saving(self) -> None:
        given = "a booster in training with refit_leaves"
        needed = "the trained model: leaves are written when training ends"
        raise NotImplementedError(message("save_model", given, needed))


#: The step of nodes beyond the last that has rows.
_NONE = np.float32(0)


class _Margins:
    """The margins of data sets in training, and the leaves that they come from.

    Parameters
    ----------
    start : the booster before the first round.
    """

    def __init__(self, start: xgb.Booster, objective: LeafRefit) -> None:
        self._start, self._objective = start, objective
        self._first = start.num_boosted_rounds()
        self._rounds: list[list[Array]] = []
        self._known: dict[int, tuple[xgb.DMatrix, Array, int]] = {}

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

    def grown(self, booster: xgb.Booster, dtrain: xgb.DMatrix) -> None:
        """Refit the leaves of the last round, whose rows are those of ``dtrain``."""
        margin = self.of(booster, dtrain)
        leaves = self._leaves(booster, len(self._rounds), dtrain)
        labels = labels_of(dtrain)
        y, weight = labels.y_true, labels.sample_weight
        y, raw = (a.reshape(len(a), -1) for a in (y, margin))
        parallel = leaves.shape[1] // raw.shape[1]
        rate = np.float32(_learning_rate(booster)) / np.float32(parallel)
        outputs = [tree // parallel for tree in range(leaves.shape[1])]
        values = [
            np.append(rate * self._objective.leaf_values(y[:, k], raw[:, k], weight, leaf), _NONE)
            for k, leaf in zip(outputs, leaves.T, strict=True)
        ]
        self._rounds.append(values)
        self._add(margin, values, leaves)
        self._known[id(dtrain)] = dtrain, margin, len(self._rounds)

    def _leaves(self, booster: xgb.Booster, i: int, data: xgb.DMatrix) -> Array:
        """The node of each row in each tree of a round, (n_samples, n_trees)."""
        at = self._first + i
        try:
            found = booster[at : at + 1].predict(data, pred_leaf=True)
        except xgb.core.XGBoostError as error:
            if "Not implemented for `QuantileDMatrix`" not in str(error):
                raise
            given = f"a QuantileDMatrix with XGBoost {xgb.__version__}, which tells no leaves of it"
            instead = 'Estimators make a DMatrix with tree_method="exact" or "approx".'
            raise ValueError(
                message("refit_leaves", given, "a DMatrix, or XGBoost 3.1", instead)
            ) from error
        return found.reshape(len(found), -1).astype(np.intp)

    @staticmethod
    def _add(margin: Array, values: list[Array], leaves: Array) -> None:
        columns = margin.reshape(len(margin), -1)
        parallel = len(values) // columns.shape[1]
        for tree, (value, leaf) in enumerate(zip(values, leaves.T, strict=True)):
            columns[:, tree // parallel] += value.take(leaf, mode="clip")

    def write(self, booster: xgb.Booster) -> None:
        """The leaves into the trees of a finished model."""
        config, model = booster.save_config(), json.loads(booster.save_raw("json"))
        trees = model["learner"]["gradient_booster"]["model"]["trees"]
        values = [value for a_round in self._rounds for value in a_round]
        a_round = len(values) // max(len(self._rounds), 1)
        for tree, value in zip(trees[self._first * a_round :], values, strict=False):
            leaf = np.array(tree["left_children"]) == -1
            conditions = np.array(tree["split_conditions"])
            conditions[leaf] = value.take(np.flatnonzero(leaf), mode="clip")
            tree["split_conditions"] = conditions.tolist()
        booster.load_model(bytearray(json.dumps(model).encode()))
        booster.load_config(config)


def _learning_rate(booster: xgb.Booster) -> float:
    """Of the round: a callback may change it."""
    config = json.loads(booster.save_config())["learner"]["gradient_booster"]
    return float(config["tree_train_param"]["learning_rate"])
