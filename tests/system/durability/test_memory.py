"""Memory is bounded: the largest mutation, again and again, leaves nothing behind."""

from pathlib import Path

from store.ids import new_id
from tests.support.processes import Json, ask, client_of, server_process

ITEMS = 10_000
TEXT = "A text that takes some room. " * 35
WARM, MEASURED = 1, 2
GROWTH = 96 * 2**20
"""Bytes that may be added after the warm-up. Half of it is what allocators were seen to keep before
they settle; a mutation is 30 MB and more as entries, so two that stay would show."""
PEAK = 512 * 2**20
"""Bytes a server may hold at all after such mutations, one at a time."""

TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted results(only: [REJECTED]) { message } }
}"""


def items() -> list[Json]:
    return [
        {"id": str(new_id()), "kind": "TOOL", "name": "read", "error": TEXT} for _ in range(ITEMS)
    ]


async def test_the_largest_mutation_leaves_no_memory_behind(
    database_url: str, tmp_path: Path
) -> None:
    with server_process(database_url, tmp_path) as server:
        async with client_of(server, connections=1) as http:
            held = []
            for _ in range(WARM + MEASURED):
                answer = await ask(http, TRACK, {"items": items()})
                assert answer.taken()["trackOperations"]["accepted"] == ITEMS
                held.append(server.memory())
        assert max(held[WARM:]) - held[WARM - 1] < GROWTH, held
        assert max(held) < PEAK, held
