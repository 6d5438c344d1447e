"""Measure aggregations over a month of operations, from rollups and records, against SQL by hand."""

import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from benchmarks.agreement import DifferentAnswersError, require_same
from benchmarks.bench import FAST, POSTGRESQL, SQLITE, Bench, Database
from benchmarks.cases.bulk import CLIENTS, make_requests
from benchmarks.client import callers
from benchmarks.clients import clients_of
from benchmarks.month import Fetch, driver, last_days, load, merge, opened, settle
from benchmarks.questions import COVERED, UNCOVERED, Month, Question
from benchmarks.report import Section, contest_section, number, ratio
from benchmarks.requests import track_many
from benchmarks.timing import Ask, Timed, take_turns
from benchmarks.traffic import Traffic
from store.aggregation.results import RAW, AggregationResult
from store.auth.access import UNRESTRICTED
from store.store import Store

ROUNDS, ROUNDS_OF_EARLIER_STEPS = 3, 1
"""Rounds of the largest step, and of the earlier ones."""
SECONDS = 0.3
"""Duration of a round, with at least one call per contender."""
ENGINE, HTTP, BY_HAND = "store", "GraphQL", "SQL by hand"
FASTER, P50, SLOWER, INGEST = 50, 25, 1.15, 0.75
WITHOUT = f"{FAST}, rollups off"
HEADS = (
    "", "operations", "SQL by hand, ms", "store, ms", "p99", "times faster", "GraphQL, ms", "p99",
    "times faster", "min - max", "reach",
)  # fmt: skip
RAW_HEADS = ("", "operations", "SQL by hand, ms", "store, ms", "ratio", "min - max", "reach")
NOTE = (
    "Medians of the time that one question takes, one at a time. By hand is the statement that "
    f"somebody writes over the records, run by the plain driver. Reach: {FASTER} times faster at the "
    f"largest size, and under {P50} ms. GraphQL is over HTTP, by the server in its own process; "
    "the store is asked in this one, as the driver is. Each answer was held against the other's."
)
RAW_NOTE = f"The same where no rollup helps; the ratio is of times: less is better, reach {SLOWER}."
INGEST_NOTE = (
    "{clients} clients, {size:,} operations in a mutation, each server over a database of its own; "
    "the reference is the same server with TRACKSTORE_ROLLUPS=false."
)


async def run(bench: Bench) -> list[Section]:
    sections = [await ingest(bench, name) for name in (POSTGRESQL, SQLITE)]
    for name in (POSTGRESQL, SQLITE):
        sections += await questions(bench, name)
    return sections


# --- questions -----------------------------------------------------------------------------------


async def questions(bench: Bench, name: str) -> list[Section]:
    since, until = last_days()
    traffic, month = Traffic.begin(since), Month(name, since, until)
    covered: list[Sequence[str]] = []
    uncovered: list[Sequence[str]] = []
    steps: list[Sequence[str]] = []
    async with bench.database(name) as database, opened(database.url) as store:
        loaded_rows = 0
        for seed, size in enumerate(bench.scale.months):
            loaded = await load(store, traffic, size - loaded_rows, seed)
            merged = await merge(store)
            await settle(database)
            rows = sum(rollup_size.rows for rollup_size in await store.rollups.sizes())
            steps.append((f"{size:,}", f"{rows:,}", number(loaded), number(merged)))
            bench.report(f"  {name}: {size:,} operations, {rows:,} rows of sums, {loaded:.0f} s")
            is_last, loaded_rows = size == bench.scale.months[-1], size
            async with asking(bench, database, store) as table:
                covered += [await table.covered(make(month), size, is_last) for make in COVERED]
                if is_last:
                    uncovered = [await table.uncovered(make(month), size) for make in UNCOVERED]
    return [
        Section(f"Questions that a rollup covers, {name}", NOTE, HEADS, sorted_by_name(covered)),
        Section(f"Questions of records, {name}", RAW_NOTE, RAW_HEADS, uncovered),
        Section(
            f"Load, {name}",
            "By the store's own flush of 20,000; merged into hours and days.",
            ("operations", "rows of all rollups", "seconds to load", "seconds to merge"),
            steps,
        ),
    ]


def sorted_by_name(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Group the sizes of each question, keeping the order of the questions."""
    names = list(dict.fromkeys(row[0] for row in rows))
    return sorted(rows, key=lambda row: names.index(row[0]))


@asynccontextmanager
async def asking(bench: Bench, database: Database, store: Store) -> AsyncIterator["_Table"]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(bench.server(database))
        fetch = await stack.enter_async_context(driver(database))
        yield _Table(bench, store, fetch, server.port)


class _Table:
    def __init__(self, bench: Bench, store: Store, fetch: Fetch, port: int) -> None:
        self._bench = bench
        self._store = store
        self._fetch = fetch
        self._port = port

    async def covered(self, question: Question, size: int, is_last: bool) -> Sequence[str]:
        result = await self._compare(question)
        if result.coverage.source == RAW:
            raise DifferentAnswersError(f"{question.name}: no rollup covers it")
        request = question.document.request()
        async with callers(self._port, 1, question.document.expected) as (caller,):
            await caller(request)
            timings = await self._measure(
                {
                    BY_HAND: partial(self._fetch, question.sql),
                    ENGINE: partial(self._ask, question),
                    HTTP: partial(caller, request),
                },
                ROUNDS if is_last else ROUNDS_OF_EARLIER_STEPS,
            )
        return covered_row(question.name, size, timings, is_last)

    async def uncovered(self, question: Question, size: int) -> Sequence[str]:
        result = await self._compare(question)
        if result.coverage.source != RAW:
            raise DifferentAnswersError(f"{question.name}: {result.coverage.source} answers it")
        timings = await self._measure(
            {BY_HAND: partial(self._fetch, question.sql), ENGINE: partial(self._ask, question)},
            ROUNDS,
        )
        ratios = [1 / times for times in timings[ENGINE].times(timings[BY_HAND])]
        return (
            question.name, f"{size:,}", number(timings[BY_HAND].p50), number(timings[ENGINE].p50),
            ratio(statistics.median(ratios)), f"{ratio(min(ratios))} - {ratio(max(ratios))}",
            f"{SLOWER}",
        )  # fmt: skip

    async def _measure(self, calls: dict[str, Ask], rounds: int) -> dict[str, Timed]:
        scale = self._bench.scale
        seconds = min(SECONDS, scale.seconds)
        return await take_turns(calls, min(rounds, scale.rounds), seconds, self._bench.budget)

    async def _ask(self, question: Question) -> AggregationResult:
        return await self._store.aggregation.ask(question.question, UNRESTRICTED)

    async def _compare(self, question: Question) -> AggregationResult:
        """Return the answer after checking it against the hand-written statement."""
        result = await self._ask(question)
        require_same(question, result, await self._fetch(question.sql))
        return result


def covered_row(name: str, size: int, timings: dict[str, Timed], is_last: bool) -> Sequence[str]:
    sql, engine, http = timings[BY_HAND], timings[ENGINE], timings[HTTP]
    times = engine.times(sql)
    return (
        name, f"{size:,}", number(sql.p50),
        number(engine.p50), number(engine.p99), number(statistics.median(times)),
        number(http.p50), number(http.p99), number(statistics.median(http.times(sql))),
        f"{number(min(times))} - {number(max(times))}",
        f"{FASTER}, {P50} ms" if is_last else "",
    )  # fmt: skip


# --- ingest ---------------------------------------------------------------------------------------


async def ingest(bench: Bench, name: str) -> Section:
    size = bench.scale.batch
    document = track_many(size)
    async with AsyncExitStack() as stack:
        contenders = []
        for server_name, rollups in ((FAST, True), (WITHOUT, False)):
            database = await stack.enter_async_context(bench.database(name))
            server = await stack.enter_async_context(bench.server(database, rollups=rollups))
            reference = stack.enter_context(database.reference())
            clients = clients_of(
                server, server_name, document, partial(make_requests, document, size),
                database=database, clients=CLIENTS, units=size, prepare=reference.empty,
            )  # fmt: skip
            contenders.append(await stack.enter_async_context(clients))
        results = await bench.contest(contenders, WITHOUT)
    note = INGEST_NOTE.format(clients=CLIENTS, size=size) if name == POSTGRESQL else ""
    title = f"Ingest with rollups, {name}"
    return contest_section(title, note, "operations", results, {FAST: INGEST})
