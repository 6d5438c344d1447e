"""Aggregations over a month of operations: from rollups and from records, against SQL by hand."""

import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from benchmarks.agreement import DifferentAnswers, require_same
from benchmarks.bench import FAST, POSTGRESQL, SQLITE, Bench, Database
from benchmarks.cases.bulk import CLIENTS, make_requests
from benchmarks.client import callers
from benchmarks.clients import clients_of
from benchmarks.month import Fetch, driver, last_days, load, merge, opened, settle
from benchmarks.questions import COVERED, UNCOVERED, Asked, Month
from benchmarks.report import Section, contest_section, number, ratio
from benchmarks.requests import track_many
from benchmarks.timing import Ask, Timed, take_turns
from benchmarks.traffic import Traffic
from store.aggregation.results import RAW, AggregationResult
from store.auth.access import UNRESTRICTED
from store.store import Store

ROUNDS, FEW_ROUNDS = 3, 1
"""Rounds of the largest step and of those before it."""
SECONDS = 0.3
"""A contender repeats a question for so long in one round, and asks once at least."""
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
    """Ingest first, which is short; then both databases."""
    sections = [await ingest(bench, name) for name in (POSTGRESQL, SQLITE)]
    for name in (POSTGRESQL, SQLITE):
        sections += await questions(bench, name)
    return sections


# --- questions -----------------------------------------------------------------------------------


async def questions(bench: Bench, name: str) -> list[Section]:
    """One database, step by step."""
    since, until = last_days()
    traffic, month = Traffic.begin(since), Month(name, since, until)
    covered: list[Sequence[str]] = []
    uncovered: list[Sequence[str]] = []
    steps: list[Sequence[str]] = []
    async with bench.database(name) as database, opened(database.url) as store:
        there = 0
        for seed, size in enumerate(bench.scale.months):
            loaded = await load(store, traffic, size - there, seed)
            merged = await merge(store)
            await settle(database)
            rows = sum(held.rows for held in await store.rollups.sizes())
            steps.append((f"{size:,}", f"{rows:,}", number(loaded), number(merged)))
            bench.say(f"  {name}: {size:,} operations, {rows:,} rows of sums, {loaded:.0f} s")
            is_last, there = size == bench.scale.months[-1], size
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
    """The sizes of one question below each other, the questions in their order."""
    names = list(dict.fromkeys(row[0] for row in rows))
    return sorted(rows, key=lambda row: names.index(row[0]))


@asynccontextmanager
async def asking(bench: Bench, database: Database, store: Store) -> AsyncIterator["_Table"]:
    """Everything that is asked, over what is there now."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(bench.server(database))
        fetch = await stack.enter_async_context(driver(database))
        yield _Table(bench, store, fetch, server.port)


class _Table:
    """Measures questions, one row each."""

    def __init__(self, bench: Bench, store: Store, fetch: Fetch, port: int) -> None:
        self._bench = bench
        self._store = store
        self._fetch = fetch
        self._port = port

    async def covered(self, asked: Asked, size: int, is_last: bool) -> Sequence[str]:
        """A question that a rollup answers, three ways."""
        answer = await self._compare(asked)
        if answer.coverage.source == RAW:
            raise DifferentAnswers(f"{asked.name}: no rollup answers it")
        request = asked.document.request()
        async with callers(self._port, 1, asked.document.expected) as (caller,):
            await caller(request)
            found = await self._measure(
                {
                    BY_HAND: partial(self._fetch, asked.sql),
                    ENGINE: partial(self._ask, asked),
                    HTTP: partial(caller, request),
                },
                ROUNDS if is_last else FEW_ROUNDS,
            )
        return covered_row(asked.name, size, found, is_last)

    async def uncovered(self, asked: Asked, size: int) -> Sequence[str]:
        """A question of records, both ways."""
        answer = await self._compare(asked)
        if answer.coverage.source != RAW:
            raise DifferentAnswers(f"{asked.name}: {answer.coverage.source} answers it")
        found = await self._measure(
            {BY_HAND: partial(self._fetch, asked.sql), ENGINE: partial(self._ask, asked)}, ROUNDS
        )
        ratios = [1 / times for times in found[ENGINE].times(found[BY_HAND])]
        return (
            asked.name, f"{size:,}", number(found[BY_HAND].p50), number(found[ENGINE].p50),
            ratio(statistics.median(ratios)), f"{ratio(min(ratios))} - {ratio(max(ratios))}",
            f"{SLOWER}",
        )  # fmt: skip

    async def _measure(self, asked: dict[str, Ask], rounds: int) -> dict[str, Timed]:
        scale = self._bench.scale
        seconds = min(SECONDS, scale.seconds)
        return await take_turns(asked, min(rounds, scale.rounds), seconds, self._bench.budget)

    async def _ask(self, asked: Asked) -> AggregationResult:
        return await self._store.aggregation.ask(asked.question, UNRESTRICTED)

    async def _compare(self, asked: Asked) -> AggregationResult:
        """The answer, once it is that of the statement by hand."""
        answer = await self._ask(asked)
        require_same(asked, answer, await self._fetch(asked.sql))
        return answer


def covered_row(name: str, size: int, found: dict[str, Timed], is_last: bool) -> Sequence[str]:
    """The line of a table."""
    plain, engine, http = found[BY_HAND], found[ENGINE], found[HTTP]
    times = engine.times(plain)
    return (
        name, f"{size:,}", number(plain.p50),
        number(engine.p50), number(engine.p99), number(statistics.median(times)),
        number(http.p50), number(http.p99), number(statistics.median(http.times(plain))),
        f"{number(min(times))} - {number(max(times))}",
        f"{FASTER}, {P50} ms" if is_last else "",
    )  # fmt: skip


# --- ingest ---------------------------------------------------------------------------------------


async def ingest(bench: Bench, name: str) -> Section:
    """Bulk ingest with rollups and without."""
    size = bench.scale.batch
    document = track_many(size)
    async with AsyncExitStack() as stack:
        contenders = []
        for shown, rollups in ((FAST, True), (WITHOUT, False)):
            database = await stack.enter_async_context(bench.database(name))
            server = await stack.enter_async_context(bench.server(database, rollups=rollups))
            reference = stack.enter_context(database.reference())
            clients = clients_of(
                server, shown, document, partial(make_requests, document, size),
                database=database, clients=CLIENTS, units=size, before=reference.empty,
            )  # fmt: skip
            contenders.append(await stack.enter_async_context(clients))
        results = await bench.contest(contenders, WITHOUT)
    note = INGEST_NOTE.format(clients=CLIENTS, size=size) if name == POSTGRESQL else ""
    title = f"Ingest with rollups, {name}"
    return contest_section(title, note, "operations", results, {FAST: INGEST})
