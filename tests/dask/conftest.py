"""One cluster for all tests of this folder; where tests run side by side, one process has them all."""

from pathlib import Path

import pytest

#: Races of the libraries' own sockets, in training that is over or not yet begun. XGBoost's workers close their port for
#: errors when a foreign connection or a signal reaches it, and then fail to close themselves. LightGBM's look for a
#: free port and take it a moment later (its issue 4074).
RACES = ["Failed to connect to the error socket", "Binding port .* failed"]
FOLDER = Path(__file__).parent
FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items):
    """A test that a race has ended begins again, at most twice; no other failure does. None waits for ten minutes."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=2, only_rerun=RACES))
            item.add_marker(pytest.mark.timeout(180))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.failed and FOLDER in item.path.parents:
        item.session.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def running():
    from _cluster import cluster  # where distributed is missing, its tests are skipped before

    with cluster(3) as client:
        yield client


@pytest.fixture
def client(request, running):
    """The cluster, with new workers after a failure: one of them may wait for ever for its peers.

    And with all of them: XGBoost ends its process where the communicator reports an error after the training.
    """
    if request.session.stash.get(FAILED, False):
        request.session.stash[FAILED] = False
        running.restart(timeout=60)
    running.wait_for_workers(3, timeout=60)
    return running
