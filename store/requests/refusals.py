"""Says whether a command applies to a request or stage, and refuses what the rules do not allow."""

from collections.abc import Mapping
from itertools import islice

from models.enums import RequestStatus, StageStatus
from store.errors import InvalidInputError, InvalidTransitionError, NotFoundError
from store.requests.rows import Row
from store.requests.transitions import (
    RequestCommand,
    StageCommand,
    TransitionResult,
    evaluate_request_command,
    evaluate_stage_command,
    retry_refusal,
    suggest_request_command,
    suggest_stage_command,
)

MAX_NAMES_SHOWN = 20
"""Names of stages that the message about an unknown one lists."""


def applies_to_request(command: RequestCommand, status: RequestStatus) -> bool:
    """Return whether a command changes a request; raise ``InvalidTransitionError`` if it may not."""
    result = evaluate_request_command(command, status)
    if result is TransitionResult.REJECT:
        raise InvalidTransitionError(
            f"a {status.value} request cannot {command.value}: "
            f"{suggest_request_command(command, status)}"
        )
    return result is TransitionResult.APPLY


def applies_to_stage(command: StageCommand, stage: Row) -> bool:
    """Return whether a command changes a stage; raise ``InvalidTransitionError`` if it may not."""
    status = StageStatus(stage["status"])
    result = evaluate_stage_command(command, status)
    if result is TransitionResult.REJECT:
        raise InvalidTransitionError(
            f"stage {stage['name']!r} is {status.value} and cannot {command.value}: "
            f"{suggest_stage_command(command, status)}"
        )
    return result is TransitionResult.APPLY


def is_earlier_attempt(stage: Row, attempt: int | None) -> bool:
    """Return whether a message is of an attempt that is over; refuse one of an attempt to come."""
    is_waiting = stage["status"] == StageStatus.PENDING.value
    present = stage["attempt"] + 1 if is_waiting else max(stage["attempt"], 1)
    if attempt is not None and attempt > present:
        raise InvalidTransitionError(
            f"stage {stage['name']!r} is in attempt {stage['attempt']}, not {attempt}"
        )
    return attempt is not None and attempt < present


def stage_named(stages: Mapping[str, Row], name: str) -> Row:
    stage = stages.get(name)
    if stage is None:
        known = ", ".join(sorted(islice(stages, MAX_NAMES_SHOWN))) or "none"
        others = len(stages) - MAX_NAMES_SHOWN
        more = f" and {others:,} more" if others > 0 else ""
        raise NotFoundError(f"the request has no stage {name!r}; it has: {known}{more}", ("stage",))
    return stage


def refuse_further_stage(request: Row, stages: int, max_stages: int, name: str) -> None:
    """Raise ``InvalidInputError`` where the request has as many stages as it may have."""
    if stages >= max_stages:
        raise InvalidInputError(
            f"request {request['id']} has {stages:,} stages, and {max_stages:,} is the maximum "
            f"(TRACKSTORE_MAX_REQUEST_STAGES): stage {name!r} cannot be added. Report to one of "
            "its stages, or create another request",
            ("stage",),
        )


def refuse_retry(stage: Row, force: bool) -> None:
    """Raise ``InvalidTransitionError`` where a stage may not run again, unless it is forced."""
    refusal = None if force else retry_refusal(stage)
    if refusal is not None:
        raise InvalidTransitionError(refusal)
