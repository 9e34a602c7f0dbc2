"""Is the comparison's recommendation good? Forty simulated data sets, for which the true error of each candidate is known.

    python benchmarks/recommendation.py                      # all 40
    python benchmarks/recommendation.py --sets 0-9 --out a.csv   # a piece of them, a row a data set
    python benchmarks/recommendation.py --merge a.csv b.csv      # the figures of pieces

Labels are given to the comparison as a user would have them, with their outliers. The true error is that of the model
trained on all of these rows, on 10,000 rows with clean labels. Sets with an even number were used to choose the
rule's constants; those with an odd number were not.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from gbm_objectives.compare.data import of_arrays
from gbm_objectives.compare.options import Options
from gbm_objectives.compare.prepared import prepare
from gbm_objectives.compare.report.contests import contests
from gbm_objectives.compare.result import Result
from gbm_objectives.compare.running.experiment import fit
from gbm_objectives.compare.running.progress import Silent

KINDS = (
    "clean", "10% random", "25% random", "40% random", "one-sided", "heavy tails", "skewed",
    "far group", "flipped 10%", "flipped 20%",
)  # fmt: skip
ROWS = (500, 1000, 2500, 5000)
N_TEST = 10_000
#: Few rounds and folds: all 40 take some minutes of one core.
OPTIONS = Options(folds=3, rounds=25, contamination=(0.0, 0.2))


def simulated(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, str]:
    """X and y as given, X and clean y of the test, and the kind of the data set."""
    kind, n = KINDS[number % len(KINDS)], ROWS[number // len(KINDS)]
    rng = np.random.default_rng([17, number])
    x = rng.uniform(-1, 1, (n + N_TEST, 5))
    signal = 3 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 4 * x[:, 2] ** 2 + 2 * x[:, 3]
    given = slice(None, n)
    if kind.startswith("flipped"):
        clean = (rng.random(n + N_TEST) < 1 / (1 + np.exp(-2 * (signal - 1.3)))).astype(float)
        labels = clean[given].copy()
        moved = rng.random(n) < float(kind.split()[1].rstrip("%")) / 100
        labels[moved] = 1 - labels[moved]
        return x[given], labels, x[n:], clean[n:], kind
    noise = rng.normal(size=n + N_TEST)
    if kind == "heavy tails":
        noise = rng.standard_t(2, n + N_TEST)
    elif kind == "skewed":
        noise = 2 * rng.exponential(size=n + N_TEST)
    clean = signal + noise
    if kind == "far group":
        clean += 30 * (x[:, 4] > 0.9)  # 5% of the rows: structure, not outliers
    labels = clean[given].copy()
    if kind.endswith("random") or kind == "one-sided":
        moved = rng.random(n) < (0.2 if kind == "one-sided" else float(kind.split("%")[0]) / 100)
        size = rng.uniform(5, 20, n)
        signs = np.ones(n) if kind == "one-sided" else rng.choice([-1.0, 1.0], n)
        labels[moved] += (signs * size)[moved]
    return x[given], labels, x[n:], clean[n:], kind


def measured(number: int) -> tuple[Result, dict[tuple[str, str], float]]:
    """The comparison of a data set, and the true error of each candidate."""
    x, y, x_test, y_test, kind = simulated(number)
    task = "binary" if kind.startswith("flipped") else "regression"
    prepared = prepare(of_arrays(x, y, task), OPTIONS)
    result = prepared.run(Silent())
    experiment = prepared.experiment
    whole = of_arrays(np.vstack([x, x_test]), np.concatenate([y, y_test]), task)
    rows = np.arange(len(y)), np.arange(len(y), len(whole.y))
    split = experiment.plan.split(whole, rows, 0, 0, 0.0)
    true = {}
    for candidate in experiment.candidates:
        outcome = fit(candidate, split, experiment.settings, experiment.metric)
        if outcome.prediction is not None:
            value = experiment.metric.evaluate(y_test, outcome.prediction)
            true[candidate.library, candidate.name] = float(value)
    return result, true


def row(number: int, result: Result, true: dict[tuple[str, str], float]) -> dict[str, object]:
    """What is recommended for a data set, and how good that is."""
    best = min(true, key=true.__getitem__)
    found = result.recommendation
    assert found is not None
    key = (found.library, found.code.name)
    said = [one for one in contests(result) if one.contamination == 0 and one.survives_picking]
    wrong = [one for one in said if (true[one.ours] < true[one.rival]) != one.ours_better]
    wrong_choice = found.confidence == "clear" and true[key] > true[best]
    board = result.leaderboard().query("contamination == 0").iloc[0]
    lowest = true[board["library"], board["candidate"]]
    return {
        "set": number, "kind": KINDS[number % len(KINDS)], "rows": result.info["n_rows"], "recommended": found.name,
        "confidence": found.confidence, "ties": len(found.ties), "true": true[key],
        "best": " ".join(best), "best_true": true[best], "loss": true[key] / true[best] - 1,
        "loss_of_lowest": lowest / true[best] - 1, "said_better": len(said),
        "wrong": len(wrong) + wrong_choice, "seconds": result.info["seconds"],
    }  # fmt: skip


def figures(frame: pd.DataFrame) -> str:
    """How good the recommendations are, of all sets and of those that the constants were not chosen on."""
    lines = []
    for name, own in (("all", frame), ("odd numbers", frame[frame["set"] % 2 == 1])):
        lines.append(
            f"{name}: {len(own)} sets; true error within 3% of the best candidate's in {(own['loss'] <= 0.03).sum()}, "
            f"mean {own['loss'].mean():.1%} (lowest mean of the folds: in {(own['loss_of_lowest'] <= 0.03).sum()}, "
            f"{own['loss_of_lowest'].mean():.1%}); 'better' said {own['said_better'].sum()} times, "
            f"wrongly in {(own['wrong'] > 0).sum()} sets; {own['seconds'].sum():.0f} s"
        )
    return "\n".join(lines)


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default="0-39", help="the first and the last, such as 0-9")
    parser.add_argument("--out", type=Path, help="a CSV file for the rows")
    parser.add_argument("--merge", type=Path, nargs="+", help="CSV files of pieces; nothing is run")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.merge:
        frame = pd.concat([pd.read_csv(path) for path in given.merge], ignore_index=True)
    else:
        first, last = map(int, given.sets.split("-"))
        rows = []
        for number in range(first, last + 1):
            rows.append(row(number, *measured(number)))
            print({k: f"{v:.3g}" if isinstance(v, float) else v for k, v in rows[-1].items()})
            if given.out is not None:
                pd.DataFrame(rows).to_csv(given.out, index=False)
        frame = pd.DataFrame(rows)
    print(figures(frame))


if __name__ == "__main__":
    main()
