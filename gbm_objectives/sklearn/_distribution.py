"""The meta-estimator of whole distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.model_selection import KFold
from sklearn.utils import _safe_indexing, check_random_state, indexable
from sklearn.utils.validation import check_is_fitted, column_or_1d

from gbm_objectives._core.validation import (
    invalid,
    open_unit,
    sample_weights,
    whole_number,
)
from gbm_objectives._training.alarms import Guard
from gbm_objectives.curvature import Curvature
from gbm_objectives.factories import distribution
from gbm_objectives.losses.distributions import FAMILIES
from gbm_objectives.metrics import log_score
from gbm_objectives.sklearn._columns import exposures, refuse_columns
from gbm_objectives.sklearn._outer import OuterRegressor
from gbm_objectives.sklearn._regressor import ObjectiveRegressor

if TYPE_CHECKING:
    from typing_extensions import Self


class DistributionRegressor(OuterRegressor):
    """The whole distribution of a target: an estimator of XGBoost or LightGBM for all its parameters.

    Each parameter, such as mean and spread, depends on the features. Early stopping pays: without it, spreads get too
    narrow after many rounds.

    Parameters
    ----------
    estimator : XGBRegressor or LGBMRegressor
        It is cloned, not changed. With early stopping the negative log-likelihood decides.
    family : str or list of str, default "normal"
        As for `distribution`. "auto", or a list: the family of the highest likelihood out of fold, of those that the
        labels allow, or of the list. For whole labels from 0 on "auto" tries counts, for others densities: likelihoods
        of the two kinds can't be compared.
    curvature : Curvature, str or None, default None
        As for `distribution`.
    cv : int, default 5
        The number of folds, where a family is chosen.
    random_state : int, RandomState or None, default None
        Of the folds.
    guard : {"warn", "raise", "ignore"}, default "warn"
        As for `ObjectiveRegressor`.

    Attributes
    ----------
    estimator_ : ObjectiveRegressor
        The fitted model of raw parameters.
    family_ : str
        The family, given or chosen.
    feature_importances_ : ndarray of shape (n_features,)
        Those of the fitted model, over all parameters.
    cv_results_ : dict
        Where a family is chosen: "family", "log_likelihood" (the mean out of fold, the best first) and
        "standard_error" (of its difference from the best one's), lists of the same length.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where the features are a data frame.

    Examples
    --------
    >>> from xgboost import XGBRegressor
    >>> model = DistributionRegressor(XGBRegressor(n_estimators=100, max_depth=3), "gamma")
    >>> model.fit(X, y).predict_distribution(X_new).sf(100.0)  # P(y > 100)  # doctest: +SKIP
    """

    def __init__(
        self,
        estimator: Any,
        family: str | list[str] = "normal",
        *,
        curvature: Curvature | str | None = None,
        cv: int = 5,
        random_state: Any = None,
        guard: Guard = "warn",
    ) -> None:
        self.estimator = estimator
        self.family = family
        self.curvature = curvature
        self.cv = cv
        self.random_state = random_state
        self.guard = guard

    def fit(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        exposure: ArrayLike | None = None,
        **arguments: Any,
    ) -> Self:
        """Choose a family where there are several, and fit its parameters.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Labels, in the domain of the family.
        sample_weight : array-like of shape (n_samples,) or None, default None
            Weights of the rows. None: all 1.
        exposure : array-like of shape (n_samples,) or None, default None
            How long, or how much, each row was observed, > 0: for families of a mean, rate or scale above 0, which is
            multiplied by it. Predictions are for an exposure of 1, unless they are given another.
        **arguments : object
            Passed to `ObjectiveRegressor.fit`, such as eval_set and eval_rows. The models of the folds get them too.

        Returns
        -------
        DistributionRegressor
            The estimator itself, fitted.

        Raises
        ------
        TypeError, ValueError, TrainingError
            As `ObjectiveRegressor.fit`; for labels outside the domain of the family, or of all that are given.
        """
        refuse_columns(type(self).__name__, arguments, ("groups", "cost"))
        labels = self._labels(y)
        if isinstance(self.family, str) and self.family != "auto":
            distribution(self.family)  # refuses other names
            self.family_ = self.family
        else:
            self.family_ = self._chosen(X, labels, sample_weight, exposure, arguments)
        self._keep(
            self._model(self.family_).fit(X, labels, sample_weight, exposure=exposure, **arguments)
        )
        return self

    def _model(self, family: str) -> ObjectiveRegressor:
        # The families of one parameter have no Fisher matrix, and the Hessian of their own.
        curvature = None if len(FAMILIES[family].parameters) == 1 else self.curvature
        objective = distribution(family, curvature=curvature)
        return ObjectiveRegressor(clone(self.estimator), objective, guard=self.guard)

    def _chosen(
        self,
        X: Any,  # noqa: N803
        labels: NDArray[Any],
        sample_weight: ArrayLike | None,
        exposure: ArrayLike | None,
        arguments: dict[str, Any],
    ) -> str:
        """The family of the highest likelihood out of fold."""
        X, labels = indexable(X, labels)  # noqa: N806
        weight = sample_weights(sample_weight, len(labels))
        names = _fitting(self.family, np.asarray(labels, dtype=np.float64), exposure is not None)
        indexable(labels, exposure)
        folds = KFold(
            whole_number("cv", self.cv, 2),
            shuffle=True,
            random_state=check_random_state(self.random_state).randint(1 << 31),
        )
        found = {name: np.empty(len(labels)) for name in names}
        for rows, others in folds.split(labels):
            inside, outside = _safe_indexing(X, rows), _safe_indexing(X, others)
            part = None if weight is None else weight[rows]
            here, there = (
                None if exposure is None else _safe_indexing(exposure, part)
                for part in (rows, others)
            )
            for name in names:
                model = self._model(name).fit(
                    inside, labels[rows], part, exposure=here, **arguments
                )
                score = log_score(name).rows(labels[others], _parameters(model, outside, there))
                found[name][others] = -score
        means = {name: float(np.average(rows, weights=weight)) for name, rows in found.items()}
        order = sorted(names, key=lambda name: -means[name])
        with np.errstate(invalid="ignore"):
            errors = [
                np.std(found[name] - found[order[0]]) / np.sqrt(len(labels)) for name in order
            ]
        self.cv_results_ = {
            "family": order,
            "log_likelihood": [means[name] for name in order],
            "standard_error": [float(error) for error in errors],
        }
        return order[0]

    def predict_parameters(
        self,
        X: Any,  # noqa: N803
        *,
        exposure: ArrayLike | None = None,
        **arguments: Any,
    ) -> NDArray[np.float64]:
        """The parameters of each row's distribution.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        exposure : array-like of shape (n_samples,) or None, default None
            Of these rows, where the model was fitted with exposures. None: 1. All other predictions take it too.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples, n_parameters)
            The columns are named by ``distribution(family).loss.parameters``.
        """
        check_is_fitted(self)
        return _parameters(self.estimator_, X, exposure, **arguments)

    def predict_distribution(self, X: Any, **arguments: Any) -> Any:  # noqa: N803
        """The frozen distribution of `scipy.stats` over all rows.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        object
            A frozen distribution. Its ``cdf(10)`` is the chance of each row that the label is at most 10, (n_samples,).
            Counts have ``logpmf``, the other families ``logpdf``.
        """
        parameters = self.predict_parameters(X, **arguments)
        return FAMILIES[self.family_]().frozen(parameters)

    def predict(self, X: Any, **arguments: Any) -> NDArray[np.float64]:  # noqa: N803
        """The mean of each row's distribution.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples,)
            Means, in the units of the target.
        """
        parameters = self.predict_parameters(X, **arguments)
        mean: NDArray[np.float64] = FAMILIES[self.family_]().mean(parameters)
        return mean

    def predict_quantile(self, X: Any, level: Any = 0.5, **arguments: Any) -> NDArray[np.float64]:  # noqa: N803
        """Quantiles of each row's distribution.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        level : float or sequence of float, default 0.5
            Strictly between 0 and 1.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_levels)
            Quantiles, in the units of the target; a column for each of several levels.
        """
        levels = [open_unit("level", float(one)) for one in np.atleast_1d(level)]
        frozen = self.predict_distribution(X, **arguments)
        found = np.column_stack([frozen.ppf(one) for one in levels])
        return found[:, 0] if np.ndim(level) == 0 else found

    def predict_interval(
        self,
        X: Any,  # noqa: N803
        level: float = 0.9,
        **arguments: Any,
    ) -> NDArray[np.float64]:
        """The ends between which the model puts the share ``level`` of labels.

        Where the family is wrong, so is the share: `IntervalRegressor` guarantees it.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        level : float, default 0.9
            Strictly between 0 and 1. The tails below and above have the same share.
        **arguments : object
            Passed to the ``predict`` of the estimator, such as iteration_range or num_iteration.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            The lower and the upper end, in the units of the target.
        """
        tail = 0.5 * (1.0 - open_unit("level", level))
        return self.predict_quantile(X, [tail, 1.0 - tail], **arguments)

    def pit(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        *,
        random_state: Any = 0,
        exposure: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """The probability integral transform F(y) of each row.

        It is uniform on [0, 1] where the predicted distributions are right. For counts it is a point between F(y - 1)
        and F(y), drawn at random.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features of rows that the model was not trained on.
        y : array-like of shape (n_samples,)
            Labels of these rows.
        random_state : int, RandomState or None, default 0
            Of the points that are drawn for counts.
        exposure : array-like of shape (n_samples,) or None, default None
            Of these rows. None: 1.

        Returns
        -------
        ndarray of shape (n_samples,)
            Numbers from 0 to 1.
        """
        labels, frozen = column_or_1d(y), self.predict_distribution(X, exposure=exposure)
        upper: NDArray[np.float64] = frozen.cdf(labels)
        if not FAMILIES[self.family_].discrete:
            return upper
        drawn = check_random_state(random_state).uniform(size=len(labels))
        uniform: NDArray[np.float64] = upper - drawn * np.exp(frozen.logpmf(labels))
        return uniform

    def score(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        exposure: ArrayLike | None = None,
    ) -> float:
        """The mean log-likelihood of labels.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,) or None, default None
            Weights of the rows. None: all 1.
        exposure : array-like of shape (n_samples,) or None, default None
            Of these rows. None: 1. A search hands it on with scikit-learn's metadata routing,
            ``set_score_request(exposure=True)``.

        Returns
        -------
        float
            Larger is better. Families of one kind, counts or densities, can be compared.

        Raises
        ------
        ValueError
            For labels outside the domain of the family, with the rows.
        """
        parameters = self.predict_parameters(X, exposure=exposure)
        return -log_score(self.family_).evaluate(column_or_1d(y), parameters, sample_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # it is no R^2
        return tags


def _parameters(
    model: ObjectiveRegressor,
    X: Any,  # noqa: N803
    exposure: ArrayLike | None = None,
    **arguments: Any,
) -> NDArray[np.float64]:
    """(n, n_parameters), also of one."""
    found: NDArray[np.float64] = model.predict(X, **arguments).astype(np.float64)
    found = found[:, None] if found.ndim == 1 else found
    if exposure is not None:
        found[:, 0] *= exposures(model.objective, exposure, len(found))
    return found


def _fitting(family: str | list[str], y: NDArray[np.float64], exposed: bool) -> list[str]:
    """The families to choose from; of "auto" those whose domain holds the labels, and which take exposures."""
    if family != "auto":
        if not isinstance(family, (list, tuple)):
            raise invalid("family", given=repr(family), needed='a name, a list of names, or "auto"')
        names = list(family)
        unknown = [name for name in names if name not in FAMILIES]
        if unknown or not names:
            given = repr(unknown[0]) if unknown else "an empty list"
            raise invalid("family", given=given, needed=f"some of {', '.join(FAMILIES)}")
        if len({FAMILIES[name].discrete for name in names}) > 1:
            raise invalid(
                "family",
                given=f"{names}, counts and densities",
                needed="families of one kind: their likelihoods can't be compared",
            )
        return names
    if FAMILIES["bernoulli"]().check_labels(y):
        return ["bernoulli"]
    counts = FAMILIES["poisson"]().check_labels(y)
    fitting = [n for n, c in FAMILIES.items() if c.discrete == counts and c().check_labels(y)]
    if exposed:
        fitting = [name for name in fitting if "exposure" in distribution(name).columns]
    return [name for name in fitting if name != "bernoulli"]
