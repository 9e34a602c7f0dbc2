"""The run: every candidate on every split, in this process or in several, as outcomes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Literal, Protocol

import numpy as np

from gbm_objectives._core.validation import Array, reject_non_finite
from gbm_objectives.compare.candidates import Candidate, Fit, NotApplicable, Settings
from gbm_objectives.compare.data import Data, Plan, Split
from gbm_objectives.compare.scoring import Metric

Status = Literal["ok", "failed", "skipped"]

#: At most as many points has a learning curve.
POINTS = 12
#: At most as many parts of given test rows are scored.
PARTS = 10


@dataclass(frozen=True, slots=True)
class Job:
    """One fit: the number of a candidate, and its split."""

    candidate: int
    contamination: float
    seed: int
    fold: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job.

    Parameters
    ----------
    status : {"ok", "failed", "skipped"}
        Whether there is a prediction.
    reason : str, default ""
        Why there is none.
    prediction : ndarray, optional
        For the test rows, on the response scale.
    seconds, rounds : float, int
        Of training.
    curve : ndarray of shape (n_points, 3)
        (rounds, seconds, value of the deciding metric on the test rows), a row a point.
    warnings : tuple of str, default ()
        The texts, each once.
    tuning : dict, optional
        What the candidate's parameters were chosen by; see `running.tuning`.
    """

    status: Status
    reason: str = ""
    prediction: Array | None = None
    seconds: float = float("nan")
    rounds: int = 0
    curve: Array = field(default_factory=lambda: np.zeros((0, 3)))
    warnings: tuple[str, ...] = ()
    tuning: dict[str, Any] | None = None


class Tuner(Protocol):
    """Chooses parameters by the training rows of a split."""

    def tuned(
        self, experiment: Experiment, candidate: Candidate, split: Split
    ) -> tuple[Candidate, dict[str, Any] | None]:
        """The candidate as it is to be trained on them, and how that was found; None where there is nothing to tune."""


@dataclass(slots=True, eq=False)
class Experiment:
    """All that a job needs; the last splits are kept, for they serve many candidates."""

    data: Data
    plan: Plan
    candidates: Sequence[Candidate]
    settings: Settings
    metric: Metric
    tuner: Tuner | None = None
    _rows: dict[int, Sequence[tuple[Array, Array]]] = field(default_factory=dict)
    _last: tuple[tuple[int, int, float], Split] | None = None

    def jobs(self) -> Iterator[Job]:
        """All of them, a fold at a time."""
        for seed, fold, share in self.plan.points():
            for number in range(len(self.candidates)):
                yield Job(number, share, seed, fold)

    def rows(self, seed: int) -> Sequence[tuple[Array, Array]]:
        """Training and test rows of the folds."""
        if seed not in self._rows:
            self._rows[seed] = self.plan.rows(self.data, seed)
        return self._rows[seed]

    @property
    def test_parts(self) -> list[Array]:
        """Of given test rows: ten parts, or as many as have ten rows, with their shares of the classes."""
        data = self.data
        assert data.test is not None
        rows = np.flatnonzero(data.test)
        order = np.random.default_rng(0).permutation(rows)
        least = len(rows)
        if data.of_classes:
            order = order[np.argsort(data.y[order], kind="stable")]
            least = 10 * int(np.unique(data.y[rows], return_counts=True)[1].min())
        count = max(1, min(PARTS, least // 10))
        return [np.sort(order[part::count]) for part in range(count)]

    def split(self, job: Job) -> Split:
        """The job's."""
        point = (job.seed, job.fold, job.contamination)
        if self._last is None or self._last[0] != point:
            self._last = point, self.plan.split(self.data, self.rows(job.seed)[job.fold], *point)
        return self._last[1]

    def whole(self) -> Split:
        """All rows, to train on."""
        rows = np.arange(len(self.data.y))
        return self.plan.split(self.data, (rows, rows), self.plan.seeds[0], self.plan.folds, 0.0)

    def outcome(self, job: Job) -> Outcome:
        """Do the job."""
        candidate, split, tuning = self.candidates[job.candidate], self.split(job), None
        if self.tuner is not None:
            candidate, tuning = self.tuner.tuned(self, candidate, split)
        return replace(fit(candidate, split, self.settings, self.metric), tuning=tuning)


def fit(candidate: Candidate, split: Split, settings: Settings, metric: Metric) -> Outcome:
    """Train and predict; whatever goes wrong is the outcome's reason."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            start = perf_counter()
            found = candidate.fit(split, settings, metric)
            seconds = perf_counter() - start
            stages = _stages(found)
            staged = [found.predict(trees) for trees in stages]
            prediction = staged[-1] if staged else found.predict(found.rounds)
            reject_non_finite("y_pred", prediction)
            curve = _curve(found, stages, staged, split, metric)
        except NotApplicable as reason:
            return Outcome("skipped", str(reason))
        except Exception as error:  # one candidate must not end the run of the others
            return Outcome("failed", describe(error), warnings=_texts(caught))
    return Outcome("ok", "", prediction, seconds, found.rounds, curve, _texts(caught))


def _stages(found: Fit) -> list[int]:
    """Rounds whose distances grow, up to the last, for which each stage adds to the one before."""
    rounds = min(found.rounds, len(found.times))
    if rounds < 1:
        return []
    stages = np.unique(np.geomspace(1, rounds, POINTS).round().astype(int)).tolist()
    return [*stages, found.rounds] if rounds < found.rounds else stages


def _curve(
    found: Fit, stages: Sequence[int], staged: Sequence[Array], split: Split, metric: Metric
) -> Array:
    points = []
    for trees, prediction in zip(stages, staged, strict=True):
        if trees > len(found.times):
            continue
        try:
            value = metric.evaluate(split.y_test, prediction)
        except Exception:  # the scores tell what is wrong
            return np.zeros((0, 3))
        points.append((trees, found.times[trees - 1], value))
    return np.array(points, dtype=np.float64).reshape(-1, 3)


def _texts(caught: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    """Those meant for users, each once."""
    texts = (
        " ".join(str(warning.message).split())
        for warning in caught
        if issubclass(warning.category, (UserWarning, RuntimeWarning))
    )
    return tuple(dict.fromkeys(texts))


def describe(error: BaseException) -> str:
    """An exception in one line: its type and the first line of its text."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
