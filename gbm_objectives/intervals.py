"""Prediction intervals with guaranteed coverage: conformalised quantile regression over one model of three levels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import check_is_fitted, column_or_1d

from gbm_objectives._core.validation import message, open_unit, reject_non_finite, sample_weights
from gbm_objectives._training.alarms import Guard
from gbm_objectives._training.leaves import Leaves
from gbm_objectives.factories import quantile
from gbm_objectives.metrics import pinball
from gbm_objectives.sklearn import ObjectiveRegressor
from gbm_objectives.sklearn._columns import refuse_columns
from gbm_objectives.sklearn._outer import OuterRegressor

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["IntervalRegressor"]


class IntervalRegressor(OuterRegressor):
    """Median and prediction interval of a regressor of XGBoost or LightGBM.

    A model of the three levels (1 - level)/2, .5 and (1 + level)/2 is trained on a part of the rows; the rest, held
    out, tells by how much its interval must grow, or may shrink, to hold the share ``level`` of labels: Romano,
    Patterson & Candès (2019), https://arxiv.org/abs/1905.03222. Where rows are exchangeable, new labels fall inside
    with a chance of at least ``level``, on average over data sets and rows, not in each region of the features;
    whatever the model has learned.

    Parameters
    ----------
    estimator : XGBRegressor or LGBMRegressor
        It is cloned, not changed.
    level : float, default 0.9
        The share of labels that the intervals are to hold, strictly between 0 and 1.
    calibration : float or int, default 0.25
        The part of the rows that is held out: a share, or a number of rows. At least level/(1 - level) rows are needed.
    random_state : int, RandomState or None, default None
        Of the split, as in scikit-learn.
    guard : {"warn", "raise", "ignore"}, default "warn"
        As for `ObjectiveRegressor`.
    leaves : {"auto", "library", "step", "refit"}, default "auto"
        As for `ObjectiveRegressor`.

    Attributes
    ----------
    estimator_ : ObjectiveRegressor
        The fitted model. Its ``predict`` gives the three levels before they are corrected.
    correction_ : float
        By how much each end moves outwards, in the units of the target; below 0 inwards.
    feature_importances_ : ndarray of shape (n_features,)
        Those of the fitted model, over the three levels.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where the features are a data frame.

    Examples
    --------
    >>> from lightgbm import LGBMRegressor
    >>> model = IntervalRegressor(LGBMRegressor(), level=0.9, random_state=0)
    >>> low, high = model.fit(X, y).predict_interval(X_new).T  # doctest: +SKIP
    """

    def __init__(
        self,
        estimator: Any,
        *,
        level: float = 0.9,
        calibration: float | int = 0.25,
        random_state: Any = None,
        guard: Guard = "warn",
        leaves: Leaves = "auto",
    ) -> None:
        self.estimator = estimator
        self.level = level
        self.calibration = calibration
        self.random_state = random_state
        self.guard = guard
        self.leaves = leaves

    def fit(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        **arguments: Any,
    ) -> Self:
        """Fit the model on one part of the rows, and the correction on the other.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,) or None, default None
            Weights of the rows for the model. Coverage counts rows, not weights.
        **arguments : object
            Passed to `ObjectiveRegressor.fit`, such as eval_set, of rows that are in neither part. Quantiles have no use
            for columns such as groups, cost and exposure, which are refused.

        Returns
        -------
        IntervalRegressor
            The estimator itself, fitted.

        Raises
        ------
        TypeError, ValueError, TrainingError
            As `ObjectiveRegressor.fit`; for too few rows to calibrate on.
        """
        columns = ("groups", "cost", "exposure", "eval_rows")
        refuse_columns(type(self).__name__, arguments, columns)
        level = open_unit("level", self.level)
        labels = self._labels(y)
        if labels.dtype.kind == "f":  # those that are held out are read here alone
            reject_non_finite("y", labels)
        X, labels = indexable(X, labels)  # noqa: N806
        weight = sample_weights(sample_weight, len(labels))
        rows, held_out = train_test_split(
            np.arange(len(labels)), test_size=self.calibration, random_state=self.random_state
        )
        least = math.ceil(round(level / (1.0 - level), 9))
        if len(held_out) < least:
            given = f"{len(held_out)} of {len(labels)} rows"
            raise ValueError(message("calibration", given, f"{least} rows for level={level:g}"))
        levels = [(1.0 - level) / 2.0, 0.5, (1.0 + level) / 2.0]
        model = ObjectiveRegressor(
            clone(self.estimator), quantile(levels), guard=self.guard, leaves=self.leaves
        )
        parts = [None if weight is None else weight[part] for part in (rows, held_out)]
        self._keep(model.fit(_safe_indexing(X, rows), labels[rows], parts[0], **arguments))
        low, _, high = self._levels(_safe_indexing(X, held_out), {}).T
        outside = np.maximum(low - labels[held_out], labels[held_out] - high)
        # The smallest score that enough of the n others, and of one more row yet to come, don't exceed.
        rank = math.ceil(round(level * (len(held_out) + 1), 9))
        self.correction_ = float(np.partition(outside, rank - 1)[rank - 1])
        return self

    def _levels(self, X: Any, arguments: dict[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        check_is_fitted(self)
        return self.estimator_.predict(X, **arguments).astype(np.float64)

    def predict(self, X: Any, **arguments: Any) -> NDArray[np.float64]:  # noqa: N803
        """The median of each row.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples,)
            Medians, in the units of the target.
        """
        return self._levels(X, arguments)[:, 1]

    def predict_interval(self, X: Any, **arguments: Any) -> NDArray[np.float64]:  # noqa: N803
        """The prediction interval of each row.

        Where a correction turns the two ends around they are sorted.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            The lower and the upper end, in the units of the target.
        """
        ends = self._levels(X, arguments)[:, [0, 2]] + [-self.correction_, self.correction_]
        return np.sort(ends, axis=1)

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:  # noqa: N803
        """D^2 of the interval's ends and the median: 1 minus their pinball loss over that of the best constants.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,) or None, default None
            Weights of the rows. None: all 1.

        Returns
        -------
        float
            At most 1. Larger is better.
        """
        labels, objective = column_or_1d(y), self.estimator_.objective
        low, high = self.predict_interval(X).T
        metric = pinball(objective.parameters["tau"])
        found = metric.evaluate(
            labels, np.column_stack([low, self.predict(X), high]), sample_weight
        )
        constants = np.atleast_2d(objective.intercept(labels, sample_weight))
        best = metric.evaluate(labels, np.repeat(constants, len(labels), axis=0), sample_weight)
        return 1.0 - found / best
