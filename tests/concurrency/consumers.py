"""Client processes: each sends its share of calls to one or several servers, all at once."""

import asyncio
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import httpx

from tests.processes import ANSWER_SECONDS, Answer, Json

PROCESSES = 4
CONNECTIONS = 50
"""Of one process; four of them are 200, more than any server here can serve at once."""
PATIENCE_SECONDS = 120.0

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
    limits = httpx.Limits(
        max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=60
    )
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, limits=limits) as http:

        async def send(number: int, call: Call) -> Answer:
            body = {"query": call[0], "variables": call[1]}
            response = await http.post(f"{urls[number % len(urls)]}/graphql", json=body)
            told = response.json()
            return Answer(response.status_code, told.get("data"), told.get("errors", []))

        return list(await asyncio.gather(*(send(n, call) for n, call in enumerate(calls))))
