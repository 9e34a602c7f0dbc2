"""What the meta-estimators have in common: parameters of the objective, fitting, raw scores."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from gbm_objectives._core.validation import Array, message, native_features, sample_weights
from gbm_objectives._training.alarms import Guard
from gbm_objectives._training.leaves import Leaves
from gbm_objectives._training.refusals import validate_objective
from gbm_objectives.objective import Objective
from gbm_objectives.sklearn._columns import numbered

if TYPE_CHECKING:
    from typing_extensions import Self

_PREFIX = "objective__"


class ObjectiveEstimator(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """What both have in common: parameters of the objective, fitting, raw scores."""

    estimator: Any
    objective: Objective
    guard: Guard
    leaves: Leaves = "auto"
    projections: int | None = None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters, those of the estimator as ``estimator__...`` and of the objective as ``objective__...``."""
        params: dict[str, Any] = super().get_params(deep)
        if deep and isinstance(self.objective, Objective):
            params |= {_PREFIX + name: v for name, v in self.objective.parameters.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set them; ``objective__delta=2.0`` replaces the objective by one with that delta."""
        nested = {name: params.pop(name) for name in list(params) if name.startswith(_PREFIX)}
        super().set_params(**params)
        if nested:
            changes = {name.removeprefix(_PREFIX): value for name, value in nested.items()}
            self.objective = self.objective.with_parameters(**changes)
        return self

    @property
    def feature_importances_(self) -> NDArray[Any]:
        """Those of the fitted estimator, (n_features,), of its ``importance_type``."""
        check_is_fitted(self)
        importances: NDArray[Any] = self.estimator_.feature_importances_
        return importances

    @property
    def _library(self) -> Any:
        """The module that fits estimators of the estimator's library."""
        for cls in type(self.estimator).__mro__:
            library, _, module = cls.__module__.partition(".")
            if library in ("xgboost", "lightgbm"):
                if module.startswith("dask"):
                    given = f"a {type(self.estimator).__name__}"
                    instead = f"For a cluster there is gbm_objectives.dask.{library}."
                    raise TypeError(
                        message("estimator", given, "an estimator of one machine", instead)
                    )
                return import_module(f"gbm_objectives.{library}._sklearn")
        raise TypeError(
            message(
                "estimator", f"a {type(self.estimator).__name__}",
                "an estimator of xgboost or lightgbm, such as XGBRegressor() or LGBMClassifier()",
            )
        )  # fmt: skip

    def _fit(
        self,
        X: Any,  # noqa: N803
        y: Array,
        sample_weight: ArrayLike | None,
        evaluations: list[tuple[Any, Any]] | None,
        arguments: dict[str, Any],
        columns: dict[str, Any] | None = None,
        eval_rows: Any = None,
        objective: Objective | None = None,
    ) -> Self:
        objective = validate_objective(objective or self.objective, self.guard)
        library = self._library
        check_consistent_length(X, y)  # XGBoost takes twice as many labels for two targets
        _refuse_groups(arguments)
        weight = sample_weights(sample_weight, len(y))
        X = native_features("X", X)  # noqa: N806
        if evaluations is not None:
            for features, labels in evaluations:
                check_consistent_length(features, labels)
            evaluations = [(native_features("eval_set", x), y) for x, y in evaluations]
        objective, y, evaluations = self._on_rows(
            objective, y, evaluations, arguments, columns or {}, eval_rows
        )
        wrapped = self._wrapped()
        wrapped.set_params(**{name: getattr(self.estimator, name) for name in library.OBJECTS})
        self.estimator_ = library.fit(
            wrapped,
            X,
            y,
            weight,
            evaluations,
            arguments,
            objective=objective,
            guard=self.guard,
            leaves=self.leaves,
            projections=self.projections,
        )
        self.n_features_in_ = self.estimator_.n_features_in_
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def _on_rows(
        self,
        objective: Objective,
        y: Array,
        evaluations: list[tuple[Any, Any]] | None,
        arguments: dict[str, Any],
        columns: dict[str, Any],
        eval_rows: Any,
    ) -> tuple[Objective, Array, list[tuple[Any, Any]] | None]:
        """On row numbers, where rows have columns beside the labels, or labels are missing."""
        own = {name: arguments.pop(name) for name in objective.columns if name in arguments}
        given = {name: values for name, values in columns.items() if values is not None} | own
        if not (given or has_missing(y)):
            if eval_rows is not None:
                raise ValueError(
                    message(
                        "eval_rows",
                        "rows of evaluation sets alone",
                        "columns of the training rows too",
                    )
                )
            return objective, y, evaluations
        return numbered(objective, y, evaluations, given, eval_rows)

    def _wrapped(self) -> Any:
        return clone(self.estimator)

    def raw_prediction(self, X: Any, **arguments: Any) -> NDArray[Any]:  # noqa: N803
        """Raw scores, before the link.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The raw scores.
        """
        check_is_fitted(self)
        features = native_features("X", X)
        raw: NDArray[Any] = self._library.raw_prediction(self.estimator_, features, arguments)
        return raw

    def __sklearn_tags__(self) -> Any:
        tags, own = tags_like(super().__sklearn_tags__(), self.estimator)
        tags.target_tags.multi_output = own.target_tags.multi_output
        return tags


def validate_kind(estimator: Any, is_kind: Callable[[Any], bool], kind: str) -> None:
    """Raise for what is not this kind of estimator, such as the objective where the arguments change places."""
    if isinstance(estimator, Objective):
        hint = "The estimator comes first, then the objective."
        raise TypeError(message("estimator", "an objective", kind, hint))
    if isinstance(estimator, type):
        given = f"the class {estimator.__name__}"
        raise TypeError(message("estimator", given, f"an object, {estimator.__name__}()"))
    if not is_kind(estimator):
        raise TypeError(message("estimator", f"a {type(estimator).__name__}", kind))


def tags_like(tags: Any, estimator: Any) -> tuple[Any, Any]:
    """Tags of a meta-estimator that takes what its estimator takes, and those of the estimator."""
    from sklearn.utils import get_tags  # scikit-learn 1.6 and later, which ask for tags

    own = get_tags(estimator)
    tags.input_tags, tags.no_validation = own.input_tags, own.no_validation
    return tags, own


def has_missing(y: Any) -> bool:
    """Whether a matrix of labels has NaN, a label that is missing."""
    labels = np.asarray(y)
    return labels.ndim == 2 and labels.dtype.kind == "f" and bool(np.isnan(labels).any())


def pairs_of(eval_set: Any, arguments: dict[str, Any]) -> list[tuple[Any, Any]] | None:
    """Evaluation sets as pairs (X, y), from either form that the libraries take."""
    eval_X, eval_y = arguments.pop("eval_X", None), arguments.pop("eval_y", None)  # noqa: N806
    if eval_X is not None:
        many = isinstance(eval_X, tuple)
        return list(zip(eval_X, eval_y, strict=True)) if many else [(eval_X, eval_y)]
    if eval_set is None:
        return None
    return [eval_set] if isinstance(eval_set, tuple) else list(eval_set)


def _refuse_groups(arguments: dict[str, Any]) -> None:
    """Raise for groups of rows, which no objective of this package heeds."""
    for name in ("group", "qid", "eval_group", "eval_qid"):
        if arguments.get(name) is not None:
            given = "groups of rows, which no objective of this package heeds"
            raise ValueError(message(name, given, "no groups"))
