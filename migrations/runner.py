"""Migrations for programs: bring a database to a revision, and return its revision."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from migrations.comparison import OPTIONS, differences
from migrations.compatibility import Mark
from migrations.connections import Result, with_connection
from migrations.errors import (
    ConflictingTablesError,
    MigrationFailedError,
    SchemaTooNewError,
    UnknownRevisionError,
)
from migrations.locking import MigrationTimeouts, Report, migration_lock, retry_when_locked
from migrations.revision import NEWEST, reject_hidden_tables, revisions_of
from models import Base

Heads = tuple[str, ...]
Plan = Callable[[ScriptDirectory, Heads], list[RevisionStep]]

DEFAULT_TIMEOUTS = MigrationTimeouts()
_one_at_a_time = threading.Lock()
"""Revisions speak through ``alembic.op``, of which a process has one."""


def upgrade(
    url: str,
    revision: str = "head",
    report: Report | None = None,
    timeouts: MigrationTimeouts = DEFAULT_TIMEOUTS,
    second_store: bool = False,
) -> None:
    """Bring the database up to ``revision``; does nothing if it is already there.

    Raises ``HiddenTablesError`` where another schema of the database has the tables, unless a
    ``second_store`` is meant. Safe when several processes or threads start it at once. ``report``
    receives each step as a sentence. Blocks: from async code call it through ``asyncio.to_thread``.
    """

    def plan(scripts: ScriptDirectory, heads: Heads) -> list[RevisionStep]:
        steps = _revisions(scripts, upper=revision, lower=heads)
        return [MigrationStep.upgrade_from_script(scripts.revision_map, s) for s in reversed(steps)]

    def move(connection: Connection) -> None:
        if not second_store and not revisions_of(connection):
            reject_hidden_tables(connection)
        _move(connection, plan, report or _silent, timeouts)

    _connected(url, move, create=True)


def downgrade(
    url: str,
    revision: str,
    report: Report | None = None,
    timeouts: MigrationTimeouts = DEFAULT_TIMEOUTS,
) -> None:
    """Take the database down to ``revision``; ``base`` drops every table and all that is in it.

    Safe beside other migrations, not beside running servers: those know the newest tables only.
    """

    def plan(scripts: ScriptDirectory, heads: Heads) -> list[RevisionStep]:
        steps = _revisions(scripts, upper=heads, lower=revision, select_for_downgrade=True)
        return [MigrationStep.downgrade_from_script(scripts.revision_map, s) for s in steps]

    def move(connection: Connection) -> None:
        if not revisions_of(connection):
            reject_hidden_tables(connection)
        _move(connection, plan, report or _silent, timeouts)

    _connected(url, move)


def current(url: str) -> str | None:
    """Return the revision of the database; None for one without Trackstore tables."""
    heads = _connected(url, revisions_of)
    return heads[0] if heads else None


def pending(url: str) -> list[str]:
    """Return the revisions that ``upgrade`` would apply with their titles, oldest first."""

    def look(connection: Connection) -> list[str]:
        scripts = _scripts()
        heads = _known_heads(connection, scripts)
        if not heads:
            reject_hidden_tables(connection)
        steps = _revisions(scripts, upper="head", lower=heads)
        return [_title(script) for script in reversed(steps)]

    return _connected(url, look)


def check(url: str) -> list[str]:
    def look(connection: Connection) -> list[str]:
        if not _known_heads(connection, _scripts()):
            reject_hidden_tables(connection)
        return differences(connection)

    return _connected(url, look)


def _connected(url: str, work: Callable[[Connection], Result], create: bool = False) -> Result:
    try:
        return with_connection(url, work, create)
    except CommandError as error:
        raise MigrationFailedError(str(error)) from error


def _move(connection: Connection, plan: Plan, report: Report, timeouts: MigrationTimeouts) -> None:
    scripts = _scripts()
    if not plan(scripts, _known_heads(connection, scripts)):
        report("nothing to do: the database is already at this revision")
        return
    connection.rollback()
    with migration_lock(connection, timeouts, report):
        retry_when_locked(
            lambda: _apply(connection, scripts, plan, report), connection, timeouts, report
        )


def _apply(connection: Connection, scripts: ScriptDirectory, plan: Plan, report: Report) -> None:
    """Run the steps that are still to do now that the turn is ours, each in its transaction."""
    heads = _known_heads(connection, scripts)
    steps = plan(scripts, heads)
    if steps and not heads:
        _reject_conflicting_tables(connection)
    if connection.dialect.name == "postgresql":
        connection.rollback()  # Alembic begins its own; on SQLite all of it is the turn's.

    def tell(heads: Heads, context: MigrationContext) -> Iterator[RevisionStep]:
        del heads, context
        for step in steps:
            report(f"{'applying' if step.is_upgrade else 'undoing'} {_title(step.revision)}")
            yield step

    options = {**OPTIONS, "fn": tell, "on_version_apply": (Mark(scripts),)}
    context = MigrationContext.configure(connection, opts=options)
    with _one_at_a_time, Operations.context(context):
        context.run_migrations()


def _known_heads(connection: Connection, scripts: ScriptDirectory) -> Heads:
    """Return the revisions of the database; raise ``SchemaTooNewError`` for an unknown one."""
    heads = revisions_of(connection)
    known = {script.revision for script in scripts.walk_revisions()}
    for revision in heads:
        if revision not in known:
            raise SchemaTooNewError(
                f"the database is at revision {revision}, the newest known here is {NEWEST}: "
                "start the version of Trackstore that migrated it, or restore the backup made "
                "before that"
            )
    return heads


def _reject_conflicting_tables(connection: Connection) -> None:
    taken = sorted(set(inspect(connection).get_table_names()) & set(Base.metadata.tables))
    if taken:
        raise ConflictingTablesError(
            f"the database holds tables that no migration made: {', '.join(taken)}; "
            "give Trackstore a database, or a PostgreSQL schema in search_path, of its own"
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))


def _revisions(
    scripts: ScriptDirectory,
    upper: str | Heads,
    lower: str | Heads,
    select_for_downgrade: bool = False,
) -> list[Script]:
    """Return revisions from ``upper`` down to ``lower``, newest first; raise ``UnknownRevisionError``."""
    try:
        return list(
            scripts.iterate_revisions(
                upper,
                lower,
                implicit_base=not select_for_downgrade,
                select_for_downgrade=select_for_downgrade,
            )
        )
    except RevisionError as error:
        revision = lower if select_for_downgrade else upper
        raise UnknownRevisionError(f"no migration path to revision {revision}: {error}") from error


def _title(script: Script) -> str:
    return f"{script.revision} {script.doc.rstrip('.')}"


def _silent(step: str) -> None:
    del step
