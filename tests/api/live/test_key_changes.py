"""Open sockets and streams whose key or sign-in changes: what it granted ends at once, everywhere."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import websockets
from sqlalchemy import delete, update

from models import ApiKey, SignIn, table_of
from tests.api.live.conftest import Serve
from tests.api.live.documents import EVENTS, OPERATIONS, TRACK
from tests.api.live.serving import PROTOCOL, Operation, Served, Socket
from tests.api.live.test_access import KEY, key
from tests.support.signing import REVOKE, new_key, sign_in

KEYS, SIGN_INS = table_of(ApiKey), table_of(SignIn)
KEY_NAMES = "{ apiKeys { name } }"
MULTIPART = "multipart/mixed;subscriptionSpec=1.0"
SOON_SECONDS = 10.0
"""A notification takes milliseconds; without one, the servers of these tests look every second."""


async def change(live: Served, id: str, name: str) -> None:
    """Change a key in the database, as no server would."""
    where = KEYS.c.id == UUID(id)
    statement: Any = delete(KEYS).where(where)
    values: dict[str, Any] = {
        "revoked": {"revoked_at": datetime.now(UTC)},
        "expired": {"expires_at": datetime.now(UTC)},
        "scopes": {"scopes": ["INGEST"]},
        "unknown scopes": {"scopes": ["INGEST", "EVERYTHING"]},
        "namespace": {"namespace_id": "elsewhere"},
        "workspace": {"workspace_id": "site"},
        "organization": {"organization_id": "other"},
    }
    if name != "deleted":
        statement = update(KEYS).where(where).values(values[name])
    async with live.server.store.database.write() as connection:
        await connection.execute(statement)


async def record(live: Served, name: str, workspace: str = "site") -> None:
    """Record an operation of the organization that keys of these tests are bound to."""
    labels = {"organizationId": "alice", "workspaceId": workspace}
    await live(TRACK, {"name": name, "labels": labels})


async def watching(socket: Socket) -> Operation:
    """A subscription that is live."""
    feed = await socket.subscribe(OPERATIONS)
    assert await feed.is_quiet(0.2)
    return feed


async def closing_code(socket: Socket) -> int | None:
    """The code with which the server closes a socket within a moment."""
    await asyncio.wait_for(socket.raw.wait_closed(), SOON_SECONDS)
    return socket.raw.close_code


async def test_an_administrator_mints_no_key_after_the_end(live: Served) -> None:
    boss, id = await key(live, "alice", "ADMIN")
    async with boss.socket() as socket:
        made = {"input": {"name": "before", "scopes": ["READ"], "organizationId": "alice"}}
        assert len(await (await socket.subscribe(KEY, made)).rest()) == 1
        await live(REVOKE, {"id": id})
        made["input"]["name"] = "after"
        for _ in range(3):
            payload = {"query": KEY, "variables": made}
            try:
                await socket.send({"id": "x", "type": "subscribe", "payload": payload})
            except websockets.ConnectionClosed:
                break
        assert await closing_code(socket) == 4401
    names = [one["name"] for one in (await live(KEY_NAMES))["apiKeys"]]
    assert sorted(names) == ["alice", "before"]


async def test_who_ends_the_own_key_is_closed_out(live: Served) -> None:
    boss, id = await key(live, "alice", "ADMIN")
    async with boss.socket() as socket:
        await socket.subscribe(REVOKE, {"id": id})
        assert await closing_code(socket) == 4401


@pytest.mark.parametrize("name", ["revoked", "expired", "deleted"])
async def test_a_key_that_ended_elsewhere(serve: Serve, dialect: str, name: str) -> None:
    """On PostgreSQL nothing but the notification can tell: what is remembered lasts an hour."""
    live = await serve(key_cache_seconds=3_600 if dialect == "postgresql" else 0)
    boss, id = await key(live, "alice", "ADMIN")
    async with boss.socket() as socket, boss.socket() as idle:
        await watching(socket)
        await change(live, id, name)
        assert await closing_code(socket) == await closing_code(idle) == 4401
    assert (await boss.raw({"query": KEY_NAMES})).status_code == 401
    with pytest.raises(websockets.ConnectionClosed) as refused:
        async with boss.socket():
            pass
    assert refused.value.rcvd is not None
    assert refused.value.rcvd.code == 4401


@pytest.mark.parametrize(
    "name", ["scopes", "unknown scopes", "namespace", "workspace", "organization"]
)
async def test_a_key_that_was_narrowed_elsewhere(serve: Serve, dialect: str, name: str) -> None:
    live = await serve(key_cache_seconds=3_600 if dialect == "postgresql" else 0)
    watcher, id = await key(live, "alice", "READ", "INGEST")
    async with watcher.socket() as socket:
        feed = await watching(socket)
        lines = asyncio.create_task(rest_of(watcher, "text/event-stream"))
        parts = asyncio.create_task(rest_of(watcher, MULTIPART))
        await asyncio.sleep(0.3)
        await record(live, "before")
        assert (await feed.next())["name"] == "before"
        await change(live, id, name)
        message = await feed.message(SOON_SECONDS)
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        await record(live, "after", "elsewhere")
        for text in (await lines, await parts):
            assert '"name":"before"' in text
            assert "FORBIDDEN" in text
            assert "after" not in text
        # The socket goes on with what is left.
        again = await socket.subscribe(EVENTS)
        if "scopes" in name:
            assert "FORBIDDEN" in json.dumps(await again.message())
        else:
            assert await again.is_quiet(0.1)
        await live(REVOKE, {"id": id})
        assert await closing_code(socket) == 4401


async def rest_of(live: Served, accept: str) -> str:
    """What a stream of operations over HTTP carries until it ends."""
    return "\n".join([line async for line in live.streamed(OPERATIONS, None, accept)])


async def test_a_key_that_only_changes_its_name_goes_on(serve: Serve) -> None:
    live = await serve(key_cache_seconds=0)
    watcher, id = await key(live, "alice", "READ")
    async with watcher.socket() as socket:
        feed = await watching(socket)
        async with live.server.store.database.write() as connection:
            await connection.execute(update(KEYS).where(KEYS.c.id == UUID(id)).values(name="new"))
        await asyncio.sleep(0.2)
        await live.server.store.access_watch.check()
        await record(live, "still")
        assert (await feed.next())["name"] == "still"
        found = await (await socket.subscribe("{ viewer { name } }")).rest()
        assert found == [{"name": "new"}]


async def test_a_stream_ends_when_its_key_expires(live: Served) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=2.5)
    secret, _ = await new_key(live, "alice", expiresAt=ends.isoformat())
    watcher = live.caller(secret)
    lines = asyncio.create_task(rest_of(watcher, "text/event-stream"))
    async with watcher.socket() as socket:
        await watching(socket)
        await asyncio.wait_for(socket.raw.wait_closed(), 10)
        assert socket.raw.close_code == 4401
        assert datetime.now(UTC) >= ends
    assert "UNAUTHENTICATED" in await lines


async def test_signing_out_ends_the_sockets_of_the_page(serve: Serve, dialect: str) -> None:
    """By the page itself, at another server, and by the bound on sign-ins of one key."""
    live = await serve(key_cache_seconds=3_600 if dialect == "postgresql" else 0)
    own = str(live.http.base_url).rstrip("/")
    secret, _ = await new_key(live, "alice")
    for way in ("signed out", "elsewhere"):
        answer = await sign_in(live.http, secret, {"Origin": own})
        headers = {"Origin": own, "Cookie": answer.headers["set-cookie"].partition(";")[0]}
        async with websockets.connect(
            live.socket_url, subprotocols=[PROTOCOL], additional_headers=headers
        ) as raw:
            socket = Socket(raw)
            await socket.init()
            await watching(socket)
            if way == "signed out":
                await live.http.delete("/sign-in", headers=headers)
            else:
                async with live.server.store.database.write() as connection:
                    await connection.execute(delete(SIGN_INS))
            assert await closing_code(socket) == 4401


async def test_a_lost_notification_is_made_up_for(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await serve(key_cache_seconds=0)
    assert live.server.live is not None
    monkeypatch.setattr(live.server.live.hub, "on_keys_changed", lambda _: None)
    boss, id = await key(live, "alice", "ADMIN")
    async with boss.socket() as socket:
        await watching(socket)
        await change(live, id, "revoked")
        assert await closing_code(socket) == 4401


async def test_a_body_that_outlasts_its_key_is_not_executed(live: Served) -> None:
    boss, id = await key(live, "alice", "ADMIN")
    body = json.dumps(
        {
            "query": KEY,
            "variables": {"input": {"name": "late", "scopes": ["READ"], "organizationId": "alice"}},
        }
    ).encode()

    async def pieces() -> Any:
        yield body[:10]
        await live(REVOKE, {"id": id})
        yield body[10:]

    headers = {"Authorization": f"Bearer {boss.token}", "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=live.http.base_url) as http:
        answer = await http.post("/graphql", content=pieces(), headers=headers)
    assert answer.status_code == 401
    assert [one["name"] for one in (await live(KEY_NAMES))["apiKeys"]] == ["alice"]
