"""Databases of a run: a PostgreSQL of its own that writes to disk as production does, and files."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy import URL, make_url

from tests.support.postgres import DRIVER, PostgresCluster, postgres_cluster

NAMED = "TRACKSTORE_BENCH_POSTGRES_URL"

DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
}
"""As production writes, but without what happens now and then: that would hit one contender only."""


async def make_durable(cluster: PostgresCluster, settings: Mapping[str, str]) -> None:
    """The cluster of the tests does without the disk; here its speed is the question."""
    connection = await asyncpg.connect(dsn_of(cluster.url))
    try:
        for name, value in {**DURABLE, **settings}.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    finally:
        await connection.close()
    cluster.restart()


async def stamps_commits(dsn: str) -> bool:
    """Whether a PostgreSQL notes when each transaction was committed."""
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval("SHOW track_commit_timestamp") == "on")
    finally:
        await connection.close()


@contextmanager
def postgres_server() -> Iterator[PostgresCluster | URL]:
    """The PostgreSQL that the environment names, else a new one."""
    if named := os.environ.get(NAMED):
        yield make_url(named).set(drivername=DRIVER)
        return
    with postgres_cluster(on_disk=True) as cluster:
        yield cluster


def dsn_of(url: URL | str) -> str:
    """A database's address as the plain driver takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def file_of(url: str) -> Path:
    """The file of a SQLite database."""
    return Path(str(make_url(url).database))
