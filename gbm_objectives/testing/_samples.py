"""Where an objective is looked at: labels and predictions of each task, the same at every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

from gbm_objectives._core.validation import Array

Task = Literal["regression", "binary", "positive", "multiclass"]
TASKS: tuple[Task, ...] = ("regression", "binary", "positive", "multiclass")

#: Labels that a loss may be restricted to: any number; above 0; whole and above 0; between 0 and 1.
Domain = Literal["real", "positive", "counts", "share"]

#: The labels of the rows at which derivatives are compared.
PROBED: dict[Domain, list[float]] = {
    "real": [0, 1, -3, 100],
    "positive": [1, 2, 5, 100],
    "counts": [1, 2, 5, 40],
    "share": [0.1, 0.3, 0.6, 0.9],
}
ROWS = 400


@dataclass(frozen=True, slots=True)
class Sample:
    """Labels (n,) and predictions (n,) or (n, n_outputs), numbers that float32 holds, as float64."""

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
    task : one of `TASKS`
    own_y : array of shape (n,) or None
    own_raw : array of shape (n,) or (n, n_outputs), or None
    n_outputs : int or None
        The columns of the predictions; None for predictions without columns.
    domain : one of `PROBED`
        The labels that the loss takes, of the task "regression".
    located : bool
        Whether predictions estimate the label, in its units. If not, as for the logarithm of a standard
        deviation, nothing is known of them but where they start.
    centre : tuple of float
        Where predictions start, one number for each output, where they are not located.
    """

    task: Task
    own_y: Array | None = None
    own_raw: Array | None = None
    n_outputs: int | None = None
    domain: Domain = "real"
    located: bool = True
    centre: tuple[float, ...] = (0.0,)

    @property
    def sizes(self) -> bool:
        """Whether a target of any size, with predictions of the same size, is such data too."""
        return self.task == "regression" and self.located and self.domain in ("real", "positive")

    @property
    def residuals(self) -> bool:
        """Whether predictions less labels are residuals."""
        return self.task == "regression" and self.located

    def typical(self, seed: int = 0) -> Sample:
        """Predictions as they are after some rounds."""
        rng = np.random.default_rng(seed)
        y = self.labels(rng)
        if self.own_y is not None and self.own_raw is not None:
            return Sample.of(y, self.own_raw[_some(len(self.own_y))])
        noise = rng.standard_normal(self._shape(len(y)))
        if self.residuals:
            return Sample.of(y, np.median(y) + 0.5 * spread(y) * noise)
        if self.task == "positive":
            return Sample.of(y, np.log(np.mean(y)) + 0.5 * noise)
        if self.task == "regression":
            return Sample.of(y, self._around(0.5 * noise))
        return Sample.of(y, 1.5 * noise)

    def probe(self) -> Sample:
        """Where defects hide: residuals of every size and sign, confident scores, right and wrong."""
        if self.own_raw is not None:
            return self.typical()
        rng = np.random.default_rng(1)
        if self.task == "multiclass" or not self.located:
            n = 240
            y = np.resize(self.labels(rng), n)
            size = np.repeat([0.1, 1.0, 3.0], n // 3).reshape(-1, *[1] * (len(self._shape(n)) - 1))
            return Sample.of(y, self._around(size * rng.standard_normal(self._shape(n))))
        if self.task == "binary":
            z = np.concatenate([np.linspace(0.1, 5, 20), np.linspace(5.5, 30, 10)])
            z = np.concatenate([z, -z]) + rng.uniform(-0.05, 0.05, 60)
            labels = np.array([0.0, 1.0]) if self.own_y is None else np.unique(self.own_y)[:6]
        else:
            # Beside a mean of exp(raw) float32 rounds differences of 1e-6 away.
            span = (1e-6, 1e3) if self.task == "regression" else (1e-3, 5.0)
            z = np.geomspace(*span, 24) * rng.uniform(0.8, 1.25, 24)
            z = np.concatenate([z, -z])
            labels = np.array(PROBED["counts" if self.task == "positive" else self.domain])
            if self.own_y is not None:
                labels = np.quantile(self.own_y, [0.0, 0.3, 0.6, 1.0], method="nearest")
                z = z * spread(self.own_y) if self.task == "regression" else z
        y, z = np.repeat(labels, len(z)).astype(float), np.tile(z, len(labels))
        if self.n_outputs is not None:  # each residual beside all others
            z = np.column_stack([rng.permutation(z) for _ in range(self.n_outputs)])
        if self.task == "binary":
            return Sample.of(y, z)
        return Sample.of(y, _beside(_on_scale(y, self.task), z) + z)

    def steps(self, sample: Sample) -> Array:
        """The largest step of a finite difference for each row: a quarter of the residual or of a logit."""
        step = np.full(sample.raw.shape, 0.25)
        if self.residuals:
            step = 0.25 * np.abs(self.residual(sample))
            step[step == 0] = 1e-3 * spread(sample.y)
        return step

    def residual(self, sample: Sample) -> Array:
        """Predictions less labels, on the scale and in the shape of the predictions."""
        residual: Array = sample.raw - _beside(_on_scale(sample.y, self.task), sample.raw)
        return residual

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

    def training(
        self, size: float | None, noise: float = 1.0
    ) -> tuple[Array, Array, float | Array]:
        """Features (400, 3), labels with something to learn, and the raw score of a fair start.

        Without noise the labels are a function of the features.
        """
        rng = np.random.default_rng(3)
        features = rng.standard_normal((ROWS, 3))
        signal = 2.0 * (features[:, 0] > 0) + features[:, 1]
        if self.own_y is not None:
            y = np.sort(np.resize(self.own_y, ROWS))[np.argsort(np.argsort(features[:, 0]))]
        elif self.task == "positive" or self.domain == "counts":
            y = 1.0 + rng.poisson(np.exp(0.5 * signal))
        elif self.task == "regression":
            y = signal + noise * 0.5 * rng.standard_t(3, ROWS)
            y = {"positive": np.exp(0.3 * y), "share": expit(y - 1.0)}.get(self.domain, y)
        elif self.task == "binary":
            y = (signal - 1 + noise * rng.logistic(size=ROWS) > 0).astype(float)
        else:
            cuts = np.quantile(signal, np.arange(1, self.n_outputs or 3) / (self.n_outputs or 3))
            y = np.searchsorted(cuts, signal).astype(float)
        if self.residuals:
            y = y if size is None else y * size / spread(y)
            return features, y, float(np.median(y))
        if self.task == "regression":
            return features, y, self._around(np.zeros(self._shape(1)))[0]
        return features, y, float(np.log(np.mean(y))) if self.task == "positive" else 0.0

    def labels(self, rng: np.random.Generator) -> Array:
        """Labels of the task, or the user's own."""
        if self.own_y is not None:
            return self.own_y[_some(len(self.own_y))].astype(float)
        if self.task == "regression":
            return drawn(self.domain, rng)
        if self.task == "positive":
            return drawn("counts", rng)
        if self.task == "binary":
            return (rng.random(ROWS) < 0.4).astype(float)
        return rng.integers(0, self.n_outputs or 3, ROWS).astype(float)

    def _around(self, deviation: Array) -> Array:
        """Predictions that deviate so from where they start."""
        around: Array = deviation + (0.0 if self.located else np.asarray(self.centre))
        return around

    def _shape(self, n: int) -> tuple[int, ...]:
        return (n,) if self.n_outputs is None else (n, self.n_outputs)


def drawn(domain: Domain, rng: np.random.Generator) -> Array:
    """(400,) labels of a domain."""
    if domain == "real":
        return rng.standard_t(3, ROWS)
    if domain == "positive":
        return np.exp(0.5 * rng.standard_normal(ROWS))
    return 1.0 + rng.poisson(2.0, ROWS) if domain == "counts" else rng.uniform(0.05, 0.95, ROWS)


def _on_scale(y: Array, task: Task) -> Array:
    """Labels on the scale of the predictions that estimate them."""
    logs: Array = np.log(np.maximum(y, 1e-3)) if task == "positive" else y
    return logs


def _beside(y: Array, raw: Array) -> Array:
    """Labels (n,) in a shape that goes with predictions of one output or several."""
    return y[:, None] if raw.ndim == 2 else y


def _some(n: int) -> Array:
    """At most `ROWS` of n rows, evenly taken."""
    rows: Array = np.unique(np.linspace(0, n - 1, ROWS).astype(int))
    return rows


def spread(y: Array) -> float:
    """The mean absolute deviation from the median; 1 for a constant."""
    return float(np.mean(np.abs(y - np.median(y)))) or 1.0
