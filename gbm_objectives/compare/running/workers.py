"""Jobs in this process and, where there is much to do, in others beside it; within a time budget."""

from __future__ import annotations

import pickle
import signal
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Any

from gbm_objectives.compare.candidates import LIBRARIES, Boosted, Constant
from gbm_objectives.compare.running.experiment import Experiment, Job, Outcome, describe

OVER = Outcome("skipped", "the time budget was spent")
#: Jobs that another process has been given and not ended, so that it never waits.
AHEAD = 2
#: Seconds of work after which, and seconds of work left for which, more than one other process is started.
ALONE, WORTHWHILE = 0.5, 2.0


def outcomes(
    experiment: Experiment, jobs: Sequence[Job], workers: int = 1, deadline: float | None = None
) -> Iterator[tuple[Job, Outcome]]:
    """Each job with its outcome, as soon as it is known.

    This process trains too, and is one of the workers; but not where a candidate is a user's, which may end its
    process: then all of them are others.

    Parameters
    ----------
    experiment, jobs : Experiment, sequence of Job
        What to do.
    workers : int, default 1
        Processes.
    deadline : float, optional
        A `perf_counter` time after which no job begins.
    """
    own = all(isinstance(candidate, (Boosted, Constant)) for candidate in experiment.candidates)
    pickled = _pickled(experiment) if workers > 1 and len(jobs) > 1 else None
    if pickled is None:
        for job in jobs:
            yield job, OVER if _over(deadline) else experiment.outcome(job)
    else:
        with tempfile.TemporaryDirectory(prefix="gbm-objectives-") as folder:
            path = Path(folder) / "experiment"
            path.write_bytes(pickled)
            here = experiment if own else None
            yield from _shared(here, str(path), deque(jobs), workers - own, deadline)


def _over(deadline: float | None) -> bool:
    return deadline is not None and perf_counter() > deadline


def _shared(
    here: Experiment | None, path: str, waiting: deque[Job], others: int, deadline: float | None
) -> Iterator[tuple[Job, Outcome]]:
    """The jobs by other processes, and by this one where it has the experiment; all take the next from one queue."""
    ended: SimpleQueue[tuple[Job, Outcome]] = SimpleQueue()
    start, missing, done = perf_counter(), len(waiting), 0
    processes: list[_Process] = []

    def begin(count: int) -> None:
        while len(processes) < count:
            processes.append(_Process(path, waiting, ended, deadline))

    begin(others if here is None else 1)
    try:
        while missing:
            job = _next(waiting) if here is not None else None
            if here is not None and job is not None:
                yield job, OVER if _over(deadline) else here.outcome(job)
                missing, done = missing - 1, done + 1
                spent = perf_counter() - start
                if spent > ALONE and spent / done * len(waiting) > WORTHWHILE:
                    begin(others)
            while missing and (job is None or not ended.empty()):
                yield ended.get()
                missing -= 1
    finally:
        waiting.clear()
        for process in processes:
            process.end(kill=missing > 0)


def _next(waiting: deque[Job]) -> Job | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


class _Process:
    """Another process that takes jobs until there are none, begun anew where one of them ends it."""

    def __init__(
        self,
        path: str,
        waiting: deque[Job],
        ended: SimpleQueue[tuple[Job, Outcome]],
        deadline: float | None,
    ) -> None:
        self.path, self.waiting, self.ended, self.deadline = path, waiting, ended, deadline
        self.ending, self.pool = False, _pool()
        self.ready = self.pool.submit(_prepare, path)
        self.thread = Thread(target=self._feed, daemon=True)
        self.thread.start()

    def _feed(self) -> None:
        given: deque[tuple[Job, Any]] = deque()
        self.ready.exception()  # imports take seconds, in which this one's jobs would wait; an error is that of a job
        while not self.ending:
            while len(given) < AHEAD and (job := _next(self.waiting)) is not None:
                future = self._submit(job)
                if future is None:
                    self.waiting.appendleft(job)
                    break
                given.append((job, future))
            if not given:
                if not self.waiting:
                    return
                self._renew()
                continue
            job, future = given.popleft()
            error = future.exception()
            if isinstance(error, BrokenExecutor):  # of this job: they are done in their order
                self.waiting.extendleft(other for other, _ in reversed(given))
                given.clear()
                self._renew()
            self.ended.put((job, Outcome("failed", describe(error)) if error else future.result()))

    def _submit(self, job: Job) -> Any:
        """The future; None where the process has died meanwhile or is to end."""
        try:
            return self.pool.submit(_do, self.path, job, self.deadline)
        except RuntimeError:
            return None

    def _renew(self) -> None:
        self.pool.shutdown(wait=True, kill_workers=True)
        if not self.ending:
            self.pool = _pool()

    def end(self, kill: bool) -> None:
        """Where there is nothing left to do, or at once."""
        self.ending = True
        kill = kill or not self.ready.done()
        self.pool.shutdown(wait=not kill, kill_workers=kill)


def _pool() -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(1, initializer=_ignore_interrupts)


def _ignore_interrupts() -> None:
    """Ctrl-C is for the process that started this one, which ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _pickled(experiment: Experiment) -> bytes | None:
    """With functions and classes of a notebook; None where something of the user's can't be."""
    import cloudpickle

    try:
        pickled: bytes = cloudpickle.dumps(experiment)
    except Exception:
        return None
    return pickled


@lru_cache(maxsize=1)
def _read(path: str) -> Experiment:
    experiment: Experiment = pickle.loads(Path(path).read_bytes())
    for library in {candidate.library for candidate in experiment.candidates} & set(LIBRARIES):
        import_module(library)  # now, for it takes seconds that belong to no model
    return experiment


def _prepare(path: str) -> None:
    _read(path)


def _do(path: str, job: Job, deadline: float | None) -> Outcome:
    return OVER if _over(deadline) else _read(path).outcome(job)
