"""Servers that start at once on one empty database all succeed, and one of them migrates."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from migrations.revision import NEWEST
from migrations.runner import check, current, pending, upgrade
from tests.support.databases import Databases
from tests.unit.migrations.stub_migrations import SECONDS, run_together

UPGRADE = "migrations.runner.upgrade(sys.argv[1], report=print)"


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_may_upgrade_at_once(empty_database_url: str, processes: int) -> None:
    outputs = run_together(UPGRADE, [empty_database_url], processes)
    assert sum("applying 0001" in output for output in outputs) == 1
    assert (current(empty_database_url), check(empty_database_url)) == (NEWEST, [])


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_may_upgrade_at_once(empty_database_url: str, threads: int) -> None:
    said: list[str] = []
    together = threading.Barrier(threads)

    def start(_: int) -> None:
        together.wait(SECONDS)
        upgrade(empty_database_url, report=said.append)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(start, range(threads)))
    assert sum("applying 0001" in line for line in said) == 1
    assert (current(empty_database_url), check(empty_database_url)) == (NEWEST, [])


def test_threads_may_upgrade_different_databases_at_once(databases: Databases) -> None:
    together = threading.Barrier(2)

    def start(url: str) -> None:
        together.wait(SECONDS)
        upgrade(url)

    with databases.empty() as one, databases.empty() as other, ThreadPoolExecutor(2) as pool:
        list(pool.map(start, [one, other]))
        assert [pending(one), pending(other)] == [[], []]
