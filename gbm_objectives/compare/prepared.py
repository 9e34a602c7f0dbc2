"""A comparison after all checks of its arguments, and its run: from there to a `Result`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from gbm_objectives._core.validation import message
from gbm_objectives.compare.candidates import LIBRARIES, Boosted, lineup
from gbm_objectives.compare.data import Data
from gbm_objectives.compare.options import Options
from gbm_objectives.compare.result import Result
from gbm_objectives.compare.running import collecting
from gbm_objectives.compare.running.cache import Cache, default_folder, writable
from gbm_objectives.compare.running.experiment import Experiment, Job, Outcome
from gbm_objectives.compare.running.installed import usable, versions_of
from gbm_objectives.compare.running.progress import Progress
from gbm_objectives.compare.running.tuning import Tuning
from gbm_objectives.compare.running.workers import outcomes
from gbm_objectives.compare.scoring import Metric, chosen


def prepare(data: Data, options: Options) -> Prepared:
    """All of `compare` but the training; whatever is wrong with the arguments is raised here."""
    options.plan(data)  # errors before others
    settings = options.settings(data.task)
    libraries, left_out = usable(options.libraries)
    metrics = chosen(options.metrics, data.task, data.tau)
    candidates = lineup(data, libraries, options.objectives, options.candidates)
    plan = options.plan(data, len(candidates))
    experiment = Experiment(data, plan, candidates, settings, metrics[0])
    versions = versions_of(libraries)
    experiment.tuner = _tuner(options, experiment, versions)
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
        info = self._info() | {"command": command, "complete": complete}
        result = Result(
            collecting.score_rows(self.experiment, done, self.metrics),
            collecting.predicted_rows(self.experiment, done),
            collecting.curve_rows(self.experiment, done),
            collecting.warning_rows(self.experiment, done),
            info,
            collecting.objectives_of(self.experiment),
        )
        if self.experiment.tuner is not None:
            tuning = collecting.tunings(self.experiment, done)
            if complete and (last := self._tuned_on_all(result)) is not None:
                tuning.append(last)
            info["tuning"] = tuning
        info["seconds"] = perf_counter() - start
        return replace(result, info=info)  # the recommendation knows what has been tuned

    def _tuned_on_all(self, result: Result) -> dict[str, Any] | None:
        """The recommended candidate, tuned once more on all rows; None where it has nothing to tune."""
        best, tuner = result.recommendation, self.experiment.tuner
        if self.experiment.data.test is not None:
            return None
        assert tuner is not None
        for candidate in self.experiment.candidates:
            if best is None or (candidate.library, candidate.name) != (
                best.library,
                best.code.name,
            ):
                continue
            try:
                _, found = tuner.tuned(self.experiment, candidate, self.experiment.whole())
            except KeyboardInterrupt:
                return None
            if found is not None:
                return collecting.tuning_row(
                    candidate, 0.0, self.experiment.plan.seeds[0], None, found
                )
        return None

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
            "seeds": (*plan.seeds, *plan.repeats),
            "repeats": plan.repeats,
            "folds": plan.folds if data.test is None else len(self.experiment.test_parts),
            "rounds": settings.rounds,
            "early_stopping": settings.early_stopping,
            "threads": settings.threads,
            "leaves": settings.leaves,
            "without_label": data.without_label,
            "split": next(
                (name for name in ("test", "time", "groups") if getattr(data, name) is not None),
                "rows",
            ),
            "n_test": None if data.test is None else int(data.test.sum()),
            "test_to_train": self._test_to_train(),
            "categorical": bool(data.categorical),
            "recipes": [asdict(one.recipe) for one in self.experiment.candidates if one.recipe],
            "trees": {library: LIBRARIES[library].trees for library in self.libraries},
            "fits": sum(1 for _ in self.experiment.jobs()),
            "candidates": len(self.experiment.candidates),
            "notes": self.notes,
            "versions": self.versions,
        }

    def _test_to_train(self) -> float | None:
        """Of splits by time, whose training rows grow, and 0 for parts of a test; None where the number of folds tells."""
        if self.experiment.data.test is not None:
            return 0.0  # all parts are predicted by the same models
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


def _tuner(options: Options, experiment: Experiment, versions: dict[str, str]) -> Tuning | None:
    """Of the time, each search gets the same part."""
    if options.tune is None:
        if options.tune_minutes is not None:
            needed = "tune, the number of trials, beside it"
            raise ValueError(message("tune_minutes", str(options.tune_minutes), needed))
        return None
    seconds = None
    if options.tune_minutes is not None:
        searches = 1 + sum(  # the last one is that of the recommended candidate, on all rows
            isinstance(experiment.candidates[job.candidate], Boosted) for job in experiment.jobs()
        )
        seconds = 60 * options.tune_minutes * options.workers / searches
    folder = options.tune_folder
    path = None if folder is None else writable(Path(folder), "tune_folder").resolve()
    return Tuning(options.tune, seconds, path, tuple(sorted(versions.items())))
