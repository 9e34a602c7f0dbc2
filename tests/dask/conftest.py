"""One cluster for all tests of this folder; where tests run side by side, one process has them all."""

from pathlib import Path

import pytest

#: Races of the libraries' own sockets, in training that is over or not yet begun. XGBoost's workers close their port for
#: errors when a foreign connection or a signal reaches it, and then fail to close themselves. LightGBM's look for a free port and
#: take it a moment later (its issue 4074).
RACES = ["Failed to connect to the error socket", "Binding port .* failed"]


def pytest_collection_modifyitems(items):
    """A test that a race has ended begins again, at most twice; no other failure does."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=2, only_rerun=RACES))


@pytest.fixture(scope="session")
def client():
    from _cluster import cluster  # where distributed is missing, its tests are skipped before

    with cluster(3) as client:
        yield client
