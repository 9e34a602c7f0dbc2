"""Clusters for the tests: local processes, and data that lie on them as a test wants."""

import itertools
import warnings
from contextlib import closing, contextmanager

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster


@contextmanager
def cluster(n_workers):
    """A client of a cluster of ``n_workers`` processes of one thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Dask's own
        with (
            # After this time the cluster looks whether a lost worker came back, and closes it for good if it is away
            # just then: killed a second time, by the next test.
            dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"}),
            LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=50,
            ) as local,
            # Not `with Client`: it would stay the current client, which other tests' waiting would ask.
            closing(Client(local)) as client,
        ):
            yield client


def addresses(client):
    """The workers, in order.

    Not of ``client.scheduler_info()``: the client renews that by the clock, without workers, between its asking and its
    answering.
    """
    return sorted(client.nthreads())


def placed(client, array, sizes, workers=None):
    """A Dask array of chunks of these sizes, dealt to the workers in turn."""
    workers = workers or addresses(client)
    cuts = np.cumsum([0, *sizes])
    chunks = [
        da.from_delayed(
            client.submit(
                np.array,
                array[start:stop],
                pure=False,
                workers=[workers[k % len(workers)]],
            ),
            (stop - start, *array.shape[1:]),
            array.dtype,
        )
        for k, (start, stop) in enumerate(itertools.pairwise(cuts))
    ]
    return da.concatenate(chunks)
