"""Record many items in one call: each is prepared by itself, all are written in one transaction."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from schema.context import RequestContext
from schema.ingest import TrackPayload
from schema.operation_inputs import OperationInput
from store.errors import StoreError
from store.ingest.entries import Entry, ItemResult, RecordId
from store.ingest_session import IngestSession
from store.scheduling.slices import VALIDATED_SLICE_ITEMS, in_turns
from store.validation import check_batch_size

T = TypeVar("T")


async def record_operations(
    context: RequestContext, operations: Sequence[OperationInput]
) -> TrackPayload:
    ingest_session = context.store.ingest_session(context.principal)
    check_batch_size(len(operations), ingest_session.bounds, "operations")
    batch = await ingest_session.operations(operations)
    if batch is not None:
        context.release_inputs(operations)
        return TrackPayload.of_operations(await context.write_operations(batch))
    return await record(
        context,
        operations,
        lambda ingest_session, item: ingest_session.operation(item),
        "operations",
        lambda item: item.id,
    )


async def record(
    context: RequestContext,
    items: Sequence[T],
    prepare: Callable[[IngestSession, T], Entry],
    path: str,
    sent_id: Callable[[T], RecordId | None],
) -> TrackPayload:
    """Write ``items`` in one transaction; ``path`` is the argument they came in.

    ``sent_id`` returns the id of an item, for the result of a rejected one.
    """
    store = context.store
    ingest_session = store.ingest_session(context.principal)
    check_batch_size(len(items), ingest_session.bounds, path)
    results: list[ItemResult | None] = []
    entries: list[tuple[int, Entry]] = []
    async for item in in_turns(items, VALIDATED_SLICE_ITEMS):
        try:
            entries.append((len(results), prepare(ingest_session, item)))
        except StoreError as error:
            results.append(ItemResult.rejected(sent_id(item), error))
        else:
            results.append(None)
    context.release_inputs(items)
    write_results = await context.write([entry for _, entry in entries])
    for (index, _), result in zip(entries, write_results, strict=True):
        results[index] = result
    repaired = sum(entry.repaired for _, entry in entries)
    truncated = sum(entry.truncated for _, entry in entries)
    item_results = [result for result in results if result is not None]
    return TrackPayload.of(item_results, repaired, truncated)
