"""Large batches are worked through in slices, and other calls get turns of the event loop between them."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from server.fast_path import inputs
from server.http import json_size
from store.dialects.postgresql import copy
from store.operations.apply import DUPLICATE_SLICE_ITEMS
from store.operations.bulk.columnwise import ColumnPreparer
from store.operations.bulk.frames import Frame
from store.operations.prepare import OperationPreparer
from store.scheduling.slices import COLUMNAR_SLICE_ITEMS, VALIDATED_SLICE_ITEMS, in_turns
from tests.support.api import Api, running_api

ITEMS = 2 * COLUMNAR_SLICE_ITEMS + 300
TRACK = (
    "mutation ($v: [OperationInput!]!) { trackOperations(operations: $v) "
    "{ accepted duplicates rejected results(only: [REJECTED]) { index path } } }"
)
INGEST = "mutation ($v: [EntryInput!]!) { ingest(entries: $v) { accepted duplicates rejected } }"
ID = "00000000-0000-4000-8000-{:012x}"


class Turns:
    """Counts the work of each kind within one turn of the event loop."""

    def __init__(self) -> None:
        self.number = 0
        self.work: dict[str, Counter[int]] = {}

    def note(self, kind: str, amount: int) -> None:
        self.work.setdefault(kind, Counter())[self.number] += amount

    def total(self, kind: str) -> int:
        return self.work.get(kind, Counter()).total()

    def largest(self, kind: str) -> int:
        return max(self.work.get(kind, Counter()).values(), default=0)

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        async def tick() -> None:
            while True:
                self.number += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        try:
            yield
        finally:
            ticking.cancel()


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    turns = Turns()

    def note_calls(owner: Any, name: str, kind: str, amount: Callable[..., int]) -> None:
        original = getattr(owner, name)

        def noting(*args: Any) -> Any:
            turns.note(kind, amount(*args))
            return original(*args)

        monkeypatch.setattr(owner, name, noting)

    note_calls(ColumnPreparer, "frame", "columns", lambda _, drafts: len(drafts))
    note_calls(OperationPreparer, "prepare", "validated", lambda *_: 1)
    note_calls(Frame, "rows", "rows", lambda frame, part: len(range(*part.indices(frame.count))))
    note_calls(Frame, "of_rows", "framed", len)
    note_calls(json_size, "count", "counted", len)
    pieces_of = inputs.pieces_of

    def noted_pieces(items: Sequence[msgspec.Raw]) -> Iterable[bytes]:
        for piece in pieces_of(items):
            yield piece
            turns.note("decoded", len(piece))

    def noted_rows(rows: Iterable[Any]) -> AsyncIterator[Any]:
        def noted() -> Iterable[Any]:
            for row in rows:
                turns.note("copied", 1)
                yield row

        return in_turns(noted())

    monkeypatch.setattr(inputs, "pieces_of", noted_pieces)
    monkeypatch.setattr(copy, "in_turns", noted_rows)
    return turns


def operation(number: int, **fields: Any) -> dict[str, Any]:
    attributes = {"text": "x" * 1_000, "number": number}
    at = f"2026-02-01T09:{number % 60:02}:00Z"
    return {
        "kind": "API", "name": "call", "id": ID.format(number), "occurredAt": at,
        "labels": {"organizationId": "own"}, "attributes": attributes, **fields,
    }  # fmt: skip


async def send(api: Api, turns: Turns, document: str, items: list[Any]) -> dict[str, Any]:
    for _ in range(2):  # the document must be known for the body to be decoded directly
        await api.raw({"query": document, "variables": {"v": []}})
    turns.work.clear()
    body = {"query": document, "variables": {"v": items}}
    assert len(json.dumps(body)) > 2 * inputs.MAX_BYTES_PER_TURN
    async with turns.counting():
        answer = (await api.raw(body)).json()
    assert "errors" not in answer, answer
    (payload,) = answer["data"].values()
    assert turns.total("decoded") > 2 * inputs.MAX_BYTES_PER_TURN
    assert turns.largest("decoded") < inputs.MAX_BYTES_PER_TURN + 2_000
    assert 0 < turns.largest("counted") <= json_size.CHUNKS_PER_TURN * json_size.CHUNK_BYTES
    result: dict[str, Any] = payload
    return result


async def test_batches_of_operations(database_url: str, turns: Turns, dialect: str) -> None:
    items = [operation(n) for n in range(ITEMS)]
    async with running_api(database_url=database_url) as api:
        payload = await send(api, turns, TRACK, items)
        assert payload == {"accepted": ITEMS, "duplicates": 0, "rejected": 0, "results": []}
        assert turns.total("columns") == ITEMS
        assert turns.largest("columns") <= COLUMNAR_SLICE_ITEMS
        if dialect == "postgresql":
            assert turns.total("copied") == ITEMS
            assert turns.largest("copied") <= COLUMNAR_SLICE_ITEMS

        payload = await send(api, turns, TRACK, [*items, operation(ITEMS)])
        assert payload == {"accepted": 1, "duplicates": ITEMS, "rejected": 0, "results": []}
        assert turns.total("rows") == ITEMS + 1
        assert turns.largest("rows") <= DUPLICATE_SLICE_ITEMS

        invalid = operation(2 * ITEMS, durationMs=-1)
        payload = await send(api, turns, TRACK, [*items, invalid, operation(2 * ITEMS + 1)])
        assert payload == {
            "accepted": 1, "duplicates": ITEMS, "rejected": 1,
            "results": [{"index": ITEMS, "path": ["durationMs"]}],
        }  # fmt: skip
        assert turns.total("validated") == ITEMS + 2
        assert turns.largest("validated") <= VALIDATED_SLICE_ITEMS


async def test_a_repeat_in_another_slice_is_a_duplicate(database_url: str, turns: Turns) -> None:
    items = [*(operation(n) for n in range(ITEMS)), operation(0)]
    async with running_api(database_url=database_url) as api:
        payload = await send(api, turns, TRACK, items)
    assert payload == {"accepted": ITEMS, "duplicates": 1, "rejected": 0, "results": []}


async def test_batches_of_entries(database_url: str, turns: Turns) -> None:
    async with running_api(database_url=database_url) as api:
        entries = [{"operation": operation(n)} for n in range(ITEMS)]
        payload = await send(api, turns, INGEST, entries)
    assert payload == {"accepted": ITEMS, "duplicates": 0, "rejected": 0}
    assert turns.total("validated") == turns.total("framed") == ITEMS
    assert turns.largest("validated") <= VALIDATED_SLICE_ITEMS
    assert turns.largest("framed") <= COLUMNAR_SLICE_ITEMS
