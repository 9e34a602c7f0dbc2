"""What decisions cost: the likeliest class, costs in the decision, and costs in the loss. ``python benchmarks/costs.py``.

Four sets of scikit-learn's, a matrix of costs for each. XGBoost, 60 rounds of depth 3 at the learning rate .1, nothing tuned;
the mean cost of the decisions on test rows, five folds. "by matrix" is ``cost_sensitive_cross_entropy(cost)``; "by row" gives
the same costs as ``cost_sensitive_cross_entropy(cost[y])``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xgboost as xgb
from _common import Report, Row, arguments
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_classification
from sklearn.model_selection import KFold

from gbm_objectives import cost_sensitive_cross_entropy
from gbm_objectives.sklearn import ObjectiveClassifier

Array = np.ndarray[Any, Any]


def data() -> dict[str, tuple[Array, Array, Array]]:
    """Features, classes and costs, in row j of the matrix where the class is j."""
    rng = np.random.default_rng(0)

    def drawn(n_classes: int) -> Array:
        return rng.uniform(0.3, 5, (n_classes, n_classes)) * (1 - np.eye(n_classes))

    x, y = load_diabetes(return_X_y=True)
    levels = np.digitize(y, [90, 200])
    digits, numbers = load_digits(return_X_y=True)
    return {
        "breast cancer, 2 classes": (*load_breast_cancer(return_X_y=True), np.array([[0, 5], [1, 0]])),
        "diabetes, 3 levels": (x, levels, np.array([[0, 1, 2], [3, 0, 1], [9, 3, 0]])),
        "made, 4 classes": (
            *make_classification(1500, 10, n_informative=6, n_classes=4, flip_y=0.2, random_state=0),
            drawn(4),
        ),
        "digits modulo 5": (digits[:900], numbers[:900] % 5, drawn(5)),
    }  # fmt: skip


def run(x: Array, y: Array, cost: Array) -> Row:
    """Mean costs of the decisions of three ways."""
    found: dict[str, list[float]] = {"likeliest class": [], "by matrix": [], "by row": []}
    for train, test in KFold(5, shuffle=True, random_state=1).split(x):
        own = xgb.XGBClassifier(n_estimators=60, max_depth=3, learning_rate=0.1, n_jobs=1)

        def fit(costs: Any, own: Any = own, train: Array = train) -> ObjectiveClassifier:
            objective = cost_sensitive_cross_entropy(costs)
            return ObjectiveClassifier(own, objective).fit(x[train], y[train])

        decisions = {
            "likeliest class": fit(None).predict(x[test]),
            "by matrix": fit(cost).predict(x[test]),
            "by row": fit(cost[y[train]]).predict(x[test]),
        }
        for way, decided in decisions.items():
            found[way].append(float(cost[y[test], decided].mean()))
    return {way: float(np.mean(costs)) for way, costs in found.items()}


def main() -> None:
    report = Report(arguments(__doc__).parse_args().csv)
    print(f"XGBoost {xgb.__version__}")
    rows = [{"set": name, **run(*given)} for name, given in data().items()]
    report.table("Mean cost of a decision", rows)
    report.save()


if __name__ == "__main__":
    main()
