"""Client processes: each sends its share of calls to one or several servers, all at once."""

import asyncio
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from tests.support.processes import Answer, Json

PROCESSES = 4
UNDER_WAY = 200
"""Calls of one process at a time: four of them stay below the 1,024 files a server often may open."""
PATIENCE_SECONDS = 120.0
HEAD = (
    "POST /graphql HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)

Call = tuple[str, Json]
"""A document and its variables."""


@contextmanager
def client_processes() -> Iterator[ProcessPoolExecutor]:
    """Processes that know nothing of each other, as real clients do."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        yield pool


async def send_from_processes(
    pool: ProcessPoolExecutor, urls: Sequence[str], calls: Sequence[Call]
) -> list[Answer]:
    """Send all calls at once, dealt out to the processes and by each to the servers in turn.

    Answers come in the order of the calls.
    """
    loop = asyncio.get_running_loop()
    shares = [list(calls[number::PROCESSES]) for number in range(PROCESSES)]
    # Each process begins with another server, so that neighbours meet at different ones.
    turned = [[*urls[n % len(urls) :], *urls[: n % len(urls)]] for n in range(PROCESSES)]
    running = [
        loop.run_in_executor(pool, send_all, mine, share)
        for mine, share in zip(turned, shares, strict=True)
    ]
    async with asyncio.timeout(PATIENCE_SECONDS):
        found = await asyncio.gather(*running)
    answers: list[Answer | None] = [None] * len(calls)
    for number, share in enumerate(found):
        answers[number::PROCESSES] = share
    return [answer for answer in answers if answer is not None]


def send_all(urls: Sequence[str], calls: Sequence[Call]) -> list[Answer]:
    """What one process does."""
    return asyncio.run(_send_all(urls, calls))


async def _send_all(urls: Sequence[str], calls: Sequence[Call]) -> list[Answer]:
    free = asyncio.Semaphore(UNDER_WAY)

    async def send(number: int, call: Call) -> Answer:
        async with free:
            return await _send(urls[number % len(urls)], call)

    async with asyncio.timeout(PATIENCE_SECONDS):
        return list(await asyncio.gather(*(send(n, call) for n, call in enumerate(calls))))


async def _send(url: str, call: Call) -> Answer:
    """One call over a connection of its own: a pool of hundreds costs its client more than that."""
    host, _, port = url.removeprefix("http://").partition(":")
    body = json.dumps({"query": call[0], "variables": call[1]}).encode()
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(HEAD.format(host=host, length=len(body)).encode() + body)
        await writer.drain()
        head, _, told = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    found = json.loads(told)
    return Answer(int(head.split()[1]), found.get("data"), found.get("errors", []))
