"""The one flow that every door of every library runs through.

    validate -> outputs -> placeholder and link -> intercept -> metrics -> guards -> train -> finish

A door (`train`, `cv`, an estimator, a cluster) says what its labels are and how it calls its library; a library says
how it is told a start and how its models are read and finished. All else is here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from gbm_objectives import engine
from gbm_objectives._core.validation import Array
from gbm_objectives._training.alarms import Guard, raise_alarm
from gbm_objectives._training.lagging import ROUNDS, Grow, can_leave_behind, left_behind
from gbm_objectives._training.leaves import (
    LeafRule,
    Leaves,
    by_loss,
    refuse_beside,
    validate_leaves,
)
from gbm_objectives._training.metrics import as_list, bound, higher_is_better
from gbm_objectives._training.outputs import no_row_numbers, number_of_outputs
from gbm_objectives._training.refit import LeafRefit
from gbm_objectives._training.refusals import validate_objective
from gbm_objectives._training.starts import Beginning, Labels, LocalLabels, Start
from gbm_objectives._training.steps import LeafStep
from gbm_objectives.links import Link
from gbm_objectives.objective import Objective


class Library(Protocol):
    """What the flow needs of a library; a module of functions in the library's room."""

    @property
    def NUM_CLASS(self) -> tuple[str, ...]:  # noqa: N802
        """The names of the parameter that counts outputs."""

    def quantile(self, values: Array, weight: Array | None, level: float) -> Any:
        """The library's own quantile of a few rows; see `leaves.Rule`."""

    def prepare(self, params: Mapping[str, Any], objective: Objective) -> dict[str, Any]:
        """The parameters with the link's placeholder, or an error where they contradict the objective."""

    def with_outputs(
        self, params: dict[str, Any], objective: Objective, n_outputs: int
    ) -> dict[str, Any]:
        """The parameters for so many outputs, or an error where a model could not say what it predicts."""

    def validate_model(self, model: Any, link: Link) -> None:
        """Raise where a model to go on from has another link."""

    def named_metrics(self, params: Mapping[str, Any], objective: Objective) -> list[str]:
        """The built-in metrics that the parameters name, or an error where one would be computed on raw scores."""

    def given_start(self, params: Mapping[str, Any], link: Link) -> Array | None:
        """The raw scores where the parameters say that boosting starts; None where they don't."""

    def with_start(
        self, params: dict[str, Any], intercept: Array, objective: Objective
    ) -> dict[str, Any]:
        """The parameters with the intercept, where the library takes it as a parameter."""

    def beside_leaves(
        self, params: Mapping[str, Any], leaves: Leaves, continued: Any
    ) -> Mapping[str, object]:
        """What leaves of this package don't go with, in words, and whether it is given."""

    def grows_trees(self, params: Mapping[str, Any]) -> bool:
        """Whether there are trees to guard."""

    def foresee(self, start: Start, params: Mapping[str, Any]) -> str:
        """What will go wrong from this start under these parameters, or nothing."""

    def read(self, booster: Any) -> Any:
        """A trained model in the form that `diagnose` and `finish` read."""

    def diagnose(self, model: Any, start: Callable[[], Start]) -> str:
        """What is wrong with the trees, or nothing."""

    def finish(self, booster: Any, model: Any, intercept: Array | None, link: Link) -> Any:
        """The booster with intercept and link in the model."""


@dataclass(frozen=True)
class Request:
    """What the user asks for, the same at every door.

    Parameters
    ----------
    objective : Objective
    params : Mapping
        Of the library.
    guard : {"warn", "raise", "ignore"}
    metrics : object
        A function, a list of functions, or None for the objective's own unless the parameters name some.
    leaves : {"auto", "library", "step", "refit"}
    continued : object
        A model to go on from, or None.
    """

    objective: Objective
    params: Mapping[str, Any]
    guard: Guard = "warn"
    metrics: Any = None
    leaves: Leaves = "library"
    continued: Any = None


class Door(Protocol):
    """How a door trains."""

    def numbered(self, objective: Objective) -> AbstractContextManager[Objective]:
        """The objective on row numbers, within, where the library has no place for a label matrix."""

    @property
    def beside_leaves(self) -> Mapping[str, object]:
        """What leaves of this package don't go with at this door, and whether it is given."""

    def labels(self, objective: Objective, params: Mapping[str, Any]) -> Labels:
        """Of the training rows, of all folds."""

    def train(self, job: Job) -> list[Any]:
        """Call the library; `Job.begin` once a model. Returns the boosters in that order."""


@dataclass
class Job:
    """What a door hands to its library.

    Parameters
    ----------
    library : Library
    objective : Objective
        As the library is given it.
    params : dict
        Complete but for what `begin` adds.
    metrics : list
        Functions, with link and labels.
    labels : Labels
        Of all training rows.
    n_outputs : int
    request : Request
    guard : str
        The request's until an alarm has been given.
    beginnings : list of Beginning
        One a model that has begun.
    lagging : str
        What is to be said of rows left behind, or nothing.
    learned : list of Link
        Where a link has parameters that are learned: those of each model, in the order of the beginnings.
    """

    library: Library
    objective: Objective
    params: dict[str, Any]
    metrics: list[Any]
    labels: Labels
    n_outputs: int
    request: Request
    guard: Guard
    beginnings: list[Beginning] = field(default_factory=list)
    lagging: str = ""
    learned: list[Link] = field(default_factory=list)

    @property
    def higher_is_better(self) -> bool | None:
        """The direction of the metric that decides early stopping."""
        return higher_is_better(self.metrics)

    @property
    def leaves(self) -> LeafRule | None:
        """The rule that sets the leaves; None where the library does."""
        return self.objective if isinstance(self.objective, LeafRule) else None

    @property
    def guarded(self) -> bool:
        """Whether trees are looked at: a model that goes on has split before."""
        return self.request.continued is None and self.library.grows_trees(self.params)

    def begin(
        self,
        params: dict[str, Any],
        labels: Labels,
        *,
        scores: Array | None = None,
        own_start: bool = False,
    ) -> tuple[dict[str, Any], Array | None]:
        """One model's parameters and its intercept; None where the user says where to start.

        Parameters
        ----------
        params : dict
            Of the job, or of a fold.
        labels : Labels
            Of its training rows.
        scores : ndarray or None
            The user's start of each row, in place of the intercept in the first round.
        own_start : bool
            Whether the intercept has no place beside the user's start.
        """
        intercept = None
        if self.request.continued is None and not own_start:
            n_outputs = self.n_outputs if self.n_outputs > 1 else None
            intercept = np.asarray(labels.intercept(self.objective, n_outputs))
            given = self.library.given_start(params, self.objective.link)
            if given is None:
                params = self.library.with_start(params, intercept, self.objective)
            elif scores is None and given.size in (1, self.n_outputs) and np.isfinite(given).all():
                # The library says what is wrong with others.
                scores = np.broadcast_to(given.reshape(-1), (self.n_outputs,))
        if scores is None:
            scores = np.zeros(self.n_outputs) if intercept is None else intercept
        beginning = Beginning(self.objective, labels, intercept, scores)
        watched = self.guarded and self.guard != "ignore"
        if watched and not self.beginnings:  # folds are of one size: the first one stands for all
            self._foresee(beginning.start())
        self.beginnings.append(beginning)
        return params, intercept

    def _foresee(self, start: Start) -> None:
        """One alarm is enough: after it the trees are not looked at."""
        if found := self.library.foresee(start, self.params):
            raise_alarm(self.guard, found)
            self.guard = "ignore"

    def seek_rows_behind(
        self, rounds: int, raw: Callable[[], Array], grow: Grow, step: int = 1
    ) -> None:
        """See whether rows were left behind by the one model of a door, and keep what its link has learned.

        Parameters
        ----------
        rounds : int
            Of this training.
        raw : callable
            Gives the raw predictions of the training rows.
        grow : callable
            See `lagging.Grow`.
        step : int, default 1
            Both are of every so many rows.
        """
        labels = self.labels
        if self.objective.learns:
            weight = labels.sample_weight if isinstance(labels, LocalLabels) else None
            some = None if weight is None else weight[::step]
            self.learn(labels.shown[::step], raw(), some)
            return
        watched = self.guard != "ignore" and self.library.grows_trees(self.params)
        shown = self.objective.labels(labels.shown)
        several = self.n_outputs > 1 or np.ndim(shown) > 1
        if watched and not several and rounds >= ROUNDS and can_leave_behind(self.objective):
            weight = labels.sample_weight if isinstance(labels, LocalLabels) else None
            few = None if weight is None else weight[::step]
            self.lagging = left_behind(shown[::step], raw(), few, grow)

    def learn(self, y_true: Array, raw_prediction: Array, sample_weight: Array | None) -> None:
        """Keep what the link of a model has learned from its training rows."""
        self.learned.append(self.objective.fixed(y_true, raw_prediction, sample_weight).link)

    @property
    def links(self) -> list[Link]:
        """Of each model, as it answers."""
        return self.learned or [self.objective.link] * len(self.beginnings)

    def conclude(self, boosters: list[Any], finished: bool) -> list[Any]:
        """Look at the trees, and write intercept and link into the models."""
        models = [self.library.read(booster) for booster in boosters]
        pairs = list(zip(models, self.beginnings, strict=True))
        if self.guarded and self.guard != "ignore":
            found = [self.library.diagnose(model, begun.start) for model, begun in pairs]
            if problems := [text for text in found if text]:
                folds = f"In {len(problems)} of {len(models)} folds: " if len(models) > 1 else ""
                raise_alarm(self.guard, folds + problems[0])
                self.lagging = ""
        if self.lagging:
            raise_alarm(self.guard, self.lagging)
        if not finished:
            return boosters
        return [
            self.library.finish(booster, model, begun.intercept, link)
            for booster, (model, begun), link in zip(boosters, pairs, self.links, strict=True)
        ]


def _ruled(
    library: Library,
    door: Door,
    request: Request,
    objective: Objective,
    params: Mapping[str, Any],
) -> Objective:
    """The objective with the rule of leaves that is asked for, or that "auto" stands for."""
    asked = validate_leaves(request.leaves)
    if asked == "library":
        return objective
    leaves: Leaves = "step" if asked == "auto" else asked
    beside = {**library.beside_leaves(params, leaves, request.continued), **door.beside_leaves}
    if asked == "auto":
        return (
            objective
            if any(beside.values()) or not by_loss(objective)
            else LeafStep.for_leaves_of(objective)
        )
    refuse_beside(asked, beside)
    if asked == "step":
        return LeafStep.for_leaves_of(objective)
    return LeafRefit.for_leaves_of(objective, library.quantile)


def run(library: Library, door: Door, request: Request, *, finished: bool = True) -> list[Any]:
    """The flow, from what the user asks for to trained models.

    Parameters
    ----------
    library : Library
    door : Door
    request : Request
    finished : bool
        Whether intercept and link are written into the models; not where nobody is given them.

    Returns
    -------
    list
        The library's own boosters, one, or one for each fold.
    """
    given = validate_objective(request.objective, request.guard)
    params = library.prepare(request.params, given)
    if request.continued is not None:
        library.validate_model(request.continued, given.link)
    with door.numbered(given) as objective:
        objective = _ruled(library, door, request, objective, params)
        labels = door.labels(objective, params)
        if found := no_row_numbers(objective, labels.shown):
            raise_alarm(request.guard, found)
        n_outputs = number_of_outputs(objective, params, library.NUM_CLASS, labels.shown)
        params = library.with_outputs(params, objective, n_outputs)
        named = library.named_metrics(params, objective)
        metrics = as_list(request.metrics)
        if request.metrics is None and not named:
            metrics = [labels.metric(objective)]
        job = Job(
            library,
            objective,
            params,
            bound(metrics, objective, numbered=objective.rows is not given.rows),
            labels,
            n_outputs,
            request,
            request.guard,
        )
        with engine.as_training(params):
            boosters = door.train(job)
        return job.conclude(boosters, finished)
