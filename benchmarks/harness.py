"""The comparison against its bare fits: what it adds, what a second process saves, what the report costs.

    python benchmarks/harness.py [--folds 5] [--rounds 200] [--repeats 3] [--csv harness.csv]

Bare are the same models by the libraries' own ``train`` and ``predict``, without curves, scores and frames. CPU
seconds of this process and its children, so that other work on the machine counts little; the runs alternate. What
two processes would take on two free cores is the longer of their CPU times: `wall` is the clock, `at best` that. The
speed-up is by the clock, and needs a quiet machine.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from _common import Bound, Report, arguments

from gbm_objectives import lightgbm as our_lightgbm
from gbm_objectives import xgboost as our_xgboost
from gbm_objectives.compare.candidates import Boosted
from gbm_objectives.compare.data import Data, diabetes, of_arrays
from gbm_objectives.compare.options import Options
from gbm_objectives.compare.prepared import Prepared, prepare
from gbm_objectives.compare.result import Result
from gbm_objectives.compare.running.progress import Silent
from gbm_objectives.compare.saving import save
from gbm_objectives.objective import Objective


def large() -> Data:
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(13_000, 10, noise=1.0, random_state=0)
    return of_arrays(x, y, name="friedman1")


def bare(prepared: Prepared) -> None:
    """Train and predict, nothing else."""
    import lightgbm
    import xgboost

    experiment = prepared.experiment
    rounds = experiment.settings.rounds
    for job in experiment.jobs():
        candidate, split = experiment.candidates[job.candidate], experiment.split(job)
        y = split.y_train
        if not isinstance(candidate, Boosted) or not _fits(candidate, y):
            continue
        if candidate.transform is not None:
            y = candidate.transform.fitted(y).forward(y)
        params: dict[str, Any] = {**candidate.trees, **candidate.params}
        if not isinstance(candidate.objective, Objective):
            params["objective"] = candidate.objective
        ours = {} if "objective" in params else {"objective": candidate.objective}
        if candidate.library == "xgboost":
            params["nthread"] = 1
            train = our_xgboost.train if ours else xgboost.train
            data = xgboost.DMatrix(split.matrix_train, y, nthread=1)
            booster = train(params, data, rounds, **ours)
            booster.predict(xgboost.DMatrix(split.matrix_test, nthread=1))
        else:
            params |= {"num_threads": 1, "verbosity": -1, "metric": "None"}
            params |= {"deterministic": True, "force_row_wise": True}
            train = our_lightgbm.train if ours else lightgbm.train
            booster = train(params, lightgbm.Dataset(split.matrix_train, y), rounds, **ours)
            booster.predict(split.matrix_test, num_threads=1)  # else all cores, actively waiting


def _fits(candidate: Boosted, y: Any) -> bool:
    return not ((y <= candidate.least) if candidate.above else (y < candidate.least)).any()


def measured(call: Callable[[], object]) -> tuple[float, float, float]:
    """Seconds of this process, of its children and of the clock."""
    before, start = os.times(), perf_counter()
    call()
    wall, after = perf_counter() - start, os.times()
    own = after.user + after.system - before.user - before.system
    children = after.children_user + after.children_system
    return own, children - before.children_user - before.children_system, wall


def files(result: Result) -> list[dict[str, object]]:
    """What the report, its figures and the frames cost."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        parts = {
            "report and figures": lambda: result.report(path / "r.html", path / "figures"),
            "frames as CSV": lambda: save(result, path),
        }
        return [{"part": name, "CPU s": measured(call)[0]} for name, call in parts.items()]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    out, bounds = Report(options.csv), []
    for data in (diabetes(), large()):
        given = {"folds": options.folds, "rounds": options.rounds, "contamination": (0.0, 0.1)}
        one, two = (prepare(data, Options(workers=n, **given)) for n in (1, 2))
        calls = {
            "bare": lambda one=one: bare(one),
            "1 worker": lambda one=one: one.run(Silent()),
            "2 workers": lambda two=two: two.run(Silent()),
        }
        prepare(data, Options(folds=2, rounds=2)).run(Silent())  # imports
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in calls}
        for _ in range(options.repeats):
            for name, call in calls.items():
                found[name].append(measured(call))
        rows = []
        for name, times in found.items():
            own, children, wall = (median(column) for column in zip(*times, strict=True))
            rows.append(
                {
                    "run": name, "this process": own, "others": children,
                    "at best": max(own, children), "wall": wall,
                }
            )  # fmt: skip
        out.table(f"{data.name}, {len(data.y)} rows: seconds", rows)
        # Pairs of one repeat: a busy machine slows both.
        over = median(r[0] / b[0] for b, r in zip(found["bare"], found["1 worker"], strict=True))
        pairs = zip(found["1 worker"], found["2 workers"], strict=True)
        faster = median(w1[2] / w2[2] for w1, w2 in pairs)
        bounds += [
            Bound(f"{data.name}: run / bare fits", over, 1.05),
            Bound(f"{data.name}: 1 / speed-up of 2 workers", 1 / faster, 1 / 1.6),
        ]
        out.table(f"{data.name}: files", files(one.run(Silent())))
    out.bounds(bounds)
    out.save()


if __name__ == "__main__":
    main()
