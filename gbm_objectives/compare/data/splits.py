"""Splits: which rows are learned from and which are predicted, and how the labels are contaminated."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from gbm_objectives._core.validation import Array, message
from gbm_objectives.compare.data.dataset import Data
from gbm_objectives.compare.data.order import by_groups, by_time, last_rows


@dataclass(frozen=True, slots=True)
class Contamination:
    """What happens to training labels; those of tests are always clean.

    Parameters
    ----------
    shares : the probabilities with which a label is hit, each a run of its own. A label that is hit at one share
        is hit at every higher one.
    size : of numbers: how far a label is moved, in standard deviations of the clean training labels.
    one_sided : of numbers: up only, instead of up or down at random. Labels of classes are flipped to another
        class, each with the same probability.
    """

    shares: tuple[float, ...] = (0.0,)
    size: float = 10.0
    one_sided: bool = False

    def __post_init__(self) -> None:
        for share in self.shares:
            if not 0 <= share < 1:
                raise ValueError(message("contamination", str(share), "shares from 0 to below 1"))
        if not self.shares or len(set(self.shares)) < len(self.shares):
            raise ValueError(message("contamination", str(self.shares), "different shares"))
        if not 0 < self.size < np.inf:
            raise ValueError(message("size", str(self.size), "a finite number > 0"))

    def numbers(
        self, y: Array, share: float, rng: np.random.Generator, whole: bool = False
    ) -> Array:
        """A copy of labels that are moved with probability ``share``, by a whole number where they must be whole."""
        moved = rng.random(len(y)) < share
        labels = y.astype(np.float64)
        signs = rng.choice([-1.0, 1.0], len(y))[moved]
        step = self.size * y.std()
        step = np.ceil(step) if whole else step
        labels[moved] += step * (1.0 if self.one_sided else signs)
        return labels

    def codes(self, y: Array, n_classes: int, share: float, rng: np.random.Generator) -> Array:
        """A copy of class codes that are flipped with probability ``share``."""
        moved = rng.random(len(y)) < share
        steps = rng.integers(1, n_classes, len(y))
        return np.where(moved, (y + steps) % n_classes, y).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One fold of one seed at one contamination: all that a candidate may see, and the clean test labels ``y_test``."""

    data: Data
    contamination: float
    seed: int
    fold: int
    train: Array
    test: Array
    matrix_train: Array
    matrix_test: Array
    y_train: Array
    y_test: Array

    @property
    def task(self) -> str:
        """The task's name."""
        return self.data.task

    @property
    def n_classes(self) -> int:
        """0 for numbers."""
        return len(self.data.classes)

    @property
    def x_train(self) -> pd.DataFrame:
        """The training rows with categories; ``matrix_train`` has their codes."""
        return self.data.x.iloc[self.train]

    @property
    def x_test(self) -> pd.DataFrame:
        """The test rows."""
        return self.data.x.iloc[self.test]

    def parts(self, folds: int) -> list[Split]:
        """Folds of the training rows, with the labels as they are given for training: the test rows are not touched."""
        time, groups = self.data.time, self.data.groups
        own = replace(
            self.data, y=self.y_train, time=None if time is None else time[self.train],
            groups=None if groups is None else groups[self.train], test=None,
        )  # fmt: skip
        if own.groups is not None and len(np.unique(own.groups)) < folds:
            own = replace(own, groups=None)
        return [
            replace(
                self, train=self.train[train], test=self.train[test], y_train=self.y_train[train],
                y_test=self.y_train[test], matrix_train=self.matrix_train[train],
                matrix_test=self.matrix_train[test],
            )
            for train, test in Plan(folds).rows(own, self.seed)
            if len(train) and len(test)
        ]  # fmt: skip

    def inner(self, share: float) -> tuple[Array, Array]:
        """Row numbers to train on and to stop early by, both of the training rows."""
        if self.data.time is not None:
            return last_rows(self.data.time[self.train], share)
        if self.data.groups is not None:
            parts = max(2, round(1 / share))
            groups = np.unique(self.data.groups[self.train], return_inverse=True)[1].ravel()
            if len(np.unique(groups)) >= parts:
                return by_groups(groups, None, parts, self.seed)[0]
        stratify = self.y_train if self.n_classes else None
        if stratify is not None and np.unique(stratify, return_counts=True)[1].min() < 2:
            stratify = None
        rows = np.arange(len(self.y_train))
        try:
            found = train_test_split(
                rows, test_size=share, random_state=self.seed, stratify=stratify
            )
        except ValueError:  # too few rows for a row of each class on both sides
            found = train_test_split(rows, test_size=share, random_state=self.seed)
        return np.asarray(found[0]), np.asarray(found[1])


@dataclass(frozen=True, slots=True)
class Plan:
    """Which splits there are: a cross-validation for each seed.

    Parameters
    ----------
    folds : at least 2; stratified where labels are classes.
    seeds : of the shuffling and of the contamination, from 0 to 2^32 - 1.
    contamination : of the training labels.
    repeats : seeds of further cross-validations, at the lowest contamination alone: for small data, whose folds tell little.
    """

    folds: int = 5
    seeds: tuple[int, ...] = (0,)
    contamination: Contamination = Contamination()
    repeats: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(message("seeds", str(self.seeds), "different whole numbers"))
        for seed in self.seeds:
            if not 0 <= seed < 2**32:
                raise ValueError(message("seeds", str(seed), "whole numbers from 0 to 2^32 - 1"))

    def check(self, data: Data) -> None:
        """Raise where the data has too few rows for the folds."""
        if data.test is not None:
            return
        if self.folds < 2:
            raise ValueError(message("folds", str(self.folds), "a whole number >= 2"))
        if self.folds > len(data.y):
            needed = f"a whole number from 2 to {len(data.y)}, the rows of {data.name}"
            raise ValueError(message("folds", str(self.folds), needed))
        for argument, values, least in (
            ("groups", data.groups, self.folds), ("time", data.time, self.folds + 1),
        ):  # fmt: skip
            if values is not None and len(np.unique(values)) < least:
                given = f"{len(np.unique(values))} different values for {self.folds} folds"
                raise ValueError(message(argument, given, f"{least} or more", "Or: fewer folds."))
        if data.time is not None and any(
            0 in map(len, rows) for rows in by_time(data.time, self.folds)
        ):
            given = "most rows at the same time"
            raise ValueError(message("time", given, "rows at more times", "Or: fewer folds."))
        if data.of_classes and self.folds > (most := int(np.bincount(data.y.astype(int)).max())):
            needed = f"a whole number from 2 to {most}, the rows of the largest class"
            raise ValueError(message("folds", str(self.folds), needed))

    def points(self) -> Iterator[tuple[int, int, float]]:
        """(seed, fold, contamination), a fold at a time."""
        for seed in self.seeds:
            for fold in range(self.folds):
                for share in self.contamination.shares:
                    yield seed, fold, share
        for seed in self.repeats:
            for fold in range(self.folds):
                yield seed, fold, min(self.contamination.shares)

    def rows(self, data: Data, seed: int) -> Sequence[tuple[Array, Array]]:
        """The training and the test rows of each fold."""
        if data.test is not None:
            return [(np.flatnonzero(~data.test), np.flatnonzero(data.test))]
        if data.time is not None:
            return by_time(data.time, self.folds)
        if data.groups is not None:
            y = data.y if data.of_classes else None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return by_groups(data.groups, y, self.folds, seed)
        kind = StratifiedKFold if data.of_classes else KFold
        folds = kind(self.folds, shuffle=True, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes with fewer rows than folds
            return list(folds.split(np.zeros(len(data.y)), data.y))

    def split(
        self, data: Data, rows: tuple[Array, Array], seed: int, fold: int, share: float
    ) -> Split:
        """One of the splits."""
        train, test = rows
        y, rng = data.y[train], np.random.default_rng([seed, fold])
        if data.of_classes:
            labels = self.contamination.codes(y, len(data.classes), share, rng)
        else:
            whole = data.task == "distribution" and bool((data.y == np.floor(data.y)).all())
            labels = self.contamination.numbers(y, share, rng, whole)
        return Split(
            data, share, seed, fold, train, test, data.matrix[train], data.matrix[test], labels,
            data.y[test],
        )  # fmt: skip

    def splits(self, data: Data) -> Iterator[Split]:
        """Every fold at every contamination, a fold at a time."""
        self.check(data)
        rows = {seed: self.rows(data, seed) for seed in (*self.seeds, *self.repeats)}
        for seed, fold, share in self.points():
            yield self.split(data, rows[seed][fold], seed, fold, share)
