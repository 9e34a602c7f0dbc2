"""Where an objective is looked at: labels and predictions of each task, the same at every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gbm_objectives._core.validation import Array

Task = Literal["regression", "binary", "positive", "multiclass"]
TASKS: tuple[Task, ...] = ("regression", "binary", "positive", "multiclass")

ROWS = 400


@dataclass(frozen=True, slots=True)
class Sample:
    """Labels (n,) and predictions (n,) or (n, n_classes), numbers that float32 holds, as float64."""

    y: Array
    raw: Array

    @classmethod
    def of(cls, y: Array, raw: Array) -> Sample:
        """The sample in the precision of the libraries."""
        return cls(*(a.astype(np.float32).astype(np.float64) for a in (y, raw)))

    def take(self, rows: Array) -> Sample:
        """These rows of the sample."""
        return Sample(self.y[rows], self.raw[rows])

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, slots=True)
class Samples:
    """The data of a task; the user's own labels and predictions take the place of ours.

    Parameters
    ----------
    task : one of `TASKS`.
    own_y : (n,) or None.
    own_raw : (n,), (n, n_classes) or None.
    n_classes : of the task "multiclass".
    """

    task: Task
    own_y: Array | None = None
    own_raw: Array | None = None
    n_classes: int = 3

    def typical(self, seed: int = 0) -> Sample:
        """Predictions as they are after some rounds."""
        rng = np.random.default_rng(seed)
        y = self._labels(rng)
        if self.own_y is not None and self.own_raw is not None:
            return Sample.of(y, self.own_raw[_some(len(self.own_y))])
        if self.task == "regression":
            return Sample.of(y, np.median(y) + 0.5 * spread(y) * rng.standard_normal(len(y)))
        if self.task == "positive":
            return Sample.of(y, np.log(np.mean(y)) + 0.5 * rng.standard_normal(len(y)))
        return Sample.of(y, 1.5 * rng.standard_normal(self._shape(len(y))))

    def probe(self) -> Sample:
        """Where defects hide: residuals of every size and sign, confident scores, right and wrong."""
        if self.own_raw is not None:
            return self.typical()
        rng = np.random.default_rng(1)
        if self.task == "multiclass":
            n = 240
            y = np.resize(self._labels(rng), n)
            size = np.repeat([0.1, 1.0, 3.0], n // 3)[:, None]
            return Sample.of(y, size * rng.standard_normal((n, self.n_classes)))
        if self.task == "binary":
            z = np.concatenate([np.linspace(0.1, 5, 20), np.linspace(5.5, 30, 10)])
            z = np.concatenate([z, -z]) + rng.uniform(-0.05, 0.05, 60)
            labels = np.array([0.0, 1.0]) if self.own_y is None else np.unique(self.own_y)[:6]
        else:
            # Beside a mean of exp(raw) float32 rounds differences of 1e-6 away.
            span = (1e-6, 1e3) if self.task == "regression" else (1e-3, 5.0)
            z = np.geomspace(*span, 24) * rng.uniform(0.8, 1.25, 24)
            z = np.concatenate([z, -z])
            labels = np.array([0, 1, -3, 100] if self.task == "regression" else [1, 2, 5, 40])
            if self.own_y is not None:
                labels = np.quantile(self.own_y, [0.0, 0.3, 0.6, 1.0], method="nearest")
                z = z * spread(self.own_y) if self.task == "regression" else z
        y, z = np.repeat(labels, len(z)).astype(float), np.tile(z, len(labels))
        return Sample.of(
            y, {"binary": z, "positive": np.log(np.maximum(y, 1e-3)) + z}.get(self.task, y + z)
        )

    def steps(self, sample: Sample) -> Array:
        """The largest step of a finite difference for each row: a quarter of the residual or of a logit."""
        step = np.full(sample.raw.shape, 0.25)
        if self.task == "regression":
            step = 0.25 * np.abs(sample.raw - sample.y)
            step[step == 0] = 1e-3 * spread(sample.y)
        return step

    def sized(self, size: float) -> Sample:
        """The typical sample with a target of this size; of the tasks that have a size."""
        sample = self.typical(seed=2)
        factor = size / spread(sample.y)
        return Sample.of(factor * sample.y, factor * sample.raw)

    def plausible(self, sample: Sample) -> Array:
        """(n,): the rows whose scores a model reaches without being broken."""
        if self.task == "binary" and self.own_raw is None:
            return np.abs(sample.raw) <= 5
        if self.task == "multiclass" and self.own_raw is None:
            close: Array = np.ptp(sample.raw, axis=1) <= 5
            return close
        return np.ones(len(sample), bool)

    def training(self, size: float | None) -> tuple[Array, Array, float]:
        """Features (400, 3), labels with something to learn, and the raw score of a fair start."""
        rng = np.random.default_rng(3)
        features = rng.standard_normal((ROWS, 3))
        signal = 2.0 * (features[:, 0] > 0) + features[:, 1]
        if self.own_y is not None:
            y = np.sort(np.resize(self.own_y, ROWS))[np.argsort(np.argsort(features[:, 0]))]
        elif self.task == "regression":
            y = signal + 0.5 * rng.standard_t(3, ROWS)
        elif self.task == "positive":
            y = 1.0 + rng.poisson(np.exp(0.5 * signal))
        elif self.task == "binary":
            y = (signal - 1 + rng.logistic(size=ROWS) > 0).astype(float)
        else:
            cuts = np.quantile(signal, np.arange(1, self.n_classes) / self.n_classes)
            y = np.searchsorted(cuts, signal).astype(float)
        if self.task == "regression":
            y = y if size is None else y * size / spread(y)
            return features, y, float(np.median(y))
        return features, y, float(np.log(np.mean(y))) if self.task == "positive" else 0.0

    def _shape(self, n: int) -> tuple[int, ...]:
        return (n, self.n_classes) if self.task == "multiclass" else (n,)

    def _labels(self, rng: np.random.Generator) -> Array:
        if self.own_y is not None:
            return self.own_y[_some(len(self.own_y))].astype(float)
        if self.task == "regression":
            return rng.standard_t(3, ROWS)
        if self.task == "positive":
            return 1.0 + rng.poisson(2.0, ROWS)
        if self.task == "binary":
            return (rng.random(ROWS) < 0.4).astype(float)
        return rng.integers(0, self.n_classes, ROWS).astype(float)


def _some(n: int) -> Array:
    """At most `ROWS` of n rows, evenly taken."""
    rows: Array = np.unique(np.linspace(0, n - 1, ROWS).astype(int))
    return rows


def spread(y: Array) -> float:
    """The mean absolute deviation from the median; 1 for a constant."""
    return float(np.mean(np.abs(y - np.median(y)))) or 1.0
