"""A key that ends at one of two server processes, or by a command: the other knows within a moment."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.api.protocols.node import run_node
from tests.support.databases import Databases
from tests.support.processes import COMMAND, server_process
from tests.support.signing import KEY, REVOKE

pytestmark = pytest.mark.parametrize(
    "databases", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
PATIENCE_SECONDS = 20.0
"""Less than the half minute after which these servers look by themselves."""
VIEWER = {"query": "{ viewer { name } }"}
FEED = {"query": "subscription { operationFeed { __typename } }"}


@pytest.fixture(scope="module")
def pair(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, list[str]]]:
    """A database, and the addresses of two servers on it that remember keys for an hour."""
    folder = tmp_path_factory.mktemp("pair")
    remember = {"key_cache_seconds": 3_600}
    with (
        databases.migrated() as url,
        server_process(url, folder, **remember) as one,
        server_process(url, folder, **remember) as other,
    ):
        yield url, [one.url, other.url]


def call(url: str, body: Any, key: str | None = None) -> httpx.Response:
    """Send a request to a server."""
    headers = {"Authorization": f"Bearer {key}"} if key else None
    return httpx.post(f"{url}/graphql", json=body, headers=headers, timeout=30)


def new_key(url: str) -> tuple[str, str]:
    """A key, and its id."""
    given = {"name": "k", "scopes": ["ADMIN"], "organizationId": "acme"}
    made = call(url, {"query": KEY, "variables": {"input": given}}).json()["data"]["createApiKey"]
    return made["secret"], made["apiKey"]["uuid"]


async def watching(sockets: AsyncExitStack, url: str, key: str) -> ClientConnection:
    """A socket on which a subscription is live."""
    protocols = [Subprotocol("graphql-transport-ws")]
    address = f"{url.replace('http', 'ws')}/graphql"
    socket = await sockets.enter_async_context(connect(address, subprotocols=protocols))
    payload = {"Authorization": f"Bearer {key}"}
    await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    await socket.recv()
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": FEED}))
    await socket.send(json.dumps({"id": "2", "type": "subscribe", "payload": VIEWER}))
    message = json.loads(await socket.recv())
    assert message["id"] == "2", message
    return socket


async def test_each_knows_what_the_other_revoked(pair: tuple[str, list[str]]) -> None:
    database, urls = pair
    for way in ("mutation", "command"):
        key, id = await asyncio.to_thread(new_key, urls[0])
        async with AsyncExitStack() as stack:
            sockets = [await watching(stack, url, key) for url in urls]
            if way == "mutation":
                body = {"query": REVOKE, "variables": {"id": id}}
                await asyncio.to_thread(call, urls[0], body)
            else:
                revoking = await asyncio.create_subprocess_exec(
                    COMMAND, "keys", "revoke", id, env={**os.environ, "DATABASE_URL": database}
                )
                assert await revoking.wait() == 0
            async with asyncio.timeout(PATIENCE_SECONDS):
                for socket in sockets:
                    await socket.wait_closed()
            assert [socket.close_code for socket in sockets] == [4401, 4401]
        for url in urls:
            answer = await asyncio.to_thread(call, url, VIEWER, key)
            assert answer.status_code == 401


def test_clients_of_others_do_not_try_again(
    pair: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    _, urls = pair
    key, id = new_key(urls[0])
    found = run_node("revoked.mjs", urls[1], urls[0], key, id)
    assert found == {
        "webSocket": {"code": 4401, "results": []},
        "eventStream": {"code": None, "results": ["UNAUTHENTICATED"]},
        "connections": 1,
        "requests": 1,
    }
