"""circuitBreakersLive: breakers as they are reported, here and at another server."""

import asyncio

import pytest

from tests.api.live.conftest import Serve
from tests.api.live.serving import Operation, Served
from tests.support.api import Json

LIVE = """subscription($where: CircuitBreakerFilter, $minInterval: Duration! = "PT0.1S") {
  circuitBreakersLive(where: $where, minInterval: $minInterval) {
    organizationId name state failureRate transitions { toState } } }"""
REPORT = "mutation($input: CircuitBreakerInput!) { reportCircuitBreaker(input: $input) { status } }"
KEY = "mutation($input: ApiKeyInput!) { createApiKey(input: $input) { secret } }"


async def report(
    api: Served, name: str, state: str = "CLOSED", calls: int = 10, **more: object
) -> None:
    """A service says how its breaker is."""
    given = {"name": name, "state": state, "totalCalls": calls, "totalFailures": 1, **more}
    await api(REPORT, {"input": given})


async def states(following: Operation, until: dict[str, str]) -> Json:
    """What is told until the breakers are in these states; the last of it, by name."""
    async with asyncio.timeout(20):
        while True:
            told: list[Json] = await following.next()  # type: ignore[assignment]
            if {breaker["name"]: breaker["state"] for breaker in told} == until:
                return {breaker["name"]: breaker for breaker in told}


async def test_reports_are_told_as_they_come(live: Served) -> None:
    await report(live, "renderer")
    async with live.socket() as socket:
        following = await socket.subscribe(LIVE)
        await states(following, {"renderer": "CLOSED"})
        assert await following.is_quiet(0.4)
        await live('mutation { trackOperation(input: {kind: API, name: "x"}) { status } }')
        assert await following.is_quiet(0.4)  # it is told of breakers only
        await report(live, "renderer", "OPEN", 20)
        found = await states(following, {"renderer": "OPEN"})
        assert found["renderer"]["failureRate"] == 0.05
        assert [t["toState"] for t in found["renderer"]["transitions"]] == ["CLOSED", "OPEN"]
        open_only = await socket.subscribe(LIVE, {"where": {"state": {"in": ["OPEN"]}}})
        await states(open_only, {"renderer": "OPEN"})
        await report(live, "mailer", "OPEN")
        await states(open_only, {"renderer": "OPEN", "mailer": "OPEN"})
        await report(live, "renderer", "CLOSED", 30)
        await states(open_only, {"mailer": "OPEN"})


async def test_each_sees_its_own(live: Served) -> None:
    keys = {}
    for name in ("alice", "bob"):
        given = {"name": name, "scopes": ["READ", "INGEST"], "organizationId": name}
        keys[name] = live.caller((await live(KEY, {"input": given}))["createApiKey"]["secret"])
    async with keys["alice"].socket() as socket:
        following = await socket.subscribe(LIVE)
        await states(following, {})
        await report(keys["bob"], "secret", "OPEN")
        assert await following.is_quiet(0.4)
        await report(keys["alice"], "own")
        await states(following, {"own": "CLOSED"})


@pytest.mark.parametrize(
    "databases", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
async def test_reports_at_another_server_are_told(serve: Serve) -> None:
    here, there = [await serve(live_poll_seconds=600) for _ in range(2)]
    async with here.socket() as socket:
        following = await socket.subscribe(LIVE)
        await states(following, {})
        await report(there, "renderer", "OPEN")
        await states(following, {"renderer": "OPEN"})


async def test_the_interval_has_bounds(live: Served) -> None:
    async with live.socket() as socket:
        for interval in ("PT0.01S", "PT2H"):
            refused = await (await socket.subscribe(LIVE, {"minInterval": interval})).message()
            assert refused["payload"]["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
