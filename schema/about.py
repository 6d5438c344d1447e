"""The installation itself, for those who look after it."""

from datetime import datetime

import strawberry

from schema.hydration import described
from schema.scalars import Long
from store.installation import InstallationState


@strawberry.type(description="The database of an installation.")
class AboutDatabase:
    """Its kind, and how far it is migrated."""

    kind: str = described("PostgreSQL or SQLite.")
    version: str = described("Its version.")
    migration: str = described("The last migration of its tables.")
    newest_migration: str = described("The last one that this version of Trackstore knows.")
    is_current: bool = described("Whether the tables are those of this version.")


@strawberry.type(description="The installation that answers.")
class About:
    """Version, database and what waits."""

    version: str = described("The version of Trackstore that runs.")
    started_at: datetime = described("When the process that answers was started.")
    now: datetime = described("Its clock.")
    queued_entries: Long = described("Entries that wait to be written in this process.")
    database: AboutDatabase = described("Where it keeps everything.")

    @classmethod
    def of(cls, state: InstallationState, now: datetime) -> "About":
        """From what the store says of itself."""
        return cls(
            version=state.version,
            started_at=state.started_at,
            now=now,
            queued_entries=state.queued,
            database=AboutDatabase(
                kind=state.database,
                version=state.database_version,
                migration=state.migration,
                newest_migration=state.newest_migration,
                is_current=state.is_current,
            ),
        )
