"""The data of a comparison: a table and its target, read and checked, and its splits."""

from gbm_objectives.compare.data.dataset import Data, diabetes, from_csv, of_arrays
from gbm_objectives.compare.data.splits import Contamination, Plan, Split

__all__ = [
    "Contamination",
    "Data",
    "Plan",
    "Split",
    "diabetes",
    "from_csv",
    "of_arrays",
]
