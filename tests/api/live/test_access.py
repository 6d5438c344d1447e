"""Who may watch what: keys in connection_init and headers, bounds, and keys that are revoked."""

import pytest
import websockets

from tests.api.live.conftest import Serve
from tests.api.live.documents import EVENTS, OPERATIONS, PROGRESS, TRACK, new_request, tell
from tests.api.live.serving import Served

KEY = (
    """mutation($input: ApiKeyInput!) { createApiKey(input: $input) { secret apiKey { uuid } } }"""
)


async def key(live: Served, organization: str, *scopes: str) -> tuple[Served, str]:
    """A caller with a new key, and the key's id."""
    given = {"name": organization, "scopes": list(scopes), "organizationId": organization}
    made = (await live(KEY, {"input": given}))["createApiKey"]
    return live.caller(made["secret"]), made["apiKey"]["uuid"]


async def test_each_sees_its_own_organization(live: Served) -> None:
    alice, _ = await key(live, "alice", "READ", "INGEST")
    bob, _ = await key(live, "bob", "READ", "INGEST")
    of_alice = await new_request(alice)
    async with alice.socket() as hers, bob.socket() as his:
        refused = await (await his.subscribe(PROGRESS, {"id": str(of_alice)})).message()
        assert refused["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        feeds = [await s.subscribe(d) for s in (hers, his) for d in (EVENTS, OPERATIONS)]
        for feed in feeds:
            assert await feed.is_quiet(0.1)
        await tell(alice, of_alice, "private")
        await alice(TRACK, {"name": "private"})
        of_bob = await new_request(bob)
        await bob(TRACK, {"name": "his"})
        assert [i["message"] for i in await feeds[0].take(1)] == ["private"]
        assert [i["name"] for i in await feeds[1].take(1)] == ["private"]
        assert [i["requestId"] for i in await feeds[2].take(2)] == [str(of_bob)] * 2
        assert [i["name"] for i in await feeds[3].take(1)] == ["his"]
        assert await feeds[0].is_quiet(0.2)
        assert await feeds[3].is_quiet(0.1)


async def test_a_key_without_read_watches_nothing(live: Served) -> None:
    writer, _ = await key(live, "alice", "INGEST")
    id = await new_request(writer)
    async with writer.socket() as socket:
        for document, variables in ((PROGRESS, {"id": str(id)}), (EVENTS, {}), (OPERATIONS, {})):
            message = await (await socket.subscribe(document, variables)).message()
            assert message["payload"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_key_is_taken_from_the_headers_or_the_payload(serve: Serve) -> None:
    live = await serve()
    alice, _ = await key(live, "alice", "READ")
    async with live.socket(additional_headers={"Authorization": f"Bearer {alice.token}"}) as one:
        assert await (await one.subscribe("{ viewer { name } }")).rest() == [{"name": "alice"}]
    async with alice.socket() as other:
        assert await (await other.subscribe("{ viewer { name } }")).rest() == [{"name": "alice"}]
    with pytest.raises(websockets.ConnectionClosed) as refused:
        async with live.caller("ts_wrong").socket():
            pass
    assert refused.value.rcvd is not None
    assert refused.value.rcvd.code == 4401


async def test_a_revoked_key_hears_nothing_more(serve: Serve) -> None:
    live = await serve(key_cache_seconds=0)
    alice, id = await key(live, "alice", "READ", "INGEST")
    request = await new_request(alice)
    async with alice.socket() as socket:
        progress = await socket.subscribe(PROGRESS, {"id": str(request)})
        await progress.next()
        await live(
            "mutation($id: UUID!) { revokeApiKey(input: {keyId: $id}) { apiKey { uuid } } }",
            {"id": id},
        )
        await live(
            'mutation($id: UUID!, $m: String) { logEvent(input: {requestId: $id, type: "told", '
            "message: $m}) { status } }",
            {"id": str(request), "m": "secret"},
        )
        assert (await progress.message())["type"] == "closed"
        assert socket.raw.close_code == 4401


async def test_a_revoked_key_hears_nothing_more_over_http(serve: Serve) -> None:
    live = await serve(key_cache_seconds=0)
    alice, id = await key(live, "alice", "READ", "INGEST")
    request = await new_request(alice)
    lines: list[str] = []
    async for line in alice.streamed(PROGRESS, {"id": str(request)}):
        lines.append(line)
        if len(lines) == 1:
            await live(
                "mutation($id: UUID!) { revokeApiKey(input: {keyId: $id}) { apiKey { uuid } } }",
                {"id": id},
            )
            await tell(live, request, "secret")
    assert "secret" not in "".join(lines)
    assert "UNAUTHENTICATED" in lines[-5]
    assert lines[-3] == "event: complete"
