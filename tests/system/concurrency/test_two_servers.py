"""Two servers on one PostgreSQL: one truth, gapless logs, partitions made once, no deadlock."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from store.ids import first_id_at, new_id
from tests.support.processes import Json, ask, client_of
from tests.support.stored_rows import execute, rows_of
from tests.system.concurrency.conftest import Shared

pytestmark = pytest.mark.parametrize(
    "databases", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)

TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted duplicates results(only: [REJECTED]) { message } }
}"""
INGEST = """mutation ($items: [EntryInput!]!) {
  ingest(entries: $items) { accepted duplicates results(only: [REJECTED]) { message } }
}"""
CREATE = """mutation ($input: CreateRequestInput!) {
  createRequest(input: $input) { status request { uuid title } }
}"""
LOG = "mutation ($input: LogEventInput!) { logEvent(input: $input) { status event { seq } } }"
START = """mutation ($input: StartStageInput!) {
  startStage(input: $input) { status stage { attempt } }
}"""
END = "mutation ($input: CompleteStageInput!) { completeStage(input: $input) { status } }"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"

Pair = list[httpx.AsyncClient]


@pytest.fixture
async def pair(shared: Shared) -> AsyncIterator[Pair]:
    """A client of each server."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(client_of(server)) for server in shared.servers]


def id_at(instant: datetime) -> UUID:
    """A UUIDv7 of that millisecond, unlike any other."""
    tail = new_id().int & ((1 << 62) - 1)
    return UUID(int=first_id_at(instant).int | (0x7 << 76) | (0x2 << 62) | tail)


async def at_both(pair: Pair, document: str, variables: Json) -> list[Json]:
    """The same call at both servers in the same moment."""
    answers = await asyncio.gather(*(ask(http, document, variables) for http in pair))
    return [next(iter(answer.taken().values())) for answer in answers]


def operation(organization: str, id: UUID, **more: Any) -> Json:
    labels = {"organizationId": organization, "userId": "u"}
    use = {"type": "mini"}
    return {"id": str(id), "kind": "API", "name": "n", "labels": labels, "interaction": use} | more


async def test_a_request_is_created_once(pair: Pair, organization: str) -> None:
    for number in range(20):
        request = {
            "id": str(new_id()), "type": "t", "title": str(number),
            "labels": {"organizationId": organization}, "stages": [{"name": "one"}],
        }  # fmt: skip
        told = await at_both(pair, CREATE, {"input": request})
        assert sorted(payload["status"] for payload in told) == ["ACCEPTED", "DUPLICATE"]
        assert {payload["request"]["title"] for payload in told} == {str(number)}


async def test_logs_have_no_gap_whoever_appends(
    shared: Shared, pair: Pair, organization: str
) -> None:
    request = str(new_id())
    labels = {"organizationId": organization}
    created = {"id": request, "type": "t", "labels": labels}
    (await ask(pair[0], CREATE, {"input": created})).taken()

    async def work(number: int) -> list[int]:
        """Log events at both servers in turn; start and end a stage that all others have, too."""
        seqs = []
        for turn in range(6):
            http = pair[(number + turn) % 2]
            stage = {"requestId": request, "stage": f"stage-{turn // 2}"}
            command = (START, END)[turn % 2]
            told = (await ask(http, command, {"input": stage})).taken()
            assert next(iter(told.values()))["status"] in {"ACCEPTED", "DUPLICATE"}
            note = {"requestId": request, "type": "note", "eventId": str(new_id())}
            event = (await ask(http, LOG, {"input": note})).taken()["logEvent"]
            assert event["status"] == "ACCEPTED"
            seqs.append(event["event"]["seq"])
        return seqs

    workers = 8
    noted = [seq for seqs in await asyncio.gather(*map(work, range(workers))) for seq in seqs]
    rows = (await rows_of(shared.database_url, organization))["request_events"]
    types = Counter(row[4] for row in rows)
    assert sorted(row[2] for row in rows) == list(range(1, len(rows) + 1))
    assert len(set(noted)) == len(noted) == workers * 6
    # The first to start or end a stage did it, all others came too late.
    assert types == {
        "request.created": 1, "request.started": 1, "note": workers * 6,
        "stage.started": 3, "stage.completed": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    "month", [datetime(2001, 2, 10, tzinfo=UTC), datetime(2019, 12, 31, 23, 59, tzinfo=UTC)]
)
async def test_both_make_the_partitions_of_a_month_at_once(
    shared: Shared, pair: Pair, organization: str, month: datetime
) -> None:
    """Whole batches of every kind of record that has a partition, in a month that has none yet."""
    labels = {"organizationId": organization}
    chat = {"kind": "LLM", "llm": {"model": "m", "message": "old", "response": "older"}}

    def batch() -> list[Json]:
        request = str(id_at(month))
        return [
            {"operation": operation(organization, id_at(month), **chat)},
            {"session": {"id": str(id_at(month)), "labels": labels}},
            {"createRequest": {"id": request, "type": "t", "labels": labels}},
            {"startStage": {"requestId": request, "stage": "one"}},
        ]

    batches = [batch() for _ in range(10)]
    answers = await asyncio.gather(
        *(ask(pair[i % 2], INGEST, {"items": items}) for i, items in enumerate(batches))
    )
    for answer in answers:
        assert answer.taken()["ingest"]["accepted"] == 4, answer
    rows = await rows_of(shared.database_url, organization)
    counts = {name: len(rows[name]) for name in ("operations", "operation_texts", "sessions")}
    assert counts == {"operations": 10, "operation_texts": 10, "sessions": 10}
    assert len(rows["requests"]) == len(rows["stage_attempts"]) == 10


async def test_crossed_batches_do_not_deadlock(
    shared: Shared, pair: Pair, organization: str
) -> None:
    """Both servers get overlapping records in other orders, over months and organizations."""
    dice = random.Random(3)
    before = await execute(shared.database_url, DEADLOCKS)
    own = [organization, f"{organization}-b"]
    now = datetime.now(UTC)
    months = [now, now - timedelta(days=40), now - timedelta(days=80)]
    for _ in range(10):
        mixed = [operation(own[i % 2], id_at(months[i % 3])) for i in range(60)]
        parts = [mixed[::-1], *(dice.sample(mixed, dice.randint(2, 60)) for _ in range(5))]
        answers = await asyncio.gather(
            *(ask(pair[i % 2], TRACK, {"items": part}) for i, part in enumerate(parts))
        )
        told = [answer.taken()["trackOperations"] for answer in answers]
        assert sum(payload["accepted"] for payload in told) == len(mixed)
        assert sum(payload["duplicates"] for payload in told) == sum(map(len, parts[1:]))
    assert await execute(shared.database_url, DEADLOCKS) == before
    for name in own:
        rows = await rows_of(shared.database_url, name)
        assert len(rows["operations"]) == 10 * 30


async def test_crossed_commands_do_not_deadlock(
    shared: Shared, pair: Pair, organization: str
) -> None:
    """The same requests, consumes and sessions in opposite orders, at both servers at once."""
    before = await execute(shared.database_url, DEADLOCKS)
    labels = {"organizationId": organization}
    ids = [str(new_id()) for _ in range(20)]
    entries: list[Json] = []
    for id in ids:
        entries += [
            {"createRequest": {"id": id, "type": "t", "labels": labels}},
            {"session": {"id": id, "labels": labels}},
            {"consume": {"id": id, "interactionType": "mini", "labels": labels}},
            {"circuitBreaker": {"name": id[-4:], "state": "OPEN", "organizationId": organization}},
        ]
    for round in range(6):
        commands = [{"logEvent": {"requestId": id, "type": f"r{round}"}} for id in ids]
        batches = [entries + commands, entries[::-1] + commands[::-1]]
        answers = await asyncio.gather(
            *(ask(http, INGEST, {"items": b}) for http in pair for b in batches)
        )
        for answer in answers:
            told = answer.taken()["ingest"]
            assert told["accepted"] + told["duplicates"] == len(batches[0]), told
    assert await execute(shared.database_url, DEADLOCKS) == before
    rows = await rows_of(shared.database_url, organization)
    assert len(rows["requests"]) == len(rows["sessions"]) == len(rows["consumptions"]) == len(ids)
    assert len(rows["request_events"]) == len(ids) * (1 + 6 * 4)
