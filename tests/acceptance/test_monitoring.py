"""E: what operators ask of their pipeline: overview, hours, stages, what needs a look."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.absent_arguments import without_absent_arguments
from tests.support.api import Api, Json, StartApi
from tests.unit.store.rows import v7_at

NOW = datetime(2026, 6, 30, 12, 30, tzinfo=UTC)
INGEST = """mutation ($entries: [EntryInput!]!) { ingest(entries: $entries) {
    accepted results(only: [REJECTED]) { message } } }"""
NUMBERS = """count completed failed cancelled active failureRate averageDurationMs p50DurationMs
  p95DurationMs"""
STAGE = f"name retried averageAttempts mostAttempts {NUMBERS.replace('cancelled active', '')}"
OVERVIEW = f"""query ($hours: Int, $type: String) {{
  monitoringOverview(hours: $hours, type: $type) {{
    since calculatedAt activeRequests requests {{ {NUMBERS} }}
    hours {{ start end numbers {{ {NUMBERS} }} }} stages {{ {STAGE} }}
    breakers {{ name state }} warnings }}
  requestMetrics(hours: $hours, type: $type) {{ start numbers {{ count }} }}
  stageDurations(hours: $hours, type: $type) {{ name count }} }}"""

EVERY_TYPE = without_absent_arguments(OVERVIEW, {"hours": 1})


class Pipeline:
    """A server whose clock the test moves, and requests that ran on it."""

    def __init__(self) -> None:
        self.now = NOW
        self.runs = 0
        self.api: Api

    async def tell(self, **entry: Json) -> None:
        """One entry, at the present instant."""
        told = (await self.api(INGEST, {"entries": [entry]}))["ingest"]
        assert told["accepted"] == 1, told

    async def run(self, ago: timedelta, seconds: float, end: str, **said: str) -> None:
        """A request of one stage that began so long ago, took so long and ended so."""
        self.now = NOW - ago
        self.runs += 1
        id = str(v7_at(self.now, self.runs))
        stage = {"requestId": id, "stage": said.get("stage", "script")}
        created = {"id": id, "type": said.get("type", "lesson"),
                   "stages": [{"name": stage["stage"], "maxAttempts": 3}]}  # fmt: skip
        await self.tell(createRequest=created)
        await self.tell(startStage=stage)
        self.now += timedelta(seconds=seconds)
        if end == "retried":
            await self.tell(failStage={**stage, "message": "no"})
            await self.tell(retryStage=stage)
            self.now += timedelta(seconds=seconds)
        if end in ("completed", "retried"):
            await self.tell(completeStage=stage)
            await self.tell(completeRequest={"requestId": id})
        elif end == "failed":
            await self.tell(failStage={**stage, "message": "no"})
            await self.tell(failRequest={"requestId": id, "message": "no"})
        elif end == "cancelled":
            await self.tell(cancelRequest={"requestId": id})
        self.now = NOW


@pytest.fixture
async def pipeline(start_api: StartApi) -> Pipeline:
    """A server on which nothing ran yet."""
    found = Pipeline()
    found.api = await start_api(clock=lambda: found.now)
    return found


async def test_e10_the_overview_of_the_last_hours(pipeline: Pipeline) -> None:
    minutes = timedelta(minutes=1)
    for ago, seconds, end in (
        (10 * minutes, 2, "completed"), (20 * minutes, 4, "completed"), (70 * minutes, 6, "failed"),
        (80 * minutes, 8, "retried"), (90 * minutes, 1, "cancelled"), (5 * minutes, 1, "running"),
        (600 * minutes, 1, "running"), (700 * minutes, 3, "completed"),
    ):  # fmt: skip
        await pipeline.run(ago, seconds, end)
    await pipeline.run(3 * minutes, 10, "completed", type="quiz", stage="questions")
    variables = {"hours": 3, "type": "lesson"}
    answer = await pipeline.api(OVERVIEW, variables)
    found = answer["monitoringOverview"]
    assert (found["since"], found["calculatedAt"]) == (
        "2026-06-30T09:30:00Z", "2026-06-30T12:30:00Z",
    )  # fmt: skip
    assert found["activeRequests"] == 2
    requests = found["requests"]
    counts = [requests[n] for n in ("count", "completed", "failed", "cancelled", "active")]
    assert counts == [6, 3, 1, 1, 1]
    assert requests["failureRate"] == 0.25
    durations = sorted([2_000.0, 4_000.0, 6_000.0, 16_000.0, 1_000.0])
    assert requests["p50DurationMs"] == durations[2]
    assert requests["averageDurationMs"] == pytest.approx(sum(durations) / 5)
    assert [h["numbers"]["count"] for h in found["hours"]] == [0, 0, 3, 3]
    assert found["hours"][0]["start"] == "2026-06-30T09:00:00Z"
    assert [h["numbers"]["count"] for h in answer["requestMetrics"]] == [0, 0, 3, 3]
    (stage,) = found["stages"]
    assert (stage["name"], stage["count"], stage["completed"], stage["failed"]) == (
        "script", 6, 3, 1,
    )  # fmt: skip
    assert (stage["retried"], stage["mostAttempts"], stage["failureRate"]) == (1, 2, 0.25)
    assert stage["averageAttempts"] == pytest.approx(7 / 6)
    assert stage["p95DurationMs"] is not None
    assert answer["stageDurations"] == [{"name": "script", "count": 6}]
    everything = (await pipeline.api(EVERY_TYPE, {"hours": 24}))["monitoringOverview"]
    assert everything["requests"]["count"] == 9
    assert [s["name"] for s in everything["stages"]] == ["questions", "script"]
    assert len(everything["hours"]) == 25


async def test_e7_open_breakers_and_failures_above_a_tenth_are_warnings(pipeline: Pipeline) -> None:
    async def warnings() -> list[str]:
        answer = await pipeline.api("{ monitoringOverview { warnings breakers { name } } }")
        found: list[str] = answer["monitoringOverview"]["warnings"]
        return found

    assert await warnings() == []
    for name, state, failures in (
        ("renderer", "OPEN", 1), ("search", "CLOSED", 11), ("mail", "CLOSED", 10), ("tts", "HALF_OPEN", 0),
    ):  # fmt: skip
        await pipeline.tell(
            circuitBreaker={
                "name": name, "state": state, "totalCalls": 100, "totalFailures": failures,
            }
        )  # fmt: skip
    for n in range(9):
        await pipeline.run(timedelta(minutes=n + 1), 1, "completed")
    await pipeline.run(timedelta(minutes=30), 1, "failed")
    breakers = ["renderer is open", "search fails in 11.0% of its calls", "tts is half open"]
    assert await warnings() == breakers, "one of ten is not above a tenth"
    await pipeline.run(timedelta(minutes=40), 1, "failed")
    assert await warnings() == [
        *breakers,
        "18.2% of the requests of the last 24 h failed",
        "stage script fails in 18.2% of its runs",
    ]


async def test_e10_hours_are_bounded(pipeline: Pipeline) -> None:
    for hours in (0, -1, 745, 2**31 - 1):
        refusal = await pipeline.api.refused(EVERY_TYPE, {"hours": hours})
        assert refusal.code == "BAD_USER_INPUT"
        assert "hours must be from 1 to 744" in refusal.message
    assert len((await pipeline.api(EVERY_TYPE, {"hours": 744}))["requestMetrics"]) == 745
    zone = '{ requestMetrics(hours: 2, zone: "Mars") { start } }'
    assert "Invalid time zone 'Mars'" in (await pipeline.api.refused(zone)).message
