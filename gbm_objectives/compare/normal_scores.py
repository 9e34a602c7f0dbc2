"""Labels on the scale of normal scores, for scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from gbm_objectives._core.validation import Array
from gbm_objectives.compare.candidates.transforms import QuantileNormal


class NormalScores(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The normal quantile of a label's rank, linear between the training labels.

    The comparison trains its candidate "squared, normal scores" on it. Predictions beyond the outermost score are the
    outermost label. For ``TransformedTargetRegressor(model, transformer=NormalScores())``.

    Attributes
    ----------
    map_ : QuantileNormal
        Of the labels that it was fitted on.
    """

    def fit(self, X: Any, y: Any = None) -> NormalScores:  # noqa: N803
        """Take the ranks of the labels ``X``, of shape (n_samples,) or (n_samples, 1)."""
        self.map_ = QuantileNormal().fitted(np.asarray(X, dtype=np.float64).ravel())
        return self

    def transform(self, X: Any) -> Array:  # noqa: N803
        """From labels to scores, in the shape of ``X``."""
        check_is_fitted(self)
        return self.map_.forward(np.asarray(X, dtype=np.float64))

    def inverse_transform(self, X: Any) -> Array:  # noqa: N803
        """From scores to labels."""
        check_is_fitted(self)
        return self.map_.inverse(np.asarray(X, dtype=np.float64))
