"""One call that records many items: each is prepared by itself, all are written in one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from schema.context import RequestContext
from schema.ingest import TrackPayload
from schema.operation_inputs import OperationInput
from store.errors import StoreError
from store.ingest.entries import Entry, ItemResult, RecordId
from store.ingest_session import IngestSession
from store.validation import check_batch_size

T = TypeVar("T")
ITEMS_BETWEEN_PAUSES = 500
"""So many items are prepared (about 10 ms) before other calls get a turn."""


async def record_operations(
    context: RequestContext, operations: Sequence[OperationInput]
) -> TrackPayload:
    """Write finished calls in one transaction."""
    intake = context.store.intake(context.principal)
    check_batch_size(len(operations), intake.bounds, "operations")
    batch = intake.operations(operations)
    if batch is not None:
        context.release_inputs(operations)
        return TrackPayload.of_operations(await context.write_operations(batch))
    return await record(
        context,
        operations,
        lambda intake, item: intake.operation(item),
        "operations",
        lambda item: item.id,
    )


async def record(
    context: RequestContext,
    items: Sequence[T],
    prepare: Callable[[IngestSession, T], Entry],
    path: str,
    own_id: Callable[[T], RecordId | None],
) -> TrackPayload:
    """Write ``items`` in one transaction; ``path`` is the argument they came in.

    ``own_id`` finds the id an item was sent with, for the answer to one that is refused.
    """
    store = context.store
    intake = store.intake(context.principal)
    check_batch_size(len(items), intake.bounds, path)
    results: list[ItemResult | None] = [None] * len(items)
    entries: list[tuple[int, Entry]] = []
    for index, item in enumerate(items):
        if index % ITEMS_BETWEEN_PAUSES == ITEMS_BETWEEN_PAUSES - 1:
            await asyncio.sleep(0)
        try:
            entries.append((index, prepare(intake, item)))
        except StoreError as error:
            results[index] = ItemResult.rejected(own_id(item), error)
    context.release_inputs(items)
    written = await context.write([entry for _, entry in entries])
    for (index, _), result in zip(entries, written, strict=True):
        results[index] = result
    repaired = sum(entry.repaired for _, entry in entries)
    truncated = sum(entry.truncated for _, entry in entries)
    answered = [result for result in results if result is not None]
    return TrackPayload.of(answered, repaired, truncated)
