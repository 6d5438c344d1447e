"""Where a database stands, without Alembic: that takes a third of a second to load, and every start asks."""

import re
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table, text

from migrations.connections import with_connection
from migrations.errors import HiddenTablesError

VERSIONS = Path(__file__).with_name("versions")
REVISIONS = tuple(sorted(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*_*.py")))
"""The revisions this version of Trackstore knows, the oldest first: their files begin with them."""
NEWEST = REVISIONS[-1]
RECORD = table("alembic_version", column("version_num"))
MARK = re.compile(r"revision (\w+): servers from revision (\w+) on")
"""The comment on the table of the revision (PostgreSQL), as ``migrations.compatibility`` writes it."""
READ_MARK = "SELECT obj_description(to_regclass('alembic_version'), 'pg_class')"


OTHER_SCHEMA = text(
    """SELECT n.nspname, has_schema_privilege(n.oid, 'USAGE'), current_user,
      current_setting('search_path')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname IN ('alembic_version', 'operations', 'request_events')
    GROUP BY n.oid, n.nspname HAVING count(*) = 3 ORDER BY n.nspname LIMIT 1"""
)
"""The schema of a store that is not visible; another program may have one table of these names."""


def revisions_of(connection: Connection) -> tuple[str, ...]:
    """Return the revisions of a database; none for one without Trackstore tables."""
    if not inspect(connection).has_table(RECORD.name):
        return ()
    return tuple(connection.scalars(select(RECORD.c.version_num)))


def reject_hidden_tables(connection: Connection) -> None:
    """Raise ``HiddenTablesError`` where the tables exist in a schema that is not visible."""
    if connection.dialect.name != "postgresql":
        return
    row = connection.execute(OTHER_SCHEMA).first()
    if row is None:
        return
    schema, is_usable, role, path = row
    if not is_usable:
        raise HiddenTablesError(
            f'the tables are in the schema "{schema}", which the role "{role}" may not use. '
            f'Run GRANT USAGE ON SCHEMA "{schema}" TO "{role}".'
        )
    raise HiddenTablesError(
        f'the tables are in the schema "{schema}", which is not in search_path ({path}). Run '
        f'ALTER ROLE "{role}" SET search_path = "{schema}", or, to install a second store beside '
        "it, `trackstore migrate --second-store`."
    )


def is_up_to_date(url: str) -> bool:
    return with_connection(url, revisions_of) == (NEWEST,)


def serves_newer_tables(url: str) -> bool:
    def look(connection: Connection) -> bool:
        heads = revisions_of(connection)
        if not heads or heads[0] in REVISIONS or connection.dialect.name != "postgresql":
            return False
        mark = MARK.search(connection.scalar(text(READ_MARK)) or "")
        return mark is not None and mark[1] in heads and mark[2] in REVISIONS

    return with_connection(url, look)
