"""LightGBM trained with refitted leaves.

LightGBM lets leaves be set, but its own scores stay those of the leaves that it has grown. So while it trains, the
booster answers with scores kept here, to the objective and to the metrics.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np

from gbm_objectives._leaves import LeafRefit
from gbm_objectives._lightgbm_params import BOOSTING, METRIC, first
from gbm_objectives._validation import Array, message


def check_refit(
    params: Mapping[str, Any], keep_training_booster: bool = False, metric: Any = None
) -> None:
    """Raise for what refitted leaves don't go with."""
    if keep_training_booster:
        given = "True with keep_training_booster, whose scores would be those of other leaves"
        raise ValueError(message("refit_leaves", given, "one of the two"))
    if first(params, BOOSTING) == "dart":  # scales its trees anew in each round
        raise ValueError(message("refit_leaves", 'True with boosting="dart"', '"gbdt"'))
    if first(params, ("linear_tree", "linear_trees")):
        raise ValueError(message("refit_leaves", "True with linear_tree", "constant leaves"))
    if first(params, ("monotone_constraints", "mc", "monotone_constraint", "monotonic_cst")):
        given = "True with monotone_constraints, which refitted leaves would break"
        raise ValueError(message("refit_leaves", given, "one of the two"))
    for given in (metric, first(params, METRIC)):
        names = given if isinstance(given, (list, tuple)) else str(given or "None").split(",")
        wrong = [name for name in names if isinstance(name, str) and name not in ("None", "none")]
        if wrong:
            given = f"True with metric={wrong[0]!r}, which LightGBM computes on leaves that are not refitted"
            instead = "Write metrics.mae(), for instance, of gbm_objectives.metrics."
            raise ValueError(message("refit_leaves", given, "a metric that is a function", instead))


def raw_data(data: lgb.Dataset) -> Any:
    """The features of a data set: what leaf a row is in, LightGBM tells from them alone."""
    raw = data.data
    if raw is None and data._handle is not None and data.used_indices is not None:
        try:
            raw = data.get_data()
        except lgb.basic.LightGBMError:
            raw = None
    if raw is None or isinstance(raw, (str, list, lgb.Sequence)) or not hasattr(raw, "shape"):
        given = "none kept" if raw is None else f"features in a {type(raw).__name__}"
        needed = "an array, sparse matrix or data frame, for refit_leaves"
        raise ValueError(
            message("Dataset", given, needed, "Make the Dataset with free_raw_data=False.")
        )
    return raw


class Refitting:
    """A callback that refits the leaves of the boosters that are trained, one or one a fold.

    Parameters
    ----------
    features : of each booster those of its training set and its validation sets.
    """

    before_iteration = True

    def __init__(self, objective: LeafRefit, features: list[list[Any]]) -> None:
        self._objective, self._features = objective, features
        self._boosters: list[Any] = []

    def __call__(self, env: Any) -> None:
        """Have the boosters answer with refitted scores, from the first round on."""
        if self._boosters:
            return
        boosters = getattr(env.model, "boosters", [env.model])
        for booster, features in zip(boosters, self._features, strict=True):
            booster._scores = _Scores(booster, self._objective, features)
            booster.__class__ = _RefittedBooster
            self._boosters.append(booster)

    def finish(self) -> None:
        """Make them what they were."""
        for booster in self._boosters:
            booster.__class__ = lgb.Booster
            del booster._scores


class _RefittedBooster(lgb.Booster):
    """A booster in training whose scores are those of refitted leaves."""

    _scores: _Scores

    def update(self, train_set: lgb.Dataset | None = None, fobj: Any = None) -> bool:
        finished = super().update(train_set, fobj)
        self._scores.grown(self)
        return bool(finished)

    def _Booster__inner_predict(self, data_idx: int) -> Array:  # noqa: N802
        scores: Array = self._scores.scores[data_idx].copy("F")
        return scores


class _Scores:
    """The raw scores of the training set and of the validation sets."""

    def __init__(self, booster: Any, objective: LeafRefit, features: list[Any]) -> None:
        self._objective, self._features = objective, features
        self._trees = booster.num_trees()
        data = booster.train_set
        self._weight = data.get_weight()
        self._y = np.asarray(objective._labels(np.asarray(data.get_label())))
        self.scores = [
            booster._Booster__inner_predict(data_idx=i).copy("F") for i in range(len(features))
        ]

    def grown(self, booster: Any) -> None:
        """Refit the leaves of the last round, if there was one."""
        first, self._trees = self._trees, booster.num_trees()
        if self._trees == first:
            return
        last = {"start_iteration": first // (self._trees - first), "num_iteration": 1}
        text = booster.model_to_string(**last)
        rates = [float(rate) for rate in re.findall(r"^shrinkage=(.*)$", text, re.MULTILINE)]
        train, *others = self._features
        leaves = booster.predict(train, pred_leaf=True, **last)
        leaves = leaves.reshape(len(leaves), -1).astype(np.intp)
        y, raw = (a.reshape(len(a), -1, order="F") for a in (self._y, self.scores[0]))
        for k, (leaf, rate) in enumerate(zip(leaves.T, rates, strict=True)):
            if not leaf.any():  # a tree without a split
                continue
            values = rate * self._objective.leaf_values(y[:, k], raw[:, k], self._weight, leaf)
            raw[:, k] += values[leaf]
            for i, value in enumerate(values.tolist()):
                booster.set_leaf_output(first + k, i, value)
        for i, other in enumerate(others, start=1):
            self.scores[i] += booster.predict(other, raw_score=True, **last)
