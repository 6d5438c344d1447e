"""Stages and events of a request: started, reported on, ended, retried, logged."""

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
    """Write one command about a stage; answers after the commit."""
    result = await info.context.write_one(entry)
    return StagePayload(
        status=ItemStatus(result.status),
        truncated=entry.truncated,
        key=result.detail,
        stage_name=entry.stage or "",
    )


@strawberry.type
class StageMutations:
    """Commands about stages, and events."""

    @strawberry.mutation(
        description="Start a stage in its first attempt; starts its request too if it waits."
    )
    async def start_stage(
        self, info: Info, input: Annotated[StartStageInput, about("Which stage.")]
    ) -> StagePayload:
        """PENDING to RUNNING."""
        return await write_stage(info, preparer(info).start_stage(input))

    @strawberry.mutation(
        description="How far a stage is; without any number it is a heartbeat. The answer says "
        "whether the request was called off."
    )
    async def progress_stage(
        self,
        info: Info,
        input: Annotated[ProgressStageInput, about("Which stage, and how far it is.")],
    ) -> StagePayload:
        """RUNNING stays RUNNING."""
        return await write_stage(info, preparer(info).progress_stage(input))

    @strawberry.mutation(description="A stage is done, with its output.")
    async def complete_stage(
        self,
        info: Info,
        input: Annotated[CompleteStageInput, about("Which stage, and what it brought.")],
    ) -> StagePayload:
        """RUNNING to COMPLETED."""
        return await write_stage(info, preparer(info).complete_stage(input))

    @strawberry.mutation(description="A stage failed in this attempt. Its request goes on.")
    async def fail_stage(
        self, info: Info, input: Annotated[FailStageInput, about("Which stage, and why.")]
    ) -> StagePayload:
        """RUNNING to FAILED."""
        return await write_stage(info, preparer(info).fail_stage(input))

    @strawberry.mutation(
        description="Retry a failed stage: its next attempt runs, and a failed request runs "
        "again with it. Refused if no attempt is left or the failure is not retryable, unless an "
        "administrator forces it."
    )
    async def retry_stage(
        self, info: Info, input: Annotated[RetryStageInput, about("Which stage, and how.")]
    ) -> StagePayload:
        """FAILED to RUNNING."""
        return await write_stage(info, preparer(info).retry_stage(input))

    @strawberry.mutation(description="Append a fact to a request's log.")
    async def log_event(
        self, info: Info, input: Annotated[LogEventInput, about("The fact.")]
    ) -> EventPayload:
        """The log may go on after the request has ended."""
        entry = preparer(info).log_event(input)
        result = await info.context.write_one(entry)
        status, event_id = ItemStatus(result.status), entry.fact.event_id
        return EventPayload(
            status=status, truncated=entry.truncated, key=result.detail, event_id=event_id
        )
