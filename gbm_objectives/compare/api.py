"""`compare`: from a table and a target to a `Result`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from gbm_objectives._training.leaves import Leaves
from gbm_objectives.compare.candidates import LIBRARIES, lineup
from gbm_objectives.compare.data import Data, of_arrays
from gbm_objectives.compare.options import Options
from gbm_objectives.compare.result import Result
from gbm_objectives.compare.running import collecting
from gbm_objectives.compare.running.cache import Cache, default_folder, writable
from gbm_objectives.compare.running.experiment import Experiment, Job, Outcome
from gbm_objectives.compare.running.installed import usable, versions_of
from gbm_objectives.compare.running.progress import Progress, Silent, shown
from gbm_objectives.compare.running.workers import outcomes
from gbm_objectives.compare.scoring import Metric, chosen


def compare(
    X: Any,  # noqa: N803
    y: Any,
    *,
    task: str | None = None,
    tau: float | None = None,
    groups: Any = None,
    time: Any = None,
    libraries: Sequence[str] | None = None,
    objectives: Any = None,
    candidates: Any = None,
    metrics: Any = None,
    contamination: float | Iterable[float] | None = None,
    contamination_size: float = 10.0,
    one_sided: bool = False,
    folds: int = 5,
    seeds: int | Iterable[int] = 0,
    rounds: int = 200,
    early_stopping: int | None = None,
    threads: int = 1,
    leaves: Leaves = "auto",
    workers: int = 1,
    budget: float | None = None,
    cache: str | Path | bool = False,
    name: str = "data",
    progress: bool = False,
    command: str = "",
) -> Result:
    """Compare objectives on your data by repeated cross-validation, with and without outliers in the labels.

    Always in the comparison are the best constant, each library's own objectives for the task and, for regression,
    squared error of a transformed target. All models of a library have the same trees. Ctrl-C ends the run and
    returns what is done.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_samples, n_features), or Data
        An array, or a frame of pandas or polars. Text and categories go to the libraries as categories, missing
        values as missing values; infinite numbers are an error.
    y : array-like of shape (n_samples,), or str
        The labels, or the name of a column of X. Rows without a label are left out. A `Data` as X needs none.
    task : {"regression", "quantile", "binary", "multiclass"}, optional
        Default: found from the labels.
    tau : float, optional
        The quantile to predict, strictly between 0 and 1; implies task="quantile".
    groups : array-like of shape (n_samples,), or str, optional
        The group of each row, such as the customer, or the name of that column of X. No group is in both the training
        and the test rows of a fold; the column is no feature.
    time : array-like of shape (n_samples,), or str, optional
        When each row was seen, numbers or dates, or the name of that column of X. Each fold is a stretch of time and
        is predicted by models of all rows before it; the column is no feature.
    libraries : sequence of {"xgboost", "lightgbm"}, optional
        Default: those installed.
    objectives : str, Objective, Loss or a list of these, optional
        Objectives of this package, or of a loss of your own: text such as "huber(delta=2.0), cauchy", or the
        objects. Default: a few for the task.
    candidates : list or dict, optional
        Your own, in a list, or in a mapping by name: functions ``f(y_true, y_pred)`` that return
        ``(gradient, hessian)`` of raw scores (regression: the target; classes: log-odds), for which boosting starts
        at the best constant; objects with ``fit(X, y)`` and ``predict(X)`` (for classes ``predict_proba(X)``);
        objectives.
    metrics : str, callable, metric object or a list of these, optional
        Names such as "mae, pinball(0.9)", functions ``f(y_true, y_pred)``, or objects with name,
        higher_is_better and evaluate; the first one decides. Default: those of the task.
    contamination : float or iterable of float, optional
        Probabilities with which a training label is moved, or flipped to another class; test labels are
        clean. Default: 0, .1 and .4, for classes 0, .1 and .2.
    contamination_size : float, default 10.0
        How far numbers are moved, in standard deviations of the training labels.
    one_sided : bool, default False
        Whether numbers are moved up only.
    folds : int, default 5
        Folds of the cross-validation; stratified for classes.
    seeds : int or iterable of int, default 0
        The cross-validation is repeated for each seed.
    rounds : int, default 200
        Trees of each model, at most.
    early_stopping : int, optional
        Stop after so many rounds without an improvement of the deciding metric on 15% of the training
        rows, which then are not trained on. Default: no early stopping.
    threads : int, default 1
        Threads of each model.
    leaves : {"auto", "library", "step", "refit"}, default "auto"
        Who sets the leaves of the models of this package; see `gbm_objectives.xgboost.train`. A model that it does not
        go with fails, with the reason.
    workers : int, default 1
        Processes that train at the same time.
    budget : float, optional
        Seconds after which no further model is begun; these are rows with the status "skipped".
    cache : str, Path or bool, default False
        A folder for what is done, which is not done again at the next call; True: the user's cache folder.
    name : str, default "data"
        The name of the data.
    progress : bool, default False
        Show a bar in a terminal, else lines, on stderr; needs rich.
    command : str, default ""
        The command that repeats this, for the report.

    Returns
    -------
    Result
        Its ``leaderboard``, ``verdict`` and ``report`` show what was found.

    Raises
    ------
    ValueError, TypeError
        For data that nothing can be learned from and arguments out of range, before anything is trained.
    """
    options = Options(
        libraries=libraries,
        objectives=objectives,
        candidates=candidates,
        metrics=metrics,
        contamination=contamination,
        contamination_size=contamination_size,
        one_sided=one_sided,
        folds=folds,
        seeds=seeds,
        rounds=rounds,
        early_stopping=early_stopping,
        threads=threads,
        leaves=leaves,
        workers=workers,
        budget=budget,
        cache=cache,
    )
    data = X if isinstance(X, Data) else of_arrays(X, y, task, tau, name, groups=groups, time=time)
    return prepare(data, options).run(shown() if progress else Silent(), command)


def prepare(data: Data, options: Options) -> Prepared:
    """All of `compare` but the training; whatever is wrong with the arguments is raised here."""
    plan, settings = options.plan(data), options.settings()
    libraries, left_out = usable(options.libraries)
    metrics = chosen(options.metrics, data.task, data.tau)
    candidates = lineup(data, libraries, options.objectives, options.candidates)
    experiment = Experiment(data, plan, candidates, settings, metrics[0])
    versions = versions_of(libraries)
    store = None
    if options.cache:
        folder = default_folder() if options.cache is True else options.cache
        store = Cache(writable(folder, "cache"), experiment, versions)
    notes = (*data.notes, *(f"Left out: {reason}" for reason in left_out))
    return Prepared(experiment, metrics, libraries, notes, versions, store, options)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A comparison that can be run: its options after all checks, and what they stand for."""

    experiment: Experiment
    metrics: list[Metric]
    libraries: list[str]
    notes: tuple[str, ...]
    versions: dict[str, str]
    store: Cache | None
    options: Options

    def run(self, bar: Progress, command: str = "") -> Result:
        """Train all, or what there is time for."""
        start = perf_counter()
        done, complete = self._outcomes(bar)
        seconds = perf_counter() - start
        return Result(
            collecting.score_rows(self.experiment, done, self.metrics),
            collecting.predicted_rows(self.experiment, done),
            collecting.curve_rows(self.experiment, done),
            collecting.warning_rows(self.experiment, done),
            self._info() | {"command": command, "seconds": seconds, "complete": complete},
            collecting.objectives_of(self.experiment),
        )

    def _info(self) -> dict[str, Any]:
        data, plan = self.experiment.data, self.experiment.plan
        settings = self.experiment.settings
        return {
            "task": data.task,
            "name": data.name,
            "target": data.target,
            "n_rows": len(data.y),
            "n_features": data.x.shape[1],
            "features": data.features,
            "classes": data.classes,
            "tau": data.tau,
            "metric": self.metrics[0].name,
            "contaminations": plan.contamination.shares,
            "contamination_size": plan.contamination.size,
            "one_sided": plan.contamination.one_sided,
            "seeds": plan.seeds,
            "folds": plan.folds,
            "rounds": settings.rounds,
            "early_stopping": settings.early_stopping,
            "threads": settings.threads,
            "leaves": settings.leaves,
            "without_label": data.without_label,
            "split": "time"
            if data.time is not None
            else "groups"
            if data.groups is not None
            else "rows",
            "test_to_train": self._test_to_train(),
            "categorical": bool(data.categorical),
            "recipes": [asdict(one.recipe) for one in self.experiment.candidates if one.recipe],
            "trees": {library: LIBRARIES[library].trees for library in self.libraries},
            "fits": sum(1 for _ in self.experiment.jobs()),
            "notes": self.notes,
            "versions": self.versions,
        }

    def _test_to_train(self) -> float | None:
        """Of splits by time, whose training rows grow; None where the number of folds tells."""
        if self.experiment.data.time is None:
            return None
        rows = self.experiment.rows(self.experiment.plan.seeds[0])
        return sum(len(test) / len(train) for train, test in rows) / len(rows)

    def _outcomes(self, bar: Progress) -> tuple[list[tuple[Job, Outcome]], bool]:
        """In the order of the jobs, and whether all are there."""
        deadline = None if self.options.budget is None else perf_counter() + self.options.budget
        jobs, store = list(self.experiment.jobs()), self.store
        done: dict[Job, Outcome] = {}
        try:
            if store is not None:
                stored = ((job, store.get(job)) for job in jobs)
                done = {job: outcome for job, outcome in stored if outcome is not None}
            left = [job for job in jobs if job not in done]
            with bar.of(len(jobs), len(done)):
                for job, outcome in outcomes(self.experiment, left, self.options.workers, deadline):
                    done[job] = outcome
                    if store is not None:
                        store.put(job, outcome)
                    bar.advance()
        except KeyboardInterrupt:
            pass
        return [(job, done[job]) for job in jobs if job in done], len(done) == len(jobs)
