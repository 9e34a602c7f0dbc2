"""Custom objectives for XGBoost and LightGBM that behave like built-in ones."""

from gbm_objectives import curvature, links, metrics
from gbm_objectives._training.alarms import TrainingError, TrainingWarning
from gbm_objectives.factories import *  # noqa: F403
from gbm_objectives.objective import Objective, multi_task, task_metric
from gbm_objectives.registry import OBJECTIVES as _OBJECTIVES
from gbm_objectives.weighting import EffectiveNumber

__all__ = [
    "EffectiveNumber",
    "Objective",
    "TrainingError",
    "TrainingWarning",
    "curvature",
    "links",
    "metrics",
    "multi_task",
    "task_metric",
]
__all__ += sorted(_OBJECTIVES)

__version__ = "0.1.0"
