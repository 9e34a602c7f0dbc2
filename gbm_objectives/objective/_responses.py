"""What raw predictions of a model stand for: the response, probabilities, and the maps back to log-odds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gbm_objectives._core.validation import invalid, numeric_array
from gbm_objectives.objective import _probabilities
from gbm_objectives.objective._learned import from_booster
from gbm_objectives.objective._traits import Traits


class Responses(Traits):
    """The answers of an objective about raw predictions."""

    __slots__ = ()

    def response(self, raw_prediction: ArrayLike) -> NDArray[Any]:
        """What raw predictions stand for, in their shape: the inverse of the link.

        Of ordered classes the probability of each level, (n_samples, n_levels); see `ordinal`.

        Of several levels, ``quantile([.05, .5, .95])``, the sorted raw predictions. Models of XGBoost 3.4 and later
        say so themselves; ``booster.predict`` of older ones and of LightGBM leaves them as they are.

        Parameters
        ----------
        raw_prediction : array_like
            Predictions before the link.

        Returns
        -------
        ndarray
        """
        return self.link.inverse(numeric_array("raw_prediction", raw_prediction))

    def predict(self, booster: Any, data: Any, **arguments: Any) -> NDArray[Any]:
        """The response of a booster of either library that was trained with this objective.

        Parameters
        ----------
        booster : xgboost.Booster or lightgbm.Booster
            From `train`, or loaded.
        data : DMatrix or array_like
            What its ``predict`` takes.
        **arguments : object
            Of its ``predict``, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray
        """
        raw_scores = "output_margin" if hasattr(booster, "num_boosted_rounds") else "raw_score"
        raw = booster.predict(data, **arguments, **{raw_scores: True})
        return from_booster(booster, self.link).inverse(numeric_array("raw_prediction", raw))

    def log_odds(self, raw_prediction: ArrayLike) -> NDArray[np.float64]:
        """The log-odds of class 1 that raw predictions of a binary model stand for, in their shape.

        A loss other than cross-entropy is minimised by a raw score that is not the logit of the
        probability: focal loss with gamma > 0 or alpha pulls the scores towards 0. This is the increasing
        map back, from log_odds = log g(0) - log -g(1), g(y) the gradient at label y; its sigmoid is the
        calibrated probability where the model has learned the minimum. Overlap losses, alone and in sums, have
        no such map, and get the raw scores themselves.

        Parameters
        ----------
        raw_prediction : array_like of shape (n_samples,) or (n_samples, n_outputs)
            Predictions before the link.

        Returns
        -------
        ndarray of float64

        Raises
        ------
        TypeError
            For losses of another kind of label, and for `hinge`, which tells no probabilities.
        """
        if self.of_tasks:
            hint = "objective.response(raw_prediction) has the probabilities of binary ones."
            needed = "an objective of one kind of target"
            raise invalid(
                "objective", given="several tasks", needed=needed, hint=hint, kind=TypeError
            )
        return _probabilities.log_odds(self.terms, raw_prediction)

    def log_probabilities(self, raw_prediction: ArrayLike) -> NDArray[np.float64]:
        """log P(class) that raw predictions (n_samples, n_classes) of a model of classes stand for, in their shape.

        As `log_odds` for two classes: focal loss draws the scores together, this is the map back.

        Parameters
        ----------
        raw_prediction : array_like of shape (n_samples, n_classes)
            Predictions before the link.

        Returns
        -------
        ndarray of float64

        Raises
        ------
        TypeError
            For losses of another kind of label, sums, and losses whose scores say nothing about probabilities.
        """
        return _probabilities.log_probabilities(self.terms, raw_prediction)
