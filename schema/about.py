"""Describe the installation itself, for its operators."""

from datetime import datetime

import strawberry

from schema.hydration import described
from schema.scalars import Long
from store.installation import InstallationState


@strawberry.type(description="The database of an installation.")
class AboutDatabase:
    kind: str = described("PostgreSQL or SQLite.")
    version: str = described("Database version.")
    migration: str = described("The newest migration applied to the database.")
    newest_migration: str = described("The newest migration known to this version of Trackstore.")
    is_current: bool = described("Whether the database schema matches this version of Trackstore.")


@strawberry.type(description="The Trackstore installation that answered this query.")
class About:
    version: str = described("Trackstore version.")
    started_at: datetime = described("When the server process was started.")
    now: datetime = described("Server time.")
    queued_entries: Long = described("Number of entries waiting to be written in this process.")
    database: AboutDatabase = described("The database of the installation.")

    @classmethod
    def of(cls, state: InstallationState, now: datetime) -> "About":
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
