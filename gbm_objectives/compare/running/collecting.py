"""From the outcomes of a run to its frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gbm_objectives._core.validation import Array
from gbm_objectives.compare import distributions
from gbm_objectives.compare.candidates import Candidate
from gbm_objectives.compare.frames import CURVES, PREDICTIONS, SCORES, WARNINGS
from gbm_objectives.compare.running.experiment import Experiment, Job, Outcome, describe
from gbm_objectives.compare.scoring import Metric
from gbm_objectives.objective import Objective

Done = Sequence[tuple[Job, Outcome]]


def score_rows(experiment: Experiment, done: Done, metrics: Sequence[Metric]) -> pd.DataFrame:
    """A row a job and metric."""
    rows = [row for job, outcome in done for row in _scored(experiment, job, outcome, metrics)]
    return pd.DataFrame(rows, columns=list(SCORES))


def _scored(
    experiment: Experiment, job: Job, outcome: Outcome, metrics: Sequence[Metric]
) -> list[tuple[Any, ...]]:
    candidate = experiment.candidates[job.candidate]
    test = experiment.rows(job.seed)[job.fold][1]
    parts = {job.fold: test}
    if experiment.data.test is not None:
        parts = dict(enumerate(experiment.test_parts))
    rows = []
    for fold, part in parts.items():
        here = np.searchsorted(test, part)
        for metric in metrics:
            value, status, reason = float("nan"), outcome.status, outcome.reason
            if outcome.prediction is not None:
                try:
                    value = float(
                        metric.evaluate(experiment.data.y[part], outcome.prediction[here])
                    )
                except Exception as error:  # a metric must not end the run either
                    status, reason = "failed", describe(error)
            rows.append(
                (
                    experiment.data.task, candidate.name, candidate.kind, candidate.library,
                    job.contamination, job.seed, fold, metric.name, value,
                    metric.higher_is_better, outcome.seconds, outcome.rounds, status, reason,
                )
            )  # fmt: skip
    return rows


def predicted_rows(experiment: Experiment, done: Done) -> pd.DataFrame:
    """A row a job and test row."""
    kept = [(job, outcome.prediction) for job, outcome in done if outcome.prediction is not None]
    tests = [experiment.rows(job.seed)[job.fold][1] for job, _ in kept]
    n_classes, levels = len(experiment.data.classes), experiment.data.tau
    names = [f"p_{code}" for code in range(n_classes)] or ["y_pred"]
    if isinstance(levels, tuple):
        names = [f"q_{level:g}" for level in levels]
    if not kept:
        return pd.DataFrame(columns=[*PREDICTIONS[:-1], *names])
    frame = _labelled(experiment, [job for job, _ in kept], [len(test) for test in tests])
    frame["row"] = np.concatenate(tests)
    frame["y_true"] = experiment.data.y[frame["row"].to_numpy()]
    if experiment.data.test is not None:
        fold = np.zeros(len(experiment.data.y), dtype=int)
        for number, part in enumerate(experiment.test_parts):
            fold[part] = number
        frame["fold"] = fold[frame["row"].to_numpy()]
    if experiment.data.task == "distribution":
        return pd.concat([frame, distributions.framed([one for _, one in kept])], axis=1)
    several = isinstance(levels, tuple)
    values = np.concatenate([one if several else _columns(one, n_classes) for _, one in kept])
    return pd.concat([frame, pd.DataFrame(values, columns=names)], axis=1)


def _columns(prediction: Array, n_classes: int) -> Array:
    """As many columns as the frame has."""
    values = np.asarray(prediction, dtype=np.float64)
    if n_classes == 2 and values.ndim == 1:
        return np.column_stack([1.0 - values, values])
    if values.shape[1:] != (n_classes,) and values.ndim == 2:
        return values[:, :1]
    return values.reshape(len(values), -1) if values.ndim == 2 else _spread(values, n_classes)


def _spread(values: Array, n_classes: int) -> Array:
    """Class codes of a model without probabilities, as ones and zeros."""
    if not n_classes:
        return values[:, None]
    return np.equal.outer(values, np.arange(n_classes)).astype(np.float64)


def curve_rows(experiment: Experiment, done: Done) -> pd.DataFrame:
    """A row a point."""
    kept = [(job, outcome.curve) for job, outcome in done if len(outcome.curve)]
    if not kept:
        return pd.DataFrame(columns=list(CURVES))
    frame = _labelled(experiment, [job for job, _ in kept], [len(curve) for _, curve in kept])
    points = np.concatenate([curve for _, curve in kept])
    frame["round"] = points[:, 0].astype(int)
    frame["seconds"] = points[:, 1]
    frame["metric"] = experiment.metric.name
    frame["value"] = points[:, 2]
    return frame


def warning_rows(experiment: Experiment, done: Done) -> pd.DataFrame:
    """A row a warning."""
    rows = [(*_key(experiment, job), text) for job, outcome in done for text in outcome.warnings]
    return pd.DataFrame(rows, columns=list(WARNINGS))


def tunings(experiment: Experiment, done: Done) -> list[dict[str, Any]]:
    """A record a search."""
    return [
        tuning_row(experiment.candidates[job.candidate], job.contamination, job.seed, job.fold, one)
        for job, outcome in done
        if (one := outcome.tuning) is not None and outcome.status == "ok"
    ]


def tuning_row(
    candidate: Candidate, contamination: float, seed: int, fold: int | None, found: dict[str, Any]
) -> dict[str, Any]:
    """The record of a search; no fold stands for all rows."""
    key = {"candidate": candidate.name, "library": candidate.library}
    return {**key, "contamination": contamination, "seed": seed, "fold": fold, **found}


def _key(experiment: Experiment, job: Job) -> tuple[Any, ...]:
    candidate = experiment.candidates[job.candidate]
    return candidate.name, candidate.library, job.contamination, job.seed, job.fold


def _labelled(experiment: Experiment, jobs: Sequence[Job], lengths: Sequence[int]) -> pd.DataFrame:
    """The columns that name a job, each as often as it has rows; names as categories, for there are many rows."""
    repeated = np.repeat([job.candidate for job in jobs], lengths)
    frame: dict[str, Any] = {}
    for name in ("candidate", "library"):
        values = [
            candidate.name if name == "candidate" else candidate.library
            for candidate in experiment.candidates
        ]
        found = list(dict.fromkeys(values))
        codes = np.array([found.index(value) for value in values])
        frame[name] = pd.Categorical.from_codes(codes[repeated], found)
    for name in ("contamination", "seed", "fold"):
        frame[name] = np.repeat([getattr(job, name) for job in jobs], lengths)
    return pd.DataFrame(frame)


def objectives_of(experiment: Experiment) -> dict[str, Objective]:
    """The objectives of this package by the names of their candidates."""
    pairs = ((candidate.name, candidate.formula) for candidate in experiment.candidates)
    return {name: formula for name, formula in pairs if formula is not None}
