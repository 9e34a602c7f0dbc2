"""Draw the README's picture: test error of our objectives and the libraries' own as more labels are wrong.

Run ``python tools/picture.py`` in the root, 3 minutes of a processor; it writes ``docs/measured/outliers.csv``, and beside it ``outliers.svg`` and, for phones, ``outliers-narrow.svg``. The data and the
parameters are those of the README's example, ten splits. Nothing is tuned. ``--draw`` draws the CSV file again.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import lightgbm as lgb
import matplotlib as mpl
import numpy as np
import xgboost as xgb
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import adaptive_robust, huber

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)
SPLITS = range(10)
OURS = {"huber() of this package": huber(), "adaptive_robust() of this package": adaptive_robust()}
BUILT_IN = {
    "XGBoost": {
        "the library's squared error": "reg:squarederror",
        "the library's absolute error": "reg:absoluteerror",
    },
    "LightGBM": {
        "the library's squared error": "regression",
        "the library's absolute error": "regression_l1",
    },
}
COLOURS = ("#2f7fd6", "#3a9a5b", "#e0781e", "#c0392b")
GREY = "#7b7f86"
FOLDER = Path(__file__).parents[1] / "docs" / "measured"


def predictions(library, objective, X, y, X_test):
    """Of 100 rounds at depth 3 and learning rate .1; a name is the library's own objective."""
    ours = not isinstance(objective, str)
    if library == "XGBoost":
        params, data = {"max_depth": 3, "eta": 0.1, "nthread": 1}, xgb.DMatrix(X, y)
        if ours:
            booster = gbm_objectives.xgboost.train(params, data, 100, objective=objective)
        else:
            booster = xgb.train({**params, "objective": objective}, data, 100)
        return booster.predict(xgb.DMatrix(X_test))
    params = {"max_depth": 3, "learning_rate": 0.1, "num_threads": 1, "verbosity": -1}
    if ours:
        booster = gbm_objectives.lightgbm.train(params, lgb.Dataset(X, y), 100, objective=objective)
    else:
        booster = lgb.train({**params, "objective": objective}, lgb.Dataset(X, y), 100)
    return booster.predict(X_test)


def error(library, objective, share):
    """The mean over the splits of the mean absolute error on test rows."""
    X, y = load_diabetes(return_X_y=True)
    errors = []
    for split in SPLITS:
        X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=split)
        wrong = np.random.default_rng(split).random(len(y_train)) < share
        found = predictions(library, objective, X_train, y_train * np.where(wrong, 100, 1), X_test)
        errors.append(np.abs(found - y_test).mean())
    return float(np.mean(errors))


def measure():
    """A row for each library and objective, a column for each share of wrong labels."""
    versions = f"XGBoost {xgb.__version__}, LightGBM {lgb.__version__}"
    for library, built_in in BUILT_IN.items():
        for name, objective in (OURS | built_in).items():
            errors = {f"{s:.0%}": f"{error(library, objective, s):.1f}" for s in SHARES}
            row = {"library": library, "objective": name, **errors}
            yield row | {"command": "python tools/picture.py", "versions": versions}


def draw(rows, *, narrow=False):
    """The two libraries side by side, or one above the other."""
    style = {"svg.fonttype": "none", "svg.hashsalt": "readme", "font.size": 10}
    greys = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    with mpl.rc_context(style | dict.fromkeys(greys, GREY)):
        figure = Figure(figsize=(3.7, 6.0) if narrow else (8.4, 3.4), layout="constrained")
        panels = (
            figure.subplots(2, 1, sharex=True) if narrow else figure.subplots(1, 2, sharey=True)
        )
        for panel, library in zip(panels, BUILT_IN, strict=True):
            names = OURS | BUILT_IN[library]
            for name, colour in zip(names, COLOURS, strict=True):
                own = next(r for r in rows if (r["library"], r["objective"]) == (library, name))
                x, y = [100 * s for s in SHARES], [float(own[f"{s:.0%}"]) for s in SHARES]
                panel.plot(x, y, marker="o", markersize=4, color=colour, label=name)
            panel.set_title(library)
            panel.set_yscale("log")
            panel.set_yticks([50, 100, 200, 500, 1000, 2000, 5000])
            panel.set_yticklabels(["50", "100", "200", "500", "1000", "2000", "5000"])
            panel.minorticks_off()
            panel.spines[["top", "right"]].set_visible(False)
        if narrow:
            panels[1].set_xlabel("labels that are 100 times too large, %")
            figure.supylabel("mean absolute error, clean test rows", fontsize="medium")
        else:
            for panel in panels:
                panel.set_xlabel("training labels that are 100 times too large, %")
            panels[0].set_ylabel("mean absolute error, clean test rows")
        handles, columns = panels[0].get_lines(), 1 if narrow else 2
        figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False)
        name = f"outliers{'-narrow' * narrow}.svg"
        figure.savefig(FOLDER / name, transparent=True, metadata={"Date": None})


def main():
    path = FOLDER / "outliers.csv"
    if "--draw" not in sys.argv:
        rows = list(measure())
        with path.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    draw(rows)
    draw(rows, narrow=True)


if __name__ == "__main__":
    main()
