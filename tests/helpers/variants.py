"""Every objective that the tests run over: each factory at its defaults, and what parameters change.

A new factory is in all of these lists by itself. Parameters that take another way through its code are one line in
`EXTRA`, and a new kind of sum or weighting is one line in `SUMS`.
"""

from importlib.util import find_spec

import numpy as np
import pytest

from gbm_objectives import (
    Objective,
    binary_cross_entropy,
    dice,
    focal,
    huber,
    mean_bias_error,
    poisson,
    quantile,
    softmax_cross_entropy,
    softmax_focal,
    squared_log_error,
    tversky,
)
from gbm_objectives.losses.distributions import FAMILIES
from gbm_objectives.registry import OBJECTIVES
from gbm_objectives.weighting import EffectiveNumber

#: Parameters beside the defaults, which need no line here.
EXTRA = {
    "squared_error": [{"curvature": "fisher"}],
    "huber": [{"delta": 0.7}, {"delta": 0.7, "curvature": "exact"}, {"clip": (0.1, 0.9)}],
    "pseudo_huber": [{"delta": 0.7}, {"delta": 0.7, "curvature": "unit"}],
    "log_cosh": [{"delta": 0.7}, {"delta": 0.7, "curvature": "absolute"}],
    "fair": [{"delta": 0.7}, {"delta": 0.7, "curvature": "exact"}],
    "cauchy": [{"delta": 0.7}, {"delta": 0.7, "curvature": "exact"}],
    "geman_mcclure": [{"delta": 0.7}],
    "welsch": [{"delta": 0.7}, {"delta": 0.7, "clip": (0.01, None)}],
    "tukey": [{"delta": 0.7}, {"delta": 5.0}],
    "general_robust": [
        *({"alpha": a, "delta": 0.7} for a in (2.0, 1.5, 1.0, 0.5, 0.0, -2.0, -10.0)),
        {"alpha": float("-inf"), "delta": 0.7},
        {"alpha": 1e-13},
        {"alpha": -1.0},
    ],
    "adaptive_robust": [{"curvature": "absolute"}],
    "absolute_error": [{"delta": 0.7}, {"delta": 0.7, "smooth": False}],
    "mape": [{"delta": 0.7}, {"delta": 0.7, "smooth": False}],
    "expectile": [
        {"tau": 0.05},
        {"tau": 0.9},
        {"tau": 0.9, "curvature": "majorizer"},
        {"tau": [0.05, 0.3, 0.5, 0.9]},
        {"tau": [0.05, 0.3, 0.5, 0.9], "curvature": "majorizer", "ordered": False},
    ],
    "linex": [{"a": -0.5}, {"a": 2.0, "delta": 3.0}],
    "quantile": [
        {"tau": 0.05},
        {"tau": 0.9, "delta": 0.7},
        {"tau": 0.9, "delta": 0.7, "smooth": False},
        {"tau": [0.05, 0.3, 0.5, 0.9]},
        {"tau": [0.05, 0.3, 0.5, 0.9], "delta": 0.7, "smooth": False},
        {"tau": [0.05, 0.3, 0.5, 0.9], "delta": [0.7, 0.5, 0.5, 0.6], "ordered": False},
    ],
    "binary_cross_entropy": [
        {"curvature": "majorizer"},
        {"clip": (0.01, None)},
        {"label_smoothing": 0.1, "class_weight": [1.0, 3.0]},
        {"label_smoothing": 0.1, "smoothing": "others", "class_weight": "balanced"},
    ],
    "focal": [
        {"gamma": 0.0},
        {"gamma": 0.5, "alpha": 0.25},
        {"gamma": 5.0},
        {"gamma": 1.3},
        {"alpha": 0.25, "label_smoothing": 0.1, "class_weight": "balanced"},
    ],
    "dice": [{"smooth": 0.0}, {"smooth": 1e-5, "curvature": "unit"}],
    "tversky": [{"alpha": 1.0, "beta": 1.0, "smooth": 0.1}, {"alpha": 0.9, "beta": 0.1}],
    "hinge": [{"width": 0.3, "class_weight": [1.0, 3.0]}, {"width": 1.9, "curvature": "exact"}],
    "squared_hinge": [{"curvature": "exact", "class_weight": "balanced"}],
    "multiclass_hinge": [{"width": 0.3, "class_weight": "balanced"}],
    "ghm_classification": [{"bins": 5, "curvature": "majorizer"}],
    "ghm_regression": [{"delta": 0.7, "bins": 10}],
    "ohem": [
        {"keep": 1.0},
        {"objective": binary_cross_entropy(class_weight="balanced"), "keep": 0.6},
        {"objective": huber(), "keep": 0.1},
        {"objective": softmax_cross_entropy(), "keep": 0.5},
    ],
    "softmax_cross_entropy": [
        {"label_smoothing": 0.1, "curvature": "exact"},
        {"label_smoothing": 0.1, "smoothing": "others", "curvature": "lightgbm"},
        {"class_weight": "balanced", "curvature": "majorizer"},
        {"class_weight": EffectiveNumber(0.99), "clip": (0.01, 1.0)},
        {"class_weight": [1.0, 2.0, 0.5, 4.0], "curvature": "xgboost"},
    ],
    "cost_sensitive_cross_entropy": [
        {"cost": [[0, 1, 2, 9], [1, 0, 1, 2], [2, 1, 0, 1], [5, 2, 1, -1]]},
    ],
    "softmax_focal": [
        {"gamma": 0.0},
        {"gamma": 0.5, "class_weight": "balanced"},
        {"gamma": 1.3, "label_smoothing": 0.1},
        {"gamma": 5.0, "label_smoothing": 0.2, "smoothing": "others"},
    ],
    "kl_divergence": [{"curvature": "lightgbm"}],
    "ordinal": [{"link": "probit"}, {"link": "cloglog"}],
    "sampled_softmax": [
        {"n_negatives": 2, "class_weight": "balanced"},
        {"n_negatives": 1, "distribution": "frequency", "seed": 5, "curvature": "exact"},
        {"n_negatives": 3, "distribution": "frequency", "curvature": "lightgbm"},
        {"n_negatives": 2, "curvature": "majorizer"},
    ],
    "negative_sampling": [{"objective": focal(), "share": 0.5, "seed": 3}, {"share": 1.0}],
    "multilabel_cross_entropy": [{"label_smoothing": 0.1, "class_weight": "balanced"}],
    "multilabel_focal": [{"gamma": 0.5, "label_smoothing": 0.2, "smoothing": "others"}],
    "distribution": [
        *({"family": family} for family in FAMILIES if family != "normal"),
        {"curvature": "fisher"},
    ],
    "poisson": [{"curvature": "exact"}, {"curvature": "xgboost"}],
    "gamma": [{"curvature": "exact"}],
    "tweedie": [{"power": 1.1}, {"power": 1.9, "curvature": "exact"}],
    "squared_log_error": [{"curvature": "exact"}, {"curvature": "absolute"}],
}

#: A penalty is a term and no objective: it has no defaults, and is tested as it is used.
PENALTIES = {"mean_bias_error": {"penalty": 2.0}}

#: Each factory at its defaults.
DEFAULTS = {name: OBJECTIVES[name]() for name in sorted(set(OBJECTIVES) - set(PENALTIES))}

#: For each name of the registry the parameters that the contract is tested at.
VARIANTS = {name: [PENALTIES.get(name, {}), *EXTRA.get(name, [])] for name in OBJECTIVES}
assert set(EXTRA) | set(PENALTIES) <= set(OBJECTIVES)

#: Sums of terms.
SUMS = [
    huber() + mean_bias_error(1.0),
    0.5 * dice() + binary_cross_entropy(),
    tversky() + focal(label_smoothing=0.1, class_weight="balanced"),
    softmax_cross_entropy() + 2 * softmax_focal(),
    poisson() + squared_log_error(),
]


def of_levels(objective):
    """Labels are codes of ordered classes, and the output of a row is one score."""
    return objective.terms[0].loss.labels == "level"


def build(name, parameters):
    """The objective of a variant, a penalty beside a loss."""
    objective = OBJECTIVES[name](**parameters)
    return 0.5 * huber() + objective if name in PENALTIES else objective


#: Functions that users give, of every kind: (formula, what else `Objective.from_function` is told).
FORMULAS = {
    "log_cosh": ("log(cosh(raw - y))", {"curvature": "safe"}),
    "pinball": ("where(r > 0, (1 - tau) * r, -tau * r)", {"parameters": {"tau": 0.3}}),
    "focal": (
        "-y*(1 - sigmoid(raw))**g*log(sigmoid(raw)) - (1 - y)*sigmoid(raw)**g*log(1 - sigmoid(raw))",
        {"parameters": {"g": 2.0}, "link": "logit"},
    ),
    "poisson": ("exp(raw) - y*raw", {"link": "log"}),
    "normal": (
        "((mean - y)/exp(log_scale))**2/2 + log_scale + log(2*pi)/2",
        {"outputs": ("mean", "log_scale")},
    ),
}


def formula(name):
    """An objective of a formula as text."""
    text, told = FORMULAS[name]
    return Objective.from_function(text, **told, check=False)


#: Each variant as a parameter of a test.
CASES = [
    pytest.param(build(name, parameters), id=f"{name}({parameters})")
    for name, variants in VARIANTS.items()
    for parameters in variants
]
HAS_SYMPY = find_spec("sympy") is not None
if HAS_SYMPY:
    CASES += [
        pytest.param(formula(name), id=f"formula({name})")
        for name in FORMULAS
        if name != "log_cosh"
    ]

#: For hostile input: all ways through the block loop, each once.
HOSTILE = [
    *DEFAULTS.values(),
    huber() + mean_bias_error(1.0),
    quantile([0.1, 0.5, 0.9]),
    focal(0.7, 0.3, label_smoothing=0.1, class_weight="balanced"),
    *([formula("pinball")] if HAS_SYMPY else []),
]

#: For properties drawn by hypothesis: the defaults, and formulas with corners.
DRAWN = [
    *DEFAULTS.values(),
    huber(0.3, curvature="exact"),
    quantile(0.2, smooth=False),
    focal(0.7, 0.3, label_smoothing=0.1, class_weight="balanced"),
    softmax_focal(0.5, label_smoothing=0.1, class_weight="balanced"),
    tversky(smooth=0.0),
    huber() + mean_bias_error(1.0),
    *([formula("pinball"), formula("normal")] if HAS_SYMPY else []),
]


def with_tables():
    """Objectives with a table of targets: distributions, several labels a row, several targets."""
    rng = np.random.default_rng(0)
    return [
        OBJECTIVES["kl_divergence"]().with_targets(rng.dirichlet([2, 3, 4], 50)),
        OBJECTIVES["multilabel_focal"]().with_targets(rng.random((50, 3)) < 0.4),
        huber().with_targets(rng.standard_normal((50, 2))),
        huber().with_rows(np.where(rng.random((50, 2)) < [0, 0.4], np.nan, 1.5)),
        (huber() + mean_bias_error(1.0)).with_rows(
            rng.standard_normal(50), groups=rng.random(50) < 0.4
        ),
        poisson().with_rows(rng.poisson(2, 50), exposure=rng.uniform(0.1, 3, 50)),
        OBJECTIVES["distribution"]("negative_binomial").with_rows(
            rng.poisson(2, 50), exposure=rng.uniform(0.1, 3, 50)
        ),
    ]
