"""One cluster for all tests of this folder; where tests run side by side, one process has them all."""

import pytest


@pytest.fixture(scope="session")
def client():
    from _cluster import cluster  # where distributed is missing, its tests are skipped before

    with cluster(3) as client:
        yield client
