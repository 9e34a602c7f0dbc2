"""The meta-estimator of classifiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import ClassifierMixin, clone, is_classifier
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from gbm_objectives._core.validation import message, reject_masked
from gbm_objectives._training.alarms import Guard
from gbm_objectives._training.refusals import validate_objective
from gbm_objectives.links import LOGIT, SOFTMAX
from gbm_objectives.losses import CostSensitiveCrossEntropy
from gbm_objectives.losses._classes import ClassScores
from gbm_objectives.objective import Objective
from gbm_objectives.sklearn._base import ObjectiveEstimator, has_missing, pairs_of, validate_kind
from gbm_objectives.sklearn._decisions import KappaDecision, median_level
from gbm_objectives.sklearn._labels import codes_of, indicator, levels_of, of_levels

if TYPE_CHECKING:
    from typing_extensions import Self


def _tells_probabilities(classifier: ObjectiveClassifier) -> bool:
    """Whether raw scores are more than margins; an error that says so if not."""
    for term in classifier.objective.terms:
        loss = term.loss
        margins = not (loss.probabilistic or loss.learns)
        if margins or getattr(classifier, "_costs_of_rows", False):
            needed = "another loss for probabilities, such as squared_hinge() or softmax_focal()"
            raise AttributeError(
                message("predict_proba", f"{loss.name} gives margins only", needed)
            )
    return True


def _of_two_classes(objective: Objective) -> bool:
    """Whether a loss of scores of classes takes two classes."""
    losses = [term.loss for term in objective.terms]
    return all(isinstance(loss, ClassScores) and loss.of_two_classes for loss in losses)


class ObjectiveClassifier(ClassifierMixin, ObjectiveEstimator):  # type: ignore[misc]
    """A classifier of XGBoost or LightGBM with an objective of this package; any labels.

    Parameters
    ----------
    estimator : XGBClassifier or LGBMClassifier
        It is cloned, not changed.
    objective : Objective
        For two classes one of a binary label: `focal`, `binary_cross_entropy`, `squared_hinge`; the same for several
        labels of a row, each 0 or 1. For more classes `softmax_cross_entropy` or `softmax_focal`. For decisions that
        have costs `cost_sensitive_cross_entropy`, for two classes too. With `hinge` and `multiclass_hinge` there is no
        ``predict_proba``, and ``decision_function`` is the margin. For ordered classes `ordinal`: labels are numbers,
        whose order counts, or an ordered categorical of pandas; ``predict`` is then the median level.
    recover_proba : bool, default True
        Give the probabilities that the raw scores of the loss stand for (`Objective.log_odds`,
        `Objective.log_probabilities`), also to ``predict`` and ``decision_function``. False: the sigmoid or
        softmax of the raw scores, which focal loss draws together; for `squared_hinge` the margin as
        ``decision_function``. Without effect on cross-entropy. Class weights and label smoothing are not undone,
        as nowhere in scikit-learn.
    decision : {"median", "kappa"}, default "median"
        What ``predict`` answers for ordered classes: the median level, whose expected distance is least, or the levels of
        the highest quadratic weighted kappa that the model expects. These are the mean levels, brought apart: each is
        centre + (mean level - centre)/kappa, rounded, with centre and kappa from the training rows.
    guard : {"warn", "raise", "ignore"}, default "warn"
        As for `ObjectiveRegressor`.
    projections : int or None, default None
        As for `ObjectiveRegressor`, for many classes or labels.

    Attributes
    ----------
    estimator_ : XGBClassifier or LGBMClassifier
        The fitted estimator, on labels 0..K-1; its booster gives the sigmoid or softmax of raw scores.
    objective_ : Objective
        The objective; of ordered classes with the thresholds that were learned.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted; of several labels a row their columns.
    feature_importances_ : ndarray of shape (n_features,)
        Those of the fitted estimator.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where the features are a data frame.

    Examples
    --------
    >>> from lightgbm import LGBMClassifier
    >>> from gbm_objectives import focal
    >>> model = ObjectiveClassifier(LGBMClassifier(), focal(gamma=2.0))
    >>> model.fit(X, y).predict_proba(X_new)  # doctest: +SKIP
    """

    def __init__(
        self,
        estimator: Any,
        objective: Objective,
        *,
        recover_proba: bool = True,
        decision: Literal["median", "kappa"] = "median",
        guard: Guard = "warn",
        projections: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.objective = objective
        self.recover_proba = recover_proba
        self.decision = decision
        self.guard = guard
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
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes of any type; or a matrix of 0 and 1, with a column for each of several labels, in which NaN is a
            label that is missing.
        sample_weight : array-like of shape (n_samples,) or None, default None
            Weights of the rows. None: all 1.
        eval_set : list of (X, y) or None, default None
            Rows to evaluate on in each round. By default the metric is the objective's own.
        groups, cost, exposure : array-like of shape (n_samples, ...) or None, default None
            As for `ObjectiveRegressor`. Columns of ``cost`` are in the order of ``classes_``.
        eval_rows : list of mappings or data frames, or None, default None
            The same columns for each evaluation set.
        **arguments : object
            Passed to the ``fit`` of the estimator, such as verbose or callbacks.

        Returns
        -------
        ObjectiveClassifier
            The estimator itself, fitted.

        Raises
        ------
        TypeError, ValueError, TrainingError
            For one class, a number of classes that the objective is not for, labels in ``eval_set`` that ``y``
            has not; as `train`.
        """
        validate_kind(self.estimator, is_classifier, "a classifier")
        objective = validate_objective(self.objective, self.guard)
        ordered = of_levels(objective)
        if not all(term.loss.labels in ("binary", "class", "level") for term in objective.terms):
            given = f"{objective.name}, whose labels are numbers"
            needed = "an objective of classes, such as focal() or softmax_focal()"
            raise TypeError(message("objective", given, needed))
        self._validate_decision(objective)
        self._validate_sum(objective)
        reject_masked("y", y)
        pairs = pairs_of(eval_set, arguments)
        if objective.rows is not None:
            given = "an objective with a table of rows, which has no classes of y"
            needed = "the columns as arguments of fit, such as cost="
            raise ValueError(message("objective", given, needed))
        self._costs_of_rows = cost is not None
        columns = {"groups": groups, "cost": cost, "exposure": exposure}
        rows = {"columns": columns, "eval_rows": eval_rows}
        if has_missing(y) or (not ordered and type_of_target(y) == "multilabel-indicator"):
            return self._fit_labels(X, y, sample_weight, pairs, arguments, rows)
        levels = levels_of(y) if ordered else None
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if levels is not None:
            self.classes_, codes = levels, codes_of(levels, labels)
        self._check_classes(objective)
        if pairs is not None:
            pairs = [
                (x, codes if label is y else self._encoded(label, "eval_set")) for x, label in pairs
            ]
        if ordered:
            return self._fit_levels(X, codes, sample_weight, pairs, arguments, rows)
        self.objective_ = objective
        return self._fit(X, codes, sample_weight, pairs, arguments, **rows)

    def _fit_levels(
        self,
        X: Any,  # noqa: N803
        codes: NDArray[Any],
        sample_weight: ArrayLike | None,
        pairs: list[tuple[Any, Any]] | None,
        arguments: dict[str, Any],
        rows: dict[str, Any],
    ) -> Self:
        """Ordered classes: the thresholds belong to the scores of the trees that predict."""
        objective = self.objective.with_parameters(n_classes=len(self.classes_))
        self._fit(X, codes, sample_weight, pairs, arguments, **rows, objective=objective)
        raw = self.raw_prediction(X)
        self.objective_ = objective.fixed(codes.astype(np.float64), raw, sample_weight)
        self._decide: Callable[[NDArray[Any]], NDArray[np.intp]] = median_level
        if self.decision == "kappa":
            self._decide = KappaDecision.of(self.objective_.response(raw), sample_weight)
        return self

    def _validate_decision(self, objective: Objective) -> None:
        """Raise for a decision that is none, or that no ordered classes are there for."""
        if self.decision not in ("median", "kappa"):
            raise ValueError(message("decision", repr(self.decision), '"median" or "kappa"'))
        if self.decision == "kappa" and not of_levels(objective):
            given = f"'kappa' for {objective.name}, whose classes have no order"
            raise ValueError(message("decision", given, "ordinal() as the objective"))

    def _validate_sum(self, objective: Objective) -> None:
        """Sums of losses of several classes have no map to probabilities that is known."""
        if self.recover_proba and objective.vector and len(objective.terms) > 1:
            given = f"{objective.name}, a sum, with recover_proba=True"
            needed = "one loss of classes, or recover_proba=False"
            raise ValueError(message("objective", given, needed))

    def _fit_labels(
        self,
        X: Any,  # noqa: N803
        y: Any,
        sample_weight: ArrayLike | None,
        pairs: list[tuple[Any, Any]] | None,
        arguments: dict[str, Any],
        rows: dict[str, Any],
    ) -> Self:
        """Several labels a row, 0 or 1 each: a binary task for each column."""
        if self.objective.vector:
            given = f"a label matrix for {self.objective.name}, whose classes exclude each other"
            needed = "an objective of binary labels, such as multilabel_cross_entropy()"
            raise ValueError(message("y", given, needed))
        matrix = indicator("y", y)
        self.classes_, self.objective_ = np.arange(matrix.shape[1]), self.objective
        if pairs is not None:
            pairs = [
                (x, matrix if label is y else indicator("eval_set", label)) for x, label in pairs
            ]
        return self._fit(X, matrix, sample_weight, pairs, arguments, **rows)

    def _check_classes(self, objective: Objective) -> None:
        n_classes = len(self.classes_)
        if n_classes == 2 and _of_two_classes(objective):
            return
        if of_levels(objective) and n_classes > 1:
            wanted = objective.parameters.get("n_classes")
            if wanted not in (None, n_classes):
                needed = f"{wanted}, as n_classes of {objective.name} says"
                raise ValueError(message("y", f"{n_classes} classes", needed))
            return
        if (n_classes > 2) == objective.vector and n_classes > 1:
            return
        given = f"{n_classes} class{'es' * (n_classes > 1)}"
        if n_classes < 2 or not objective.vector:
            instead = (
                "Only binary classification is supported by this objective: for more classes use "
                "softmax_cross_entropy() or softmax_focal()."
            )
            raise ValueError(message("y", given, "2 classes", instead if n_classes > 2 else ""))
        instead = "For two classes use binary_cross_entropy() or focal()."
        raise ValueError(message("y", given, f"3 or more for {objective.name}", instead))

    def _wrapped(self) -> Any:
        """The estimator sees the codes 0..K-1, so a class_weight by label is translated."""
        wrapped = clone(self.estimator)
        weights = wrapped.get_params().get("class_weight")
        if isinstance(weights, dict):
            by_code = {
                code: weights[label] for code, label in enumerate(self.classes_) if label in weights
            }
            wrapped.set_params(class_weight=by_code)
        return wrapped

    def _encoded(self, y: ArrayLike, argument: str = "y") -> NDArray[np.intp]:
        labels = column_or_1d(y)
        unknown = [label for label in np.unique(labels) if label not in self.classes_]
        if unknown:
            needed = f"labels of y: {self.classes_.tolist()}"
            raise ValueError(message(argument, f"the label {unknown[0]!r}", needed))
        return codes_of(self.classes_, labels)

    def decision_function(self, X: Any, **arguments: Any) -> NDArray[Any]:  # noqa: N803
        """The log-odds of ``classes_[1]``, which is the logit of ``predict_proba``; for more classes the log of it.

        Without ``recover_proba``, and where raw scores are margins, these are the raw scores.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_classes) or (n_samples, n_labels)
            One column for two classes; else one for each class or label.
        """
        raw = self.raw_prediction(X, **arguments)
        recovered = self.recover_proba and hasattr(self, "predict_proba")
        scores = self._recovered(raw) if recovered else raw
        if self.objective.vector and scores.shape[1] == 2:
            two_classes: NDArray[Any] = scores[:, 1] - scores[:, 0]
            return two_classes
        return scores

    def _recovered(self, raw: NDArray[Any]) -> NDArray[Any]:
        if of_levels(self.objective):
            tiny = np.finfo(np.float64).tiny
            logs: NDArray[Any] = np.log(np.maximum(self.objective_.response(raw), tiny))
            return logs
        several = self.objective.vector
        return self.objective.log_probabilities(raw) if several else self.objective.log_odds(raw)

    @available_if(_tells_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any, **arguments: Any) -> NDArray[Any]:  # noqa: N803
        """Probabilities of ``classes_``; for several labels the probability that each is 1.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Rows sum to 1, except for several labels.
        """
        raw = self.raw_prediction(X, **arguments).astype(np.float64)
        if of_levels(self.objective):
            return self.objective_.response(raw)
        natural = self.objective.link in (LOGIT, SOFTMAX)
        scores = raw if natural and not self.recover_proba else self._recovered(raw)
        if scores.ndim == 2:
            return SOFTMAX.inverse(scores) if self.objective.vector else expit(scores)
        return np.column_stack([expit(-scores), expit(scores)])

    def predict(self, X: Any, **arguments: Any) -> NDArray[Any]:  # noqa: N803
        """The likeliest class of each row; by `cost_sensitive_cross_entropy` and `ordinal` the one of least cost.

        The cost of a class of `ordinal` is its expected distance, so that the median class is predicted, unless
        ``decision`` says otherwise.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes; for several labels 0 or 1 for each.
        """
        if of_levels(self.objective):
            levels: NDArray[Any] = self.classes_[self._decide(self.predict_proba(X, **arguments))]
            return levels
        loss = self.objective.terms[0].loss
        if isinstance(loss, CostSensitiveCrossEntropy) and loss.matrix is not None:
            decided: NDArray[Any] = self.classes_[
                loss.decisions(self.predict_proba(X, **arguments))
            ]
            return decided
        scores = self.decision_function(X, **arguments)
        if scores.ndim == 2 and not self.objective.vector:
            return (scores > 0).astype(int)
        likeliest = scores.argmax(axis=1) if scores.ndim == 2 else (scores > 0).astype(int)
        predicted: NDArray[Any] = self.classes_[likeliest]
        return predicted

    def score(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        cost: ArrayLike | None = None,
    ) -> float:
        """The share of right predictions; where decisions have costs, minus their mean.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        sample_weight : array-like of shape (n_samples,) or None, default None
            Weights of the rows. None: all 1.
        cost : array-like of shape (n_samples, n_classes) or None, default None
            What each decision costs in each row. None: the matrix of `cost_sensitive_cross_entropy`, if the objective has
            one. A search hands it on with scikit-learn's metadata routing, ``set_score_request(cost=True)``.

        Returns
        -------
        float
            The score. Larger is better.
        """
        loss = self.objective.terms[0].loss
        matrix = loss.matrix if isinstance(loss, CostSensitiveCrossEntropy) else None
        if cost is None and matrix is None:
            return float(super().score(X, y, sample_weight))
        costs = np.asarray(cost) if matrix is None else matrix.values[self._encoded(y)]
        decisions = self._encoded(self.predict(X))
        if costs.shape != (len(decisions), len(self.classes_)):
            needed = f"({len(decisions)}, {len(self.classes_)}), a cost for each row and class"
            raise ValueError(message("cost", f"shape {costs.shape}", needed))
        each = costs[np.arange(len(decisions)), decisions]
        weight = None if sample_weight is None else np.asarray(sample_weight)
        return -float(np.average(each, weights=weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        vector = isinstance(self.objective, Objective) and self.objective.vector
        levels = isinstance(self.objective, Objective) and of_levels(self.objective)
        tags.classifier_tags.multi_class = vector or levels
        tags.classifier_tags.multi_label = not (vector or levels)
        return tags
