"""Tests that one set of versions is enough for."""

from importlib.metadata import version

import pytest

#: What takes long and says nothing of older versions: numbers that are the newest libraries', and scikit-learn's checks.
only_newest = pytest.mark.skipif(
    tuple(map(int, version("xgboost").split(".")[:2])) < (3, 4),
    reason="with the newest XGBoost only, 3.4 and later",
)
