"""XGBoost with the traps removed: `train` and `cv` set intercept, link, metrics and guards.

They take the library's own arguments and return the library's own results.
"""

from gbm_objectives.xgboost._train import cv, train

__all__ = ["cv", "train"]
