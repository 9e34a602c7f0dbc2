"""Tests that one set of versions is enough for."""

from importlib.metadata import version

import pytest

#: What takes long: numbers of the newest libraries, pages' examples, scikit-learn's checks. Older versions go without.
only_newest = pytest.mark.skipif(
    tuple(map(int, version("xgboost").split(".")[:2])) < (3, 4),
    reason="with the newest XGBoost only, 3.4 and later",
)
