"""The objective: losses, their curvature and bounds as one callable that both libraries take."""

from gbm_objectives.objective._multi_task import multi_task, task_metric
from gbm_objectives.objective._objective import Objective

__all__ = ["Objective", "multi_task", "task_metric"]
