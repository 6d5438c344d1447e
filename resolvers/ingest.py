"""``ingest``: one ordered batch of anything, in one transaction, with one answer per entry."""

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
    "operation": lambda intake, item: intake.operation(item),
    "session": lambda intake, item: intake.session(item),
    "create_request": lambda intake, item: intake.requests.create(item),
    "start_request": lambda intake, item: intake.requests.start(item),
    "start_stage": lambda intake, item: intake.requests.start_stage(item),
    "progress_stage": lambda intake, item: intake.requests.progress_stage(item),
    "complete_stage": lambda intake, item: intake.requests.complete_stage(item),
    "fail_stage": lambda intake, item: intake.requests.fail_stage(item),
    "retry_stage": lambda intake, item: intake.requests.retry_stage(item),
    "retry_request": lambda intake, item: intake.requests.retry(item),
    "log_event": lambda intake, item: intake.requests.log_event(item),
    "complete_request": lambda intake, item: intake.requests.complete(item),
    "fail_request": lambda intake, item: intake.requests.fail(item),
    "cancel_request": lambda intake, item: intake.requests.cancel(item),
    "consume": lambda intake, item: intake.consume(item),
    "circuit_breaker": lambda intake, item: intake.breaker(item),
}
"""How each kind of entry is prepared; a test holds it against the fields of ``EntryInput``."""


def given(entry: EntryInput) -> tuple[str, Any]:
    """Name and value of the one field that is given."""
    for name in PREPARE:
        item = getattr(entry, name)
        if item is not strawberry.UNSET and item is not None:
            return name, item
    raise AssertionError("the executor lets exactly one field pass")


def prepare_entry(intake: IngestSession, entry: EntryInput) -> Entry:
    """The entry for the writer."""
    name, item = given(entry)
    return PREPARE[name](intake, item)


def own_id(entry: EntryInput) -> RecordId | None:
    """The id it was sent with: the record's own, or that of the event it appends."""
    _, item = given(entry)
    id: RecordId | None = getattr(item, "id", None) or getattr(item, "event_id", None)
    return id


@strawberry.type
class IngestMutations:
    """The SDK's door."""

    @strawberry.mutation(
        description="Applies up to 10,000 entries of any kind in one transaction, in order per "
        "request. Returns one result per entry."
    )
    async def ingest(
        self,
        info: Info,
        entries: Annotated[list[EntryInput], about("Entries in the order in which they happened.")],
    ) -> TrackPayload:
        """Repeats of ids are duplicates, so that a batch can be sent again."""
        return await record(info.context, entries, prepare_entry, "entries", own_id)
