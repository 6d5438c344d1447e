"""Define the root fields of stages and events."""

from typing import Annotated

import strawberry

from resolvers.requests import preparer
from schema.arguments import about
from schema.context import Info
from schema.enums import ItemStatus
from schema.request_inputs import (
    CompleteStageInput,
    FailStageInput,
    LogEventInput,
    ProgressStageInput,
    RetryStageInput,
    StartStageInput,
)
from schema.requests import EventPayload, StagePayload
from store.requests.entries import CommandEntry


async def write_stage(info: Info, entry: CommandEntry) -> StagePayload:
    result = await info.context.write_one(entry)
    return StagePayload(
        status=ItemStatus(result.status),
        truncated=entry.truncated,
        key=result.detail,
        outcome=entry.outcome,
        stage_name=entry.stage or "",
    )


@strawberry.type
class StageMutations:
    @strawberry.mutation(
        description="Starts the first attempt of a stage. Also starts its request if it is pending."
    )
    async def start_stage(
        self, info: Info, input: Annotated[StartStageInput, about("The stage.")]
    ) -> StagePayload:
        return await write_stage(info, preparer(info).start_stage(input))

    @strawberry.mutation(
        description="Reports the progress of a stage, or a heartbeat if no number is set. The "
        "result says whether the request was cancelled."
    )
    async def progress_stage(
        self,
        info: Info,
        input: Annotated[ProgressStageInput, about("The stage and its progress.")],
    ) -> StagePayload:
        return await write_stage(info, preparer(info).progress_stage(input))

    @strawberry.mutation(description="Completes a stage with its output.")
    async def complete_stage(
        self,
        info: Info,
        input: Annotated[CompleteStageInput, about("The stage and its output.")],
    ) -> StagePayload:
        return await write_stage(info, preparer(info).complete_stage(input))

    @strawberry.mutation(description="Fails the current attempt of a stage. Its request continues.")
    async def fail_stage(
        self, info: Info, input: Annotated[FailStageInput, about("The stage and the error.")]
    ) -> StagePayload:
        return await write_stage(info, preparer(info).fail_stage(input))

    @strawberry.mutation(
        description="Retries a failed stage: its next attempt starts, and a failed request resumes. "
        "Rejected if no attempts are left or the failure is not retryable, unless an "
        "administrator sets force."
    )
    async def retry_stage(
        self,
        info: Info,
        input: Annotated[RetryStageInput, about("The stage and the retry options.")],
    ) -> StagePayload:
        return await write_stage(info, preparer(info).retry_stage(input))

    @strawberry.mutation(description="Appends an event to a request's log.")
    async def log_event(
        self, info: Info, input: Annotated[LogEventInput, about("The event.")]
    ) -> EventPayload:
        entry = preparer(info).log_event(input)
        result = await info.context.write_one(entry)
        status, event_id = ItemStatus(result.status), entry.fact.event_id
        return EventPayload(
            status=status,
            truncated=entry.truncated,
            key=result.detail,
            outcome=entry.outcome,
            event_id=event_id,
        )
