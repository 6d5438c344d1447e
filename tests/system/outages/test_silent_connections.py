"""Silent connections and foreign locks: writing goes on, callers learn the truth, nothing is doubled."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import make_url

from store.ids import new_id
from tests.support.processes import Answer, ServerProcess, ask, client_of
from tests.system.chaos.proxy import Direction, FaultProxy, Link
from tests.system.durability.loads import TRACK, Load
from tests.system.durability.stored import check_stored, count_against_limits
from trackstore import Tracker

pytestmark = pytest.mark.postgresql

HANGS = 2
SETTLED_TRIES = 200
NEW_MONTH = (datetime.now(UTC) - timedelta(days=150)).isoformat()
STORED = "SELECT id FROM operations WHERE id = ANY($1::uuid[])"
IN_USE = "trackstore_database_connections_in_use"


async def direct(url: str) -> asyncpg.Connection:
    """Connect past the proxy."""
    parsed = make_url(url)
    folder = parsed.query.get("host")
    return await asyncpg.connect(
        host=folder if isinstance(folder, str) else parsed.host,
        port=parsed.port,
        user=parsed.username,
        database=parsed.database,
    )


async def stored(url: str, ids: list[UUID]) -> list[UUID]:
    """Those of these operations that are in the database."""
    driver = await direct(url)
    try:
        return [row["id"] for row in await driver.fetch(STORED, ids)]
    finally:
        await driver.close()


def operation(id: UUID, **more: Any) -> dict[str, Any]:
    """An operation of an API."""
    return {"id": str(id), "name": "add", "kind": "API", "api": {"route": "v1"}, **more}


async def track(http: httpx.AsyncClient, *ids: UUID, **more: Any) -> Answer:
    """Send operations once."""
    return await ask(http, TRACK, {"items": [operation(id, **more) for id in ids]})


def code_of(answer: Answer) -> str | None:
    """The code of the answer's error."""
    return answer.errors[0]["extensions"]["code"] if answer.errors else None


async def test_writing_goes_on_while_old_connections_hang(
    served: ServerProcess, proxy: FaultProxy
) -> None:
    load = Load.of(clients=6, batches=6, items=100)

    async def hang() -> None:
        for _ in range(HANGS):
            await load.wait_for(batches=4)
            proxy.hang()

    async with client_of(served) as http:
        await count_against_limits(http)
        await asyncio.gather(load.run(http), hang())
        await check_stored(http, load)
    for refusal in load.refusals:
        assert code_of(refusal) in ("OVERLOADED", "OUTCOME_UNKNOWN")
    assert not served.complaints()


async def test_a_commit_that_is_not_answered_is_told_apart_from_one_that_was_not_sent(
    served: ServerProcess, proxy: FaultProxy, postgres_url: str
) -> None:
    """Held back: the answer to the commit, the commit itself, and the rows before it.

    Operations alone are one COPY, which commits at its end; what counts units is a transaction.
    """
    counted = {"interaction": {"type": "mini", "units": 1}}
    for held, direction, code, is_stored, more in (
        (COPY_DONE, Direction.TO_CLIENT, "OUTCOME_UNKNOWN", True, {}),
        (COPY_DONE, Direction.BOTH, "OUTCOME_UNKNOWN", False, {}),
        (b"COPY ", Direction.BOTH, "OUTCOME_UNKNOWN", False, {}),  # the driver sends all at once
        (b"COPY ", Direction.BOTH, "OVERLOADED", False, counted),
        (b"COMMIT", Direction.TO_CLIENT, "OUTCOME_UNKNOWN", True, counted),
        (b"COMMIT", Direction.BOTH, "OUTCOME_UNKNOWN", False, counted),
    ):
        hang_once(proxy, held, direction)
        id = new_id()
        async with client_of(served) as http:
            refused = await track(http, id, **more)
            assert code_of(refused) == code, (held, direction, refused)
            assert refused.is_retryable
            assert await stored(postgres_url, [id]) == [id] * is_stored
            again = (await track(http, id, **more)).taken()["trackOperations"]
            assert (again["accepted"], again["duplicates"]) == (1 - is_stored, is_stored)
        assert await stored(postgres_url, [id]) == [id]


COPY_DONE = b"c\x00\x00\x00\x04"
"""The message of PostgreSQL's protocol that ends the rows of a COPY."""


def hang_once(proxy: FaultProxy, held: bytes, direction: Direction) -> None:
    """Hang the connection that writes operations, where it first sends this."""
    writing: set[Link] = set()

    def see(link: Link, chunk: bytes) -> None:
        if b"COPY " in chunk:
            writing.add(link)
        if held in chunk and link in writing:
            proxy.on_request = lambda _link, _chunk: None
            link.hang(direction)

    proxy.on_request = see


async def test_a_refusal_as_overloaded_has_stored_nothing(
    served: ServerProcess, proxy: FaultProxy, postgres_url: str
) -> None:
    """Many callers who do not repeat: each answer is true at the end."""
    answers: dict[UUID, str | None] = {}

    async def call(http: httpx.AsyncClient, number: int) -> None:
        for _ in range(12):
            id = new_id()
            more = {"interaction": {"type": "calls", "units": 1}} if number % 2 else {}
            answers[id] = code_of(await track(http, id, **more))

    async def hang() -> None:
        for _ in range(4):
            await asyncio.sleep(0.3)
            proxy.hang()

    async with client_of(served) as http:
        await asyncio.gather(hang(), *(call(http, number) for number in range(8)))
    there = set(await stored(postgres_url, list(answers)))
    codes: tuple[str | None, ...] = (None, "OVERLOADED", "OUTCOME_UNKNOWN")
    assert set(answers.values()) <= set(codes)
    told = {code: {id for id, c in answers.items() if c == code} for code in codes}
    assert told[None] <= there
    assert not there & told["OVERLOADED"]


async def test_reads_end_and_no_connection_is_kept(
    served: ServerProcess, proxy: FaultProxy
) -> None:
    documents = (
        "{ operations(first: 20) { nodes { uuid } } }",
        "{ requests(first: 20) { nodes { uuid events(first: 5) { nodes { seq } } } } }",
        "{ operationStats(groupBy: [{ field: NAME }]) { rows { count } } }",
        "{ usage(subject: { subject: ORGANIZATION }) { used } }",
    )
    async with client_of(served) as http:

        async def read_on(document: str) -> None:
            for _ in range(10):
                answer = await ask(http, document)
                assert not answer.errors or answer.is_retryable, answer
                await asyncio.sleep(0.02)

        reading = [asyncio.create_task(read_on(document)) for document in documents * 4]
        for _ in range(3):
            await asyncio.sleep(0.2)
            proxy.hang()
        await asyncio.gather(*reading)
        ready = await http.get("/readyz")
        assert ready.status_code == 200, ready.text
        assert await in_use(http) == 0


async def in_use(http: httpx.AsyncClient) -> float:
    """How many connections of the pool are lent, once work in the background had time to end."""
    lent = -1.0
    for _ in range(SETTLED_TRIES):
        page = (await http.get("/metrics")).text
        lines = [line for line in page.splitlines() if line.startswith(IN_USE)]
        lent = max(float(line.rpartition(" ")[2]) for line in lines)
        if lent == 0:
            break
        await asyncio.sleep(0.05)
    return lent


async def test_the_client_ends_with_every_record_once(
    served: ServerProcess, proxy: FaultProxy, postgres_url: str
) -> None:
    """The answer to a commit is lost, then the commit itself, while a tracker sends."""
    sent: list[UUID] = []
    with Tracker(url=f"{served.url}/graphql", strict=True) as tracker:
        for direction in (Direction.TO_CLIENT, Direction.BOTH):
            hang_once(proxy, b"COMMIT", direction)
            for _ in range(20):
                id = tracker.track_api_operation(route="v1", method="GET", status_code=200)
                sent.append(UUID(str(id)))
            flushed = await asyncio.to_thread(tracker.flush, 30)
            assert flushed.left == 0
        stats = tracker.stats()
    assert stats.dropped == {}
    assert stats.retries >= 2
    assert sorted(await stored(postgres_url, sent)) == sorted(sent)


@pytest.mark.parametrize(
    ("lock", "waits"),
    [
        ("LOCK TABLE limits IN ACCESS EXCLUSIVE MODE", {"interaction": {"type": "calls"}}),
        ("LOCK TABLE operations IN SHARE UPDATE EXCLUSIVE MODE", {"occurredAt": NEW_MONTH}),
    ],
    ids=["limits", "partitions"],
)
async def test_a_foreign_lock_holds_up_only_what_needs_it(
    served: ServerProcess, postgres_url: str, lock: str, waits: dict[str, Any]
) -> None:
    driver = await direct(postgres_url)
    held = new_id()
    try:
        async with client_of(served) as http:
            transaction = driver.transaction()
            await transaction.start()
            await driver.execute(lock)
            waiting = asyncio.create_task(track(http, held, **waits))
            await asyncio.sleep(0.3)
            for _ in range(5):
                assert code_of(await track(http, new_id())) is None
            assert not waiting.done(), "it waits for the lock, and for it alone"
            assert code_of(await waiting) == "OVERLOADED"
            await transaction.rollback()
            assert code_of(await track(http, held, **waits)) is None
    finally:
        await driver.close()
    assert await stored(postgres_url, [held]) == [held]
