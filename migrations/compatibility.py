"""What each revision says about the servers of former versions: whether they may serve its tables.

A revision that only adds what former versions need not know (a nullable column, one with a default, a
table, an index) names in ``serves_from`` the oldest revision whose servers work with its tables. One
that leaves it out is for its own version only. The word is left in the database with the revision
itself, in one transaction, because the former version does not have the file that says it.
"""

from collections.abc import Collection, Mapping
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import ScriptDirectory
from sqlalchemy import text

ATTRIBUTE = "serves_from"


def oldest_server(scripts: ScriptDirectory, revision: str) -> str:
    """Return the oldest revision whose servers may serve the tables of ``revision``."""
    script = scripts.get_revision(revision)
    return str(getattr(script.module, ATTRIBUTE, revision))


class Mark:
    """Leaves word of the oldest server with every step of a migration, on PostgreSQL."""

    def __init__(self, scripts: ScriptDirectory) -> None:
        self._scripts = scripts

    def __call__(
        self,
        ctx: MigrationContext,
        step: MigrationInfo,
        heads: Collection[Any],
        run_args: Mapping[str, Any],
    ) -> None:
        """Comment on the table of the revision; Alembic calls it within the step's transaction."""
        del step, run_args
        if ctx.dialect.name != "postgresql" or not heads:
            return
        (revision,) = heads
        oldest = oldest_server(self._scripts, revision)
        comment = f"revision {revision}: servers from revision {oldest} on"
        ctx.impl.execute(text(f"COMMENT ON TABLE alembic_version IS '{comment}'"))
