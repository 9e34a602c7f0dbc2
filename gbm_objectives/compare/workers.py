"""Jobs in this process or in several, as they end; within a time budget."""

from __future__ import annotations

import pickle
import signal
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from gbm_objectives.compare.lineup import LIBRARIES
from gbm_objectives.compare.run import Experiment, Job, Outcome, describe

OVER = Outcome("skipped", "the time budget was spent")
#: Jobs given to each worker ahead, so that none waits.
AHEAD = 2


def outcomes(
    experiment: Experiment, jobs: Sequence[Job], workers: int = 1, deadline: float | None = None
) -> Iterator[tuple[Job, Outcome]]:
    """Each job with its outcome, as soon as it is known.

    Parameters
    ----------
    experiment, jobs : what to do.
    workers : processes; 1 is this one.
    deadline : a `perf_counter` time after which no job begins.
    """
    workers = min(workers, len(jobs) // 2)  # a process takes seconds to start
    if workers < 2:
        for job in jobs:
            yield job, OVER if _over(deadline) else experiment.outcome(job)
        return
    with tempfile.TemporaryDirectory(prefix="gbm-objectives-") as folder:
        path = str(Path(folder) / "experiment")
        _write(experiment, path)
        yield from _parallel(path, jobs, workers, deadline)


def _over(deadline: float | None) -> bool:
    return deadline is not None and perf_counter() > deadline


def _parallel(
    path: str, jobs: Sequence[Job], workers: int, deadline: float | None
) -> Iterator[tuple[Job, Outcome]]:
    pool = _pool(workers)
    running: dict[Future[Outcome], Job] = {}
    waiting = iter(jobs)
    finished = False
    try:
        job = next(waiting, None)
        while job is not None or running:
            while job is not None and len(running) < AHEAD * workers:
                if _over(deadline):
                    yield job, OVER
                else:
                    running[pool.submit(_do, path, job, deadline)] = job
                job = next(waiting, None)
            if not running:
                continue
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                ended = running.pop(future)
                error = future.exception()
                if error is not None:  # the process died, with whatever it was doing
                    lost = [ended, *running.values()]
                    running.clear()
                    pool.shutdown(wait=True, kill_workers=True)
                    pool = _pool(workers)
                    for lost_job in lost:
                        yield lost_job, Outcome("failed", describe(error))
                    break
                yield ended, future.result()
        finished = True
    finally:
        pool.shutdown(wait=finished, kill_workers=not finished)


def _pool(workers: int) -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(workers, initializer=_ignore_interrupts)


def _ignore_interrupts() -> None:
    """Ctrl-C is for the process that started this one, which ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write(experiment: Experiment, path: str) -> None:
    import cloudpickle  # functions and classes of a notebook go along

    Path(path).write_bytes(cloudpickle.dumps(experiment))


@lru_cache(maxsize=1)
def _read(path: str) -> Experiment:
    experiment: Experiment = pickle.loads(Path(path).read_bytes())
    for library in {candidate.library for candidate in experiment.candidates} & set(LIBRARIES):
        import_module(library)  # now, for it takes seconds that belong to no model
    return experiment


def _do(path: str, job: Job, deadline: float | None) -> Outcome:
    return OVER if _over(deadline) else _read(path).outcome(job)
