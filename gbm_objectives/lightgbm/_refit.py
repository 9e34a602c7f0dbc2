"""LightGBM trained with refitted leaves.

LightGBM lets leaves be set, but its own scores stay those of the leaves that it has grown. So while it trains, the
booster answers with scores kept here, to the objective and to the metrics.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.leaves import LeafRefit, refuse_beside, refuse_names
from gbm_objectives.lightgbm._params import (
    BOOSTING,
    LINEAR_TREE,
    MACHINES,
    MAX_DELTA_STEP,
    METRIC,
    MONOTONE,
    THREADS,
    first,
    is_on,
)


def validate_refit(params: Mapping[str, Any], keep_training_booster: bool = False) -> None:
    """Raise for what refitted leaves don't go with."""
    machines = first(params, MACHINES) or 1
    refuse_beside(
        {
            "keep_training_booster, whose scores are those of other leaves": keep_training_booster,
            'boosting="dart", which scales its trees anew in each round': first(params, BOOSTING)
            == "dart",
            "linear_tree": is_on(params, LINEAR_TREE),
            "monotone_constraints, which refitted leaves break": first(params, MONOTONE),
            "max_delta_step, which refitted leaves exceed": float(
                first(params, MAX_DELTA_STEP) or 0
            )
            > 0,
            "num_machines, each of which has a part of the rows": machines > 1,
        }
    )
    refuse_names("metric", first(params, METRIC))


def raw_data(data: Any) -> Any:
    """The features of a data set: what leaf a row is in, LightGBM tells from them alone."""
    raw = data.data
    if raw is None and data.used_indices is not None:  # a part of another
        raw = _rows(raw_data(data.reference), data.used_indices)
    if not hasattr(raw, "shape"):
        given = "none kept" if raw is None else f"features in a {type(raw).__name__}"
        needed = "an array, sparse matrix or data frame, for refit_leaves"
        raise ValueError(
            message("Dataset", given, needed, "Make the Dataset with free_raw_data=False.")
        )
    return raw


def _rows(features: Any, rows: Any) -> Any:
    """Rows of an array, a sparse matrix or a data frame."""
    if isinstance(rows, slice):
        return features
    if hasattr(features, "iloc"):
        return features.iloc[rows]
    if hasattr(features, "tocsr"):
        return features.tocsr()[rows]
    return features.take(rows) if hasattr(features, "schema") else features[rows]


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

    # Where LightGBM has what it gives to objectives and metrics.
    def _Booster__inner_predict(self, data_idx: int) -> Array:  # noqa: N802
        scores: Array = self._scores.scores[data_idx].copy("F")
        return scores


#: Of the table that tells leaves apart.
_CELLS = 1 << 16


class _Scores:
    """The raw scores of the training set and of the validation sets."""

    def __init__(self, booster: Any, objective: LeafRefit, features: list[Any]) -> None:
        self._objective, self._features = objective, features
        self._trees = booster.num_trees()
        # What a call of predict says holds for the training too.
        threads = first(booster.params, THREADS)
        self._threads = {} if threads is None else {"num_threads": threads}
        data = booster.train_set
        self._weight = data.get_weight()
        labels = np.asarray(objective._labels(np.asarray(data.get_label())))
        self._y = labels.astype(np.float64)  # the type of the scores
        self.scores = [_own_scores(booster, i) for i in range(len(features))]
        self._own = self.scores[0].copy("F")

    def grown(self, booster: Any) -> None:
        """Refit the leaves of the last round, if there was one."""
        before, self._trees = self._trees, booster.num_trees()
        if self._trees == before:
            return
        last = {"start_iteration": before // (self._trees - before), "num_iteration": 1}
        walk = {**last, **self._threads}
        was, self._own = self._own, _own_scores(booster, 0)
        y, raw, moved = (_columns(a) for a in (self._y, self.scores[0], self._own - was))
        precision = 4 * np.finfo(np.float64).eps * max(np.abs(was).max(), np.abs(self._own).max())
        train, *others = self._features

        def predicted(rows: Any, k: int) -> NDArray[np.intp]:
            found = booster.predict(_rows(train, rows), pred_leaf=True, **walk)
            return _columns(found)[:, k].astype(np.intp)

        text = booster.model_to_string(**last)
        grown = zip(_numbers("leaf_value", text), _numbers("shrinkage", text), strict=True)
        for k, (steps, (rate,)) in enumerate(grown):
            if len(steps) == 1:  # no split
                continue
            leaf = _leaves(moved[:, k], steps, precision, partial(predicted, k=k))
            values = rate * self._objective.leaf_values(y[:, k], raw[:, k], self._weight, leaf)
            raw[:, k] += values[leaf]
            for i, value in enumerate(values.tolist()):
                booster.set_leaf_output(before + k, i, value)
        for i, other in enumerate(others, start=1):
            self.scores[i] += booster.predict(other, raw_score=True, **walk)


def _leaves(
    moved: Array, steps: Array, precision: float, predicted: Callable[[Any], Array]
) -> NDArray[np.intp]:
    """The leaf of each row, known by how far its score has moved; rows of leaves that moved alike are looked up.

    A table of the moves does it: to walk all rows through the tree takes as long as to grow it.
    """
    low, width = steps.min(), np.ptp(steps)
    if not width > 0:
        return predicted(slice(None))

    def cells(moves: Array) -> NDArray[np.intp]:
        found: NDArray[np.intp] = ((moves - low) * (_CELLS / width) + 1.5).astype(np.intp)
        return found

    own = cells(steps)
    table = np.zeros(_CELLS + 4, dtype=np.intp)
    for beside in (-1, 0, 1):  # where rounding may lead
        table[own + beside] = np.arange(len(steps))
    leaf = table.take(cells(moved), mode="clip")
    if not np.abs(moved - steps[leaf]).max() <= precision:
        return predicted(slice(None))
    order = np.argsort(own)
    close = np.diff(own[order]) <= 2
    alike = np.empty(len(own), dtype=bool)
    alike[order] = np.append(close, False) | np.append(False, close)
    if alike.any():
        rows = np.flatnonzero(alike[leaf])
        leaf[rows] = predicted(rows)
    return leaf


def _own_scores(booster: Any, i: int) -> Array:
    """LightGBM's scores of a data set, of the leaves that it has grown."""
    own: Any = lgb.Booster
    scores: Array = own._Booster__inner_predict(booster, data_idx=i).copy("F")
    return scores


def _columns(scores: Array) -> Array:
    """A view of (n_samples, n_outputs)."""
    return scores.reshape(len(scores), -1, order="F")


def _numbers(name: str, text: str) -> list[Array]:
    """The numbers of each tree in a line of the text of a model."""
    lines = re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)
    return [np.array(line.split(), dtype=np.float64) for line in lines]
