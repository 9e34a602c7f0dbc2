"""LightGBM trained with leaves of this package.

LightGBM lets leaves be set, but its own scores stay those of the leaves that it has grown. So the right scores are kept
here, and what LightGBM calls, the objective and the metrics, is given these in the place of its own. LightGBM hands over
the scores of each data set in a buffer that stays where it is: its address tells the data set.
(To set the leaves to the difference and roll the round back would make LightGBM's own scores right, but the number of the
round would stay 0: GOSS would never begin, and bagging_freq would be ignored.)
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gbm_objectives._core.draws import hashes
from gbm_objectives._core.validation import Array, message
from gbm_objectives._training.flow import Job
from gbm_objectives._training.leaves import Growth, LeafRule, Leaves, Penalty
from gbm_objectives._training.moves import groups, nearest, precision
from gbm_objectives._training.refit import LeafRefit
from gbm_objectives._training.steps import LeafStep
from gbm_objectives.lightgbm._named import NamedMetrics
from gbm_objectives.lightgbm._params import (
    BOOSTING,
    LAMBDA_L1,
    LAMBDA_L2,
    LINEAR_TREE,
    MACHINES,
    MAX_DELTA_STEP,
    METRIC,
    MIN_DATA,
    MONOTONE,
    THREADS,
    first,
    is_on,
    named_metrics,
)

#: Rows of a leaf, where the user gives no limit and trees are grown by rows.
_ROWS = 30


def beside_leaves(params: Mapping[str, Any], leaves: Leaves, continued: Any) -> dict[str, object]:
    """What leaves of this package don't go with, and whether it is given."""
    refit = leaves == "refit"
    return {
        'boosting="dart", which scales its trees anew in each round': first(params, BOOSTING)
        == "dart",
        "linear_tree": is_on(params, LINEAR_TREE),
        "monotone_constraints, which such leaves break": first(params, MONOTONE),
        "max_delta_step, which refitted leaves exceed": refit
        and float(first(params, MAX_DELTA_STEP) or 0) > 0,
        "path_smooth, which draws leaves to their parents": not refit
        and float(params.get("path_smooth") or 0) > 0,
        "use_quantized_grad, which makes leaves alike": not refit
        and is_on(params, ("use_quantized_grad",)),
        "num_machines, each of which has a part of the rows": (first(params, MACHINES) or 1) > 1,
    }


def with_rows(
    params: Mapping[str, Any], rule: LeafRule | None, default: int | None = None
) -> dict[str, Any]:
    """The parameters with the default limit of rows a leaf, for trees grown by rows; a limit of the user's holds.

    An estimator always has a limit: what is its ``default`` counts as none.
    """
    if not isinstance(rule, LeafStep) or first(params, MIN_DATA) not in (None, default):
        return dict(params)
    others = {name: value for name, value in params.items() if name not in MIN_DATA}
    return {**others, MIN_DATA[0]: _ROWS}


def raw_data(data: Any) -> Any:
    """The features of a data set: what leaf a row is in, LightGBM tells from them alone."""
    raw = data.data
    if raw is None and data.used_indices is not None:  # a part of another
        raw = _rows(raw_data(data.reference), data.used_indices)
    if not hasattr(raw, "shape"):
        given = "none kept" if raw is None else f"features in a {type(raw).__name__}"
        needed = 'an array, sparse matrix or data frame, for leaves="refit"'
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


class SettingLeaves:
    """Sets the leaves of the boosters that are trained, one or one for each fold: a callback, and what LightGBM calls.

    Parameters
    ----------
    rule : LeafRule or None
        None: LightGBM sets them, and nothing is changed.
    features : list
        Of each booster those of its data sets, which tell leaves apart that move alike; or None: such leaves are set
        together.
    """

    before_iteration = True

    def __init__(self, rule: LeafRule | None, features: list[Any]) -> None:
        self.rule, self._features = rule, features
        self._boosters: list[_Scores] = []
        self._known: dict[int, tuple[_Scores, int]] = {}

    @property
    def callbacks(self) -> list[Any]:
        """What begins a training, and what ends a round before all other callbacks: one of these may end the training."""

        def settle(env: Any) -> None:
            self.settle()

        settle.order = -1000  # type: ignore[attr-defined]
        return [] if self.rule is None else [self, settle]

    def objective(self, job: Job) -> Any:
        """What LightGBM calls."""
        return job.objective if self.rule is None else _Objective(self)

    def params(self, job: Job, params: Mapping[str, Any]) -> dict[str, Any]:
        """With the objective, and without built-in metrics, which LightGBM would compute on its own scores."""
        objective = {"objective": self.objective(job)}
        if self.rule is None:
            return {**params, **objective}
        others = {name: value for name, value in params.items() if name not in METRIC}
        return {**with_rows(others, self.rule), **objective, "metric": "None"}

    def metrics(self, job: Job, named: Iterable[str] = ()) -> list[Any]:
        """The functions, of the job and of built-in metrics, on the scores kept here."""
        if self.rule is None:
            return [*named, *job.metrics]
        names = [*named, *named_metrics(first(job.params, METRIC))]
        functions = [NamedMetrics(names, job.params)] if names else []
        return [_Metric(self, function) for function in (*functions, *job.metrics)]

    def __enter__(self) -> SettingLeaves:
        return self

    def __exit__(self, *_: Any) -> None:
        """Let the boosters go."""
        self._boosters, self._known = [], {}

    def __call__(self, env: Any) -> None:
        """Get to know the boosters and their data sets before the first round."""
        if self._boosters or self.rule is None:
            return
        boosters = getattr(env.model, "boosters", [env.model])
        for booster, features in zip(boosters, self._features, strict=True):
            scores = _Scores(booster, self.rule, features)
            self._boosters.append(scores)
            self._known.update({address: (scores, i) for i, address in enumerate(scores.addresses)})

    def find(self, preds: Any) -> tuple[_Scores, int] | None:
        """Whose scores LightGBM hands over."""
        return self._known.get(_address(preds)) if isinstance(preds, np.ndarray) else None

    def scores(self) -> Array | None:
        """Of the training rows of the one booster, after all rounds; None where they are LightGBM's own."""
        return self._boosters[0].of(0) if self._boosters else None

    def settle(self) -> None:
        """Set the leaves of the last round, if that has not been done."""
        for scores in self._boosters:
            scores.settle()


class _Objective:
    """What LightGBM calls for a round; in all forms that `Objective.__call__` has."""

    def __init__(self, setting: SettingLeaves) -> None:
        self._setting = setting

    def __deepcopy__(self, memo: Any) -> _Objective:
        """LightGBM copies its parameters; there is one training."""
        return self

    def __reduce__(self) -> Any:
        """Pickled, in an estimator, as the objective."""
        return _itself, (self._setting.rule,)

    def __call__(
        self, y_true: Any, raw_prediction: Any, sample_weight: Any = None, group: Any = None
    ) -> tuple[Array, Array]:
        found = self._setting.find(y_true) or self._setting.find(raw_prediction)
        if found is None:
            rule: Any = self._setting.rule
            both: tuple[Array, Array] = rule(y_true, raw_prediction, sample_weight, group)
            return both
        return found[0].next_round()


def _itself(rule: Any) -> Any:
    return rule


class _Metric:
    """A metric whose scores are those kept here; its signature is what LightGBM goes by."""

    def __init__(self, setting: SettingLeaves, function: Callable[..., Any]) -> None:
        self._setting, self._function = setting, function
        self.__signature__ = inspect.signature(function)

    def __deepcopy__(self, memo: Any) -> _Metric:
        return self

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*map(self._right, arguments))

    def _right(self, argument: Any) -> Any:
        found = self._setting.find(argument)
        return argument if found is None else found[0].of(found[1])


#: Gradients are made unlike by so much, so that no two leaves move alike: many rows have the largest gradient of all.
_JITTER = 2.0**-10


class _Scores:
    """The raw scores of a booster's data sets, the training set first, then the validation sets.

    LightGBM's own scores move by the leaves that it has grown: from how far, a row's leaf is known.
    """

    def __init__(self, booster: Any, rule: LeafRule, features: Any) -> None:
        self._booster, self._rule, self._features = booster, rule, features
        self._trees = booster.num_trees()
        # What a call of predict says holds for the training too.
        threads = first(booster.params, THREADS)
        self._threads = {} if threads is None else {"num_threads": threads}
        data = booster.train_set
        self._weight, self._y = data.get_weight(), np.asarray(data.get_label())
        own = self._handed_over()
        self.addresses = [_address(scores) for scores in own]
        self._own, self._kept = ([scores.copy("F") for scores in own] for _ in range(2))
        self._growth: Growth | None = None
        noise = hashes(0, 0, len(own[0])).astype(np.float32)
        self._unlike = 1 + np.float32(_JITTER * 2.0**-32) * noise

    def _handed_over(self) -> list[Array]:
        """LightGBM's own scores of all data sets, in its buffers: it hands them over to metrics."""
        found: list[Array] = []

        def metric(preds: Array, _: Any) -> tuple[str, float, bool]:
            found.append(preds)
            return "scores", 0.0, False

        self._booster.eval_train(metric)
        self._booster.eval_valid(metric)
        return found

    def of(self, i: int) -> Array:
        """The scores of a data set, after all rounds so far."""
        self.settle()
        return self._kept[i].copy("F")

    def next_round(self) -> tuple[Array, Array]:
        """Gradient and Hessian of the trees to come."""
        self.settle()
        self._growth = self._rule.growth(self._y, self._kept[0], self._weight)
        gradient = self._growth.gradient
        if not isinstance(self._rule, LeafRefit):  # which is as LightGBM's own, to the bit
            gradient = np.asfortranarray((gradient.T * self._unlike).T)
        return gradient, self._growth.hessian

    def settle(self) -> None:
        """Set the leaves of the last round, if there was one."""
        booster, before = self._booster, self._trees
        self._trees = booster.num_trees()
        if self._trees == before or self._growth is None:
            return
        last = {"start_iteration": before // (self._trees - before), "num_iteration": 1}
        text = booster.model_to_string(**last)
        was, self._own = self._own, [scores.copy("F") for scores in self._handed_over()]
        penalty = _penalty(booster.params)
        grown = zip(_numbers("leaf_value", text), _numbers("shrinkage", text), strict=True)
        for k, (steps, (rate,)) in enumerate(grown):
            if len(steps) == 1:  # no split
                continue
            moves = [
                (_columns(old)[:, k], _columns(new)[:, k])
                for old, new in zip(was, self._own, strict=True)
            ]
            group = groups(steps, max(precision(*move) for move in moves))
            leaves = [self._leaves(i, move, steps, group, k, last) for i, move in enumerate(moves)]
            values = np.zeros(len(steps))
            found = rate * self._growth.values(k, leaves[0], penalty)
            values[: len(found)] = found
            if self._features is None:
                values = values[group]
            for kept, leaf in zip(self._kept, leaves, strict=True):
                _columns(kept)[:, k] += values.take(leaf)
            for i, value in enumerate(values.tolist()):
                booster.set_leaf_output(before + k, i, value)

    def _leaves(
        self,
        i: int,
        move: tuple[Array, Array],
        steps: Array,
        group: NDArray[np.intp],
        k: int,
        last: Mapping[str, int],
    ) -> NDArray[np.intp]:
        """The leaf of each row of a data set; of leaves that move alike the first, or what the features tell."""
        leaf = nearest(move[1] - move[0], steps, group)
        if self._features is None:
            return leaf
        rows = np.flatnonzero((np.bincount(group) > 1)[leaf])
        if len(rows):
            some = self._features[i] if len(rows) == len(leaf) else _rows(self._features[i], rows)
            found = self._booster.predict(some, pred_leaf=True, **last, **self._threads)
            leaf[rows] = _columns(found)[:, k]
        return leaf


def _penalty(params: Mapping[str, Any]) -> Penalty:
    """What the parameters ask of a leaf."""
    l2, l1, largest = (
        float(first(params, names) or 0) for names in (LAMBDA_L2, LAMBDA_L1, MAX_DELTA_STEP)
    )
    return Penalty(l2, l1, largest if largest > 0 else np.inf)


def _address(scores: Array) -> int:
    address: int = scores.__array_interface__["data"][0]
    return address


def _columns(scores: Array) -> Array:
    """A view of (n_samples, n_outputs)."""
    return scores.reshape(len(scores), -1, order="F")


def _numbers(name: str, text: str) -> list[Array]:
    """The numbers of each tree in a line of the text of a model."""
    lines = re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)
    return [np.array(line.split(), dtype=np.float64) for line in lines]
