"""Describe batches: entries of any kind in order, and the result per item."""

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


@strawberry.input(description="One entry of a batch. Set exactly one field.", one_of=True)
class EntryInput:
    operation: OperationInput | None = described("A finished call.", default=strawberry.UNSET)
    session: SessionInput | None = described("Starts or ends a session.", default=strawberry.UNSET)
    create_request: CreateRequestInput | None = described(
        "A new request.", default=strawberry.UNSET
    )
    start_request: StartRequestInput | None = described(
        "Starts a request.", default=strawberry.UNSET
    )
    start_stage: StartStageInput | None = described("Starts a stage.", default=strawberry.UNSET)
    progress_stage: ProgressStageInput | None = described(
        "Reports the progress of a stage.", default=strawberry.UNSET
    )
    complete_stage: CompleteStageInput | None = described(
        "Completes a stage.", default=strawberry.UNSET
    )
    fail_stage: FailStageInput | None = described("Fails a stage.", default=strawberry.UNSET)
    retry_stage: RetryStageInput | None = described("Retries a stage.", default=strawberry.UNSET)
    retry_request: RetryRequestInput | None = described(
        "Retries a failed request.", default=strawberry.UNSET
    )
    log_event: LogEventInput | None = described(
        "Appends an event to a log.", default=strawberry.UNSET
    )
    complete_request: CompleteRequestInput | None = described(
        "Completes a request.", default=strawberry.UNSET
    )
    fail_request: FailRequestInput | None = described("Fails a request.", default=strawberry.UNSET)
    cancel_request: CancelRequestInput | None = described(
        "Cancels a request.", default=strawberry.UNSET
    )
    consume: ConsumeInput | None = described("Consumes units.", default=strawberry.UNSET)
    circuit_breaker: CircuitBreakerInput | None = described(
        "Reports the state of a circuit breaker.", default=strawberry.UNSET
    )


@strawberry.type(description="A problem in an item and how to fix it.")
class ItemProblem:
    code: str = described("Stable error code, such as BAD_USER_INPUT.")
    message: str = described("What was expected.")
    path: list[str] = described("Path inside the item.")


@strawberry.type(description="Result of one item of a batch.")
class ItemResult:
    index: int = described("Index in the batch, starting at 0.")
    uuid: strawberry.ID | None = described("The item's uuid; null if it has none.")
    status: ItemStatus = described("Status of the item.")
    code: str | None = described("Stable error code if the item was rejected.")
    message: str | None = described("Error message if the item was rejected.")
    path: list[str] | None = described("Path of the problem inside the item.")
    problems: list[ItemProblem] = described("All problems of the item.")

    @classmethod
    def of(cls, index: int, result: StoreResult) -> "ItemResult":
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
    problems = error.problems if isinstance(error, InvalidInputError) else (error.problem,)
    return [
        ItemProblem(code=p.code, message=p.message, path=[str(step) for step in p.path])
        for p in problems
    ]


@strawberry.type(description="Result of a batch: counts and one result per item.")
class TrackPayload:
    accepted: int = described("Number of committed items.")
    duplicates: int = described("Number of items that already existed or arrived too late.")
    rejected: int = described("Number of rejected items.")
    repaired: int = described(
        "Number of texts in which NUL or lone surrogates were replaced with U+FFFD."
    )
    truncated: int = described(
        "Texts and JSON values that exceeded their limit and were truncated."
    )
    items: strawberry.Private[Sequence[StoreResult]]

    @strawberry.field(description="One result per item, in input order.")
    def results(
        self,
        only: Annotated[
            list[ItemStatus] | None,
            narrowing("Returns only results of these statuses."),
        ] = None,
    ) -> list[ItemResult]:
        return [
            ItemResult.of(index, result)
            for index, result in enumerate(self.items)
            if only is None or result.status in only
        ]

    @classmethod
    def of(
        cls, items: Sequence[StoreResult], repaired: int = 0, truncated: int = 0
    ) -> "TrackPayload":
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
        """Build the payload of operations that were all accepted or duplicates."""
        accepted = items.accepted
        return cls(
            accepted=accepted,
            duplicates=len(items) - accepted,
            rejected=0,
            repaired=0,
            truncated=0,
            items=items,
        )
