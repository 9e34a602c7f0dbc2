"""The data of a comparison: a table and its target, read and checked, and its splits."""

from gbm_objectives.compare.data.dataset import Data, diabetes, from_csv, of_arrays
from gbm_objectives.compare.data.labels import TASKS, TaskName
from gbm_objectives.compare.data.splits import CONTAMINATIONS, Contamination, Plan, Split

__all__ = [
    "CONTAMINATIONS",
    "TASKS",
    "Contamination",
    "Data",
    "Plan",
    "Split",
    "TaskName",
    "diabetes",
    "from_csv",
    "of_arrays",
]
