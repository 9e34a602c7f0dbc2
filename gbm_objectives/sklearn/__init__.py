"""Meta-estimators: the libraries' own scikit-learn estimators with an objective of this package.

``XGBRegressor(objective=huber())`` trains too, but starts at .5, watches a wrong metric, gives raw scores or
the probabilities of another loss, and ignores ``objective__delta`` in a search. These do all of it right.
"""

from gbm_objectives.sklearn._classifier import ObjectiveClassifier
from gbm_objectives.sklearn._distribution import DistributionRegressor
from gbm_objectives.sklearn._regressor import ObjectiveRegressor

__all__ = ["DistributionRegressor", "ObjectiveClassifier", "ObjectiveRegressor"]
