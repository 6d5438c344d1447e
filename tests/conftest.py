"""Fixtures for every test: fresh databases on both dialects, an environment without settings."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import URL, make_url

from migrations.runner import upgrade
from server.observability.logs import QUIET_LEVELS
from tests.slow_tests import is_slow, missing_paths
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.support.postgres import (
    DRIVER,
    PostgresCluster,
    PostgresUnavailableError,
    postgres_cluster,
)
from tests.support.scratch import scratch_folder

pytest_plugins = ["tests.support.api"]

POSTGRES_URL = "TRACKSTORE_TEST_POSTGRES_URL"
MAX_PROCESSES = 8
"""Each has a PostgreSQL of its own."""

# One example may wait for a database; in CI the same examples run every time.
hypothesis.settings.register_profile("trackstore", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("trackstore")


def pytest_xdist_auto_num_workers() -> int:
    """Start three test processes on two cores: a third of the time of a test is waiting."""
    return max(2, min(MAX_PROCESSES, (os.cpu_count() or 1) * 3 // 2))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what ``make test`` leaves to ``make test-all``."""
    if paths := missing_paths():
        raise pytest.UsageError(f"tests/slow_tests.py names paths that do not exist: {paths}")
    for item in items:
        if is_slow(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of the person who runs the tests."""
    for name in os.environ:
        if name == "DATABASE_URL" or (name.startswith("TRACKSTORE_") and name != POSTGRES_URL):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The PostgreSQL of this run: the one that the environment names, else one of our own."""
    if named := os.environ.get(POSTGRES_URL):
        yield make_url(named).set(drivername=DRIVER)
        return
    with postgres_cluster() as cluster:
        yield cluster.url


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("sqlite", marks=pytest.mark.sqlite),
        pytest.param("postgresql", marks=pytest.mark.postgresql),
    ],
)
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Databases of each dialect in turn; for tests that need more than one at a time."""
    if request.param == SqliteDatabases.dialect:
        with scratch_folder("trackstore-sqlite-") as folder:
            yield SqliteDatabases(folder, upgrade)
        return
    try:
        postgres = PostgresDatabases(request.getfixturevalue("postgres_server"), upgrade)
    except PostgresUnavailableError as error:
        pytest.fail(str(error), pytrace=False)  # never skipped: half a test says nothing
    yield postgres
    postgres.close()


@pytest.fixture
def dialect(databases: Databases) -> str:
    """Name the dialect that this run of the test is on."""
    return databases.dialect


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A migrated database without rows, for this test alone, as a server's start leaves it."""
    with databases.prepared() as url:
        yield url


@pytest.fixture
def migrated_database_url(databases: Databases) -> Iterator[str]:
    """A migrated database that no server has used, for this test alone."""
    with databases.migrated() as url:
        yield url


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A database without tables, for this test alone."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def own_postgres() -> Iterator[PostgresCluster]:
    """A PostgreSQL for this test alone, to be stopped, restarted and crashed."""
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder: no .env and no database of somebody else."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def logging_put_back() -> Iterator[None]:
    """Undo what ``configure_logging`` changes in this process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in QUIET_LEVELS}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)
        logging.captureWarnings(capture=False)
