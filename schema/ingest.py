"""Batches: entries of any kind in order, and the answer per item."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from schema.arguments import narrowing
from schema.circuit_breakers import CircuitBreakerInput
from schema.enums import ItemStatus
from schema.hydration import described
from schema.limits import ConsumeInput
from schema.operation_inputs import OperationInput
from schema.request_inputs import (
    CancelRequestInput,
    CompleteRequestInput,
    CompleteStageInput,
    CreateRequestInput,
    FailRequestInput,
    FailStageInput,
    LogEventInput,
    ProgressStageInput,
    RetryRequestInput,
    RetryStageInput,
    StartRequestInput,
    StartStageInput,
)
from schema.sessions import SessionInput
from store.errors import InvalidInputError, StoreError
from store.ingest.entries import ItemResult as StoreResult
from store.operations.bulk.batches import BatchResults


@strawberry.input(description="One entry of a batch: exactly one of these.", one_of=True)
class EntryInput:
    """What ``ingest`` takes, applied in order."""

    operation: OperationInput | None = described("A finished call.", default=strawberry.UNSET)
    session: SessionInput | None = described("A session begins or ends.", default=strawberry.UNSET)
    create_request: CreateRequestInput | None = described(
        "A new request.", default=strawberry.UNSET
    )
    start_request: StartRequestInput | None = described(
        "A request starts.", default=strawberry.UNSET
    )
    start_stage: StartStageInput | None = described("A stage starts.", default=strawberry.UNSET)
    progress_stage: ProgressStageInput | None = described(
        "How far a stage is.", default=strawberry.UNSET
    )
    complete_stage: CompleteStageInput | None = described(
        "A stage is done.", default=strawberry.UNSET
    )
    fail_stage: FailStageInput | None = described("A stage failed.", default=strawberry.UNSET)
    retry_stage: RetryStageInput | None = described(
        "A stage is tried again.", default=strawberry.UNSET
    )
    retry_request: RetryRequestInput | None = described(
        "A failed request runs again.", default=strawberry.UNSET
    )
    log_event: LogEventInput | None = described("A fact for a log.", default=strawberry.UNSET)
    complete_request: CompleteRequestInput | None = described(
        "A request is done.", default=strawberry.UNSET
    )
    fail_request: FailRequestInput | None = described("A request failed.", default=strawberry.UNSET)
    cancel_request: CancelRequestInput | None = described(
        "A request is called off.", default=strawberry.UNSET
    )
    consume: ConsumeInput | None = described("Units are used.", default=strawberry.UNSET)
    circuit_breaker: CircuitBreakerInput | None = described(
        "A breaker's state.", default=strawberry.UNSET
    )


@strawberry.type(description="A place in an item that was not acceptable, and the mend.")
class ItemProblem:
    """One of possibly several."""

    code: str = described("A stable code, such as BAD_USER_INPUT.")
    message: str = described("What was expected.")
    path: list[str] = described("The place inside the item.")


@strawberry.type(description="The answer to one item of a batch.")
class ItemResult:
    """At the index it was sent."""

    index: int = described("Its place in the batch, from 0.")
    uuid: strawberry.ID | None = described("The item's own id; null where it has none.")
    status: ItemStatus = described("What became of it.")
    code: str | None = described("Why it was refused: a stable code.")
    message: str | None = described("Why it was refused: in words.")
    path: list[str] | None = described("Where: the place inside the item.")
    problems: list[ItemProblem] = described("Everything that was wrong with it.")

    @classmethod
    def of(cls, index: int, result: StoreResult) -> "ItemResult":
        """From the store's result."""
        error = result.error
        problems = problems_of(error) if error else []
        return cls(
            index=index,
            uuid=None if result.id is None else strawberry.ID(str(result.id)),
            status=result.status,
            code=error.code if error else None,
            message=error.message if error else None,
            path=problems[0].path if problems else None,
            problems=problems,
        )


def problems_of(error: StoreError) -> list[ItemProblem]:
    """Every problem that an error names."""
    found = error.problems if isinstance(error, InvalidInputError) else (error.problem,)
    return [
        ItemProblem(code=p.code, message=p.message, path=[str(step) for step in p.path])
        for p in found
    ]


@strawberry.type(description="The answer to a batch: counts, and one result per item.")
class TrackPayload:
    """In the order the items were sent."""

    accepted: int = described("Items that are committed.")
    duplicates: int = described("Items that were there already, or came too late.")
    rejected: int = described("Items that were refused.")
    repaired: int = described("Texts in which NUL or lone surrogates became U+FFFD.")
    truncated: int = described("Texts and JSON values that were over their limit and were cut.")
    items: strawberry.Private[Sequence[StoreResult]]

    @strawberry.field(description="One result per item, in the order sent.")
    def results(
        self,
        only: Annotated[
            list[ItemStatus] | None,
            narrowing("Only results of these statuses."),
        ] = None,
    ) -> list[ItemResult]:
        """``only`` leaves out the others: ask for REJECTED to keep the answer small."""
        return [
            ItemResult.of(index, result)
            for index, result in enumerate(self.items)
            if only is None or result.status in only
        ]

    @classmethod
    def of(
        cls, items: Sequence[StoreResult], repaired: int = 0, truncated: int = 0
    ) -> "TrackPayload":
        """Counts the results."""
        statuses = [item.status for item in items]
        return cls(
            accepted=statuses.count(ItemStatus.ACCEPTED),
            duplicates=statuses.count(ItemStatus.DUPLICATE),
            rejected=statuses.count(ItemStatus.REJECTED),
            repaired=repaired,
            truncated=truncated,
            items=items,
        )

    @classmethod
    def of_operations(cls, items: BatchResults) -> "TrackPayload":
        """Of operations that were all in order."""
        accepted = items.accepted
        return cls(
            accepted=accepted,
            duplicates=len(items) - accepted,
            rejected=0,
            repaired=0,
            truncated=0,
            items=items,
        )
