"""The cache: outcomes on disk, so that what is done is not done again."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import joblib
import numpy as np

import gbm_objectives
from gbm_objectives._core.validation import message
from gbm_objectives.compare.candidates import Candidate, Estimator, Plain
from gbm_objectives.compare.data import Data, Split
from gbm_objectives.compare.running.experiment import Experiment, Job, Outcome
from gbm_objectives.compare.scoring import Function, Metric, OfMean


def default_folder() -> Path:
    """Where the system keeps caches."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gbm_objectives"


def writable(folder: str | Path, argument: str) -> Path:
    """The folder, made where it is missing; ValueError where nothing can be written there."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        given = f"{path}: {error.strerror or error}"
        raise ValueError(message(argument, given, "a folder that can be written")) from error
    return path


class Cache:
    """Outcomes in a folder; each file's name is a hash of all that its outcome depends on.

    That is the data, the candidate, the split, the settings, the deciding metric, the versions of the libraries and
    the source of this package. Failures are not kept: they are tried again.
    """

    def __init__(self, folder: Path, experiment: Experiment, versions: dict[str, str]) -> None:
        self.folder, self.experiment, self.versions = folder, experiment, versions
        self._candidates: dict[int, str | None] = {}

    @cached_property
    def _common(self) -> str | None:
        return _common(self.experiment, self.versions)

    def _path(self, job: Job) -> Path | None:
        if job.candidate not in self._candidates:
            candidate = self.experiment.candidates[job.candidate]
            self._candidates[job.candidate] = _candidate_token(candidate)
        own = self._candidates[job.candidate]
        if own is None or self._common is None:
            return None
        tuner = repr(self.experiment.tuner)
        return (
            self.folder
            / f"{_hashed(self._common, own, job.contamination, job.seed, job.fold, tuner)}.npz"
        )

    def get(self, job: Job) -> Outcome | None:
        """The outcome, if it is known."""
        path = self._path(job)
        if path is None or not path.exists():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                rest = json.loads(str(stored["rest"]))
                return Outcome(
                    "ok", "", stored["prediction"], rest["seconds"], rest["rounds"],
                    stored["curve"], tuple(rest["warnings"]), rest["tuning"],
                )  # fmt: skip
        except (OSError, ValueError, KeyError, BadZipFile):  # cut off while it was written
            return None

    def put(self, job: Job, outcome: Outcome) -> None:
        """Keep a success; a full disk is no reason to stop."""
        path = self._path(job)
        if path is None or outcome.status != "ok" or outcome.prediction is None:
            return
        rest = {
            "seconds": outcome.seconds,
            "rounds": outcome.rounds,
            "warnings": list(outcome.warnings),
            "tuning": outcome.tuning,
        }
        part = path.with_name(f"{path.stem}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                np.savez(
                    file, prediction=outcome.prediction, curve=outcome.curve, rest=json.dumps(rest)
                )
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)


def token(
    experiment: Experiment, versions: dict[str, str], candidate: Candidate, split: Split
) -> str | None:
    """A hash of all that the search of a candidate's parameters depends on; None where that can change unseen."""
    common, own = _common(experiment, versions), _candidate_token(candidate)
    if common is None or own is None:
        return None
    return _hashed(common, own, split.contamination, split.seed, split.fold)


def _hashed(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _common(experiment: Experiment, versions: dict[str, str]) -> str | None:
    """What all jobs share; None where the metric can't be told from another."""
    plan, metric = experiment.plan, _metric_token(experiment.metric)
    parts = (
        _data_token(experiment.data), plan.folds, plan.contamination.size,
        plan.contamination.one_sided, experiment.settings, metric,
        sorted(versions.items()), _source_token(),
    )  # fmt: skip
    return None if metric is None else repr(parts)


def _data_token(data: Data) -> str:
    categories = [list(data.x.iloc[:, i].cat.categories) for i in data.categorical]
    parts = (
        data.task,
        data.classes,
        data.tau,
        data.y,
        data.matrix,
        categories,
        data.groups,
        data.time,
    )
    return str(joblib.hash(parts, hash_name="sha1"))


def _candidate_token(candidate: Candidate) -> str | None:
    """None for what may change under its name: a user's function or loss, an estimator that is no released package's."""
    if isinstance(candidate, Estimator):
        return _estimator_token(candidate)
    parts: list[Any] = [candidate, getattr(candidate, "objective", None)]
    if candidate.formula is not None:
        for term in candidate.formula.terms:
            parts += [term.loss, term.policy, *term.weightings]
    if any(isinstance(part, Plain) or not _is_ours(part) for part in parts):
        return None
    return f"{type(candidate).__qualname__} {candidate!r} {joblib.hash(candidate.formula)}"


def _is_ours(part: object) -> bool:
    module = type(part).__module__
    return module == "builtins" or module.startswith("gbm_objectives.")


def _estimator_token(candidate: Estimator) -> str | None:
    estimator = candidate.estimator
    try:
        parts = [estimator, *estimator.get_params(deep=True).values()]
        packages = {type(part).__module__.partition(".")[0] for part in parts} - {"builtins"}
        released = sorted((package, version(package)) for package in packages - {"sklearn"})
        return f"{candidate.name} {candidate.library} {joblib.hash(estimator)} {released}"
    except Exception:  # no parameters, no version, or it can't be pickled: it is trained each time
        return None


def _metric_token(metric: Metric) -> str | None:
    """Of this package's metrics; a user's function may change under its name."""
    if not type(metric).__module__.startswith("gbm_objectives."):
        return None
    if isinstance(metric, OfMean):
        inner = _metric_token(metric.metric)
        return None if inner is None else f"mean {inner}"
    if isinstance(metric, Function):
        own: Any = metric.function
        return metric.name if (own.__module__ or "").startswith("gbm_objectives.") else None
    return repr(metric)


@lru_cache(maxsize=1)
def _source_token() -> str:
    """Of this package's files: a change of a formula is another version."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(Path(gbm_objectives.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
