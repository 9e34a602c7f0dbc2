"""Figures of the same protocols by other packages, measured once, each in an environment of its own.

XGBoost 3.2.0, LightGBM 4.7.0, CatBoost 1.2, bokbokbok 1.0.5, jaxboost 0.5.0, boost-loss 0.5.5, gbdtCBL 0.2.0.
"""

from __future__ import annotations

from math import nan

#: Test MAE by data, library and objective. 13434 and 34.5 are those of a model that learned nothing.
MAE: dict[str, dict[str, dict[str, float]]] = {
    "insurance": {
        "XGBoost": {
            "bokbokbok LogCosh": 13433.0, "jaxboost log_cosh": nan, "jaxboost huber": 13433.0,
            "boost-loss Huber(1)": 13413.0,
        },
        "LightGBM": {
            "bokbokbok LogCosh": 13434.0, "jaxboost huber": 13434.0, "boost-loss Huber(1)": 13434.0,
        },
        "CatBoost": {"LogCosh": 1421.0, "MAE": 1366.0, "Huber(5000)": 1826.0},
    },
    "concrete": {
        "XGBoost": {
            "bokbokbok LogCosh": 34.0, "jaxboost log_cosh": 5.84, "jaxboost huber": 34.0,
            "boost-loss Huber(1)": 16.6,
        },
        "LightGBM": {
            "bokbokbok LogCosh": 12486.0, "jaxboost huber": 34.5, "boost-loss Huber(1)": 34.5,
        },
    },
}  # fmt: skip

#: Mammography, focal loss with gamma 2: average precision and log-loss, by library and package.
FOCAL: dict[str, dict[str, tuple[float, float]]] = {
    "XGBoost": {"gbdtCBL": (0.745, 0.105), "bokbokbok": (0.726, 0.091)},
    "LightGBM": {"gbdtCBL": (0.761, 0.085), "bokbokbok": (0.423, 0.479)},
}
