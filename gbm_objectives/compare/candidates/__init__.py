"""Candidates: what is compared, in both libraries. Each learns from a split and predicts its test rows."""

from gbm_objectives.compare.candidates.base import Candidate, Fit, Kind, NotApplicable, Settings
from gbm_objectives.compare.candidates.boosted import Boosted
from gbm_objectives.compare.candidates.constant import Constant
from gbm_objectives.compare.candidates.estimator import Estimator
from gbm_objectives.compare.candidates.functions import Plain
from gbm_objectives.compare.candidates.lineup import LIBRARIES, lineup
from gbm_objectives.compare.candidates.recipe import Recipe

__all__ = [
    "LIBRARIES",
    "Boosted",
    "Candidate",
    "Constant",
    "Estimator",
    "Fit",
    "Kind",
    "NotApplicable",
    "Plain",
    "Recipe",
    "Settings",
    "lineup",
]
