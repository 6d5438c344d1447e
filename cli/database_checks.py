"""Checks of ``trackstore doctor`` that need the database: version, tables, partitions, clock, keys."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.checks import CheckState, Finding
from cli.database import database_address, with_store
from cli.error_messages import error_line
from migrations.errors import MigrationError
from migrations.revision import NEWEST
from migrations.runner import pending
from server.access.key_requirement import Access, OpenAccessError, decide_access
from server.settings.database import DATABASES
from server.settings.model import Settings
from store.database import DatabaseFailureError
from store.errors import StoreError
from store.ids import utc_now
from store.maintenance.partitions import month_of, partitioned_tables, start_of
from store.store import Store

MAX_NORMAL_SKEW, MAX_TOLERATED_SKEW = timedelta(seconds=2), timedelta(minutes=5)
"""Records have the time of their services; a larger skew affects keys and monthly partitions."""


def check_database(settings: Settings) -> Iterator[Finding]:
    try:
        pending_revisions = pending(database_address(settings))
    except MigrationError as error:
        yield Finding("database", CheckState.FAIL, error_line(error), "see the message")
        return
    try:
        findings = with_store(
            settings, lambda store: _run_checks(store, settings, not pending_revisions)
        )
    except (StoreError, DatabaseFailureError) as error:
        yield Finding("database", CheckState.FAIL, error_line(error), "see the log of the database")
        return
    yield findings[0]
    yield _tables(pending_revisions, settings)
    yield from findings[1:]


def _tables(pending_revisions: list[str], settings: Settings) -> Finding:
    if not pending_revisions:
        return Finding("tables", CheckState.OK, f"at revision {NEWEST}, the newest")
    detail = f"{len(pending_revisions)} pending: {'; '.join(pending_revisions)}"
    if settings.database.migrates_on_start:
        return Finding(
            "tables",
            CheckState.WARN,
            detail,
            "`trackstore serve` runs them, or `trackstore migrate`",
        )
    return Finding("tables", CheckState.FAIL, detail, "run `trackstore migrate`")


async def _run_checks(store: Store, settings: Settings, has_tables: bool) -> list[Finding]:
    async with store.database.read() as connection:
        findings = [await _version(connection, store), await _clock(connection, store)]
        if has_tables:
            findings.append(await _partitions(connection, store, settings))
    if has_tables:
        findings.append(check_access(settings, await store.keys.any_active()))
    return findings


async def _version(connection: AsyncConnection, store: Store) -> Finding:
    detail = await connection.run_sync(lambda sync: sync.dialect.server_version_info)
    name, oldest = DATABASES[store.database.dialect.name]
    number = ".".join(map(str, detail or ()))
    if tuple(detail or ()) < oldest:
        least = ".".join(map(str, oldest))
        return Finding(
            "database", CheckState.FAIL, f"{name} {number}", f"update it to {least} or newer"
        )
    return Finding("database", CheckState.OK, f"{name} {number}")


async def _clock(connection: AsyncConnection, store: Store) -> Finding:
    before = utc_now()
    server_time = await store.database.dialect.probes.read_server_clock(connection)
    local_time = before + (utc_now() - before) / 2
    skew = abs(server_time - local_time)
    detail = f"{skew.total_seconds():.2f} s from that of the database"
    state = CheckState.OK
    if skew > MAX_NORMAL_SKEW:
        state = CheckState.FAIL if skew > MAX_TOLERATED_SKEW else CheckState.WARN
    return Finding(
        "clock", state, detail, "" if state is CheckState.OK else "synchronize both clocks with NTP"
    )


async def _partitions(connection: AsyncConnection, store: Store, settings: Settings) -> Finding:
    if not store.database.dialect.partitioned:
        return Finding("partitions", CheckState.SKIP, "SQLite has no partitions")
    server_time = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    now = month_of(utc_now())
    months = [start_of(m) for m in range(now, now + settings.maintenance.partitions_ahead + 1)]
    expected = {f"{t.name}_p{m:%Y%m}" for t in partitioned_tables() for m in months}
    missing = sorted(expected - server_time)
    if missing:
        fix = "a running server creates them within an hour"
        return Finding("partitions", CheckState.WARN, f"missing: {', '.join(missing)}", fix)
    return Finding("partitions", CheckState.OK, f"created until the end of {months[-1]:%B %Y}")


def check_access(settings: Settings, any_active_key: bool) -> Finding:
    """Check whether a server with these settings would start, and who could access it."""
    try:
        access = decide_access(settings.access.policy, settings.listen.host, any_active_key)
    except OpenAccessError as error:
        detail, _, fix = str(error).partition(". ")
        return Finding("access", CheckState.FAIL, detail, fix)
    if access is Access.OPEN:
        return Finding(
            "access", CheckState.OK, f"open: only this machine can reach {settings.listen.host}"
        )
    if not any_active_key:
        fix = "create one with `trackstore keys create NAME`"
        return Finding("access", CheckState.WARN, "API keys are required, and there are none", fix)
    return Finding("access", CheckState.OK, "every call requires an API key")
