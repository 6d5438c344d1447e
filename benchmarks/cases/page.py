"""Measure a page of 1,000 operations with 12 fields, against one SQL statement and a JSON encoder."""

import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from benchmarks.bench import FAST, POSTGRESQL, STOCK, Bench, Database
from benchmarks.cases.bulk import make_requests
from benchmarks.clients import ask_once, clients_of, fill
from benchmarks.plain_page import (
    CONNECTIONS,
    DSN,
    EXPECTED,
    FIELDS,
    ORGANIZATION,
    PATH,
    ROWS,
)
from benchmarks.raw_postgres import PostgresReference
from benchmarks.report import Section, contest_section
from benchmarks.requests import Document, get, page, track_many
from benchmarks.servers import Running, free_port, running

CLIENTS = CONNECTIONS
PAGE = 1_000
PLAIN = "asyncpg and msgspec, a Starlette route"
PLAIN_DOCUMENT = Document("", EXPECTED)
WHERE = {"where": {"organizationId": {"eq": ORGANIZATION}}}
NOTE = (
    "{clients} clients ask for the newest {rows:,} operations of one organization of five, of {all:,} in "
    "all, with {fields} fields. The "
    "reference reads the same columns by one statement, encodes the rows, and does nothing else. "
    "p50 is milliseconds a page; CPU is per 1,000 pages."
)


class DifferentPagesError(RuntimeError):
    pass


async def run(bench: Bench) -> list[Section]:
    document = page(list(FIELDS), PAGE)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(bench.database(POSTGRESQL))
        fast = await stack.enter_async_context(bench.server(database))
        stock = await stack.enter_async_context(bench.server(database, fast_path=False))
        reference_server = await stack.enter_async_context(plain_server(bench, database))
        bulk = track_many(PAGE)
        await fill(fast, bulk, make_requests(bulk, PAGE, bench.scale.page_rows // PAGE))
        await PostgresReference(database.dsn).analyse()
        request_of = {
            fast: document.request(WHERE),
            stock: document.request(WHERE),
            reference_server: get(PATH),
        }
        await compare(
            request_of, {fast: document, stock: document, reference_server: PLAIN_DOCUMENT}
        )
        contenders = []
        for name, server in ((FAST, fast), (STOCK, stock), (PLAIN, reference_server)):
            expected = PLAIN_DOCUMENT if server is reference_server else document
            repeat = partial(list.__mul__, [request_of[server]])
            clients = clients_of(server, name, expected, repeat, database=database, clients=CLIENTS)
            contenders.append(await stack.enter_async_context(clients))
        results = await bench.contest(contenders, PLAIN)
    note = NOTE.format(clients=CLIENTS, rows=PAGE, all=bench.scale.page_rows, fields=len(FIELDS))
    title = f"Page of {PAGE:,} operations, PostgreSQL"
    return [contest_section(title, note, "pages", results, {FAST: 0.40})]


@asynccontextmanager
async def plain_server(bench: Bench, database: Database) -> AsyncIterator[Running]:
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", "benchmarks.plain_page:app", "--port", str(port),
        "--log-level", "warning", "--no-access-log",
    ]  # fmt: skip
    settings = {DSN: database.dsn, ROWS: str(PAGE)}
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        async with running(command, settings, Path(folder), port, get(PATH)) as server:
            yield server


async def compare(request_of: dict[Running, bytes], documents: dict[Running, Document]) -> None:
    """Raise ``DifferentPagesError`` unless all servers answer the same rows."""
    pages = []
    for server, request in request_of.items():
        (body,) = await ask_once(server, documents[server], [request])
        pages.append(json.loads(body)["data"]["operations"]["nodes"])
    for page_rows in pages:
        if len(page_rows) != PAGE or page_rows != pages[0]:
            raise DifferentPagesError(f"{page_rows[0]} is not {pages[0][0]}, or there are too few")
