"""Measure Trackstore beside PostGraphile and the plain driver, on the same PostgreSQL and operations."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg

from benchmarks import month, postgraphile
from benchmarks.agreement import DifferentAnswersError
from benchmarks.bench import FAST, POSTGRESQL, Bench, Database, pids
from benchmarks.cases import bulk, single
from benchmarks.clients import ask_once, clients_of, fill
from benchmarks.contest import Contender, LoadContender
from benchmarks.plain_page import FIELDS, ORGANIZATION, SQL
from benchmarks.raw_postgres import PostgresReference
from benchmarks.report import Section, contest_section
from benchmarks.requests import TRACK_ONE, Document, page, track_many
from benchmarks.servers import Running
from benchmarks.traffic import Traffic
from benchmarks.workload import batches, make_calls

PEER = "PostGraphile"
BULK_CLIENTS, SINGLE_CLIENTS, PAGE_CLIENTS = 4, 32, 4
BULK_REACH, SINGLE_REACH = 1.1, 1.8
PAGE = 1_000
COMPARED = 20
NOTE = (
    "All three write to, or read from, one PostgreSQL. Trackstore runs with its defaults. PostGraphile "
    "{version} runs with its presets for filters and aggregates on a table with the same columns and "
    "indexes, which is not partitioned; it takes bulk mutations by a function of SQL. The driver is asyncpg "
    "without an API. Ratios are to PostGraphile. "
)
BULK_NOTE = NOTE + "{clients} clients, {size:,} operations a mutation."
SINGLE_NOTE = "One operation a mutation, {clients} connections."
PAGE_NOTE = (
    "The newest {rows:,} operations of one organization of five, of {all:,} in all, {fields} fields, "
    "{clients} clients."
)
STATS_NOTE = "Aggregations over {rows:,} operations of a month, one client."


@dataclass(frozen=True, slots=True)
class Comparison:
    question: str
    own_document: Document
    peer_document: Document
    by_hand: str


STATS = b'{"data":{"operationStats":{"rows":[{'
COMPARISONS = (
    Comparison(
        "Calls, tokens saved and mean duration by tool and mode",
        Document(
            "{ operationStats(groupBy: [{field: TOOL_NAME}, {field: OPERATION_MODE}]) { rows { "
            "key { toolName operationMode } count tokensPrevented { sum } durationMs { avg } } } }",
            STATS,
        ),
        postgraphile.grouped(
            "TOOL_NAME, OPERATION_MODE", "sum { tokensPrevented } average { durationMs }"
        ),
        "SELECT count(*), coalesce(sum(tokens_prevented), 0), avg(duration_ms), tool_name, "
        "operation_mode FROM operations GROUP BY tool_name, operation_mode",
    ),
    Comparison(
        "Calls, tokens saved and cost saved by day",
        Document(
            "{ operationStats(bucket: {unit: DAY, fill: false}) { rows { bucket { start } count "
            "tokensPrevented { sum } costSaved { sum } } } }",
            STATS,
        ),
        postgraphile.grouped("OCCURRED_AT_TRUNCATED_TO_DAY", "sum { tokensPrevented costSaved }"),
        "SELECT count(*), coalesce(sum(tokens_prevented), 0), sum(cost_saved), "
        "date_trunc('day', occurred_at, 'UTC') AS day FROM operations GROUP BY day",
    ),
)
Send = Callable[[Any], Awaitable[object]]


async def run(bench: Bench) -> list[Section]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(bench.database(POSTGRESQL))
        server = await stack.enter_async_context(bench.server(database))
        peer = await stack.enter_async_context(postgraphile.postgraphile(bench, database))
        await compare_rows(server, peer, database)
        sections = [
            await bulk_section(bench, database, server, peer),
            await single_section(bench, database, server, peer),
            await page_section(bench, database, server, peer),
        ]
    return [*sections, *await stats_sections(bench)]


async def compare_rows(server: Running, peer: Running, database: Database) -> None:
    """Raise ``DifferentRowsError`` unless both store what the driver stores."""
    await bulk.compare(server, PostgresReference(database.dsn))
    calls = make_calls(COMPARED)
    document = postgraphile.record_many(COMPARED)
    await ask_once(peer, document, [document.request({"items": postgraphile.items(calls)})])
    reference = PostgresReference(database.dsn)
    await reference.empty()
    async with reference.bulk(1) as (send,):
        await send(reference.rows(calls))
    ids = [call.id for call in calls]
    peer_rows = await postgraphile.PeerTable(database.dsn).stored(ids)
    for peer_row, row in zip(peer_rows, await reference.stored(ids), strict=True):
        different = [
            n for n in row if n not in bulk.SERVER_COLUMNS and _read(peer_row[n]) != _read(row[n])
        ]
        if different:
            raise bulk.DifferentRowsError(f"{different} of {peer_row} are not those of {row}")


def _read(value: Any) -> Any:
    """Return a JSON object parsed, since PostgreSQL writes it with other spaces."""
    is_object = isinstance(value, str) and value.startswith("{")
    return json.loads(value) if is_object else value


async def bulk_section(bench: Bench, database: Database, server: Running, peer: Running) -> Section:
    size = bench.scale.batch
    reference, table = PostgresReference(database.dsn), postgraphile.PeerTable(database.dsn)
    own_document, peer_document = track_many(size), postgraphile.record_many(size)

    def for_peer(count: int) -> list[bytes]:
        return [
            peer_document.request({"items": postgraphile.items(calls)})
            for calls in batches(count, size)
        ]

    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        contenders: list[Contender] = [
            await enter(
                clients_of(
                    server, FAST, own_document, partial(bulk.make_requests, own_document, size),
                    database=database, clients=BULK_CLIENTS, units=size, prepare=reference.empty,
                )
            ),
            await enter(
                clients_of(
                    peer, PEER, peer_document, for_peer, database=database,
                    clients=BULK_CLIENTS, units=size, prepare=table.empty,
                )
            ),
            LoadContender(
                reference.bulk_name, await enter(reference.bulk(BULK_CLIENTS)),
                lambda count: [reference.rows(calls) for calls in batches(count, size)],
                size, pids(database), reference.empty,
            ),
        ]  # fmt: skip
        results = await bench.contest(contenders, PEER)
    note = BULK_NOTE.format(version=postgraphile.VERSION, clients=BULK_CLIENTS, size=size)
    return contest_section("Bulk ingest", note, "operations", results, {FAST: BULK_REACH})


async def single_section(
    bench: Bench, database: Database, server: Running, peer: Running
) -> Section:
    reference, table = PostgresReference(database.dsn), postgraphile.PeerTable(database.dsn)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        contenders: list[Contender] = [
            await enter(
                clients_of(
                    server, FAST, TRACK_ONE, single.make_requests, database=database,
                    clients=SINGLE_CLIENTS, prepare=reference.empty,
                )
            ),
            await enter(
                clients_of(
                    peer, PEER, postgraphile.CREATE_ONE, one_each, database=database,
                    clients=SINGLE_CLIENTS, prepare=table.empty,
                )
            ),
            LoadContender(
                reference.insert_name, await enter(reference.insert(SINGLE_CLIENTS)),
                lambda count: reference.rows(make_calls(count)),
                pids=pids(database), prepare=reference.empty,
            ),
        ]  # fmt: skip
        results = await bench.contest(contenders, PEER)
    note = SINGLE_NOTE.format(clients=SINGLE_CLIENTS)
    return contest_section("Single mutations", note, "operations", results, {FAST: SINGLE_REACH})


def one_each(count: int) -> list[bytes]:
    return [
        postgraphile.CREATE_ONE.request({"operation": postgraphile.operation_input(item)})
        for item in postgraphile.items(make_calls(count))
    ]


async def page_section(bench: Bench, database: Database, server: Running, peer: Running) -> Section:
    all_rows, size = bench.scale.page_rows, bench.scale.batch
    await PostgresReference(database.dsn).empty()
    table = postgraphile.PeerTable(database.dsn)
    await table.empty()
    filling = track_many(size)
    await fill(server, filling, bulk.make_requests(filling, size, all_rows // size))
    await table.copy_from_server()
    own_document, columns = (
        page(list(FIELDS), PAGE),
        [column.partition("::")[0] for column in FIELDS.values()],
    )
    peer_document = postgraphile.page(columns, PAGE)
    own_request = own_document.request({"where": {"organizationId": {"eq": ORGANIZATION}}})
    peer_request = peer_document.request({"organization": ORGANIZATION})
    await compare_pages(server, own_document, own_request, peer, peer_document, peer_request)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        contenders: list[Contender] = []
        for name, running, document, request in (
            (FAST, server, own_document, own_request),
            (PEER, peer, peer_document, peer_request),
        ):
            repeat = partial(list.__mul__, [request])
            clients = clients_of(
                running, name, document, repeat, database=database, clients=PAGE_CLIENTS
            )
            contenders.append(await enter(clients))
        senders = await enter(fetchers(database, PAGE_CLIENTS))
        fetch_page = LoadContender(
            "asyncpg, rows as records",
            senders,
            lambda count: [(SQL, PAGE)] * count,
            pids=pids(database),
        )
        results = await bench.contest([*contenders, fetch_page], PEER)
    note = PAGE_NOTE.format(rows=PAGE, all=all_rows, fields=len(FIELDS), clients=PAGE_CLIENTS)
    return contest_section(f"Page of {PAGE:,} operations", note, "pages", results, {})


async def compare_pages(
    server: Running, own_document: Document, own_request: bytes,
    peer: Running, peer_document: Document, peer_request: bytes,
) -> None:  # fmt: skip
    (own_body,) = await ask_once(server, own_document, [own_request])
    (peer_body,) = await ask_once(peer, peer_document, [peer_request])
    own_ids = [row["uuid"] for row in json.loads(own_body)["data"]["operations"]["nodes"]]
    peer_ids = [row["rowId"] for row in json.loads(peer_body)["data"]["allOperations"]["nodes"]]
    if own_ids != peer_ids or not own_ids:
        raise DifferentAnswersError(f"{len(own_ids)} and {len(peer_ids)} rows, or other ones")


@asynccontextmanager
async def fetchers(database: Database, count: int) -> AsyncIterator[list[Send]]:
    async with AsyncExitStack() as stack:
        senders: list[Send] = []
        for _ in range(count):
            connection = await asyncpg.connect(
                database.dsn, command_timeout=month.STATEMENT_SECONDS
            )
            stack.push_async_callback(connection.close)
            senders.append(partial(_fetch, connection))
        yield senders


async def _fetch(connection: asyncpg.Connection, item: Sequence[Any]) -> object:
    return await connection.fetch(*item)


async def stats_sections(bench: Bench) -> list[Section]:
    rows = bench.scale.months[0]
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        database = await enter(bench.database(POSTGRESQL))
        bench.report(f"  loading {rows:,} operations")
        async with month.opened(database.url) as store:
            await month.load(store, Traffic.begin(month.last_days()[0]), rows, seed=1)
            await month.merge(store)
        server = await enter(bench.server(database))
        peer = await enter(postgraphile.postgraphile(bench, database))
        await postgraphile.PeerTable(database.dsn).copy_from_server()
        (fetch,) = await enter(fetchers(database, 1))
        sections: list[Section] = []
        for comparison in COMPARISONS:
            await compare_stats(server, peer, fetch, comparison)
            contenders: list[Contender] = [
                await enter(
                    clients_of(
                        running, name, document, partial(list.__mul__, [document.request()]),
                        database=database, clients=1,
                    )
                )
                for name, running, document in (
                    (FAST, server, comparison.own_document),
                    (PEER, peer, comparison.peer_document),
                )
            ]  # fmt: skip
            repeat = partial(list.__mul__, [(comparison.by_hand,)])
            by_hand = LoadContender("SQL by hand", [fetch], repeat, pids=pids(database))
            results = await bench.contest([*contenders, by_hand], PEER)
            note = "" if sections else STATS_NOTE.format(rows=rows)
            sections.append(contest_section(comparison.question, note, "answers", results, {}))
    return sections


async def compare_stats(
    server: Running, peer: Running, fetch: Send, comparison: Comparison
) -> None:
    """Raise ``DifferentAnswersError`` unless all three have the same counts and sums of tokens."""
    (own_body,) = await ask_once(
        server, comparison.own_document, [comparison.own_document.request()]
    )
    (peer_body,) = await ask_once(
        peer, comparison.peer_document, [comparison.peer_document.request()]
    )
    own_rows = json.loads(own_body)["data"]["operationStats"]["rows"]
    peer_rows = json.loads(peer_body)["data"]["allOperations"]["groupedAggregates"]
    by_hand: Any = await fetch((comparison.by_hand,))
    pairs = [
        sorted((row["count"], row["tokensPrevented"]["sum"] or 0) for row in own_rows),
        sorted(
            (int(row["count"]["rowId"]), int(row["sum"]["tokensPrevented"])) for row in peer_rows
        ),
        sorted((row[0], int(row[1])) for row in by_hand),
    ]
    if pairs[0] != pairs[2] or pairs[1] != pairs[2]:
        raise DifferentAnswersError(
            f"{comparison.question}: {[len(rows) for rows in pairs]} rows, or other ones"
        )
