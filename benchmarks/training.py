"""Time and memory of a whole training: ours, the libraries' own objectives and, with --peers, other packages.

    python benchmarks/training.py            # --rows, --rounds, --repeats, --only
    python benchmarks/training.py --peers    # where other packages are installed

One million rows, 20 columns, one thread; XGBoost of depth 6, LightGBM with 31 leaves, otherwise defaults. The target
is that of `make_data`; for focal loss and cross-entropy its upper 10%. Each training is a process of its own: CPU
seconds of `train`, with the data set built before, and the peak of resident memory during `train` over that before.
Ours go through ``gbm_objectives.xgboost.train`` and ``gbm_objectives.lightgbm.train``, so intercept and guards are in
the figure; peers through the library's `train`. All candidates take turns, in a fresh random order for each repeat;
figures are medians, ratios those to the built-in objective at the head of each group. The trees differ between
objectives (their leaves are counted), so ratios near 1 mean little: what a callback costs with the same trees is in ``ready_made.py``.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from _common import Bound, Report, Row, arguments
from _rivals import PEERS
from numpy.typing import NDArray

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
ONE_THREAD |= {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
#: Most that ours may take, over the built-in objective of the group.
TIME_LIMIT = 1.5


@dataclass(frozen=True, eq=False)
class Case:
    """What is trained: an objective of a library, of this package ("ours") or of a peer."""

    library: str
    group: str
    source: str
    name: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        values = ", ".join(f"{key}={value}" for key, value in self.parameters.items())
        return {"built-in": self.name, "ours": f"{self.name}({values})"}.get(
            self.source, f"{self.source} {self.name}"
        )


#: Of each group the built-in objectives of both libraries, and ours; peers have the losses of ours.
GROUPS: dict[str, tuple[dict[str, Row], dict[str, Row]]] = {
    "mean": ({"XGBoost": {"reg:squarederror": {}}, "LightGBM": {"l2": {}}}, {"squared_error": {}}),
    "robust": (
        {"XGBoost": {"reg:absoluteerror": {}}, "LightGBM": {"l1": {}, "huber": {}}},
        {"huber": {}, "log_cosh": {}, "adaptive_robust": {}},
    ),
    "quantile": (
        {
            "XGBoost": {"reg:quantileerror": {"quantile_alpha": 0.9}},
            "LightGBM": {"quantile": {"alpha": 0.9}},
        },
        {"quantile": {"tau": 0.9}},
    ),
    "binary": (
        {"XGBoost": {"binary:logistic": {}}, "LightGBM": {"binary": {}}},
        {"binary_cross_entropy": {}, "focal": {"gamma": 2.0}},
    ),
}


def cases(groups: list[str], with_peers: bool) -> Iterator[Case]:
    """All of them, the one that ratios are to at the head of its group."""
    for library in ("XGBoost", "LightGBM"):
        for group in groups:
            built_in, ours = GROUPS[group]
            for name, parameters in built_in[library].items():
                yield Case(library, group, "built-in", name, parameters)
            for name, parameters in ours.items():
                yield Case(library, group, "ours", name, parameters)
                for peer, (losses, _) in PEERS.items() if with_peers else ():
                    if name in losses:
                        yield Case(library, group, peer, name, parameters)


def make_data(rows: int, columns: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features (normals, amounts, counts, flags) and a heavy-tailed target in the thousands."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    X[:, 1::5] = 0.6 * X[:, 0::5] + 0.8 * X[:, 1::5]
    X[:, 2::5] = np.exp(X[:, 2::5])
    X[:, 3::5] = np.floor(4 * np.abs(X[:, 3::5]))
    X[:, 4::5] = X[:, 4::5] > 1
    signal = X[:, 0] * X[:, 1] + 2 * np.sin(X[:, 5]) + np.log1p(X[:, 2]) * X[:, 3] - 2 * X[:, 4]
    noise = (0.5 + 0.5 * np.abs(X[:, 6])) * rng.standard_t(3, size=rows)
    return X, (1000 * (signal + noise)).astype(np.float32)


class Peak:
    """The highest resident memory of the process while it runs, in MB over that at its start.

    Linux' own mark where it can be reset, else a reading each 2 ms.
    """

    def __enter__(self) -> Peak:
        self.start, self.highest, self.exact = self._read("VmRSS"), 0.0, True
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            self.exact, self.done = False, threading.Event()
            self.reader = threading.Thread(target=self._watch, daemon=True)
            self.reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self.exact:
            self.done.set()
            self.reader.join()
        self.mb = max(self._read("VmHWM") if self.exact else self.highest, self.start) - self.start

    def _watch(self) -> None:
        while not self.done.wait(0.002):
            self.highest = max(self.highest, self._read("VmRSS"))

    @staticmethod
    def _read(entry: str) -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(entry)) / 1024


def trainer(case: Case, X: Any, y: Any, rounds: int) -> Callable[[], Any]:
    """The training, all data built: what is left to time."""
    if case.library == "XGBoost":
        import xgboost as library

        import gbm_objectives.xgboost as end_to_end

        data: Any = library.QuantileDMatrix(X, y, nthread=1)
        params: dict[str, Any] = {"max_depth": 6, "nthread": 1}
    else:
        import lightgbm as library

        import gbm_objectives.lightgbm as end_to_end  # type: ignore[no-redef]

        params = {"num_threads": 1, "verbosity": -1, "force_row_wise": True}
        data = library.Dataset(X, y, params=params, free_raw_data=True).construct()
    if case.source == "built-in":
        params |= {"objective": case.name, **case.parameters}
        return lambda: library.train(params, data, rounds)
    if case.source == "ours":
        from gbm_objectives.registry import OBJECTIVES

        objective = OBJECTIVES[case.name](**case.parameters)
        return lambda: end_to_end.train(params, data, rounds, objective=objective)
    call = PEERS[case.source][1](case.name, **case.parameters)

    def callback(preds: Any, data: Any) -> Any:
        return call(data.get_label(), preds)

    callback(np.asarray(y[:100], np.float64), _Labels(y[:100]))  # imports and compiles
    if case.library == "XGBoost":
        return lambda: library.train(params, data, rounds, obj=callback)
    return lambda: library.train({**params, "objective": callback}, data, rounds)


@dataclass
class _Labels:
    y: Any

    def get_label(self) -> Any:
        return self.y


def child(folder: Path, task: str) -> None:
    """Train one case and print what it took, as JSON."""
    given = json.loads(task)
    case, rounds = Case(**given["case"]), given["rounds"]
    X, y = np.load(folder / "X.npy"), np.load(folder / "y.npy")
    if case.group == "binary":
        y = (y > np.quantile(y, 0.9)).astype(np.float32)
    train = trainer(case, X, y, rounds)
    wall, cpu = time.perf_counter(), time.process_time()
    with Peak() as peak:
        booster = train()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(json.dumps([cpu, wall, peak.mb, leaves(booster)]))


def leaves(booster: Any) -> int:
    """Of all trees: fast trainings may be those where little splits."""
    if hasattr(booster, "get_dump"):
        return sum(tree.count("leaf=") for tree in booster.get_dump())
    return sum(tree["num_leaves"] for tree in booster.dump_model()["tree_info"])


def measured(case: Case, folder: Path, rounds: int) -> list[float] | str:
    """CPU seconds, wall seconds, MB and leaves in a process of its own; or why there are none."""
    task = json.dumps({"case": asdict(case), "rounds": rounds})
    command = [sys.executable, "-W", "ignore", __file__, "--child", str(folder), task]
    done = subprocess.run(command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1]
        return "not installed" if "ModuleNotFoundError" in last else last[:60]
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def rows_of(found: dict[Case, list[list[float]]], failed: dict[Case, str]) -> Iterator[Row]:
    """The medians, and ratios to the head of the group."""
    heads: dict[tuple[str, str], tuple[float, float]] = {}
    for case, runs in found.items():
        row: Row = {"library": case.library, "group": case.group, "objective": str(case)}
        if case in failed:
            yield row | {"CPU s": failed[case]}
            continue
        cpu, wall, mb, splits = (median(values) for values in zip(*runs, strict=True))
        head = heads.setdefault((case.library, case.group), (cpu, mb))
        yield row | {
            "CPU s": cpu, "s": wall, "MB over data": mb, "CPU ratio": cpu / head[0],
            "MB ratio": mb / head[1] if head[1] else float("nan"), "leaves": int(splits),
        }  # fmt: skip


def main() -> None:
    """Run all cases in turns."""
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]), sys.argv[3])
        return
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--peers", action="store_true", help="other packages too")
    options = parser.parse_args()
    found: dict[Case, list[list[float]]] = {}
    failed: dict[Case, str] = {}
    listed = list(cases(options.only, options.peers))
    shuffle = random.Random(0).shuffle
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, array in zip("Xy", make_data(options.rows, options.columns), strict=True):
            np.save(folder / f"{name}.npy", array)
        for _ in range(options.repeats):
            turn = [case for case in listed if case not in failed]
            shuffle(turn)
            for case in turn:
                result = measured(case, folder, options.rounds)
                if isinstance(result, str):
                    failed[case] = result
                else:
                    found.setdefault(case, []).append(result)
    rows = list(rows_of({case: found.get(case, []) for case in listed}, failed))
    report = Report(options.csv)
    report.table(
        f"{options.rows:,} x {options.columns}, {options.rounds} rounds, one thread, "
        f"medians of {options.repeats}",
        rows,
    )
    report.bounds(
        Bound(f"{row['library']} {row['objective']}: CPU ratio", row["CPU ratio"], TIME_LIMIT)
        for case, row in zip(listed, rows, strict=True)
        if case.source == "ours"
    )
    report.save()


if __name__ == "__main__":
    main()
