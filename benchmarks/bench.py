"""One run: its scale, its time, and the databases and servers that its cases ask for."""

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
from benchmarks.servers import Running, free_port, running, serve_command, trackstore_settings
from migrations.runner import upgrade
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.postgres import PostgresCluster

POSTGRESQL, SQLITE = "PostgreSQL", "SQLite"
FAST, STOCK = "trackstore", "trackstore, fast path off"
"""What the tables call a server, and one that runs the stock executor."""


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database of one case; ``pid`` is the PostgreSQL behind it, where it runs here."""

    name: str
    url: str
    pid: int | None = None

    @property
    def dsn(self) -> str:
        """Its address as the plain driver takes it."""
        return dsn_of(self.url)

    @contextmanager
    def reference(self) -> Iterator[Reference]:
        """Its plain driver."""
        if self.name == POSTGRESQL:
            yield PostgresReference(self.dsn)
            return
        with closing(SqliteReference(file_of(self.url))) as reference:
            yield reference


@dataclass(slots=True)
class Bench:
    """What a case needs of a run."""

    scale: Scale
    budget: Budget
    folder: Path
    say: Callable[[str], None]
    stack: AsyncExitStack
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of the PostgreSQL of this run, beside the usual."""
    _databases: PostgresDatabases | None = None

    async def contest(self, contenders: Sequence[Contender], reference: str) -> list[Result]:
        """Measure contenders against each other; the ratios are those to ``reference``."""
        self.say("  " + " | ".join(c.name for c in contenders))
        return await contest(contenders, reference, self.scale, self.budget)

    @asynccontextmanager
    async def database(self, name: str) -> AsyncIterator[Database]:
        """A fresh database, dropped at the end."""
        if name == SQLITE:
            with SqliteDatabases(self.folder, upgrade).migrated() as url:
                yield Database(name, url)
            return
        with (await self._postgres()).migrated() as url:
            yield Database(name, url, await postmaster(dsn_of(url)))

    async def _postgres(self) -> PostgresDatabases:
        """Databases of the PostgreSQL of this run, which is started when it is first asked for."""
        if self._databases is None:
            found = self.stack.enter_context(postgres_server())
            if isinstance(found, PostgresCluster):
                await make_durable(found, self.settings)
                found = found.url
            self._databases = PostgresDatabases(found, upgrade)
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
        """A ``trackstore serve`` of its own over that database; ``settings`` beside the usual."""
        port, usual = free_port(), trackstore_settings(database.url, fast_path, rollups)
        every = {**usual, **(settings or {})}
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            command = serve_command(port, workers)
            async with running(command, every, Path(folder), port, "/readyz") as server:
                yield server


def pids(database: Database, server: Running | None = None) -> Mapping[str, int]:
    """The processes whose time is counted."""
    found = {"server": server.pid} if server else {}
    return found if database.pid is None else {**found, "database": database.pid}


async def postmaster(dsn: str) -> int | None:
    """The process that is PostgreSQL, where it runs on this machine."""
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
