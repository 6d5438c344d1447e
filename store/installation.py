"""What one installation is made of: the version that runs, its database, and how far that is migrated."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from store.database import Database
from store.ids import Clock
from store.ingest.writer import Writer


@dataclass(frozen=True, slots=True)
class Release:
    version: str = ""
    migration: str = ""


@dataclass(frozen=True, slots=True)
class InstallationState:
    version: str
    started_at: datetime
    database: str
    database_version: str
    migration: str
    newest_migration: str
    queued: int

    @property
    def is_current(self) -> bool:
        return self.migration == self.newest_migration


class Installation:
    def __init__(self, database: Database, writer: Writer, clock: Clock, release: Release) -> None:
        self._database = database
        self._writer = writer
        self._release = release
        self._started_at = clock()

    async def describe(self) -> InstallationState:
        # No caller reads over the connections that the server keeps for itself.
        async with self._database.read_for(None) as connection:
            version = await connection.run_sync(lambda sync: sync.dialect.server_version_info)
            migration = (
                await connection.execute(text("SELECT version_num FROM alembic_version"))
            ).scalar_one()
        return InstallationState(
            version=self._release.version,
            started_at=self._started_at,
            database=self._database.dialect.title,
            database_version=".".join(str(part) for part in version or ()),
            migration=migration,
            newest_migration=self._release.migration,
            queued=self._writer.stats.queued,
        )
