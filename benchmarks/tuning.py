"""Does tuning help? True errors of each candidate, tuned and untuned, on the simulated data sets of `recommendation.py`.

    python benchmarks/tuning.py                        # 10 sets of 500 rows, 10 trials
    python benchmarks/tuning.py --sets 0-3 --trials 20 --libraries lightgbm --out a.csv
    python benchmarks/tuning.py --merge a.csv b.csv    # the figures of pieces

Each candidate is tuned on the rows that a user has, with their outliers. The true error is that of the model trained on
all of these rows, on 10,000 rows with clean labels.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from recommendation import KINDS, simulated

from gbm_objectives.compare.candidates import Boosted
from gbm_objectives.compare.data import Split, of_arrays
from gbm_objectives.compare.options import Options
from gbm_objectives.compare.prepared import prepare
from gbm_objectives.compare.running.tuning import Tuning


def measured(
    number: int, trials: int, libraries: list[str], rounds: int
) -> list[dict[str, object]]:
    """A row a candidate."""
    x, y, x_test, y_test, kind = simulated(number)
    task = "binary" if kind.startswith("flipped") else "regression"
    data = of_arrays(x, y, task)
    experiment = prepare(
        data, Options(folds=3, rounds=rounds, contamination=0, libraries=libraries)
    ).experiment
    whole, tuner = experiment.whole(), Tuning(trials)
    matrix = of_arrays(x_test, y_test, task).matrix
    rows = []
    for candidate in experiment.candidates:
        if not isinstance(candidate, Boosted):
            continue
        tuned, found = tuner.tuned(experiment, candidate, whole)
        assert found is not None
        errors = []
        for one in (candidate, tuned):
            made = one.fit(whole_on(whole, matrix), experiment.settings, experiment.metric)
            errors.append(float(experiment.metric.evaluate(y_test, made.predict(made.rounds))))
        rows.append({
            "set": number, "kind": kind, "library": candidate.library, "candidate": candidate.name,
            "untuned": errors[0], "tuned": errors[1], "change": errors[1] / errors[0] - 1,
            "trials": found["trials"], "given_up": found["given_up"], "seconds": found["seconds"],
        })  # fmt: skip
    return rows


def whole_on(split: Split, matrix: Any) -> Split:
    """The split with other rows to predict."""
    return replace(split, matrix_test=matrix)


def figures(frame: pd.DataFrame) -> str:
    """The change by tuning, of all candidates and of the best of each set, and whether budgets were equal."""
    best = frame.groupby("set")[["untuned", "tuned"]].min()
    change = best["tuned"] / best["untuned"] - 1
    by_kind = frame.groupby("kind")["change"].median()
    return "\n".join((
        f"{len(frame)} candidates of {frame['set'].nunique()} sets: median change {frame['change'].median():+.1%}, "
        f"mean {frame['change'].mean():+.1%}, worse by more than 2% in {(frame['change'] > 0.02).mean():.0%}",
        f"the best candidate of each set: mean change {change.mean():+.1%}, from {change.min():+.1%} to {change.max():+.1%}",
        "by kind: " + ", ".join(f"{kind} {value:+.1%}" for kind, value in by_kind.items()),
        f"trials: {frame['trials'].min()} to {frame['trials'].max()}, given up {frame['given_up'].sum() / frame['trials'].sum():.0%}; "
        f"{frame['seconds'].sum():.0f} s",
    ))  # fmt: skip


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sets", default=f"0-{len(KINDS) - 1}", help="the first and the last, such as 0-9"
    )
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--libraries", default="xgboost,lightgbm")
    parser.add_argument("--out", type=Path, help="a CSV file for the rows")
    parser.add_argument("--merge", type=Path, nargs="+", help="CSV files of pieces; nothing is run")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.merge:
        print(figures(pd.concat([pd.read_csv(path) for path in given.merge], ignore_index=True)))
        return
    first, last = map(int, given.sets.split("-"))
    rows: list[dict[str, object]] = []
    for number in range(first, last + 1):
        rows += measured(number, given.trials, given.libraries.split(","), given.rounds)
        if given.out is not None:
            pd.DataFrame(rows).to_csv(given.out, index=False)
    print(figures(pd.DataFrame(rows)))


if __name__ == "__main__":
    main()
