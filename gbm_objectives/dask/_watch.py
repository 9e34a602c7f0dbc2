"""No waiting for a machine that is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distributed import CancelledError, Future

from gbm_objectives._core.reduction import ClusterError

#: Seconds between two looks at the scheduler.
_INTERVAL = 2.0


def _stranded(keys: list[Any], dask_scheduler: Any) -> list[Any]:
    """Those of the tasks that wait, or whose data waits, for workers of which none is left; run by the scheduler."""
    workers = set(dask_scheduler.workers)

    def stranded(task: Any) -> bool:
        if task.state == "no-worker":
            return bool(task.worker_restrictions) and not task.worker_restrictions & workers
        return task.state in ("waiting", "released") and any(map(stranded, task.dependencies))

    tasks = [dask_scheduler.tasks[key] for key in keys if key in dask_scheduler.tasks]
    return [task.key for task in tasks if stranded(task)]


@contextmanager
def watched(client: Any) -> Iterator[None]:
    """Within it, tasks that wait for a worker that has died are cancelled, and `ClusterError` says so.

    The libraries bind each part of a training to its worker. Where that worker dies, Dask waits for it to
    return, under an address that a restarted worker doesn't have.
    """
    before = set(client.futures)
    done = threading.Event()
    lost: list[Any] = []

    def watch() -> None:
        while not done.wait(_INTERVAL):
            keys = [key for key in list(client.futures) if key not in before]
            stranded = client.run_on_scheduler(_stranded, keys) if keys else []
            if stranded:
                lost.extend(stranded)
                client.cancel([Future(key, client) for key in stranded], force=True)
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    except (Exception, CancelledError) as error:
        if lost or isinstance(error, CancelledError):  # Dask cancels what needs data that are gone
            raise ClusterError(
                "A worker died, and its part of the training with it. Start again on the workers that "
                "are left; their processes are best restarted, with client.restart()."
            ) from error
        raise
    finally:
        done.set()
        thread.join()
