"""Clients that others wrote, following requests to their ends through lost connections."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportError
from gql.transport.websockets import WebsocketsTransport

from tests.api.live.watchers import LOST
from tests.api.protocols.node import run_node

PAUSE_SECONDS = 0.1
QUERY = """subscription($id: UUID!, $afterSeq: Long) {
  requestProgress(id: $id, afterSeq: $afterSeq) { seq } }"""
Seqs = dict[str, list[int]]
"""The numbers of the events that came, by request."""


async def follow_by_node(library: str, url: Callable[[], str], ids: Sequence[str]) -> Seqs:
    """With a library of JavaScript, in a process of its own."""
    folder = Path.cwd()
    file = folder / f"{library}.txt"
    file.write_text(url())

    async def tell() -> None:
        while True:
            fresh = folder / f"{library}.new"
            fresh.write_text(url())
            fresh.rename(file)
            await asyncio.sleep(PAUSE_SECONDS)

    telling = asyncio.create_task(tell())
    try:
        found: Seqs = await asyncio.to_thread(run_node, "follow.mjs", library, str(file), *ids)
    finally:
        telling.cancel()
    return found


async def follow_by_gql(url: Callable[[], str], ids: Sequence[str]) -> Seqs:
    """With gql, each request on a connection of its own."""
    found = await asyncio.gather(*(_follow(url, id) for id in ids))
    return dict(zip(ids, found, strict=True))


async def _follow(url: Callable[[], str], id: str) -> list[int]:
    seqs: list[int] = []
    while True:
        transport = WebsocketsTransport(url=f"{url().replace('http', 'ws')}/graphql")
        variables = {"id": id, "afterSeq": seqs[-1] if seqs else 0}
        request = GraphQLRequest(QUERY, variable_values=variables)
        try:
            async with Client(transport=transport) as session:
                async for item in session.subscribe(request):
                    seqs.append(item["requestProgress"]["seq"])  # noqa: PERF401  # kept if it breaks
                return seqs
        except (*LOST, TransportError):
            # gql says that its connection is closed where it was cancelled.
            if (task := asyncio.current_task()) and task.cancelling():
                raise asyncio.CancelledError from None
            await asyncio.sleep(PAUSE_SECONDS)
