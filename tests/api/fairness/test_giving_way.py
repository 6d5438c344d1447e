"""Bulk loads and bursts of one organization begin after the calls of others, and not too late."""

import asyncio
from typing import Any

import pytest

from server.access.admission import Admission
from server.graphql import call_scheduler
from server.graphql.call_scheduler import BULK_BYTES, MAX_CALL_BURST, CallScheduler
from store.auth.access import Principal, TenantBounds
from store.errors import TooManyRequestsError
from tests.api.fairness.test_fair_turns import settle
from tests.api.fairness.test_shares import LOUD, QUIET, TRACK, tenants
from tests.support.api import StartApi

BULK, SMALL = BULK_BYTES, 100
TRACK_MANY = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted rejected } }"""


class Calls:
    """Calls of several organizations, which last until they are told to end."""

    def __init__(self) -> None:
        self.turns = CallScheduler(Admission(100), 100, 30)
        self.begun: list[str] = []
        self._end: dict[str, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, *names: str, size: int = SMALL) -> None:
        """Calls named by their organization and a number."""
        for name in names:
            self._end[name] = asyncio.Event()
            self.tasks.append(asyncio.create_task(self._call(name, size)))
            await settle()

    async def go(self, *names: str) -> None:
        """Calls have their answers."""
        for name in names:
            self._end[name].set()
            await settle()

    async def end(self) -> None:
        """All calls, as soon as they have begun."""
        for event in self._end.values():
            event.set()
        await asyncio.gather(*(task for task in self.tasks if not task.cancelled()))

    async def _call(self, name: str, size: int) -> None:
        bounds = TenantBounds(organization_id=name.rstrip("0123456789"))
        async with self.turns.call(Principal(name, frozenset(), bounds, None)) as call:
            await call.wait_for_turn(size)
            self.begun.append(name)
            await self._end[name].wait()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Calls for which others wait as long as it takes."""
    for name in ("YIELD_SECONDS", "MAX_PAUSE_SECONDS"):
        monkeypatch.setattr(call_scheduler, name, 3_600.0)
    monkeypatch.setattr(call_scheduler, "MAX_REST_SECONDS", 0.0)
    return Calls()


async def test_a_bulk_load_begins_after_the_calls_of_others(calls: Calls) -> None:
    await calls.come("quiet1", "quiet2")
    await calls.come("loud1", "loud2", size=BULK)
    await calls.go("quiet1")
    assert calls.begun == ["quiet1", "quiet2"]
    await calls.come("other1")
    await calls.go("quiet2")
    assert calls.begun[2:] == ["other1"]
    await calls.go("other1")
    assert calls.begun[3:] == ["loud1"], "one at a time, while others are there"
    await calls.go("loud1")
    assert calls.begun[4:] == ["loud2"]
    await calls.end()


async def test_bulk_loads_wait_for_nobody_where_nobody_else_is(calls: Calls) -> None:
    await calls.come("loud1")
    await calls.come("loud2", "loud3", "loud4", size=BULK)
    assert calls.begun == ["loud1", "loud2", "loud3"], "two at once"
    await calls.come("other1", size=BULK)
    assert calls.begun[3:] == [], "a call of loud has its turn"
    await calls.go("loud1")
    assert calls.begun[3:] == ["other1"]
    await calls.end()
    assert sorted(calls.begun) == ["loud1", "loud2", "loud3", "loud4", "other1"]


async def test_a_burst_of_calls_gives_way(calls: Calls) -> None:
    await calls.come("quiet1")
    burst = [f"loud{n}" for n in range(1, MAX_CALL_BURST + 4)]
    await calls.come(*burst)
    assert calls.begun == ["quiet1", *burst[:MAX_CALL_BURST]]
    await calls.come("quiet2")
    assert calls.begun[-1] == "quiet2", "it is not behind the burst"
    await calls.go("quiet1", "quiet2")
    assert calls.begun[-3:] == burst[MAX_CALL_BURST:]
    await calls.end()


async def test_a_call_that_takes_long_is_not_waited_for(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_scheduler, "YIELD_SECONDS", 0.01)
    await calls.come("quiet1")
    await calls.come("loud1", size=BULK)
    assert calls.begun == ["quiet1"]
    await asyncio.sleep(0.05)
    assert calls.begun == ["quiet1", "loud1"]
    await calls.end()


async def test_nobody_gives_way_for_ever(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_scheduler, "MAX_PAUSE_SECONDS", 0.05)
    await calls.come("quiet1")
    await calls.come("loud1", size=BULK)
    for number in range(1, 1_000):
        if "loud1" in calls.begun:
            break
        await calls.come(f"quiet{number + 1}")
        await calls.go(f"quiet{number}")
        await asyncio.sleep(0.002)
    assert "loud1" in calls.begun
    await calls.end()


async def test_calls_that_leave_while_they_wait_leave_nothing_behind(calls: Calls) -> None:
    await calls.come("quiet1")
    await calls.come("loud1", "loud2", "loud3", size=BULK)
    for task in calls.tasks[1:]:
        task.cancel()
    await settle()
    await calls.go("quiet1")
    assert (calls.turns.bulk.running, calls.turns._single_load.running, calls.turns._start.running) == (
        0, 0, 0,
    )  # fmt: skip
    assert (calls.turns._calls, calls.turns._started_at) == ({}, {})
    await calls.come("loud4", size=BULK)
    assert calls.begun == ["quiet1", "loud4"]
    await calls.end()


def caller(organization: str | None, key: int) -> Any:
    """A principal with a key of its own."""
    bounds = TenantBounds(organization_id=organization)
    return Principal(f"key-{key}", frozenset(), bounds, None, key)  # type: ignore[arg-type]  # any key


def test_the_calls_of_an_organization_are_bounded_over_all_of_its_keys() -> None:
    admission = Admission(2, 3)
    for key in (1, 1, 2):
        admission.enter(caller("loud", key))
    with pytest.raises(TooManyRequestsError, match="3 operations of this organization"):
        admission.enter(caller("loud", 2))
    with pytest.raises(TooManyRequestsError, match="2 operations of this key"):
        admission.enter(caller("loud", 1))
    admission.enter(caller("quiet", 3))
    for key in (4, 5, 6, 7):
        admission.enter(caller(None, key))
    admission.leave(caller("loud", 1))
    admission.enter(caller("loud", 2))
    assert (admission.running, admission.refused) == (8, 2)


async def test_bulk_loads_wait_in_the_queue_of_their_organization(start_api: StartApi) -> None:
    loud, quiet = await tenants(start_api, max_waiting=1)
    items = [{"kind": "API", "name": "n" * 150, "error": "e" * 200} for _ in range(300)]
    body = {"query": TRACK_MANY, "variables": {"items": items}}
    gate = loud.server.scheduler.bulk
    async with gate.place(LOUD), gate.place(LOUD):
        waiting = asyncio.create_task(loud.raw(body))
        while not gate.waiting:  # noqa: ASYNC110  # a real call
            await asyncio.sleep(0.01)
        refused = await loud.raw(body)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        (error,) = refused.json()["errors"]
        assert error["message"].startswith(
            "too many bulk loads of this organization at once: 2 run"
        )
        for own in (body, TRACK):
            assert (await quiet.raw(own)).json().get("errors") is None
        assert (await loud.raw(TRACK)).status_code == 200
        metrics = (await quiet.http.get("/metrics")).text
        assert 'trackstore_turns_waiting{kind="bulk"} 1.0' in metrics
        assert 'trackstore_turns_refused_total{kind="bulk"} 1.0' in metrics
        assert QUIET not in metrics
    answer = (await waiting).json()
    assert answer["data"] == {"trackOperations": {"accepted": 300, "rejected": 0}}
