"""The meta-estimator of regressors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin, is_regressor
from sklearn.utils.validation import check_array, column_or_1d

from gbm_objectives._core.validation import message, reject_masked, reject_non_finite
from gbm_objectives._training.alarms import Guard
from gbm_objectives._training.leaves import Leaves
from gbm_objectives.links import Columns
from gbm_objectives.objective import Objective
from gbm_objectives.sklearn._base import ObjectiveEstimator, pairs_of

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
        **arguments: Any,
    ) -> Self:
        """Fit the estimator.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels; a matrix for several targets.
        sample_weight : array-like of shape (n_samples,) or None, default None
            Weights of the rows. None: all 1.
        eval_set : list of (X, y) or None, default None
            Rows to evaluate on in each round. By default the metric is the objective's own.
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
        if not is_regressor(self.estimator):
            raise TypeError(
                message("estimator", f"a {type(self.estimator).__name__}", "a regressor")
            )
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
        return self._fit(X, labels, sample_weight, pairs, arguments)

    def _numbers(self, argument: str, y: Any) -> NDArray[Any]:
        """Labels as finite numbers, in the byte order of this machine: XGBoost reads no other, and doesn't say so."""
        reject_masked(argument, y)
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

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:  # noqa: N803
        """R^2 of the predictions, or a score that suits the objective better.

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

        Returns
        -------
        float
            The score. Larger is better.
        """
        if self.objective.n_outputs is None:
            return float(super().score(X, y, sample_weight))
        metric, labels = self.objective.metric, np.asarray(y)
        if isinstance(self.objective.link, Columns):
            return -metric.evaluate(labels, self.raw_prediction(X), sample_weight)
        constants = np.atleast_2d(self.objective.intercept(labels, sample_weight))
        best = metric.evaluate(labels, np.repeat(constants, len(labels), axis=0), sample_weight)
        return 1.0 - metric.evaluate(labels, self.predict(X), sample_weight) / best
