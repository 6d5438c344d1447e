"""Fixtures: a server for each dialect, trackers that never wait long, a network between."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.databases import Databases
from tests.support.processes import ServerProcess, server_process
from tests.unit.sdk.network import Network, network
from trackstore import Settings, Tracker

QUICK = {
    "interval_seconds": 0.05,
    "first_delay_seconds": 0.02,
    "longest_delay_seconds": 0.2,
    "exit_seconds": 2.0,
}
"""A client in a hurry: the same rules, sooner."""

MakeTracker = Callable[..., Tracker]

ONCE = pytest.mark.parametrize(
    "databases", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True
)
"""For what does not reach the database differently."""


@pytest.fixture(scope="session")
def server(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """One server for all tests that leave it running as it is."""
    with (
        databases.migrated() as url,
        server_process(url, tmp_path_factory.mktemp("server")) as running,
    ):
        yield running


@pytest.fixture
def way(server: ServerProcess) -> Iterator[Network]:
    # A network to it.
    with network(server.url) as gateway:
        yield gateway


@pytest.fixture
def make_tracker() -> Iterator[MakeTracker]:
    """Make trackers that are closed with the test."""
    with ExitStack() as stack:

        def make(url: str, **settings: Any) -> Tracker:
            tracker = Tracker(settings=Settings(url=url, **{**QUICK, **settings}).checked())
            stack.callback(tracker.close, 0.2)
            return tracker

        yield make
