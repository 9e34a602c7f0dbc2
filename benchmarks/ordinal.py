"""Ordered classes: one score and thresholds, against softmax and a rounded regression. ``python benchmarks/ordinal.py --data FOLDER``.

Four sets: the age of abalones in 5 groups, the state of a fetus (3, ctg), the quality of houses (6, ames) and a made one
(7). Three splits, both libraries, 150 rounds, learning rate .1, depth 4 / 15 leaves. On test rows:

rps    ranked probability score of the probabilities, lower is better; a regression has none
nll    negative log-likelihood
kappa  quadratic weighted kappa of the levels that are predicted: the median level of probabilities, and of softmax also
       the likeliest one; the better of both counts as softmax's
mae    mean absolute error of these levels

``for kappa``: the levels of the highest expected kappa (``decision="kappa"``), of softmax too, whose probabilities allow
the same decision.

``ordinal`` is `ordinal()` of this package, ``softmax`` the library's own, ``regression`` its squared error on the codes,
rounded, ``mord`` the linear ordinal model of that package (`LogisticAT`, standardised features) where it is installed.
The default curvature, the median as the level and the decision for kappa were chosen on other sets: ``--choose`` shows
them.
"""

from __future__ import annotations

from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import xgboost as xgb
from _common import Bound, Report, Row, arguments
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import train_test_split

from gbm_objectives import Objective, ordinal
from gbm_objectives.sklearn import ObjectiveClassifier
from gbm_objectives.sklearn._decisions import KappaDecision

Array = Any
ROUNDS = 150


def features(frame: pd.DataFrame) -> Array:
    """Numbers; words as codes."""
    codes = {
        name: frame[name].astype("category").cat.codes
        for name in frame.columns
        if not pd.api.types.is_numeric_dtype(frame[name])
    }
    return frame.assign(**codes).astype(float).fillna(-1.0).to_numpy()


def real(data: Path) -> dict[str, tuple[Array, Array]]:
    """Three sets."""
    abalone = pd.read_csv(data / "abalone.csv")
    ctg = pd.read_csv(data / "ctg.csv").dropna()
    houses = pd.read_csv(data / "ames_house.csv")
    quality = houses["OverallQual"].clip(4, 9) - 4
    return {
        "abalone": (
            features(abalone.drop(columns="rings")),
            np.digitize(abalone["rings"], [8, 10, 12, 15]),
        ),
        "ctg": (features(ctg.drop(columns="NSP")), np.unique(ctg["NSP"], return_inverse=True)[1]),
        "houses": (features(houses.drop(columns=["OverallQual"])), quality.to_numpy().astype(int)),
    }


def made(seed: int, n: int = 3000, levels: int = 7) -> tuple[Array, Array]:
    """A score of six features, logistic noise, uneven levels."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 6))
    score = 2 * np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + X[:, 3] + 0.7 * rng.logistic(size=n)
    cuts = np.quantile(score, np.sort(rng.uniform(0.05, 0.95, levels - 1)))
    return X, np.searchsorted(cuts, score)


def chosen_on(data: Path) -> dict[str, tuple[Array, Array]]:
    """The sets on which the default was chosen."""
    concrete = pd.read_csv(data / "concrete.csv")
    bikes = pd.read_csv(data / "bike_hourly.csv").sample(4000, random_state=0)
    counts = bikes["cnt"].to_numpy()
    strength = concrete["strength"].to_numpy()
    return {
        "concrete": (
            features(concrete.drop(columns="strength")),
            np.digitize(strength, [20, 30, 40, 50, 60]),
        ),
        "bikes": (
            features(bikes.drop(columns="cnt")),
            np.digitize(counts, [20, 80, 180, 300, 500]),
        ),
        "made": made(7, levels=5),
    }


def estimator(library: str, kind: str, rounds: int = ROUNDS) -> Any:
    """Of the library, for a regression or for classes."""
    if library == "XGBoost":
        cls: Any = xgb.XGBRegressor if kind == "regression" else xgb.XGBClassifier
        return cls(n_estimators=rounds, learning_rate=0.1, max_depth=4, n_jobs=1)
    cls = lgb.LGBMRegressor if kind == "regression" else lgb.LGBMClassifier
    return cls(n_estimators=rounds, learning_rate=0.1, num_leaves=15, n_jobs=1, verbosity=-1)


def median_level(probability: Array) -> Array:
    """The lowest level at which half of the probability is reached."""
    return (np.cumsum(probability, axis=1) < 0.5).sum(axis=1)


def scores(y: Array, probability: Array | None, level: Array | None = None) -> Row:
    """All figures of one model, of its probabilities or of levels."""
    level = median_level(probability) if level is None else level
    kappa = float(cohen_kappa_score(y, level, weights="quadratic"))
    found: Row = {"kappa": kappa, "mae": float(np.abs(level - y).mean())}
    if probability is not None:
        k = probability.shape[1]
        below = np.cumsum(probability, axis=1)[:, :-1]
        found["rps"] = float(((below - (y[:, None] <= np.arange(k - 1))) ** 2).sum(axis=1).mean())
        found["nll"] = float(-np.log(np.clip(probability[np.arange(len(y)), y], 1e-15, 1)).mean())
    return found


def candidates(library: str, X: Array, y: Array, X_test: Array, y_test: Array) -> dict[str, Row]:
    """All models of one split."""
    found: dict[str, Row] = {}
    for link in ("logit", "probit"):
        model = ObjectiveClassifier(estimator(library, "classes"), ordinal(link=link)).fit(X, y)
        probability = model.predict_proba(X_test)
        found[f"ordinal {link}"] = scores(y_test, probability)
        decide = KappaDecision.of(model.predict_proba(X), None)
        found[f"ordinal {link}, for kappa"] = scores(y_test, probability, decide(probability))
    softmax = estimator(library, "classes").fit(X, y)
    probability = softmax.predict_proba(X_test)
    decide = KappaDecision.of(softmax.predict_proba(X), None)
    found["softmax, for kappa"] = scores(y_test, probability, decide(probability))
    middle = scores(y_test, probability)
    likeliest = scores(y_test, probability, probability.argmax(axis=1))
    found["softmax"] = {**middle, "kappa": max(middle["kappa"], likeliest["kappa"])}
    raw = estimator(library, "regression").fit(X, y).predict(X_test)
    found["regression"] = scores(y_test, None, np.clip(np.rint(raw), 0, y.max()).astype(int))
    if library == "XGBoost" and find_spec("mord") is not None:
        found["mord"] = of_mord(X, y, X_test, y_test)
    return found


def of_mord(X: Array, y: Array, X_test: Array, y_test: Array) -> Row:
    """The linear proportional odds model of mord."""
    import mord
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), mord.LogisticAT(alpha=1.0)).fit(X, y)
    return scores(y_test, model.predict_proba(X_test))


def measure(args: Namespace, report: Report) -> None:
    """All sets."""
    if args.choose:
        choose(args.data, report)
        return
    sets = real(args.data) | {"made": made(0)}
    rows: list[Row] = []
    for name, (X, y) in sets.items():
        for library in ("XGBoost", "LightGBM"):
            splits = []
            for seed in range(args.splits):
                parts = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)
                splits.append(candidates(library, parts[0], parts[2], parts[1], parts[3]))
            for model in splits[0]:
                means = {
                    key: np.mean([split[model][key] for split in splits])
                    for key in splits[0][model]
                }
                rows.append({"set": name, "library": library, "model": model, **means})
        report.table(name, [row for row in rows if row["set"] == name])

    def mean(model: str, figure: str) -> float:
        return float(np.mean([row[figure] for row in rows if row["model"] == model]))

    others = max(mean(one, "kappa") for one in ("softmax", "softmax, for kappa", "regression"))
    report.bounds(
        [
            Bound(
                "mean rps over softmax's",
                mean("ordinal logit", "rps") / mean("softmax", "rps"),
                1.0,
            ),
            Bound(
                "the best other mean kappa less ours",
                others - mean("ordinal logit, for kappa", "kappa"),
                0.0,
            ),
        ]
    )


def choose(data: Path, report: Report) -> None:
    """Curvatures on other sets."""
    rows: list[Row] = []
    for name, (X, y) in chosen_on(data).items():
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=0.3, random_state=0, stratify=y
        )
        for library in ("XGBoost", "LightGBM"):
            tried: dict[str, Objective] = {
                f"{link} {curvature}": ordinal(link=link, curvature=curvature)
                for link in ("logit", "probit")
                for curvature in ("exact", "fisher", "unit", "majorizer")
                if not (link == "probit" and curvature == "majorizer")
            }
            for label, objective in tried.items():
                model = ObjectiveClassifier(estimator(library, "classes"), objective).fit(
                    X_train, y_train
                )
                probability = model.predict_proba(X_test)
                figures = scores(y_test, probability)
                decide = KappaDecision.of(model.predict_proba(X_train), None)
                figures["for kappa"] = scores(y_test, probability, decide(probability))["kappa"]
                rows.append({"set": name, "library": library, "curvature": label, **figures})
            probability = estimator(library, "classes").fit(X_train, y_train).predict_proba(X_test)
            figures = scores(y_test, probability)
            rows.append({"set": name, "library": library, "curvature": "softmax", **figures})
    report.table("curvatures", rows)


def main() -> None:
    """Run the comparison."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="the CSV files")
    parser.add_argument("--choose", action="store_true", help="the sets of the choice")
    parser.add_argument("--splits", type=int, default=3)
    options = parser.parse_args()
    report = Report(options.csv)
    measure(options, report)
    report.save()


if __name__ == "__main__":
    main()
