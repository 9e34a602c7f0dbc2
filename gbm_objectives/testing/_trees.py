"""A short training in each library: do trees split, are leaves finite, does the value fall."""

from __future__ import annotations

import re
import warnings
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from gbm_objectives._core.validation import Array
from gbm_objectives.objective import Objective
from gbm_objectives.testing._calls import Broken, Library, words
from gbm_objectives.testing._report import Check, table
from gbm_objectives.testing._subject import RowValue, Subject

ROUNDS = 10
NAMES = {"xgboost": "XGBoost", "lightgbm": "LightGBM"}
#: Predictions further from the start than this many ranges of the target (or logits) have exploded.
EXPLODED = 20.0


def trees(library: Library, subject: Subject) -> Check:
    """Ten rounds at the defaults of the library, started at a fair constant."""
    if find_spec(library) is None:
        return Check(library, "skipped", f"{NAMES[library]} is not installed")
    task = subject.samples.task
    sizes: list[float | None] = [1.0, 1e3] if subject.samples.sizes else [None]
    runs: dict[str, dict[str, Any]] = {}
    for size in sizes:
        name = f"{size:g}" if size is not None else task
        try:
            runs[name] = _run(library, subject, size)
            if subject.own and _rises(runs[name]):
                # The hardest quarter of noisy labels, `ohem`, is noise: there the start is best.
                runs[name] = _run(library, subject, size, noise=0.0)
        except Broken as error:
            return Check(library, "failure", f"training raised {error}", data=runs)
        except Exception as error:
            told = f"training raised {type(error).__name__}: {words(error)[:200]}"
            return Check(library, "failure", told, data=runs)
    return _judged(library, subject, runs)


def _rises(run: dict[str, Any]) -> bool:
    """Whether training leaves the value where it was, or makes it larger."""
    value = run["value"]
    return bool(value and run["splits"] and value[1] >= value[0] < np.inf)


def _judged(library: Library, subject: Subject, runs: dict[str, dict[str, Any]]) -> Check:
    samples = subject.samples
    split = {name: run["splits"] for name, run in runs.items()}
    problems, bad = [], False
    for name, run in runs.items():
        where = f"with a target of size {name} " if len(runs) > 1 else ""
        if not run["splits"]:
            problems.append(f"{where}no tree splits")
            bad = bad or not any(split.values()) or len(runs) == 1
        elif run["splits"] < ROUNDS // 2:
            problems.append(f"{where}trees split in {run['splits']} of {ROUNDS} rounds only")
        if not run["finite"]:
            problems.append(f"{where}predictions are NaN or infinite")
            bad = True
        elif run["moved"] > EXPLODED:
            unit = "ranges of the target" if samples.residuals else "on the scale of scores"
            problems.append(f"{where}leaves explode: predictions move by {run['moved']:.3g} {unit}")
            bad = True
        value = run["value"]
        if _rises(run):
            problems.append(f"{where}the value doesn't fall: {value[0]:.4g}, then {value[1]:.4g}")
            bad = True
    if not problems:
        return Check(library, "ok", _told(runs), data=runs)
    finding = "; ".join(problems) + "."
    if len(runs) > 1:
        cells = {
            "rounds that split": {n: f"{s}/{ROUNDS}" for n, s in split.items()},
            "largest move": {n: f"{r['moved']:.2g}" for n, r in runs.items()},
        }
        finding += "\n" + table("target of size", list(runs), cells)
    start = "the best constant" if subject.own and not samples.located else "0"
    start = "the median" if samples.residuals else start
    start = "the log of the mean" if samples.task == "positive" else start
    advice = (
        f"{ROUNDS} rounds, 400 rows with a clear signal, the defaults of {NAMES[library]}, and {start} as "
        "start, so it isn't the missing intercept. The other findings tell why."
    )
    return Check(library, "failure" if bad else "warning", finding, advice, runs)


def _told(runs: dict[str, dict[str, Any]]) -> str:
    parts = []
    for name, run in runs.items():
        where = f" (target of size {name})" if len(runs) > 1 else ""
        value = run["value"]
        fall = f", value {value[0]:.3g} to {value[1]:.3g}" if value else ""
        parts.append(f"{run['splits']}/{ROUNDS} rounds split{fall}{where}")
    return "; ".join(parts)


def _run(
    library: Library, subject: Subject, size: float | None, noise: float = 1.0
) -> dict[str, Any]:
    features, y, fair = subject.samples.training(size, noise)
    start = np.asarray(fair if subject.start is None else subject.start)
    fit = _xgboost if library == "xgboost" else _lightgbm
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw, splits = fit(subject, features, y, start)
    finite = bool(np.isfinite(raw).all())
    unit = float(np.ptp(y)) if subject.samples.residuals else 1.0
    with np.errstate(all="ignore"):
        moved = float(np.max(np.abs(raw - start))) / unit
    return {
        "splits": splits,
        "finite": finite,
        "moved": moved,
        "value": _values(subject, y, raw, start) if finite else None,
    }


def _values(subject: Subject, y: Array, raw: Array, start: Array) -> tuple[float, float] | None:
    """The mean of the value at the start and at the end; automatic scales are those of the start."""
    if subject.value is None:
        return None
    own = subject.candidate.function
    if isinstance(own, Objective):
        # The scales of the probe belong to targets of its size.
        scaled = own.fixed(y, np.full_like(raw, start))
        return scaled.value(y, np.full_like(raw, start)), scaled.value(y, raw)
    value = subject.value
    if not isinstance(value, RowValue):
        return None
    y = y.astype(np.float32).astype(float)

    def mean(at: Array) -> float:
        if value.kind == "total":
            return float(np.asarray(value.function(y, at)).item())
        return float(np.mean(value(y, at)))

    return mean(np.full_like(raw, start)), mean(raw)


def _callback(subject: Subject) -> Any:
    """The objective for `train`; results in float32, so that this check sees their size alone."""

    def objective(preds: Array, data: Any) -> tuple[Array, Array]:
        y = np.asarray(data.get_label())
        g, h = subject.candidate.evaluate(y, preds)
        with np.errstate(over="ignore"):
            return g.astype(np.float32), h.astype(np.float32)

    return objective


def _xgboost(subject: Subject, features: Array, y: Array, start: Array) -> tuple[Array, int]:
    xgb = import_module("xgboost")
    outputs = subject.samples.n_outputs
    margin = None if outputs is None else np.tile(start, (len(y), 1 if start.ndim else outputs))
    data = xgb.DMatrix(features, y, base_margin=margin)
    parameters: dict[str, Any] = {
        "nthread": 1,
        "verbosity": 0,
        "base_score": float(start) if margin is None else 0.0,
        "disable_default_eval_metric": 1,
    }
    if outputs is not None:
        parameters |= {"num_class": outputs, "objective": "multi:softprob"}
    booster = xgb.train(parameters, data, ROUNDS, obj=_callback(subject))
    dumped = booster.get_dump()
    split = [bool(re.search(r"\[", tree)) for tree in dumped]
    raw = booster.predict(data, output_margin=True).astype(float)
    return raw, _rounds(split)


def _lightgbm(subject: Subject, features: Array, y: Array, start: Array) -> tuple[Array, int]:
    lgb = import_module("lightgbm")
    skip_reset = import_module("gbm_objectives.lightgbm._callbacks").skip_reset
    outputs = subject.samples.n_outputs or 1
    init = np.repeat(np.resize(start, outputs), len(y))  # one output after the other
    data = lgb.Dataset(features, y, init_score=init)
    parameters = {
        "objective": _callback(subject),
        "num_threads": 1,
        "verbosity": -1,
        "num_class": outputs,
        "metric": "None",
    }
    booster = lgb.train(parameters, data, ROUNDS, callbacks=[skip_reset])
    split = [tree["num_leaves"] > 1 for tree in booster.dump_model()["tree_info"]]
    return start + booster.predict(features, raw_score=True), _rounds(split, outputs)


def _rounds(split: list[bool], outputs: int | None = None) -> int:
    """The rounds in which any of the trees splits."""
    outputs = outputs or max(1, len(split) // ROUNDS)
    return sum(any(split[i : i + outputs]) for i in range(0, len(split), outputs))
