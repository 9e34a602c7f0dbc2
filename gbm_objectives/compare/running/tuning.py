"""Tuning: each candidate gets the same number of trials on folds of its training rows, by Optuna."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from gbm_objectives._core.validation import message, reject_non_finite
from gbm_objectives.compare.candidates import Boosted, Candidate, Settings, spaces
from gbm_objectives.compare.data import Split
from gbm_objectives.compare.running.cache import token
from gbm_objectives.compare.running.experiment import Experiment
from gbm_objectives.compare.scoring import Metric

#: Folds of the training rows.
FOLDS = 3


@dataclass(frozen=True, slots=True)
class Tuning:
    """A search for each candidate and split, the same for all.

    The first trial has the parameters of the untuned candidate. A trial is given up after a fold where it is worse than
    the median of the trials before it. Trials are kept in a file of the folder, and are not tried again.

    Parameters
    ----------
    trials : int
        Trials of each search, those given up included.
    seconds : float, optional
        After which no trial of a search begins, but for the first.
    folder : Path, optional
        For the trials; without it nothing is kept.
    versions : tuple of (str, str)
        Of the libraries.
    """

    trials: int
    seconds: float | None = None
    folder: Path | None = field(default=None, repr=False)
    versions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise ValueError(message("tune", str(self.trials), "a whole number >= 1"))
        if self.seconds is not None and not self.seconds > 0:
            raise ValueError(message("tune_minutes", "0 or below", "a number above 0"))
        optuna()

    def tuned(
        self, experiment: Experiment, candidate: Candidate, split: Split
    ) -> tuple[Candidate, dict[str, Any] | None]:
        """The candidate with the best parameters that were found, and how they were found."""
        if not isinstance(candidate, Boosted):
            return candidate, None
        start = perf_counter()
        goal = Goal(candidate, split, experiment.settings, experiment.metric)
        with _quiet():
            study = self._study(experiment, candidate, split)
            before = sum(one.duration.total_seconds() for one in study.trials if one.duration)
            while len(_ended(study)) < self.trials:
                spent = before + perf_counter() - start
                if self.seconds is not None and spent > self.seconds and _ended(study):
                    break
                study.optimize(goal, n_trials=1, catch=(Exception,))
        complete = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
        best = (
            spaces.suggested(candidate, split.y_train, study.best_trial) if complete else candidate
        )
        ended = _ended(study)
        return best, {
            "trials": len(ended),
            "given_up": sum(trial.state.name == "PRUNED" for trial in ended),
            "failed": sum(trial.state.name == "FAIL" for trial in ended),
            "seconds": before + perf_counter() - start,
            "value": study.best_value if complete else None,
            "untuned": next((t.value for t in complete if t.user_attrs.get("untuned")), None),
            "recipe": asdict(best.recipe) if best.recipe is not None else None,
            "params": changes(candidate, best),
        }  # fmt: skip

    def _study(self, experiment: Experiment, candidate: Boosted, split: Split) -> Any:
        """What is there of it already, or a new one that begins with the untuned parameters."""
        lib = optuna()
        name = token(experiment, dict(self.versions), candidate, split)
        storage = None
        if self.folder is not None and name is not None:
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend

            self.folder.mkdir(parents=True, exist_ok=True)
            storage = JournalStorage(JournalFileBackend(str(self.folder / f"{name}.log")))
        seed = int(np.random.default_rng([split.seed, split.fold]).integers(2**31))
        study = lib.create_study(
            storage=storage,
            study_name=name or "search",
            load_if_exists=True,
            direction="maximize" if experiment.metric.higher_is_better else "minimize",
            sampler=lib.samplers.TPESampler(seed=seed, n_startup_trials=max(3, self.trials // 3)),
            pruner=lib.pruners.MedianPruner(n_startup_trials=3),
        )
        if not any(one.state.is_finished() or one.state.name == "WAITING" for one in study.trials):
            study.enqueue_trial(spaces.untuned(candidate), user_attrs={"untuned": True})
        return study


@dataclass(slots=True, eq=False)
class Goal:
    """What a trial is worth: the mean of the metric over folds of the training rows."""

    candidate: Boosted
    split: Split
    settings: Settings
    metric: Metric
    _parts: Sequence[Split] = ()

    def __call__(self, trial: Any) -> float:
        """Train on each fold, for as long as the trial is not given up."""
        self._parts = self._parts or self.split.parts(FOLDS)
        candidate = spaces.suggested(self.candidate, self.split.y_train, trial)
        values: list[float] = []
        for step, part in enumerate(self._parts):
            try:
                found = candidate.fit(part, self.settings, self.metric)
                prediction = found.predict(found.rounds)
            except KeyboardInterrupt:
                trial.set_user_attr("interrupted", True)
                raise
            reject_non_finite("y_pred", prediction)
            values.append(float(self.metric.evaluate(part.y_test, prediction)))
            trial.report(float(np.mean(values)), step)
            if step < len(self._parts) - 1 and trial.should_prune():
                raise optuna().TrialPruned
        return float(np.mean(values))


def optuna() -> Any:
    """The package; an error that names the extra where it is not installed."""
    try:
        import optuna as found
    except ModuleNotFoundError as error:
        given = "optuna is not installed"
        instead = "Run: pip install 'gbm-objectives[tune]'"
        raise ValueError(message("tune", given, "the extra tune", instead)) from error
    return found


def changes(candidate: Boosted, best: Boosted) -> dict[str, Any]:
    """The parameters of trees and of the library's objective, and of ours those of the loss."""
    found = {name: value for name, value in best.params.items() if name != "bagging_freq"}
    if candidate.formula is not None and best.formula is not None:
        before, after = candidate.formula.parameters, best.formula.parameters
        found |= {name: value for name, value in after.items() if before.get(name) is not value}
    return json.loads(json.dumps(found, default=str))  # type: ignore[no-any-return]


def _ended(study: Any) -> list[Any]:
    """The trials that count: one that an interruption has cut short does not."""
    return [
        trial for trial in study.trials
        if trial.state.is_finished() and not trial.user_attrs.get("interrupted")
    ]  # fmt: skip


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's lines and the models' warnings, which the final model gives again."""
    lib = optuna()
    level = lib.logging.get_verbosity()
    lib.logging.set_verbosity(lib.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        lib.logging.set_verbosity(level)
