"""The meta-estimator of regressors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin, is_regressor
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_array, column_or_1d

from gbm_objectives._core.validation import message, reject_masked, reject_non_finite
from gbm_objectives._training.alarms import Guard
from gbm_objectives._training.leaves import Leaves
from gbm_objectives.links import Columns
from gbm_objectives.objective import Objective
from gbm_objectives.sklearn._base import ObjectiveEstimator, has_missing, pairs_of, validate_kind

if TYPE_CHECKING:
    from typing_extensions import Self


class ObjectiveRegressor(RegressorMixin, ObjectiveEstimator):  # type: ignore[misc]
    """A regressor of XGBoost or LightGBM with an objective of this package.

    Parameters
    ----------
    estimator : XGBRegressor or LGBMRegressor
        It is cloned, not changed. Its base_score, eval_metric, early_stopping_rounds, callbacks and all else mean
        what they mean there. Functions as metrics, such as scikit-learn's, get the response.
    objective : Objective
        Such as ``huber()``. Searches reach its parameters as ``objective__delta``.
    guard : {"warn", "raise", "ignore"}, default "warn"
        What to do where no tree splits, a leaf is not finite or rows are left behind; see `xgboost.train`.
    leaves : {"auto", "library", "step", "refit"}, default "auto"
        Who sets the leaves, the library or the loss; see `xgboost.train`, `lightgbm.train`.
    projections : int or None, default None
        Of XGBoost, for many targets or levels: one tree for all of them, whose splits are found on so many random
        projections of the gradient; see `xgboost.train`.

    Attributes
    ----------
    estimator_ : XGBRegressor or LGBMRegressor
        The fitted estimator; its booster starts at the best constant and answers on the response scale.
    feature_importances_ : ndarray of shape (n_features,)
        Those of the fitted estimator.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where the features are a data frame.

    Examples
    --------
    >>> from xgboost import XGBRegressor
    >>> from gbm_objectives import huber
    >>> model = ObjectiveRegressor(XGBRegressor(max_depth=3), huber())
    >>> GridSearchCV(model, {"objective__delta": ["auto", 1.0], "estimator__max_depth": [3, 6]})  # doctest: +SKIP
    """

    def __init__(
        self,
        estimator: Any,
        objective: Objective,
        *,
        guard: Guard = "warn",
        leaves: Leaves = "auto",
        projections: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.objective = objective
        self.guard = guard
        self.leaves = leaves
        self.projections = projections

    def fit(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        eval_set: Any = None,
        groups: ArrayLike | None = None,
        cost: ArrayLike | None = None,
        exposure: ArrayLike | None = None,
        eval_rows: Any = None,
        **arguments: Any,
    ) -> Self:
        """Fit the estimator.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels; a matrix for several targets, in which NaN is a label that is missing. Where the objective has a
            table of rows: row numbers of it.
        sample_weight : array-like of shape (n_samples,) or None, default None
            Weights of the rows. None: all 1.
        eval_set : list of (X, y) or None, default None
            Rows to evaluate on in each round. By default the metric is the objective's own.
        groups, cost, exposure : array-like of shape (n_samples, ...) or None, default None
            What the losses use of each row; see `Objective.with_rows`. Columns that a loss of your own names are
            arguments too.
        eval_rows : list of mappings or data frames, or None, default None
            The same columns for each evaluation set.
        **arguments : object
            Passed to the ``fit`` of the estimator, such as verbose or callbacks.

        Returns
        -------
        ObjectiveRegressor
            The estimator itself, fitted.

        Raises
        ------
        TypeError, ValueError, TrainingError
            As `train` of the estimator's library.
        """
        validate_kind(self.estimator, is_regressor, "a regressor")
        if isinstance(self.objective, Objective) and self.objective.learns:
            given = f"{self.objective.name}, for ordered classes"
            needed = "an objective of numbers, or ObjectiveClassifier"
            raise TypeError(message("objective", given, needed))
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        labels, pairs = self._numbers("y", y), pairs_of(eval_set, arguments)
        if pairs is not None:
            pairs = [
                (x, labels if label is y else self._numbers("eval_set", label))
                for x, label in pairs
            ]
        columns = {"groups": groups, "cost": cost, "exposure": exposure}
        return self._fit(X, labels, sample_weight, pairs, arguments, columns, eval_rows)

    def _numbers(self, argument: str, y: Any) -> NDArray[Any]:
        """Labels as finite numbers, in the byte order of this machine: XGBoost reads no other, and doesn't say so.

        NaN is a label that is missing in a matrix, whose other labels are looked at.
        """
        reject_masked(argument, y)
        if has_missing(y):
            matrix = np.asarray(y)
            missing = np.isnan(matrix)
            present = self._numbers(argument, np.where(missing, 0.0, matrix))
            return np.where(missing, np.nan, present)
        labels = check_array(y, ensure_2d=False, input_name=argument, estimator=self)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = column_or_1d(labels, warn=True)
        native: NDArray[Any] = labels.astype(labels.dtype.newbyteorder("="), copy=False)
        with np.errstate(over="ignore"):  # both libraries hold labels in float32
            reject_non_finite(argument, native.astype(np.float32), "Float32 ends at 3.4e38.")
        return native

    def predict(self, X: Any, **arguments: Any) -> NDArray[Any]:  # noqa: N803
        """Predictions on the response scale, in the shape of the raw scores.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions. Several levels are sorted in each row.
        """
        return self.objective.response(self.raw_prediction(X, **arguments))

    def score(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        exposure: ArrayLike | None = None,
    ) -> float:
        """R^2 of the predictions, or a score that suits the objective better.

        Of labels that are missing (NaN) R^2 is the mean over the columns, each over the rows that have a label there.
        For several levels it is D^2, 1 minus their loss over the loss of the best constants. For a distribution it is the
        mean log-likelihood.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        sample_weight : array-like of shape (n_samples,) or None, default None
            Weights of the rows. None: all 1.
        exposure : array-like of shape (n_samples,) or None, default None
            Of losses with a log link: the labels are of this exposure, and predictions of 1. A search hands it on with
            scikit-learn's metadata routing, ``set_score_request(exposure=True)``.

        Returns
        -------
        float
            The score. Larger is better.
        """
        if exposure is not None:
            rates = self.predict(X)
            amounts = np.asarray(exposure, dtype=float).reshape(-1, *[1] * (rates.ndim - 1)) * rates
            return float(r2_score(y, amounts, sample_weight=sample_weight))
        objective, numbers = self.objective, np.asarray(y)
        if has_missing(y):
            objective, numbers = objective.with_rows(y), np.arange(len(numbers))
        labels = np.asarray(objective.labels(numbers))
        if objective.n_outputs is None and not np.isnan(labels).any():
            return float(super().score(X, labels, sample_weight))
        if objective.n_outputs is None:
            return self._score_observed(X, labels, sample_weight)
        metric, labels = objective.metric, numbers
        if isinstance(objective.link, Columns):
            return -metric.evaluate(labels, self.raw_prediction(X), sample_weight)
        constants = np.atleast_2d(objective.intercept(labels, sample_weight))
        best = metric.evaluate(labels, np.repeat(constants, len(labels), axis=0), sample_weight)
        return 1.0 - metric.evaluate(labels, self.predict(X), sample_weight) / best

    def _score_observed(self, X: Any, labels: NDArray[Any], sample_weight: Any) -> float:  # noqa: N803
        """R^2 of each column over its observed rows, and the mean of these."""
        predictions = self.predict(X)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        columns = zip(labels.T, predictions.T, strict=True)
        found = []
        for y, prediction in columns:
            seen = ~np.isnan(y)
            w = None if weight is None else weight[seen]
            found.append(r2_score(y[seen], prediction[seen], sample_weight=w))
        return float(np.mean(found))
