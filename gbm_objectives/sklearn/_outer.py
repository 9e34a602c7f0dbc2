"""What the regressors around an `ObjectiveRegressor` have in common: labels, features, importances, tags."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, column_or_1d

from gbm_objectives._core.validation import reject_masked
from gbm_objectives.sklearn._base import tags_like
from gbm_objectives.sklearn._regressor import ObjectiveRegressor


class OuterRegressor(RegressorMixin, MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """A regressor whose ``estimator_`` is a fitted `ObjectiveRegressor`."""

    estimator: Any
    estimator_: ObjectiveRegressor

    def _labels(self, y: ArrayLike) -> NDArray[Any]:
        """One label for each row."""
        reject_masked("y", y)
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        labels: NDArray[Any] = column_or_1d(y, warn=True)
        return labels

    def _keep(self, model: ObjectiveRegressor) -> None:
        """The fitted model, and what it has seen of features."""
        self.estimator_ = model
        self.n_features_in_ = model.n_features_in_
        if hasattr(model, "feature_names_in_"):
            self.feature_names_in_ = model.feature_names_in_
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    @property
    def feature_importances_(self) -> NDArray[Any]:
        """Those of the fitted estimator, (n_features,), over all its outputs."""
        check_is_fitted(self)
        return self.estimator_.feature_importances_

    def __sklearn_tags__(self) -> Any:
        return tags_like(super().__sklearn_tags__(), self.estimator)[0]
