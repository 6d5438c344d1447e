"""Provide databases: a PostgreSQL that writes to disk as in production, and SQLite files."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy import URL, make_url

from tests.support.postgres import DRIVER, PostgresCluster, postgres_cluster

POSTGRES_URL_VARIABLE = "TRACKSTORE_BENCH_POSTGRES_URL"

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
"""Durable as in production, without periodic work that would hit only one contender."""


async def make_durable(cluster: PostgresCluster, settings: Mapping[str, str]) -> None:
    connection = await asyncpg.connect(dsn_of(cluster.url))
    try:
        for name, value in {**DURABLE, **settings}.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    finally:
        await connection.close()
    cluster.restart()


async def stamps_commits(dsn: str) -> bool:
    """Return whether PostgreSQL records commit timestamps."""
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval("SHOW track_commit_timestamp") == "on")
    finally:
        await connection.close()


@contextmanager
def postgres_server() -> Iterator[PostgresCluster | URL]:
    if url := os.environ.get(POSTGRES_URL_VARIABLE):
        yield make_url(url).set(drivername=DRIVER)
        return
    with postgres_cluster(on_disk=True) as cluster:
        yield cluster


def dsn_of(url: URL | str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def file_of(url: str) -> Path:
    return Path(str(make_url(url).database))
