"""Sockets and streams of people who signed in: whose pages may open them, and when they end."""

import websockets

from tests.api.live.conftest import Serve
from tests.api.live.documents import OPERATIONS
from tests.api.live.serving import PROTOCOL, Served, Socket
from tests.support.signing import REVOKE, new_key, sign_in

ALLOWED = "http://localhost:5173"
TRACK_IN = "mutation($input: OperationInput!) { trackOperation(input: $input) { status } }"


async def signed_in_socket(live: Served, cookie: str, origin: str) -> websockets.ClientConnection:
    """A websocket as a browser opens it for a page of this origin."""
    headers = {"Cookie": cookie, "Origin": origin}
    return await websockets.connect(
        live.socket_url, subprotocols=[PROTOCOL], additional_headers=headers
    )


async def test_websockets_know_it_and_end_with_its_key(serve: Serve) -> None:
    live = await serve(allowed_origins=ALLOWED)
    own = str(live.http.base_url).rstrip("/")
    key, id = await new_key(live)
    headers = await cookie_of_served(live, key, own)
    raw = await signed_in_socket(live, headers["Cookie"], own)
    async with raw:
        socket = Socket(raw)
        await socket.init()
        found = await (await socket.subscribe("{ viewer { name } }")).rest()
        assert found == [{"name": "acme"}]
    other = await signed_in_socket(live, headers["Cookie"], ALLOWED)
    async with other:
        socket = Socket(other)
        await socket.init({"origin": own, "cookie": headers["Cookie"]})
        found = await (await socket.subscribe("{ viewer { name } }")).rest()
        assert found == [{"name": "open"}]  # the payload cannot say which page calls
    await live(REVOKE, {"id": id})
    late = await signed_in_socket(live, headers["Cookie"], own)
    async with late:
        socket = Socket(late)
        await socket.init()
        found = await (await socket.subscribe("{ viewer { name } }")).rest()
        assert found == [{"name": "open"}]


async def cookie_of_served(live: Served, key: str, own: str) -> dict[str, str]:
    """The same at a server with a port."""
    answer = await sign_in(live.http, key, {"Origin": own})
    assert answer.status_code == 200, answer.text
    return {"Origin": own, "Cookie": answer.headers["set-cookie"].partition(";")[0]}


async def test_streams_end_with_the_key(serve: Serve) -> None:
    boss, _ = await new_key(await serve(access="open"), "*", scopes=["ADMIN"])
    live = await serve(access="keys", key_cache_seconds=0)
    administrator = live.caller(boss)
    own = str(live.http.base_url).rstrip("/")
    key, id = await new_key(administrator)
    cookie = (await cookie_of_served(live, key, own))["Cookie"]
    async with await signed_in_socket(live, cookie, own) as raw:
        socket = Socket(raw)
        await socket.init()
        feed = await socket.subscribe(OPERATIONS)
        assert await feed.is_quiet(0.2)
        await administrator(REVOKE, {"id": id})
        labels = {"organizationId": "acme"}
        await administrator(TRACK_IN, {"input": {"kind": "API", "name": "x", "labels": labels}})
        assert (await feed.message())["type"] == "closed"
        assert raw.close_code == 4401
