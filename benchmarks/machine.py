"""Describe the machine of a run: hardware, versions, load."""

import os
import platform
import sqlite3
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import asyncpg
import psutil

LIBRARIES = (
    "strawberry-graphql", "graphql-core", "starlette", "uvicorn", "uvloop", "httptools", "msgspec",
    "SQLAlchemy", "asyncpg", "aiosqlite",
)  # fmt: skip
SETTINGS = ("fsync", "synchronous_commit", "shared_buffers", "max_wal_size", "autovacuum")
GIB = 2**30


def processor() -> str:
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


async def postgres_lines(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        version = await connection.fetchval("SHOW server_version")
        settings = [f"{n}={await connection.fetchval(f'SHOW {n}')}" for n in SETTINGS]
    finally:
        await connection.close()
    return [f"PostgreSQL {str(version).split()[0]} ({', '.join(settings)})"]


def machine_lines() -> list[str]:
    memory = psutil.virtual_memory().total / GIB
    system = f"{platform.system()} {platform.release()}"
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"{os.cpu_count()} cores ({processor()}), {memory:.0f} GiB of memory, {system}",
        f"load before the run: {load}",
        f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version} (WAL, synchronous=FULL)",
        ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    ]
