"""What ``trackstore doctor`` finds in the database: version, tables, partitions, clock, keys."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.database import address, with_store
from cli.findings import Finding, State
from cli.sentences import sentence
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

SKEW_TOLERATED, SKEW_TOO_LARGE = timedelta(seconds=2), timedelta(minutes=5)
"""Records carry the time of their makers; a database further off dates keys and months wrongly."""


def examine_database(settings: Settings) -> Iterator[Finding]:
    """All of it; where the database does not answer, that alone."""
    try:
        waiting = pending(address(settings))
    except MigrationError as error:
        yield Finding("database", State.FAIL, sentence(error), "see what it says")
        return
    try:
        findings = with_store(settings, lambda store: _ask(store, settings, not waiting))
    except (StoreError, DatabaseFailureError) as error:
        yield Finding("database", State.FAIL, sentence(error), "look into the database's own log")
        return
    yield findings[0]
    yield _tables(waiting, settings)
    yield from findings[1:]


def _tables(waiting: list[str], settings: Settings) -> Finding:
    if not waiting:
        return Finding("tables", State.OK, f"at revision {NEWEST}, the newest")
    found = f"{len(waiting)} to be run: {'; '.join(waiting)}"
    if settings.database.migrates_on_start:
        return Finding("tables", State.WARN, found, "`trackstore serve` does it, or run migrate")
    return Finding("tables", State.FAIL, found, "run `trackstore migrate`")


async def _ask(store: Store, settings: Settings, has_tables: bool) -> list[Finding]:
    async with store.database.read() as connection:
        findings = [await _version(connection, store), await _clock(connection, store)]
        if has_tables:
            findings.append(await _partitions(connection, store, settings))
    if has_tables:
        findings.append(examine_access(settings, await store.keys.any_active()))
    return findings


async def _version(connection: AsyncConnection, store: Store) -> Finding:
    found = await connection.run_sync(lambda sync: sync.dialect.server_version_info)
    name, oldest = DATABASES[store.database.dialect.name]
    number = ".".join(map(str, found or ()))
    if tuple(found or ()) < oldest:
        least = ".".join(map(str, oldest))
        return Finding("database", State.FAIL, f"{name} {number}", f"update it to {least} or newer")
    return Finding("database", State.OK, f"{name} {number}")


async def _clock(connection: AsyncConnection, store: Store) -> Finding:
    before = utc_now()
    there = await store.database.dialect.probes.read_server_clock(connection)
    here = before + (utc_now() - before) / 2
    skew = abs(there - here)
    found = f"{skew.total_seconds():.2f} s from the database's"
    state = State.OK
    if skew > SKEW_TOLERATED:
        state = State.FAIL if skew > SKEW_TOO_LARGE else State.WARN
    return Finding("clock", state, found, "" if state is State.OK else "set both clocks by NTP")


async def _partitions(connection: AsyncConnection, store: Store, settings: Settings) -> Finding:
    if not store.database.dialect.partitioned:
        return Finding("partitions", State.SKIP, "this database keeps each table in one piece")
    there = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    now = month_of(utc_now())
    months = [start_of(m) for m in range(now, now + settings.maintenance.partitions_ahead + 1)]
    wanted = {f"{t.name}_p{m:%Y%m}" for t in partitioned_tables() for m in months}
    missing = sorted(wanted - there)
    if missing:
        fix = "a running server makes them within the hour"
        return Finding("partitions", State.WARN, f"missing: {', '.join(missing)}", fix)
    return Finding("partitions", State.OK, f"made until the end of {months[-1]:%B %Y}")


def examine_access(settings: Settings, any_active_key: bool) -> Finding:
    """Whether a server with these settings would start, and whom it would let in."""
    try:
        access = decide_access(settings.access.policy, settings.listen.host, any_active_key)
    except OpenAccessError as error:
        found, _, fix = str(error).partition(": ")
        return Finding("access", State.FAIL, found, fix)
    if access is Access.OPEN:
        return Finding(
            "access", State.OK, f"open, since only this machine reaches {settings.listen.host}"
        )
    if not any_active_key:
        fix = "make one: `trackstore keys create NAME`"
        return Finding("access", State.WARN, "keys are asked for, and there is none", fix)
    return Finding("access", State.OK, "every caller needs a key")
