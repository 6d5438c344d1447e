"""/readyz in every state of a real database: it tries a write by itself, and says what fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import URL, func, make_url, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from starlette.applications import Starlette
from starlette.routing import Route

from migrations.runner import upgrade
from models import LimitUsage, table_of
from server.routes.health import Health
from server.settings.model import load_settings
from store.database import DatabaseUnavailableError
from store.dialects import Diagnosis, Fault
from store.errors import StoreError
from store.ids import new_id
from store.maintenance.readiness import (
    FRESH_SECONDS,
    READ_ONLY_NOTE,
    REFUSING_SECONDS,
    WriteActivity,
)
from store.store import Store
from tests.support.api import Api, running_api
from tests.system.database_states.disks import Disk
from tests.system.database_states.roles import own_database
from tests.system.database_states.states import STATES

Json = dict[str, Any]
TRACK = """mutation ($id: UUID!) {
  trackOperation(input: {id: $id, kind: API, name: "GET /"}) { status }
}"""


@asynccontextmanager
async def store_of(url: str) -> AsyncIterator[Store]:
    """A store that writes nothing by itself."""
    store = Store(load_settings(database_url=url, pool_size=2, pool_wait_seconds=2).store_config())
    try:
        yield store
    finally:
        await store.close()


async def ask(store: Store, bound: float = 5.0) -> Json:
    """What a server that has just started would say."""
    health = Health(store, bound)
    app = Starlette(routes=[Route("/readyz", health.readyz)])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/readyz")
    health.start_draining()
    found: Json = answer.json()
    assert answer.status_code == (200 if found["status"] == "ready" else 503)
    return found


async def reason_of(store: Store, bound: float = 5.0) -> str:
    """The only reason why it is not ready."""
    (reason,) = (await ask(store, bound))["reasons"]
    return str(reason)


@pytest.mark.postgresql
async def test_every_state_of_postgresql(postgres_server: URL) -> None:
    async with own_database(postgres_server) as own, store_of(own.url) as store:
        assert (await ask(store))["status"] == "ready"
        for state in STATES:
            await own.run(*state.enter, inside=state.inside)
            try:
                if state.cut:
                    await own.cut()
                    await ask(store)  # finds the connections closed
                assert (await reason_of(store)).startswith(state.reason), state
            finally:
                await own.run(*state.leave, inside=state.inside)
            found = [await ask(store) for _ in range(2)]
            assert found[-1]["status"] == "ready", (state, found)


@pytest.mark.postgresql
async def test_a_full_disk_of_postgresql(postgres_server: URL, small_postgres_disk: Disk) -> None:
    """The tables lie on a disk of their own; the log of the database does not."""
    place = f"CREATE TABLESPACE {{db}}_small LOCATION '{small_postgres_disk.folder}'"
    async with (
        own_database(postgres_server, [place], tablespace="{db}_small") as own,
        store_of(own.url) as store,
    ):
        assert (await ask(store))["status"] == "ready"
        await asyncio.to_thread(small_postgres_disk.fill_up)
        assert await reason_of(store) == "the disk of the database is full (53100)"
        await small_postgres_disk.free(store.database)
        assert (await ask(store))["status"] == "ready"
    await own.run("DROP TABLESPACE {db}_small")


@pytest.mark.postgresql
async def test_a_role_that_may_only_read_checks_what_it_serves(postgres_server: URL) -> None:
    async with own_database(postgres_server) as own:
        async with running_api(database_url=own.url):
            pass  # makes the partitions of these months
        await own.run(
            "CREATE ROLE {role}_reader LOGIN",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}_reader",
            inside=True,
        )
        url = (
            make_url(own.url)
            .set(username=f"{own.role}_reader")
            .render_as_string(hide_password=False)
        )
        try:
            async with running_api(database_url=url, pool_size=2) as reader:
                store = reader.server.store
                found = await ask(store)
                assert found["status"] == "ready"
                assert await reader("{ operations { totalCount } }")
                assert found["checks"][-1]["note"] == READ_ONLY_NOTE
                await own.run("REVOKE SELECT ON requests FROM {role}_reader", inside=True)
                assert await reason_of(store) == (
                    "a privilege on the database is missing: SELECT on requests"
                )
        finally:
            await own.run("DROP OWNED BY {role}_reader", "DROP ROLE {role}_reader", inside=True)


async def test_a_write_that_hangs(database_url: str, dialect: str) -> None:
    """Somebody holds what the probe needs, and nothing answers within the bound."""
    async with store_of(database_url) as store:
        assert (await ask(store))["status"] == "ready"
        async with write_lock(database_url, dialect):
            assert await reason_of(store, 0.3) == "The database did not answer within 0.3 s."
        await asyncio.sleep(0.1)
        assert (await ask(store))["status"] == "ready"


@asynccontextmanager
async def write_lock(url: str, dialect: str) -> AsyncIterator[None]:
    """Hold up every write from outside."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    begin = ("BEGIN IMMEDIATE",) if dialect == "sqlite" else ("BEGIN", "LOCK TABLE limit_usages")
    async with engine.connect() as connection:
        for statement in begin:
            await connection.execute(text(statement))
        yield
        await connection.execute(text("ROLLBACK"))


@pytest.mark.sqlite
async def test_a_file_that_was_moved(tmp_path: Path) -> None:
    file = tmp_path / "t.db"
    await asyncio.to_thread(upgrade, f"sqlite:///{file}")
    async with store_of(f"sqlite:///{file}") as store:
        assert (await ask(store))["status"] == "ready"
        file.rename(tmp_path / "away.db")
        assert "the database file was moved, deleted or replaced" in await reason_of(store)
        (tmp_path / "away.db").rename(file)
        assert (await ask(store))["status"] == "ready"


@pytest.mark.sqlite
async def test_a_full_disk_of_sqlite(small_disk: Disk) -> None:
    url = f"sqlite:///{small_disk.folder / 't.db'}"
    await asyncio.to_thread(upgrade, url)
    async with store_of(url) as store:
        assert (await ask(store))["status"] == "ready"
        await small_disk.fill(store.database)
        assert await reason_of(store) == "the disk of the database is full"
        await small_disk.free(store.database)
        assert (await ask(store))["status"] == "ready"


async def test_a_write_is_tried_once_in_a_while_and_leaves_nothing(api: Api) -> None:
    """However many ask; a write of a caller that succeeded makes trying needless."""
    store = api.server.store
    tried = 0
    run = store.write_probe.run

    async def counted() -> str | None:
        nonlocal tried
        tried += 1
        return await run()

    store.write_probe.run = counted  # type: ignore[method-assign]  # counts what it really runs
    await asyncio.gather(*(api.http.get("/readyz") for _ in range(10)))
    assert tried == 1
    usages = table_of(LimitUsage)
    async with store.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(usages)) == 0
    await api(TRACK, {"id": str(new_id())})
    fresh = Health(store)
    assert await fresh._writing() is None
    assert tried == 1


def refuse_a_write(activity: WriteActivity) -> None:
    reason = "the connection was cut"
    diagnosis = Diagnosis(Fault.UNAVAILABLE, "08006", reason, reason)
    with pytest.raises(DatabaseUnavailableError), activity.track():
        raise DatabaseUnavailableError(reason, diagnosis)


async def test_what_callers_meet_decides_before_anything_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    activity = WriteActivity()

    assert activity.verdict() is False
    with activity.track():
        assert activity.verdict() is False
    assert activity.verdict() is True
    with pytest.raises(StoreError), activity.track():
        raise StoreError("refused by a rule: says nothing of the database")
    assert activity.verdict() is True
    now += 1
    refuse_a_write(activity)
    assert activity.verdict() is False, "one refusal may be one cut connection: a write is tried"
    now += REFUSING_SECONDS
    refuse_a_write(activity)
    assert activity.verdict() == "writes are refused: the connection was cut"
    now += FRESH_SECONDS + 1
    assert activity.verdict() is False
    refuse_a_write(activity)
    with activity.track():
        pass
    assert activity.verdict() is True
    now += 1
    refuse_a_write(activity)
    assert activity.verdict() is False, "what was refused before the success counts no more"


async def test_a_refused_write_does_not_make_a_server_unready_whose_database_works(
    database_url: str,
) -> None:
    async with store_of(database_url) as store:
        refuse_a_write(store.activity)
        assert (await ask(store))["status"] == "ready"
