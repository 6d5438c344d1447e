"""Health: alive while the process answers, ready while requests can be served."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.routing import Route

from migrations.runner import downgrade
from server.routes.health import Health
from server.settings.model import load_settings
from store.store import Store
from tests.support.postgres import PostgresCluster


@asynccontextmanager
async def served(url: str, bound: float = 2.0) -> AsyncIterator[tuple[Health, httpx.AsyncClient]]:
    """The health of a store on ``url``, and a client that asks for it."""
    store = Store(load_settings(database_url=url).store_config())
    health = Health(store, bound)
    app = Starlette(routes=[Route("/livez", health.livez), Route("/readyz", health.readyz)])
    transport = httpx.ASGITransport(app=app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield health, client
    finally:
        await store.close()


async def test_ready_with_every_check_and_its_time(database_url: str) -> None:
    async with served(database_url) as (_, client):
        answer = await client.get("/readyz")
        assert (await client.get("/livez")).json() == {"status": "alive"}
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["status"] == "ready"
    checks = answer.json()["checks"]
    assert [check["name"] for check in checks] == ["serving", "database", "schema", "writing"]
    assert all(check["ok"] and check["ms"] >= 0 for check in checks)


async def test_not_ready_without_tables(empty_database_url: str) -> None:
    async with served(empty_database_url) as (_, client):
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["The database has no tables. Run `trackstore migrate`."]


async def test_not_ready_after_a_downgrade(database_url: str) -> None:
    async with served(database_url) as (_, client):
        await asyncio.to_thread(downgrade, database_url, "base")
        answer = await client.get("/readyz")
    assert answer.json()["reasons"] == ["The database has no tables. Run `trackstore migrate`."]


async def test_ready_beside_newer_tables(database_url: str) -> None:
    """Servers of the last version serve on while those of the next one are started."""
    store = Store(load_settings(database_url=database_url).store_config())
    async with store.database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await store.close()
    async with served(database_url) as (_, client):
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert "newer than this server" in answer.json()["checks"][2]["note"]


async def test_not_ready_while_stopping(database_url: str) -> None:
    async with served(database_url) as (health, client):
        health.start_draining()
        answer = await client.get("/readyz")
        assert (await client.get("/livez")).status_code == 200
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["The server is stopping."]


@pytest.mark.postgresql
async def test_not_ready_while_the_database_is_away(own_postgres: PostgresCluster) -> None:
    url = own_postgres.url.render_as_string(hide_password=False)
    async with served(url) as (_, client):
        before = await client.get("/readyz")
        await asyncio.to_thread(own_postgres.stop)
        away = await client.get("/readyz")
        assert (await client.get("/livez")).status_code == 200
        await asyncio.to_thread(own_postgres.start)
        again = await client.get("/readyz")
    assert before.json()["reasons"] == again.json()["reasons"]  # there, but without our tables
    assert away.status_code == 503
    assert away.json()["reasons"] == ["the database is not available right now: try again"]
    assert len(away.json()["checks"]) == 2


async def test_the_database_gets_no_longer_than_the_bound(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(store: Store) -> None:
        del store
        await asyncio.sleep(60)

    monkeypatch.setattr(Store, "ping", never)
    async with served(database_url, bound=0.05) as (_, client):
        answer = await client.get("/readyz")
    assert answer.json()["reasons"] == ["The database did not answer within 0.05 s."]
