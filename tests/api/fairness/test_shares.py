"""What a quiet organization is answered while another one has more under way than is its share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import websockets

from store.database import Database
from store.scheduling.fair_queue import Tenant
from tests.api.exporting.calls import PLAIN, export
from tests.api.isolation.conftest import CREATE_KEY, key_of
from tests.api.live.conftest import Serve, serve
from tests.api.live.serving import Served, eventually
from tests.support.api import Api, StartApi

__all__ = ["serve"]
LOUD, QUIET = "the-loud-one", "the-quiet-one"
STATS = {"query": "{ operationStats { totals { count durationMs { p95 } } } }"}
LIST = {"query": "{ operations { nodes { uuid } } }"}
TRACK = {"query": 'mutation { trackOperation(input: {kind: API, name: "x"}) { status } }'}


async def tenants(start_api: StartApi, **settings: Any) -> tuple[Api, Api]:
    """A loud and a quiet caller of one server."""
    administrator = await start_api(**settings)
    loud = await key_of(administrator, organizationId=LOUD)
    quiet = await key_of(administrator, organizationId=QUIET)
    for caller in (loud, quiet):
        await caller.raw(TRACK)
    return loud, quiet


@asynccontextmanager
async def busy(database: Database, tenant: Tenant) -> AsyncIterator[None]:
    """One organization reads over as many connections as it may, of every kind."""
    async with AsyncExitStack() as held:
        for gate, lend in (
            (database.records_gate, database.read_for),
            (database.question_gate, database.ask_for),
        ):
            while gate._has_room(tenant):
                await held.enter_async_context(lend(tenant))
        yield


async def answers(api: Api) -> list[int]:
    """The statuses of everything that a quiet organization does."""
    found = [(await api.raw(body)).status_code for body in (TRACK, LIST, STATS, TRACK)]
    found.append((await export(api, PLAIN)).status_code)
    return [*found, (await api.http.get("/readyz")).status_code]


async def test_a_backlog_of_one_organization_delays_no_other(start_api: StartApi) -> None:
    loud, quiet = await tenants(start_api)
    database = loud.server.store.database
    async with busy(database, LOUD):
        backlog = [asyncio.create_task(loud.raw(body)) for body in (STATS, LIST) * 20]
        assert await answers(quiet) == [200] * 6
        assert [task.result().text for task in backlog if task.done()] == []
        assert (await loud.raw(TRACK)).json()["data"] == {"trackOperation": {"status": "ACCEPTED"}}
        gates = (database.records_gate, database.question_gate)
        await eventually(lambda: [gate.waiting for gate in gates] == [20, 20])
    assert {task.status_code for task in await asyncio.gather(*backlog)} == {200}
    assert (database.records_gate.running, database.question_gate.running) == (0, 0)


async def test_writes_health_and_new_keys_wait_for_no_reader(start_api: StartApi) -> None:
    loud, quiet = await tenants(start_api)
    server = loud.server
    async with busy(server.store.database, LOUD), busy(server.store.database, None):
        server.store.keys._principals.invalidate_all()
        tracked = await quiet.raw(TRACK)
        assert tracked.json()["data"] == {"trackOperation": {"status": "ACCEPTED"}}
        ready = await loud.http.get("/readyz")
        assert ready.status_code == 200, ready.text
        assert await server.store.sweeper.due(server.store.now()) == []
        await server.store.operation_feed.now()


@pytest.mark.parametrize("body", [STATS, LIST], ids=["question", "read"])
async def test_a_caller_beyond_the_bound_is_told_which_it_is(
    start_api: StartApi, body: dict[str, str]
) -> None:
    loud, quiet = await tenants(start_api, max_waiting=2)
    async with busy(loud.server.store.database, LOUD):
        waiting = [asyncio.create_task(loud.raw(body)) for _ in range(2)]
        while sum(gate.waiting for gate in gates(loud)) < len(waiting):  # noqa: ASYNC110  # real calls
            await asyncio.sleep(0.01)
        refused = await loud.raw(body)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        (error,) = refused.json()["errors"]
        assert error["extensions"] == {"code": "OVERLOADED", "retryable": True}
        assert "at most 2 wait for their turn" in error["message"]
        assert (await quiet.raw(body)).status_code == 200
        metrics = (await quiet.http.get("/metrics")).text
    kind = "question" if body is STATS else "read"
    assert f'trackstore_turns_waiting{{kind="{kind}"}} 2.0' in metrics
    assert f'trackstore_turns_refused_total{{kind="{kind}"}} 1.0' in metrics
    assert LOUD not in metrics, "organizations are no labels: there is no end of them"
    await asyncio.gather(*waiting)


def gates(api: Api) -> tuple[Any, ...]:
    """What callers wait at."""
    database = api.server.store.database
    return database.records_gate, database.question_gate


async def test_a_caller_that_has_waited_for_too_long_is_told(start_api: StartApi) -> None:
    loud, _ = await tenants(start_api, turn_seconds=0.1)
    async with busy(loud.server.store.database, LOUD):
        refused = await loud.raw(STATS)
    assert refused.status_code == 429
    assert "none came up within 0.1 s" in refused.json()["errors"][0]["message"]


async def test_exports_of_one_organization_do_not_stop_those_of_others(
    start_api: StartApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    loud, quiet = await tenants(start_api, max_exports=2, max_exports_total=3)
    exports = loud.server.exports()
    come, go, ask = asyncio.Semaphore(0), asyncio.Event(), exports._executor.execute

    async def wait(*arguments: Any) -> bytes:
        come.release()
        await go.wait()
        return await ask(*arguments)

    monkeypatch.setattr(exports._executor, "execute", wait)
    under_way = [asyncio.create_task(export(loud, PLAIN)) for _ in range(2)]
    for _ in under_way:
        await come.acquire()
    refused = await export(loud, PLAIN)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    message = refused.json()["errors"][0]["message"]
    assert message.startswith("2 exports of this organization are running (maximum 2)")
    under_way.append(asyncio.create_task(export(quiet, PLAIN)))
    await come.acquire()
    refused = await export(quiet, PLAIN)
    message = refused.json()["errors"][0]["message"]
    assert message.startswith("3 exports of all organizations are running (maximum 3)")
    go.set()
    assert [(await task).status_code for task in under_way] == [200] * 3
    assert (exports.running, exports.refused) == (0, 2)


LIVE = """subscription ($name: String!) {
  operationStatsLive(where: {name: {eq: $name}}, minInterval: "PT0.1S") { totals { count } } }"""


async def caller_of(administrator: Served, organization: str) -> Served:
    """A caller of an organization, also by websocket."""
    key = {"name": "key", "scopes": ["READ", "INGEST"], "organizationId": organization}
    made = await administrator(CREATE_KEY, {"input": key})
    return administrator.caller(made["createApiKey"]["secret"])


async def test_live_questions_of_one_organization_wait_in_its_queue(serve: Serve) -> None:
    administrator = await serve(access="open")
    loud = await caller_of(administrator, LOUD)
    quiet = await caller_of(administrator, QUIET)
    database = administrator.server.store.database
    async with busy(database, LOUD), loud.socket() as socket:
        live = [await socket.subscribe(LIVE, {"name": f"name-{n}"}) for n in range(60)]
        while database.question_gate.waiting < len(live):  # noqa: ASYNC110  # real streams
            await asyncio.sleep(0.02)
        assert await answers(quiet) == [200] * 6
        assert all(operation._queue.empty() for operation in live)
    # The socket is closed: nobody waits any more.
    while database.question_gate.waiting or database.question_gate.running:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def test_streams_of_one_organization_leave_places_for_others(serve: Serve) -> None:
    administrator = await serve(live_connections=8)
    loud = await caller_of(administrator, LOUD)
    quiet = await caller_of(administrator, QUIET)
    async with AsyncExitStack() as sockets:
        for _ in range(6):
            await sockets.enter_async_context(loud.socket())
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await sockets.enter_async_context(loud.socket())
        assert "This organization has 6 open streams, and 2 places are left" in str(closed.value)
        await sockets.enter_async_context(quiet.socket())
        await sockets.enter_async_context(administrator.socket())
        metrics = (await administrator.http.get("/metrics")).text
        assert 'trackstore_turns_running{kind="stream"} 8.0' in metrics
        assert 'trackstore_turns_refused_total{kind="stream"} 1.0' in metrics
