"""The self-test for custom objectives: what is wrong with a hand-written ``(gradient, hessian)`` callback.

``print(check_objective(f, value=loss))`` reads like a diagnosis; ``check_objective(f,
raise_on_failure=True)`` is a test. Importing this module imports neither XGBoost nor LightGBM.
"""

from gbm_objectives.testing._check import check_objective
from gbm_objectives.testing._report import Check, ObjectiveCheckError, Report, Status

__all__ = ["Check", "ObjectiveCheckError", "Report", "Status", "check_objective"]
