"""The cost of a callback: nanoseconds a row, on one thread, for one million rows in float32.

Losses of classes have 10 of them, and a tenth of the rows; a row counts as ten there.

Measured is ``objective(y_true, raw_prediction)``, which allocates its two results, against
- copying the four arrays that it reads and writes: the least that any callback costs;
- the plain float64 NumPy formula of the same loss and Hessian policy, as a user would write it (of the
  losses that people write most);
- the same loss of other packages, where they are installed and have it. Their Hessians differ.
All calls of a row of the table are interleaved; times are medians of the CPU time of the process, so
that other processes don't count. Residuals are normal with a standard deviation of 1.4, delta is 1;
logits are normal with a standard deviation of 2, and 10% of the labels are 1; positive labels are log-normal.

A measured call follows two calls of the same callback, as in training, where each callback finds memory
as it left it a round ago. So a formula whose whole-array temporaries go back to the system pays for
their page faults, as it does in training with both libraries. How many depends on the process, so the
comparison with the plain formula is made a second time with an allocator that gives nothing back.

Extra memory is the peak that NumPy allocates during a call, less the two results.

All this is the NumPy engine. A second table, alone with ``--engines``, has both engines: the fastest of many calls by the clock of
the wall, for two threads have twice the CPU time.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"  # jaxboost

import ctypes
import inspect
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from _common import Bound, Report, Row, arguments, interleaved
from _rivals import AUTO, PEERS, Array, peers, plain

from gbm_objectives import engine
from gbm_objectives.links import LOG
from gbm_objectives.objective import Objective, _compiled
from gbm_objectives.registry import OBJECTIVES

LIMITS = {"huber": 5.0, "pseudo_huber": 5.0, "log_cosh": 5.0, "quantile": 10.0, "focal": 12.0}
ROW_WISE_LIMIT, GLOBAL_LIMIT = 12.0, 16.0
#: Losses and weightings that look at all rows first.
GLOBAL = {"dice", "tversky", "ghm_classification", "ghm_regression", "ohem"}
AUTO_LIMIT, SPEED_UP, MEMORY_LIMIT = 3.0, 4.0, 4.0
CLASSES, CLASS_SPEED_UP = 10, 5.0
#: Losses whose plain formula is measured beside ours.
PLAIN = set(LIMITS)
#: Parameters that make a default objective one of a fixed scale.
FIXED = {"delta": 1.0}


@dataclass(frozen=True)
class Case:
    """An objective: a factory of the package and its arguments."""

    loss: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.loss}({values})"

    @property
    def limit(self) -> float | None:
        """How many copies it may cost; None for "auto" and the exact quantile."""
        if self.parameters.get("delta") == AUTO or not self.parameters.get("smooth", True):
            return None
        return LIMITS.get(self.loss, GLOBAL_LIMIT if self.loss in GLOBAL else ROW_WISE_LIMIT)

    def objective(self) -> Objective:
        """The callback of this package."""
        found: Objective = OBJECTIVES[self.loss](**self.parameters)
        return found


def groups() -> Iterator[list[Case]]:
    """Cases that are measured together: the fixed scale first, then the automatic one."""
    for loss in ("huber", "pseudo_huber", "log_cosh"):
        yield [Case(loss, {"delta": delta}) for delta in (1.0, AUTO)]
    for smooth in (True, False):
        yield [
            Case("quantile", {"tau": 0.9, "delta": delta, "smooth": smooth})
            for delta in (1.0, AUTO)
        ]
    for gamma in (0.0, 0.5, 2.0, 5.0):
        yield [Case("focal", {"gamma": gamma})]
    for loss, factory in OBJECTIVES.items():
        if loss in PLAIN or loss == "mean_bias_error":  # a penalty beside a loss
            continue
        scaled = FIXED.keys() & inspect.signature(factory).parameters.keys()
        if scaled:
            yield [Case(loss, dict(FIXED)), Case(loss, {"delta": AUTO})]
        else:
            yield [Case(loss)]
    yield [Case("softmax_focal", {"label_smoothing": 0.1})]
    yield [Case("softmax_focal", {"class_weight": "balanced"})]


def levels() -> list[Case]:
    """Several levels of a target, for the table of both engines."""
    tau = [0.1, 0.3, 0.5, 0.7, 0.9]
    return [Case("quantile", {"tau": tau}), Case("expectile", {"tau": tau})]


def keep_memory() -> None:
    """Tell glibc to give no memory back from now on; elsewhere do nothing."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        for trim_and_mmap_threshold in (-1, -3):
            libc.mallopt(trim_and_mmap_threshold, 1 << 30)


def extra_memory(call: Callable[[], tuple[Array, Array]]) -> float:
    """Peak MB during the call beyond its results."""
    call()
    tracemalloc.start()
    results = call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak - sum(result.nbytes for result in results)) / 1e6


def data(objective: Objective, rows: int) -> tuple[Array, Array]:
    """Labels and raw predictions of the objective's kind."""
    rng = np.random.default_rng(0)
    if objective.n_outputs:  # levels of one target, now and then crossing
        y, raw = rng.normal(size=(2, rows // objective.n_outputs))
        order = np.linspace(-1, 1, objective.n_outputs)
        raw = raw[:, None] + order + 0.3 * rng.normal(size=(len(y), objective.n_outputs))
        return y.astype(np.float32), np.asfortranarray(raw, dtype=np.float32)
    if objective.vector:
        rows //= CLASSES
        raw = np.asfortranarray(2 * rng.normal(size=(rows, CLASSES)))
        soft = objective.name == "kl_divergence"
        y = rng.dirichlet(np.ones(CLASSES), rows) if soft else rng.integers(0, CLASSES, rows)
        return np.asfortranarray(y, dtype=np.float32), raw.astype(np.float32)
    raw = rng.normal(size=rows)
    loss = objective.terms[0].loss
    if not loss.check_labels(np.array([-1.0])) and not loss.check_labels(np.array([2.0])):
        y, raw = 1.0 * (rng.random(rows) < 0.1), 2 * raw
    elif objective.link == LOG:
        y = np.exp(rng.normal(size=rows))
    else:
        y = rng.normal(size=rows)
        y += np.copysign(0.01, y)  # no label of 0
    return y.astype(np.float32), raw.astype(np.float32)


def copying(y: Array, raw: Array) -> Callable[[], None]:
    """The copy of the two arrays that a callback reads and of two such as it returns."""
    sources = [y, raw, np.ones_like(raw), np.ones_like(raw)]
    targets = [np.ones_like(source) for source in sources]

    def copy() -> None:
        for target, source in zip(targets, sources, strict=True):
            np.copyto(target, source)

    return copy


def in_numpy(call: Callable[[], Any]) -> Callable[[], Any]:
    """The call, by NumPy alone."""

    def within() -> Any:
        with engine.use("numpy"):
            return call()

    return within


def compiled(call: Callable[[], Any], threads: int) -> Callable[[], Any]:
    """The call, by compiled code on so many threads."""

    def within() -> Any:
        with engine.use("compiled", threads=threads):
            return call()

    return within


def is_compiled(objective: Objective, y: Array, raw: Array) -> bool:
    """Whether the formulas have a compiled form."""
    terms = [term.resolved(y, raw, None, None) for term in objective.terms]
    results = [np.empty(raw.shape, np.float32, order="F") for _ in range(2)]
    with engine.use("compiled"):
        return _compiled.filled(terms, y, raw, None, *results)


def measure_engines(case: Case, rows: int, repeats: int) -> Row:
    """The objective on both engines; "no" where NumPy computes it on both."""
    objective = case.objective()
    y, raw = data(objective, rows)
    call = partial(objective, y, raw)
    calls = {
        "copy": copying(y, raw),
        "NumPy": in_numpy(call),
        "1 thread": compiled(call, 1),
        "2 threads": compiled(call, 2),
    }
    start = time.perf_counter()
    calls["1 thread"]()
    first_call = time.perf_counter() - start
    fastest = dict.fromkeys(calls, np.inf)
    for _ in range(repeats):
        for name, one in calls.items():
            start = time.perf_counter()
            one()
            fastest[name] = min(fastest[name], time.perf_counter() - start)
    copy, one_thread = fastest["copy"], fastest["1 thread"]
    return {
        "objective": str(case),
        "compiled": "yes" if is_compiled(objective, y, raw) else "no",
        "first call s": first_call,
        "copy ns/row": copy * 1e9 / rows,
        "NumPy x copy": fastest["NumPy"] / copy,
        "compiled x copy": one_thread / copy,
        "2 threads / 1": fastest["2 threads"] / one_thread,
    }


def own_and_plain(group: list[Case], y: Array, raw: Array) -> dict[str, Callable[[], Any]]:
    """The callbacks of the package and the plain formulas."""
    calls: dict[str, Callable[[], Any]] = {}
    for case in group:
        calls[str(case)] = in_numpy(partial(case.objective(), y, raw))
        if case.loss in PLAIN:
            calls[f"plain {case}"] = partial(plain(case.loss, **case.parameters), y, raw)
    return calls


def measure(group: list[Case], rows: int, repeats: int) -> list[Row]:
    """One row of the table for each case."""
    y, raw = data(group[0].objective(), rows)
    calls = {"copy": copying(y, raw), **own_and_plain(group, y, raw)}
    skipped: dict[str, dict[str, str]] = {}
    for case in group:
        callbacks, skipped[str(case)] = peers(case.loss, **case.parameters)
        calls |= {f"{name} {case}": partial(call, y, raw) for name, call in callbacks.items()}

    seconds = interleaved(calls, repeats, lead=2)
    unit = 1e9 / rows
    result = []
    for case in group:
        own, plain_time = seconds[str(case)], seconds.get(f"plain {case}")
        automatic = case.parameters.get("delta") == AUTO
        row: Row = {
            "objective": str(case),
            "ns/row": own * unit,
            "copy ns/row": seconds["copy"] * unit,
            "x copy": own / seconds["copy"],
            "auto adds x copy": (own - seconds[str(group[0])]) / seconds["copy"]
            if automatic
            else "",
            "plain ns/row": "" if plain_time is None else plain_time * unit,
            "plain/ours": "" if plain_time is None else plain_time / own,
            "extra MB": extra_memory(calls[str(case)]),
            "plain extra MB": "" if plain_time is None else extra_memory(calls[f"plain {case}"]),
        }
        for name in PEERS:
            peer = seconds.get(f"{name} {case}")
            row[name] = skipped[str(case)].get(name) if peer is None else peer * unit
        result.append(row)
    return result


def measure_without_faults(group: list[Case], rows: int, repeats: int) -> list[float]:
    """The plain formula's time over ours, for each case, once nothing is given back to the system."""
    calls = own_and_plain(group, *data(group[0].objective(), rows))
    seconds = interleaved(calls, repeats, lead=2)
    return [seconds[f"plain {case}"] / seconds[str(case)] for case in group]


def bounds(cases: list[Case], table: list[Row]) -> Iterator[Bound]:
    """Speed against the copy and the plain formula, and memory."""
    for case, row in zip(cases, table, strict=True):
        if case.limit is not None:
            yield Bound(f"{case}: x copy", row["x copy"], case.limit)
        if row["auto adds x copy"] != "":
            yield Bound(f"{case}: auto adds x copy", row["auto adds x copy"], AUTO_LIMIT)
        if row["plain/ours"] != "":
            share = 1 / row["plain/ours"]
            yield Bound(f"{case}: share of the plain formula's time", share, 1 / SPEED_UP)
        if case.loss == "softmax_focal":
            for name in PEERS:
                if isinstance(row[name], float):
                    share = row["ns/row"] / row[name]
                    yield Bound(f"{case}: share of {name}'s time", share, 1 / CLASS_SPEED_UP)
        yield Bound(f"{case}: extra MB", row["extra MB"], MEMORY_LIMIT)


def main() -> None:
    """Measure all groups; print the table and the bounds."""
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--only", nargs="*", help="names of factories; all by default")
    parser.add_argument("--engines", action="store_true", help="the table of both engines alone")
    options = parser.parse_args()
    report = Report(options.csv)
    measured = [group for group in groups() if not options.only or group[0].loss in options.only]
    cases = [case for group in measured for case in group]
    several = [case for case in levels() if not options.only or case.loss in options.only]
    engines = [measure_engines(case, options.rows, options.repeats) for case in [*cases, *several]]
    report.table(f"{options.rows:,} rows, both engines, fastest of {options.repeats}", engines)
    if options.engines:
        report.save()
        return
    table: list[Row] = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of the other packages
        for group in measured:
            table += measure(group, options.rows, options.repeats)
        keep_memory()
        ratios = {
            str(case): ratio
            for group in measured
            if group[0].loss in PLAIN
            for case, ratio in zip(
                group, measure_without_faults(group, options.rows, options.repeats), strict=True
            )
        }
    for row in table:
        row["same, no page faults"] = ratios.get(row["objective"], "")
    title = f"{options.rows:,} rows, one thread, CPU time"
    own = [column for column in table[0] if column not in PEERS]
    own.insert(own.index("plain/ours") + 1, own.pop())
    report.table(title, [{column: row[column] for column in own} for row in table])
    columns = ["objective", "ns/row", *PEERS]
    report.table(
        f"{title}: other packages, ns/row", [{c: row[c] for c in columns} for row in table]
    )
    report.bounds(bounds(cases, table))
    report.save()


if __name__ == "__main__":
    main()
