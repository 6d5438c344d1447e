"""Fixtures: a server for each module and dialect, trackers that never wait long, a network between."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.databases import Databases
from tests.processes import ServerProcess, server_process
from tests.sdk.network import Network, network
from trackstore import Settings, Tracker

QUICK = {
    "interval_seconds": 0.05,
    "first_delay_seconds": 0.02,
    "longest_delay_seconds": 0.2,
    "exit_seconds": 2.0,
}
"""A client in a hurry: the same rules, sooner."""

MakeTracker = Callable[..., Tracker]


@pytest.fixture(scope="module")
def shared_server(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """One server for all tests of a module that leave it running."""
    with (
        databases.migrated() as url,
        server_process(url, tmp_path_factory.mktemp("server")) as server,
    ):
        yield server


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server with an empty store, for this test alone."""
    with server_process(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def way(server: ServerProcess) -> Iterator[Network]:
    """A network to it."""
    with network(server.url) as found:
        yield found


@pytest.fixture
def make_tracker() -> Iterator[MakeTracker]:
    """Make trackers that are closed with the test."""
    with ExitStack() as stack:

        def make(url: str, **settings: Any) -> Tracker:
            tracker = Tracker(settings=Settings(url=url, **{**QUICK, **settings}).checked())
            stack.callback(tracker.close, 0.2)
            return tracker

        yield make
