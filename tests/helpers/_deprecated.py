"""What XGBoost deprecates, tested as long as it exists; no other warning is let through."""

import pytest
import xgboost as xgb

_FORESTS_SAY = "ignore:`XGBRF(Regressor|Classifier)` is deprecated:FutureWarning"


def forests(test):
    """`XGBRFRegressor` and `XGBRFClassifier`, deprecated in 3.4."""
    gone = pytest.mark.skipif(
        not hasattr(xgb, "XGBRFRegressor"), reason="XGBoost has no XGBRF* any more"
    )
    return gone(pytest.mark.filterwarnings(_FORESTS_SAY)(test))


#: `booster="dart"` and `booster="gblinear"`, deprecated in 3.4, which says so once in a process.
boosters = pytest.mark.filterwarnings(
    r"ignore:.*`booster=(dart|gblinear)` is deprecated:UserWarning"
)
