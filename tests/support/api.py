"""The public GraphQL API as tests call it: a server over a fresh database, and its callers."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from server.app import GRAPHQL_PATH, Server, create_app
from server.settings.model import load_settings
from store.ids import Clock, utc_now

BASE_URL = "http://127.0.0.1"
Json = dict[str, Any]
StartApi = Callable[..., Awaitable["Api"]]


class ApiErrors(Exception):
    """The answer held errors; the first one also stands in ``code``, ``message`` and ``path``."""

    def __init__(self, errors: list[Json], data: Json | None) -> None:
        super().__init__("\n".join(f"{e.get('extensions')} {e['message']}" for e in errors))
        self.errors = errors
        self.data = data
        self.code: str | None = errors[0].get("extensions", {}).get("code")
        self.message: str = errors[0]["message"]
        self.path: list[str | int] | None = errors[0].get("path")


class Api:
    """One caller of one running server."""

    def __init__(self, server: Server, http: httpx.AsyncClient, token: str | None = None) -> None:
        self.server = server
        self.http = http
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def __call__(self, query: str, variables: Mapping[str, Any] | None = None) -> Json:
        """Execute a document and give its data; raise ``ApiErrors`` where there is any error."""
        answer = (await self.raw({"query": query, "variables": variables})).json()
        if errors := answer.get("errors"):
            raise ApiErrors(errors, answer.get("data"))
        data: Json = answer["data"]
        return data

    async def refused(self, query: str, variables: Mapping[str, Any] | None = None) -> ApiErrors:
        """Execute a document that must not succeed, and give what was wrong with it."""
        try:
            data = await self(query, variables)
        except ApiErrors as refusal:
            return refusal
        raise AssertionError(f"it was not refused, but answered {data}")

    async def raw(
        self,
        body: Any = None,
        *,
        method: str = "POST",
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send anything to the GraphQL route: bytes, text and streams as they are, the rest as JSON.

        Lone surrogates travel as escapes, NaN and infinities as the tokens that Python writes.
        """
        if not (body is None or isinstance(body, bytes | str) or hasattr(body, "__aiter__")):
            body = json.dumps(body)
        everything = {"Content-Type": "application/json", **self._headers, **(headers or {})}
        return await self.http.request(
            method, GRAPHQL_PATH, content=body, params=params, headers=everything
        )

    def as_key(self, token: str | None) -> "Api":
        """Another caller of the same server: one with this API key, or one without any."""
        return Api(self.server, self.http, token)


@asynccontextmanager
async def running_api(clock: Clock = utc_now, **settings: Any) -> AsyncIterator[Api]:
    """Run a server of these settings inside this process, and give an open caller of it."""
    app = create_app(load_settings(**settings), clock)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as http,
    ):
        yield Api(app.state.server, http)


@pytest.fixture
def server_settings() -> Mapping[str, Any]:
    """Settings of the ``api`` fixture; a test parametrizes this name to change them."""
    return {}


@pytest_asyncio.fixture
async def start_api(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[StartApi]:
    """Start servers over this test's database: ``await start_api(max_batch_items=3)``.

    ``clock`` sets their time; every other argument is a setting.
    """
    monkeypatch.chdir(tmp_path)  # no .env of the person who runs the tests
    async with AsyncExitStack() as servers:

        async def start(clock: Clock = utc_now, **settings: Any) -> Api:
            return await servers.enter_async_context(
                running_api(clock, **{"database_url": database_url, **settings})
            )

        yield start


@pytest_asyncio.fixture
async def api(start_api: StartApi, server_settings: Mapping[str, Any]) -> Api:
    """A running server over a fresh database, called without a key: access is open."""
    return await start_api(**server_settings)
