"""Keys that are unknown, revoked or expired open nothing; how long a server remembers a key."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from server.app import create_app
from server.settings.model import load_settings
from tests.support.api import BASE_URL, Api, Json

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CACHE_SECONDS = 10
VIEWER = "{ viewer { name keyId } }"
REVOKE = "mutation ($id: UUID!) { revokeApiKey(input: {keyId: $id}) { apiKey { revokedAt } } }"
CREATE = """mutation ($input: ApiKeyInput!) {
  createApiKey(input: $input) { secret apiKey { uuid } }
}"""

Start = Callable[..., AbstractAsyncContextManager[Api]]


class Clock:
    """Of all servers of a test."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        """Go on by so much."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(database_url: str, clock: Clock) -> Start:
    """Start a server on the test's database, by the test's clock."""

    @asynccontextmanager
    async def started(**settings: Any) -> AsyncIterator[Api]:
        given = {"database_url": database_url, "key_cache_seconds": CACHE_SECONDS, **settings}
        app = create_app(load_settings(**given), clock)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http,
        ):
            yield Api(app.state.server, http)

    return started


async def make_key(api: Api, **more: Any) -> tuple[str, str]:
    """Secret and id of a new key."""
    key: Json = {"name": "key", "scopes": ["READ"], "organizationId": "acme", **more}
    made = (await api(CREATE, {"input": key}))["createApiKey"]
    return made["secret"], made["apiKey"]["uuid"]


async def works(api: Api, token: str | None) -> bool:
    """Whether the server takes the key; if not, it says so and nothing else."""
    answer = await api.as_key(token).raw({"query": VIEWER})
    if answer.status_code == 200:
        return True
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"] == "Bearer"
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    return False


async def test_only_the_whole_secret_opens(start: Start) -> None:
    async with start() as api, start(access="keys") as closed:
        secret, id = await make_key(api)
        _, other = await make_key(api)
        assert await works(closed, secret)
        assert not await works(closed, None)
        prefix, _, tail = secret.split("_", 2)
        wrong = [
            secret[:-1], f"{secret}x", tail, id, f"{prefix}_{id}_{'x' * len(tail)}",
            f"{prefix}_{other.replace('-', '')}_{tail}", f"{prefix}__{tail}", "tsk_", "_", "x" * 999,
        ]  # fmt: skip
        assert [token for token in wrong if await works(closed, token)] == []
        for headers in ({"X-API-Key": secret}, {"Authorization": f"bearer {secret}"}):
            answer = await closed.raw({"query": VIEWER}, headers=headers)
            assert answer.json()["data"]["viewer"]["keyId"] == id


async def test_an_open_server_still_checks_a_key_that_is_sent(start: Start) -> None:
    async with start(access="open") as api:
        secret, _ = await make_key(api)
        assert await works(api, None)
        assert await works(api, secret)
        assert not await works(api, f"{secret}x")


async def test_a_revoked_key_ends_at_once_here_and_soon_elsewhere(
    start: Start, clock: Clock, dialect: str
) -> None:
    async with start() as here, start() as elsewhere, start(key_cache_seconds=0) as forgetful:
        secret, id = await make_key(here)
        servers = (here, elsewhere, forgetful)
        assert [await works(server, secret) for server in servers] == [True, True, True]
        await here(REVOKE, {"id": id})
        if dialect == "sqlite":  # nothing tells another process
            assert [await works(server, secret) for server in servers] == [False, True, False]
        clock.move(CACHE_SECONDS)
        assert [await works(server, secret) for server in servers] == [False, False, False]


async def test_revoking_again_changes_nothing(start: Start, clock: Clock) -> None:
    async with start() as api:
        _, id = await make_key(api)
        first = await api(REVOKE, {"id": id})
        clock.move(60)
        assert await api(REVOKE, {"id": id}) == first


async def test_an_expired_key_ends_on_time_although_it_is_remembered(
    start: Start, clock: Clock
) -> None:
    async with start() as api:
        ends = (NOW + timedelta(seconds=CACHE_SECONDS / 2)).isoformat()
        secret, _ = await make_key(api, expiresAt=ends)
        assert await works(api, secret)
        clock.move(CACHE_SECONDS / 2 - 0.001)
        assert await works(api, secret)
        clock.move(0.001)
        assert not await works(api, secret)


async def test_a_key_that_is_looked_up_while_it_is_revoked_is_not_remembered(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start() as api:
        secret, id = await make_key(api)
        keys = api.server.store.keys
        find, found, go_on = keys._find, asyncio.Event(), asyncio.Event()

        async def find_slowly(token: str) -> Any:
            row = await find(token)
            found.set()
            await go_on.wait()
            return row

        with monkeypatch.context() as patched:
            patched.setattr(keys, "_find", find_slowly)
            asking = asyncio.create_task(works(api, secret))
            await found.wait()
            await api(REVOKE, {"id": id})
            go_on.set()
            await asking  # it came before the end of the key
        assert not await works(api, secret)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"scopes": []}, "scopes"),
        ({"expiresAt": "2026-11-21T12:00:00Z"}, "expiresAt"),
        ({"name": ""}, "name"),
    ],
)
async def test_a_key_that_could_open_nothing_is_not_made(
    start: Start, given: Json, problem: str
) -> None:
    async with start() as api:
        key = {"name": "key", "scopes": ["READ"], "organizationId": "acme", **given}
        refusal = await api.refused(CREATE, {"input": key})
        assert refusal.code == "BAD_USER_INPUT"
        assert problem in refusal.message
