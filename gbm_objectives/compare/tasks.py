"""Tasks: what is to be predicted, from which training labels, on which folds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold

from gbm_objectives._validation import Array, message

#: The probabilities with which a training label is moved.
CONTAMINATIONS = (0.0, 0.1, 0.4)
#: How far, in standard deviations of the clean training labels, up or down.
SHIFT = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A regression data set: x of shape (n_samples, n_features), y of shape (n_samples,)."""

    name: str
    x: Array
    y: Array


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One fold at one contamination. The test labels are always clean."""

    contamination: float
    fold: int
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array


def diabetes() -> Task:
    """The diabetes data of scikit-learn: 442 patients, ten measurements, progression after a year."""
    x, y = load_diabetes(return_X_y=True)
    return Task("diabetes", x, y)


def contaminate(y: Array, share: float, rng: np.random.Generator) -> Array:
    """A copy of labels in which each, with probability ``share``, lies ±10 standard deviations off."""
    moved = rng.random(len(y)) < share
    labels = y.astype(np.float64)
    labels[moved] += SHIFT * y.std() * rng.choice([-1.0, 1.0], np.count_nonzero(moved))
    return labels


def splits(
    task: Task, folds: int, seed: int, contaminations: Sequence[float] = CONTAMINATIONS
) -> Iterator[Split]:
    """Every fold at every contamination, a fold at a time.

    Parameters
    ----------
    task : the data.
    folds : from 2 to the number of rows.
    seed : of the shuffling and of the contamination, from 0 to 2^32 - 1.
    contaminations : probabilities with which a training label is moved. A label that is moved at
        one of them is moved at every higher one.

    Raises
    ------
    ValueError
        For folds or a seed out of range; at the call, not at the first split.
    """
    if not 2 <= folds <= len(task.y):
        needed = f"a whole number from 2 to {len(task.y)}, the rows of {task.name}"
        raise ValueError(message("folds", str(folds), needed))
    if not 0 <= seed < 2**32:
        raise ValueError(message("seed", str(seed), "a whole number from 0 to 2^32 - 1"))
    return _splits(task, folds, seed, contaminations)


def _splits(task: Task, folds: int, seed: int, contaminations: Sequence[float]) -> Iterator[Split]:
    shuffled = KFold(folds, shuffle=True, random_state=seed)
    for fold, (train, test) in enumerate(shuffled.split(task.x)):
        for share in contaminations:
            labels = contaminate(task.y[train], share, np.random.default_rng([seed, fold]))
            yield Split(share, fold, task.x[train], labels, task.x[test], task.y[test])
