"""Breakers of several processes: none overwrites another, and together they are one breaker."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from store import circuit_breakers
from tests.support.api import Api, Json, StartApi

NOW = datetime(2026, 7, 30, 12, 0, 0, tzinfo=UTC)
REPORT = """mutation ($input: CircuitBreakerInput!) { reportCircuitBreaker(input: $input) {
    status circuitBreaker { state totalCalls totalFailures } } }"""
BREAKER = """{ circuitBreakers { name state totalCalls totalFailures failureRate message warnings
    changedAt reportedAt
    instances { instance state totalCalls totalFailures failureRate isLive }
    transitions { instance fromState toState totalCalls totalFailures } } }"""


class Clock:
    """A clock that a test moves."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def api(start_api: StartApi, clock: Clock) -> Api:
    return await start_api(clock=clock)


async def report(
    api: Api, instance: str | None, calls: int, failures: int, state: str = "CLOSED", **more: object
) -> str:
    draft = {
        "name": "renderer", "instance": instance, "state": state,
        "totalCalls": calls, "totalFailures": failures, **more,
    }  # fmt: skip
    status: str = (await api(REPORT, {"input": draft}))["reportCircuitBreaker"]["status"]
    return status


async def breaker(api: Api) -> Json:
    (found,) = (await api(BREAKER))["circuitBreakers"]
    return found  # type: ignore[no-any-return]


async def test_states_and_totals_are_put_together(api: Api, clock: Clock) -> None:
    await report(api, "web:1", 100, 5)
    await report(api, "web:2", 50, 1)
    await report(api, None, 10, 0)
    clock.now += timedelta(seconds=10)
    await report(api, "web:2", 60, 20, "OPEN", message="503")
    clock.now += timedelta(seconds=10)
    await report(api, "web:1", 130, 6)  # does not close what is open in another process
    found = await breaker(api)
    assert (found["state"], found["totalCalls"], found["totalFailures"]) == ("OPEN", 200, 26)
    assert (found["failureRate"], found["message"]) == (0.13, "503")
    assert found["warnings"] == ["renderer is open", "renderer fails in 13.0% of its calls"]
    assert found["changedAt"] == "2026-07-30T12:00:10Z"
    assert found["reportedAt"] == "2026-07-30T12:00:20Z"
    assert found["instances"] == [
        {"instance": None, "state": "CLOSED", "totalCalls": 10, "totalFailures": 0,
         "failureRate": 0, "isLive": True},
        {"instance": "web:1", "state": "CLOSED", "totalCalls": 130, "totalFailures": 6,
         "failureRate": 6 / 130, "isLive": True},
        {"instance": "web:2", "state": "OPEN", "totalCalls": 60, "totalFailures": 20,
         "failureRate": 1 / 3, "isLive": True},
    ]  # fmt: skip
    assert found["transitions"] == [
        {"instance": "web:1", "fromState": None, "toState": "CLOSED", "totalCalls": 100,
         "totalFailures": 5},
        {"instance": "web:2", "fromState": "CLOSED", "toState": "OPEN", "totalCalls": 170,
         "totalFailures": 25},
    ]  # fmt: skip
    overview = await api("{ monitoringOverview { warnings breakers { state totalCalls } } }")
    assert overview["monitoringOverview"]["breakers"] == [{"state": "OPEN", "totalCalls": 200}]
    assert "renderer is open" in overview["monitoringOverview"]["warnings"]
    clock.now += timedelta(seconds=10)
    await report(api, "web:2", 61, 20, "HALF_OPEN")
    assert (await breaker(api))["state"] == "HALF_OPEN"
    clock.now += timedelta(seconds=10)
    await report(api, "web:2", 70, 20)
    found = await breaker(api)
    assert (found["state"], found["changedAt"]) == ("CLOSED", "2026-07-30T12:00:40Z")


@pytest.mark.parametrize("instance", ["web:1", None])
async def test_totals_that_begin_at_zero_again_do_not_subtract(
    api: Api, clock: Clock, instance: str | None
) -> None:
    for calls, failures in [(100, 30), (120, 31), (5, 0), (25, 2), (25, 1)]:
        clock.now += timedelta(seconds=10)
        await report(api, instance, calls, failures)
    found = await breaker(api)
    # The last report has fewer failures than the one before: another start, with 25 calls.
    assert (found["totalCalls"], found["totalFailures"]) == (120 + 25 + 25, 31 + 2 + 1)
    assert found["instances"][0]["totalCalls"] == 25


async def test_a_late_report_of_an_instance_is_ignored(api: Api) -> None:
    assert await report(api, "a", 10, 1) == "ACCEPTED"
    assert await report(api, "a", 10, 1) == "DUPLICATE"
    earlier = (NOW - timedelta(seconds=5)).isoformat()
    assert await report(api, "a", 8, 1, "OPEN", occurredAt=earlier) == "DUPLICATE"
    assert await report(api, "b", 8, 1, "OPEN", occurredAt=earlier) == "ACCEPTED"
    found = await breaker(api)
    assert (found["state"], found["totalCalls"]) == ("OPEN", 18)
    assert found["reportedAt"] == "2026-07-30T12:00:00Z"


async def test_an_instance_that_is_gone_has_no_say_in_the_state(api: Api, clock: Clock) -> None:
    await report(api, "gone", 10, 10, "OPEN")
    clock.now += circuit_breakers.INSTANCE_LIFETIME
    assert (await breaker(api))["state"] == "OPEN"  # nobody has said anything else
    await report(api, "lives", 5, 0)
    found = await breaker(api)
    assert (found["state"], found["totalCalls"], found["totalFailures"]) == ("CLOSED", 15, 10)
    assert [i["isLive"] for i in found["instances"]] == [False, True]
    await report(api, "gone", 12, 10, "OPEN")
    found = await breaker(api)
    assert (found["state"], found["totalCalls"], found["totalFailures"]) == ("OPEN", 17, 10)


async def test_instances_are_bounded_and_their_counts_stay(
    api: Api, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_breakers, "MAX_INSTANCES", 3)
    for number in range(8):
        clock.now += timedelta(seconds=1)
        await report(api, f"process-{number}", 10, 1)
    found = await breaker(api)
    assert (found["totalCalls"], found["totalFailures"]) == (80, 8)
    assert [i["instance"] for i in found["instances"]] == [f"process-{n}" for n in (5, 6, 7)]


async def test_many_processes_at_once_lose_nothing(api: Api) -> None:
    dice = random.Random(5)
    last: dict[str, tuple[int, int]] = {}

    async def process(instance: str) -> None:
        calls = failures = 0
        for second in range(6):
            calls, failures = calls + dice.randint(1, 9), failures + dice.randint(0, 1)
            at = NOW + timedelta(seconds=second)
            await report(api, instance, calls, failures, occurredAt=at.isoformat())
            last[instance] = calls, failures

    await asyncio.gather(*(process(f"process-{n}") for n in range(10)))
    found = await breaker(api)
    assert found["totalCalls"] == sum(calls for calls, _ in last.values())
    assert found["totalFailures"] == sum(failures for _, failures in last.values())
    assert len(found["instances"]) == 10
    assert len(found["transitions"]) == 1


async def test_the_name_of_an_instance_is_bounded(api: Api) -> None:
    draft = {"name": "x", "state": "OPEN", "instance": "i" * 5_000}
    error = await api.refused(REPORT, {"input": draft})
    assert "5,000 characters" in error.message
    empty = await api.refused(REPORT, {"input": {**draft, "instance": ""}})
    assert "is empty" in empty.message
