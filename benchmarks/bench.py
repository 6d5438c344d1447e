"""Manage one run: its scale, its time budget, and the databases and servers of its cases."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

from benchmarks.contest import Contender, Result, contest
from benchmarks.databases import dsn_of, file_of, make_durable, postgres_server
from benchmarks.raw_postgres import PostgresReference
from benchmarks.raw_sqlite import SqliteReference
from benchmarks.reference import Reference
from benchmarks.scale import Budget, Scale
from benchmarks.servers import (
    READY,
    Running,
    free_port,
    running,
    serve_command,
    trackstore_settings,
)
from migrations.runner import upgrade
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.postgres import PostgresCluster

POSTGRESQL, SQLITE = "PostgreSQL", "SQLite"
FAST, STOCK = "trackstore", "trackstore, fast path off"
"""Names of a server in the tables, and of one with the stock executor."""


@dataclass(frozen=True, slots=True)
class Database:
    """Name a migrated database of one case; ``pid`` is its local PostgreSQL, if any."""

    name: str
    url: str
    pid: int | None = None

    @property
    def dsn(self) -> str:
        return dsn_of(self.url)

    @contextmanager
    def reference(self) -> Iterator[Reference]:
        if self.name == POSTGRESQL:
            yield PostgresReference(self.dsn)
            return
        with closing(SqliteReference(file_of(self.url))) as reference:
            yield reference


@dataclass(slots=True)
class Bench:
    scale: Scale
    budget: Budget
    folder: Path
    report: Callable[[str], None]
    stack: AsyncExitStack
    settings: Mapping[str, str] = field(default_factory=dict)
    """Additional settings of this run's PostgreSQL."""
    _databases: PostgresDatabases | None = None

    async def contest(self, contenders: Sequence[Contender], reference: str) -> list[Result]:
        """Measure contenders against each other; ratios are relative to ``reference``."""
        self.report("  " + " | ".join(c.name for c in contenders))
        return await contest(contenders, reference, self.scale, self.budget)

    @asynccontextmanager
    async def database(self, name: str) -> AsyncIterator[Database]:
        if name == SQLITE:
            with SqliteDatabases(self.folder, upgrade).migrated() as url:
                yield Database(name, url)
            return
        with (await self._postgres()).migrated() as url:
            yield Database(name, url, await postmaster(dsn_of(url)))

    async def _postgres(self) -> PostgresDatabases:
        if self._databases is None:
            server = self.stack.enter_context(postgres_server())
            if isinstance(server, PostgresCluster):
                await make_durable(server, self.settings)
                server = server.url
            self._databases = PostgresDatabases(server, upgrade)
            self.stack.callback(self._databases.close)
        return self._databases

    @asynccontextmanager
    async def server(
        self,
        database: Database,
        fast_path: bool = True,
        workers: int = 1,
        rollups: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Running]:
        port, usual = free_port(), trackstore_settings(database.url, fast_path, rollups)
        environment = {**usual, **(settings or {})}
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            command = serve_command(port, workers)
            async with running(command, environment, Path(folder), port, READY) as server:
                yield server


def pids(database: Database, server: Running | None = None) -> Mapping[str, int]:
    processes = {"server": server.pid} if server else {}
    return processes if database.pid is None else {**processes, "database": database.pid}


async def postmaster(dsn: str) -> int | None:
    connection = await asyncpg.connect(dsn)
    try:
        backend = connection.get_server_pid()
        process = psutil.Process(backend)
        parent = process.parent() if process.name().startswith("postgres") else None
        return parent.pid if parent else None
    except psutil.Error:
        return None
    finally:
        await connection.close()
