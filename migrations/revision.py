"""Where a database stands, without Alembic: that takes a third of a second to load, and every start asks."""

import re
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table, text

from migrations.connections import with_connection

VERSIONS = Path(__file__).with_name("versions")
REVISIONS = tuple(sorted(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*_*.py")))
"""The revisions this version of Trackstore knows, the oldest first: their files begin with them."""
NEWEST = REVISIONS[-1]
RECORD = table("alembic_version", column("version_num"))
MARK = re.compile(r"revision (\w+): servers from revision (\w+) on")
"""The comment on the table of the revision (PostgreSQL), as ``migrations.compatibility`` writes it."""
READ_MARK = "SELECT obj_description(to_regclass('alembic_version'), 'pg_class')"


def revisions_of(connection: Connection) -> tuple[str, ...]:
    """Return the revisions of a database; none for one without Trackstore tables."""
    if not inspect(connection).has_table(RECORD.name):
        return ()
    return tuple(connection.scalars(select(RECORD.c.version_num)))


def is_up_to_date(url: str) -> bool:
    """Return whether the database at ``url`` stands at the newest revision."""
    return with_connection(url, revisions_of) == (NEWEST,)


def serves_newer_tables(url: str) -> bool:
    def look(connection: Connection) -> bool:
        heads = revisions_of(connection)
        if not heads or heads[0] in REVISIONS or connection.dialect.name != "postgresql":
            return False
        mark = MARK.search(connection.scalar(text(READ_MARK)) or "")
        return mark is not None and mark[1] in heads and mark[2] in REVISIONS

    return with_connection(url, look)
