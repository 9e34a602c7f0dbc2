"""`compare`: from a table and a target to a `Result`."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from gbm_objectives import __version__
from gbm_objectives._core.validation import message
from gbm_objectives.compare import frames
from gbm_objectives.compare.cache import Cache, default_folder, writable
from gbm_objectives.compare.candidates import Settings
from gbm_objectives.compare.data import Data, of_arrays
from gbm_objectives.compare.lineup import LIBRARIES, lineup
from gbm_objectives.compare.progress import Progress, Silent, shown
from gbm_objectives.compare.result import Result
from gbm_objectives.compare.run import Experiment, Job, Outcome, describe
from gbm_objectives.compare.scoring import Metric, chosen
from gbm_objectives.compare.tasks import CONTAMINATIONS, Contamination, Plan
from gbm_objectives.compare.workers import outcomes


def compare(
    X: Any,  # noqa: N803
    y: Any,
    *,
    task: str | None = None,
    tau: float | None = None,
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
    X : (n_samples, n_features), an array, or a frame of pandas or polars. Text and categories go to the libraries as
        categories, missing values as missing values.
    y : (n_samples,), or the name of a column of X. Rows without a label are left out. A `Data` as X needs none.
    task : "regression", "quantile", "binary" or "multiclass". Default: found from the labels.
    tau : the quantile to predict, strictly between 0 and 1; implies task="quantile".
    libraries : of "xgboost" and "lightgbm". Default: those installed.
    objectives : of this package: text such as "huber(delta=2.0), cauchy", objectives, or a list of both. Default:
        a few for the task.
    candidates : your own, in a list, or in a mapping by name: functions ``f(y_true, y_pred)`` that return
        ``(gradient, hessian)`` of raw scores (regression: the target; classes: log-odds), for which boosting starts
        at the best constant; objects with ``fit(X, y)`` and ``predict(X)`` (for classes ``predict_proba(X)``);
        objectives.
    metrics : names such as "mae, pinball(0.9)", functions ``f(y_true, y_pred)``, or objects with name,
        higher_is_better and evaluate; the first one decides. Default: those of the task.
    contamination : probabilities with which a training label is moved, or flipped to another class; test labels are
        clean. Default: 0, .1 and .4, for classes 0, .1 and .2.
    contamination_size : how far numbers are moved, in standard deviations of the training labels.
    one_sided : move numbers up only.
    folds, seeds : of the cross-validation, which is repeated for each seed; stratified for classes.
    rounds : trees of each model, at most.
    early_stopping : stop after so many rounds without an improvement of the deciding metric on 15% of the training
        rows, which then are not trained on.
    threads : of each model.
    workers : processes that train at the same time.
    budget : seconds after which no further model is begun; these are rows with the status "skipped".
    cache : a folder for what is done, which is not done again at the next call; True: the user's cache folder.
    name : of the data.
    progress : show a bar in a terminal, else lines, on stderr; needs rich.
    command : that repeats this, for the report.

    Returns
    -------
    Result

    Raises
    ------
    ValueError, TypeError
        For data that nothing can be learned from and arguments out of range, before anything is trained.
    """
    data = X if isinstance(X, Data) else of_arrays(X, y, task, tau, name)
    prepared = prepare(
        data, libraries, objectives, candidates, metrics, contamination, contamination_size,
        one_sided, folds, seeds, rounds, early_stopping, threads, workers, budget, cache,
    )  # fmt: skip
    return prepared.run(shown() if progress else Silent(), command)


def prepare(
    data: Data,
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
    workers: int = 1,
    budget: float | None = None,
    cache: str | Path | bool = False,
) -> Prepared:
    """All of `compare` but the training; whatever is wrong with the arguments is raised here."""
    shares = CONTAMINATIONS[data.task] if contamination is None else _tuple(contamination)
    hits = Contamination(tuple(map(float, shares)), contamination_size, one_sided)
    plan = Plan(folds, _tuple(seeds), hits)
    plan.check(data)
    settings = Settings(rounds, early_stopping, threads=threads)
    for argument, value in (("workers", workers), ("budget", budget)):
        if value is not None and not value > 0:
            raise ValueError(message(argument, str(value), "a number above 0"))
    used, left_out = usable(libraries)
    found = chosen(metrics, data.task, data.tau)
    compared = lineup(data, used, objectives, candidates)
    experiment = Experiment(data, plan, compared, settings, found[0])
    versions = _versions(used)
    store = None
    if cache:
        folder = default_folder() if cache is True else cache
        store = Cache(writable(folder, "cache"), experiment, versions)
    notes = (*data.notes, *(f"Left out: {reason}" for reason in left_out))
    return Prepared(experiment, found, used, notes, versions, store, workers, budget)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A comparison that can be run; the parameters are those of `compare` after all checks."""

    experiment: Experiment
    metrics: list[Metric]
    libraries: list[str]
    notes: tuple[str, ...]
    versions: dict[str, str]
    store: Cache | None
    workers: int
    budget: float | None

    def run(self, bar: Progress, command: str = "") -> Result:
        """Train all, or what there is time for."""
        start = perf_counter()
        done, complete = self._outcomes(bar)
        seconds = perf_counter() - start
        return Result(
            frames.scores(self.experiment, done, self.metrics),
            frames.predictions(self.experiment, done),
            frames.curves(self.experiment, done),
            frames.texts(self.experiment, done),
            self._info() | {"command": command, "seconds": seconds, "complete": complete},
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
            "trees": {library: LIBRARIES[library].trees for library in self.libraries},
            "fits": sum(1 for _ in self.experiment.jobs()),
            "notes": self.notes,
            "versions": self.versions,
        }

    def _outcomes(self, bar: Progress) -> tuple[list[tuple[Job, Outcome]], bool]:
        """In the order of the jobs, and whether all are there."""
        deadline = None if self.budget is None else perf_counter() + self.budget
        jobs, store = list(self.experiment.jobs()), self.store
        done: dict[Job, Outcome] = {}
        try:
            if store is not None:
                stored = ((job, store.get(job)) for job in jobs)
                done = {job: outcome for job, outcome in stored if outcome is not None}
            left = [job for job in jobs if job not in done]
            with bar.of(len(jobs), len(done)):
                for job, outcome in outcomes(self.experiment, left, self.workers, deadline):
                    done[job] = outcome
                    if store is not None:
                        store.put(job, outcome)
                    bar.advance()
        except KeyboardInterrupt:
            pass
        return [(job, done[job]) for job in jobs if job in done], len(done) == len(jobs)


def usable(libraries: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """The libraries to compare, and why others are left out.

    Raises
    ------
    ValueError
        For an unknown library, one that is asked for and can't be imported, or none at all.
    """
    names = list(LIBRARIES) if libraries is None else list(dict.fromkeys(libraries))
    for name in names:
        if name not in LIBRARIES:
            needed = f"{' or '.join(LIBRARIES)}, or both with a comma between"
            raise ValueError(message("libraries", repr(name), needed))
    reasons = {name: _unusable(name) for name in names}
    found = [name for name, reason in reasons.items() if not reason]
    left_out = [reason for reason in reasons.values() if reason]
    if not found or (libraries is not None and left_out):
        given = "; ".join(left_out) or "none"
        raise ValueError(f"{given}. Try: pip install 'gbm-objectives[compare]'")
    return found, left_out


def _unusable(library: str) -> str:
    """Why it can't be imported; empty where it can."""
    try:
        import_module(library)
    except ModuleNotFoundError as error:
        return f"{library} is not installed" if error.name == library else describe(error)
    except Exception as error:  # it may be there and fail to load
        return f"{library} fails to load, {describe(error)}"
    return ""


def _versions(libraries: Sequence[str]) -> dict[str, str]:
    found = {library: str(import_module(library).__version__) for library in libraries}
    found |= {name: version(name) for name in ("numpy", "scipy", "scikit-learn", "pandas")}
    return {**found, "gbm_objectives": __version__, "python": platform.python_version()}


def _tuple(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, Iterable) else (values,)
