"""A: a memory API that counts its operations per route and holds its callers to a plan."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store.ids import new_id
from tests.acceptance.documents import (
    INTERACTIONS,
    OPERATIONS,
    SET_LIMIT,
    TRACK_API,
    TRACK_MANY,
    USAGE,
)
from tests.support.api import Api, Json, StartApi

LABELS = {
    "organizationId": "org_7",
    "namespaceId": "prod",
    "workspaceId": "ws_12",
    "userId": "end_user_3",
    "developerId": "dev_9",
    "apiKeyId": "key_4",
    "companyId": "company_1",
    "subscriptionId": "plan_pro",
}


def add_memory(**changes: object) -> Json:
    """A finished call of POST v1/memory, with everything a memory API knows of it."""
    return {
        "id": str(new_id()),
        "occurredAt": "2026-03-05T10:20:30.123456Z",
        "route": "v1/memory",
        "method": "POST",
        "operationType": "add_memory",
        "resourceId": "mem_51",
        "batchSize": 3,
        "durationMs": 12.75,
        "statusCode": 201,
        "client": "python-sdk",
        "ipAddress": "203.0.113.9",
        "userAgent": "memory-client/1.4",
        "correlationId": "corr-1",
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "cacheHit": False,
        "labels": LABELS,
        "attributes": {"plan": {"name": "pro"}, "is_memory_operation": True, "tags": ["a", "b"]},
        **changes,
    }


async def test_a1_records_a_finished_api_call_with_everything_known_of_it(api: Api) -> None:
    call = add_memory(countsAgainstPlan=True, sessionId=str(new_id()), requestId=str(new_id()))
    before = datetime.now(UTC)
    answer = (await api(TRACK_API, {"input": call}))["trackApiOperation"]
    assert (answer["status"], answer["uuid"]) == ("ACCEPTED", call["id"])

    where = {"userId": {"eq": "end_user_3"}, "route": {"eq": "v1/memory"}}
    (read,) = (await api(OPERATIONS, {"where": where}))["operations"]["nodes"]
    assert read == answer["operation"]
    assert before <= datetime.fromisoformat(read.pop("recordedAt")) <= datetime.now(UTC)
    said = {name: call[name] for name in call if name not in ("id", "labels", "countsAgainstPlan")}
    expected = said | LABELS | {
        "uuid": call["id"],
        "kind": "API",
        "name": "POST v1/memory",
        "outcome": "OK",
        "interactionType": "api_operation",
        "units": 1,
        "countsAgainstLimits": True,
    }  # fmt: skip
    assert {name: value for name, value in read.items() if value is not None} == expected


async def test_a1_a_failed_call_is_recorded_as_such(api: Api) -> None:
    for said, outcome in (
        ({"statusCode": 503}, "ERROR"),
        ({"statusCode": 404}, "OK"),
        ({"statusCode": 200, "error": "the index was behind"}, "ERROR"),
        ({"statusCode": 500, "outcome": "OK"}, "OK"),
        ({"statusCode": None}, "OK"),
    ):
        answer = await api(TRACK_API, {"input": add_memory(**said)})
        read = answer["trackApiOperation"]["operation"]
        assert (read["outcome"], read["error"]) == (outcome, said.get("error"))
    failed = await api(OPERATIONS, {"where": {"outcome": {"in": ["ERROR"]}}})
    assert failed["operations"]["totalCount"] == 2


async def test_a1_a_repeat_changes_nothing(api: Api) -> None:
    call = add_memory(countsAgainstPlan=True)
    first = (await api(TRACK_API, {"input": call}))["trackApiOperation"]
    again = (await api(TRACK_API, {"input": call | {"durationMs": 99.0}}))["trackApiOperation"]
    assert again == first | {"status": "DUPLICATE"}
    assert (await api(OPERATIONS))["operations"]["totalCount"] == 1
    assert [c["units"] for c in await counters(api)] == [1]


async def test_a5_the_log_row_and_the_monthly_counter_are_always_in_step(api: Api) -> None:
    calls = [
        add_memory(countsAgainstPlan=True),
        add_memory(countsAgainstPlan=True, occurredAt="2026-03-31T23:59:59.999999Z"),
        add_memory(countsAgainstPlan=True, occurredAt="2026-04-01T00:00:00Z"),
        add_memory(countsAgainstPlan=True, method="GET", operationType="get_memory"),
        add_memory(countsAgainstPlan=True, route="v1/memory/batch", batchSize=40),
        add_memory(interaction={"type": "premium", "units": 4}),
        add_memory(),  # limits do not count it, the month does
        add_memory(countsAgainstPlan=False, occurredAt="2026-03-31T23:59:59Z"),
    ]
    for call in calls + calls[:2]:
        await api(TRACK_API, {"input": call})
    found = {
        (c["interactionType"], c["method"], c["route"], c["year"], c["month"]): c["units"]
        for c in await counters(api, countsAgainstLimits={"eq": True})
    }
    assert found == {
        ("api_operation", "POST", "v1/memory", 2026, 3): 2,
        ("api_operation", "POST", "v1/memory", 2026, 4): 1,
        ("api_operation", "GET", "v1/memory", 2026, 3): 1,
        ("api_operation", "POST", "v1/memory/batch", 2026, 3): 1,
        ("premium", "POST", "v1/memory", 2026, 3): 4,
    }
    march = await counters(
        api, year={"eq": 2026}, month={"eq": 3}, route={"eq": "v1/memory"},
        method={"eq": "POST"}, countsAgainstLimits={"eq": True},
    )  # fmt: skip
    assert [(c["operationType"], c["units"], c["calls"]) for c in march] == [
        ("add_memory", 4, 1),
        ("add_memory", 2, 2),
    ]
    assert {name: march[1][name] for name in LABELS} == LABELS
    assert march[1]["firstAt"] == "2026-03-05T10:20:30.123456Z"
    assert march[1]["lastAt"] == "2026-03-31T23:59:59.999999Z"
    free = await counters(api, countsAgainstLimits={"eq": False})
    assert [(c["interactionType"], c["operationType"], c["units"], c["calls"]) for c in free] == [
        ("api_operation", "add_memory", 2, 2)
    ]
    assert {name: free[0][name] for name in LABELS} == LABELS
    logged = (await api(OPERATIONS))["operations"]
    assert sum(o["units"] for o in logged["nodes"]) == sum(found.values()) + 2
    for counts, units in ((True, sum(found.values())), (False, 2)):
        where = {"countsAgainstLimits": {"eq": counts}}
        logged = (await api(OPERATIONS, {"where": where}))["operations"]
        assert sum(o["units"] for o in logged["nodes"]) == units


async def test_a5_a_refused_row_of_a_batch_is_not_counted_either(api: Api) -> None:
    batch = [
        {"kind": "API", "name": "n", "interaction": {"type": "api_operation"}, **said}
        for said in ({"durationMs": -1}, {}, {"interaction": {"type": "api_operation", "units": 0}})
    ]
    answer = (await api(TRACK_MANY, {"operations": batch}))["trackOperations"]
    assert [item["status"] for item in answer["results"]] == ["REJECTED", "ACCEPTED", "REJECTED"]
    assert [c["units"] for c in await counters(api)] == [1]


async def test_a7_calls_that_count_against_the_plan_consume_the_limit_of_the_month(
    start_api: StartApi,
) -> None:
    now = datetime(2026, 5, 31, 22, 0, tzinfo=UTC)
    api = await start_api(clock=lambda: now)
    limit = {"subject": "USER", "subjectId": "end_user_3", "interactionType": "api_operation"}
    await api(SET_LIMIT, {"input": limit | {"organizationId": "org_7", "maximum": 2}})
    subject = {"subject": "USER", "subjectId": "end_user_3", "organizationId": "org_7"}

    async def usage() -> tuple[int, int, bool]:
        (level,) = (await api(USAGE, {"subject": subject, "type": "api_operation"}))["usage"]
        return level["used"], level["remaining"], level["exceeded"]

    async def call(**changes: object) -> None:
        operation = add_memory(occurredAt=now.isoformat(), **changes)
        answer = await api(TRACK_API, {"input": operation})
        assert answer["trackApiOperation"]["status"] == "ACCEPTED"

    await call(countsAgainstPlan=True)
    await call(countsAgainstPlan=False)
    await call(countsAgainstPlan=True, labels=LABELS | {"userId": "somebody else"})
    assert await usage() == (1, 1, False)
    await call(countsAgainstPlan=True)
    assert await usage() == (2, 0, False)
    # The call has happened: it is recorded and counted, and the plan shows as exceeded.
    await call(countsAgainstPlan=True)
    assert await usage() == (3, 0, True)
    now += timedelta(hours=2)
    assert await usage() == (0, 2, False)
    await call(countsAgainstPlan=True)
    assert await usage() == (1, 1, False)


def test_a8_one_set_up_step_makes_every_table_and_index(
    empty_database_url: str, tmp_path: Path
) -> None:
    def trackstore(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from cli import main; main()", *arguments]
        return subprocess.run(
            [*command, "--database-url", empty_database_url],
            cwd=tmp_path,
            env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert trackstore("migrate", "--check").returncode == 1
    made = trackstore("migrate")
    assert made.returncode == 0, made.stderr
    assert trackstore("migrate", "--check").returncode == 0
    again = trackstore("migrate")
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("months", [0, 5])
async def test_a8_after_it_calls_of_any_month_are_taken(api: Api, months: int) -> None:
    occurred_at = datetime.now(UTC) - timedelta(days=31 * months)
    call = add_memory(id=None, occurredAt=occurred_at.isoformat())
    assert (await api(TRACK_API, {"input": call}))["trackApiOperation"]["status"] == "ACCEPTED"
    assert (await api(OPERATIONS))["operations"]["totalCount"] == 1


async def counters(api: Api, **where: object) -> list[Json]:
    """The interaction counters, most units first within a month."""
    nodes: list[Json] = (await api(INTERACTIONS, {"where": where}))["interactions"]["nodes"]
    return sorted(nodes, key=lambda c: (-c["year"], -c["month"], -c["units"]))
