"""Define ingest: one ordered batch of any entries, in one transaction, with one result per entry."""

from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from resolvers.batches import record
from schema.arguments import about
from schema.context import Info
from schema.ingest import EntryInput, TrackPayload
from store.ingest.entries import Entry, RecordId
from store.ingest_session import IngestSession

PREPARE: dict[str, Callable[[IngestSession, Any], Entry]] = {
    "operation": lambda ingest_session, item: ingest_session.operation(item),
    "session": lambda ingest_session, item: ingest_session.session(item),
    "create_request": lambda ingest_session, item: ingest_session.requests.create(item),
    "start_request": lambda ingest_session, item: ingest_session.requests.start(item),
    "start_stage": lambda ingest_session, item: ingest_session.requests.start_stage(item),
    "progress_stage": lambda ingest_session, item: ingest_session.requests.progress_stage(item),
    "complete_stage": lambda ingest_session, item: ingest_session.requests.complete_stage(item),
    "fail_stage": lambda ingest_session, item: ingest_session.requests.fail_stage(item),
    "retry_stage": lambda ingest_session, item: ingest_session.requests.retry_stage(item),
    "retry_request": lambda ingest_session, item: ingest_session.requests.retry(item),
    "log_event": lambda ingest_session, item: ingest_session.requests.log_event(item),
    "complete_request": lambda ingest_session, item: ingest_session.requests.complete(item),
    "fail_request": lambda ingest_session, item: ingest_session.requests.fail(item),
    "cancel_request": lambda ingest_session, item: ingest_session.requests.cancel(item),
    "consume": lambda ingest_session, item: ingest_session.consume(item),
    "circuit_breaker": lambda ingest_session, item: ingest_session.breaker(item),
}
"""By the field of ``EntryInput``; a test checks that every field is listed."""


def set_field(entry: EntryInput) -> tuple[str, Any]:
    """Return the name and value of the one field that is set."""
    for name in PREPARE:
        item = getattr(entry, name)
        if item is not strawberry.UNSET and item is not None:
            return name, item
    raise AssertionError("the executor lets exactly one field pass")


def prepare_entry(ingest_session: IngestSession, entry: EntryInput) -> Entry:
    name, item = set_field(entry)
    return PREPARE[name](ingest_session, item)


def sent_id(entry: EntryInput) -> RecordId | None:
    """Return the id of the record, or of the event that the entry appends."""
    _, item = set_field(entry)
    id: RecordId | None = getattr(item, "id", None) or getattr(item, "event_id", None)
    return id


@strawberry.type
class IngestMutations:
    @strawberry.mutation(
        description="Applies up to 10,000 entries of any kind in one transaction, in order per "
        "request. Returns one result per entry."
    )
    async def ingest(
        self,
        info: Info,
        entries: Annotated[list[EntryInput], about("Entries in the order in which they happened.")],
    ) -> TrackPayload:
        return await record(info.context, entries, prepare_entry, "entries", sent_id)
