"""`compare`: from a table and a target to a `Result`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gbm_objectives._training.leaves import Leaves
from gbm_objectives.compare.data import Data, of_arrays
from gbm_objectives.compare.options import Options
from gbm_objectives.compare.prepared import prepare
from gbm_objectives.compare.result import Result
from gbm_objectives.compare.running.progress import Silent, shown


def compare(
    X: Any,  # noqa: N803
    y: Any,
    *,
    task: str | None = None,
    tau: float | Sequence[float] | None = None,
    groups: Any = None,
    time: Any = None,
    test: Any = None,
    levels: Sequence[Any] | None = None,
    libraries: Sequence[str] | None = None,
    objectives: Any = None,
    candidates: Any = None,
    metrics: Any = None,
    contamination: float | Iterable[float] | None = None,
    contamination_size: float = 10.0,
    one_sided: bool = False,
    folds: int | None = None,
    seeds: int | Iterable[int] | None = None,
    rounds: int = 200,
    early_stopping: int | None = None,
    threads: int = 1,
    leaves: Leaves = "auto",
    workers: int = 1,
    budget: float | None = None,
    cache: str | Path | bool = False,
    tune: int | None = None,
    tune_minutes: float | None = None,
    tune_folder: str | Path | None = None,
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
    X : array-like or DataFrame of shape (n_samples, n_features), or Data
        An array, or a frame of pandas or polars. Text and categories go to the libraries as categories, missing
        values as missing values; infinite numbers are an error.
    y : array-like of shape (n_samples,), or str
        The labels, or the name of a column of X. Rows without a label are left out. A `Data` as X needs none.
    task : {"regression", "quantile", "quantiles", "binary", "multiclass", "ordinal", "counts", "amounts", "distribution"}, optional
        Default: regression, binary or multiclass, found from the labels; ordinal where y is an ordered categorical of
        pandas. Ordinal labels are classes with an order: numbers, an ordered categorical, or ``levels`` says it. Counts and
        amounts are numbers from 0 whose mean is predicted, by objectives with the log link. Of "distribution" the candidates are
        families that the labels allow.
    tau : float or sequence of float, optional
        The quantile to predict, strictly between 0 and 1; implies task="quantile". Several, such as (.05, .95) for the
        ends of an interval, imply task="quantiles".
    groups : array-like of shape (n_samples,), or str, optional
        The group of each row, such as the customer, or the name of that column of X. No group is in both the training
        and the test rows of a fold; the column is no feature.
    time : array-like of shape (n_samples,), or str, optional
        When each row was seen, numbers or dates, or the name of that column of X. Each fold is a stretch of time and
        is predicted by models of all rows before it; the column is no feature.
    test : array-like of bool of shape (n_samples,), optional
        The rows to test on; all others are trained on, and there are no folds. Scores are those of ten parts of these rows,
        so that their intervals tell about more such rows.
    levels : sequence, optional
        The classes in their order, the lowest first, such as ("low", "middle", "high"); implies task="ordinal".
    libraries : sequence of {"xgboost", "lightgbm"}, optional
        Default: those installed.
    objectives : str, Objective, Loss or a list of these, optional
        Objectives of this package, or of a loss of your own: text such as "huber(delta=2.0), cauchy", or the
        objects. Default: a few for the task.
    candidates : list or dict, optional
        Your own, in a list, or in a mapping by name: functions ``f(y_true, y_pred)`` that return
        ``(gradient, hessian)`` of raw scores (regression: the target; classes: log-odds), for which boosting starts
        at the best constant; objects with ``fit(X, y)`` and ``predict(X)`` (for classes ``predict_proba(X)``);
        objectives.
    metrics : str, callable, metric object or a list of these, optional
        Names such as "mae, pinball(0.9)", functions ``f(y_true, y_pred)``, or objects with name,
        higher_is_better and evaluate; the first one decides. Default: those of the task.
    contamination : float or iterable of float, optional
        Probabilities with which a training label is moved, or flipped to another class; test labels are
        clean. Default: 0, .1 and .4, for classes 0, .1 and .2.
    contamination_size : float, default 10.0
        How far numbers are moved, in standard deviations of the training labels.
    one_sided : bool, default False
        Whether numbers are moved up only.
    folds : int, optional
        Folds of the cross-validation; stratified for classes. Default: 5.
    seeds : int or iterable of int, optional
        The cross-validation is repeated for each seed. Default: 0; where neither this nor folds is given and rows are
        few, 5 or 3 repetitions on the labels as they are, so that smaller differences are seen.
    rounds : int, default 200
        Trees of each model, at most.
    early_stopping : int, optional
        Stop after so many rounds without an improvement of the deciding metric on 15% of the training
        rows, which then are not trained on. Default: never; for distributions 20, and there 0 is never.
    threads : int, default 1
        Threads of each model.
    leaves : {"auto", "library", "step", "refit"}, default "auto"
        Who sets the leaves of the models of this package; see `gbm_objectives.xgboost.train`. A model that it does not
        go with fails, with the reason.
    workers : int, default 1
        Processes that train at the same time.
    budget : float, optional
        Seconds after which no further model is begun; these are rows with the status "skipped".
    cache : str, Path or bool, default False
        A folder for what is done, which is not done again at the next call; True: the user's cache folder.
    tune : int, optional
        Tune every candidate that boosts trees before it is trained, with so many trials each: learning rate, depth or
        leaves, rows a leaf, lambda, rows a tree, and parameters of the loss. Trials are scored on three folds of the
        training rows alone. Needs optuna: ``pip install 'gbm-objectives[tune]'``. Default: all have the same trees.
    tune_minutes : float, optional
        Time for all of the tuning, of which each search has an equal part; a search then ends with fewer trials.
    tune_folder : str or Path, optional
        A folder for the trials, which a later call goes on from. Default: they are not kept.
    name : str, default "data"
        The name of the data.
    progress : bool, default False
        Show a bar in a terminal, else lines, on stderr; needs rich.
    command : str, default ""
        The command that repeats this, for the report.

    Returns
    -------
    Result
        Its ``leaderboard``, ``verdict`` and ``report`` show what was found.

    Raises
    ------
    ValueError, TypeError
        For data that nothing can be learned from and arguments out of range, before anything is trained.

    Examples
    --------
    >>> result = compare(X, y, folds=3, objectives="huber,cauchy")  # doctest: +SKIP
    >>> print(result.recommendation)  # doctest: +SKIP
    >>> result.report("comparison.html")  # doctest: +SKIP
    """
    options = Options(
        libraries=libraries,
        objectives=objectives,
        candidates=candidates,
        metrics=metrics,
        contamination=contamination,
        contamination_size=contamination_size,
        one_sided=one_sided,
        folds=folds,
        seeds=seeds,
        rounds=rounds,
        early_stopping=early_stopping,
        threads=threads,
        leaves=leaves,
        workers=workers,
        budget=budget,
        cache=cache,
        tune=tune,
        tune_minutes=tune_minutes,
        tune_folder=tune_folder,
    )
    data = X
    if not isinstance(X, Data):
        data = of_arrays(X, y, task, tau, name, groups=groups, time=time, test=test, levels=levels)
    return prepare(data, options).run(shown() if progress else Silent(), command)
