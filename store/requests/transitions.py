"""The one table of legal transitions of requests and stages, and what any other message means.

A message that finds the record already where it would move it, or in a final state, is a repeat
or came too late: it changes nothing. A message that asks for what cannot be is refused.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from models.enums import RequestStatus, StageStatus

R, S = RequestStatus, StageStatus


class RequestCommand(StrEnum):
    """What can be asked of a request as a whole; the last three come from the server itself.

    STALL and LOSE are what it makes of silence, RESUME is what it makes of the next message.
    """

    START = "start"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"
    RETRY = "retry"
    STALL = "stall"
    RESUME = "resume"
    LOSE = "lose"


class StageCommand(StrEnum):
    """What can be asked of a stage; the last three come from the server itself.

    REOPEN is what a retry of the request makes of stages that its failure cancelled or skipped.
    """

    START = "start"
    PROGRESS = "progress"
    COMPLETE = "complete"
    FAIL = "fail"
    RETRY = "retry"
    STALL = "stall"
    LOSE = "lose"
    REOPEN = "reopen"


class TransitionResult(StrEnum):
    APPLY = "move"
    NO_OP = "repeat"
    REJECT = "illegal"


REQUEST_TRANSITIONS: dict[RequestCommand, dict[RequestStatus, RequestStatus]] = {
    RequestCommand.START: {R.PENDING: R.RUNNING},
    RequestCommand.COMPLETE: {
        R.PENDING: R.COMPLETED,
        R.RUNNING: R.COMPLETED,
        R.STALLED: R.COMPLETED,
    },
    RequestCommand.FAIL: {R.PENDING: R.FAILED, R.RUNNING: R.FAILED, R.STALLED: R.FAILED},
    RequestCommand.CANCEL: {
        R.PENDING: R.CANCELLED,
        R.RUNNING: R.CANCELLED,
        R.STALLED: R.CANCELLED,
    },
    RequestCommand.RETRY: {R.FAILED: R.RUNNING},
    RequestCommand.STALL: {R.RUNNING: R.STALLED},
    RequestCommand.RESUME: {R.STALLED: R.RUNNING},
    RequestCommand.LOSE: {R.STALLED: R.FAILED},
}
STAGE_TRANSITIONS: dict[StageCommand, dict[StageStatus, StageStatus]] = {
    StageCommand.START: {S.PENDING: S.RUNNING},
    StageCommand.PROGRESS: {S.PENDING: S.RUNNING, S.RUNNING: S.RUNNING, S.STALLED: S.RUNNING},
    StageCommand.COMPLETE: {
        S.PENDING: S.COMPLETED,
        S.RUNNING: S.COMPLETED,
        S.STALLED: S.COMPLETED,
    },
    StageCommand.FAIL: {S.PENDING: S.FAILED, S.RUNNING: S.FAILED, S.STALLED: S.FAILED},
    StageCommand.RETRY: {S.FAILED: S.RUNNING, S.CANCELLED: S.RUNNING, S.SKIPPED: S.RUNNING},
    StageCommand.STALL: {S.RUNNING: S.STALLED},
    StageCommand.LOSE: {S.STALLED: S.FAILED},
    StageCommand.REOPEN: {S.CANCELLED: S.PENDING, S.SKIPPED: S.PENDING},
}

REQUEST_FINAL = frozenset({R.COMPLETED, R.FAILED, R.CANCELLED})
"""States in which the request has ended. FAILED may be left by RETRY, the others never."""
REQUEST_WATCHED = frozenset({R.RUNNING, R.STALLED})
"""States in which silence means something. One that is PENDING may wait as long as it likes."""
STAGE_ENDED = frozenset({S.COMPLETED, S.FAILED, S.CANCELLED, S.SKIPPED})
"""States in which an attempt is over. COMPLETED is never left, the others only by a retry."""
STAGE_ACTIVE = frozenset({S.RUNNING, S.STALLED})
"""States in which an attempt is under way, as far as anybody knows."""

REQUEST_NO_OPS: dict[RequestCommand, frozenset[RequestStatus]] = {
    RequestCommand.START: REQUEST_FINAL | REQUEST_WATCHED,
    RequestCommand.COMPLETE: REQUEST_FINAL,
    RequestCommand.FAIL: REQUEST_FINAL,
    RequestCommand.CANCEL: REQUEST_FINAL,
    RequestCommand.RETRY: REQUEST_WATCHED,
    # The server asks only for what it has seen, so whatever has moved on has made it needless.
    RequestCommand.STALL: frozenset(R) - {R.RUNNING},
    RequestCommand.RESUME: frozenset(R) - {R.STALLED},
    RequestCommand.LOSE: frozenset(R) - {R.STALLED},
}
STAGE_NO_OPS: dict[StageCommand, frozenset[StageStatus]] = {
    # Starting a FAILED stage is no repeat: who asks wants a new attempt, and that is RETRY.
    StageCommand.START: frozenset({S.RUNNING, S.STALLED, S.COMPLETED, S.CANCELLED, S.SKIPPED}),
    StageCommand.PROGRESS: STAGE_ENDED,
    StageCommand.COMPLETE: STAGE_ENDED,
    StageCommand.FAIL: STAGE_ENDED,
    StageCommand.RETRY: frozenset(),
    StageCommand.STALL: frozenset(S) - {S.RUNNING},
    StageCommand.LOSE: frozenset(S) - {S.STALLED},
    StageCommand.REOPEN: frozenset(S) - {S.CANCELLED, S.SKIPPED},
}


def evaluate_request_command(command: RequestCommand, status: RequestStatus) -> TransitionResult:
    if status in REQUEST_TRANSITIONS[command]:
        return TransitionResult.APPLY
    return TransitionResult.NO_OP if status in REQUEST_NO_OPS[command] else TransitionResult.REJECT


def evaluate_stage_command(command: StageCommand, status: StageStatus) -> TransitionResult:
    if status in STAGE_TRANSITIONS[command]:
        return TransitionResult.APPLY
    return TransitionResult.NO_OP if status in STAGE_NO_OPS[command] else TransitionResult.REJECT


def suggest_stage_command(command: StageCommand, status: StageStatus) -> str:
    if command is StageCommand.START:
        return "retry it instead (retryStage)"
    if status is S.STALLED:
        return "say first that it failed (failStage), then it can be retried"
    if status is S.PENDING:
        return "it needs no retry: start it (startStage)"
    return "only a FAILED stage can be retried"


def suggest_request_command(command: RequestCommand, status: RequestStatus) -> str:
    if status is R.PENDING:
        return "it needs no retry: start it (startRequest)"
    allowed = ", ".join(state.value for state in REQUEST_TRANSITIONS[command])
    return f"it is final; only a request that is {allowed} can be retried"


# ---------------------------------------------------------------- which retries are allowed


def retry_refusal(stage: Mapping[str, Any]) -> str | None:
    """Return why a stage may not run in another attempt, or None where it may.

    An administrator may force the retry in either case: ``retryable`` and ``maxAttempts`` are what
    the plan foresaw, and an operator who has removed the cause knows more.
    """
    name, attempt = stage["name"], stage["attempt"]
    if stage["status"] == S.FAILED and stage["retryable"] is False:
        return f"stage {name!r} failed as not retryable in attempt {attempt}"
    if attempt >= stage["max_attempts"]:
        return f"stage {name!r} has failed in all of its {stage['max_attempts']} attempts"
    return None


def retry_target(
    error_stage: str | None, stages: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """Return the stage at which a FAILED request runs again; None where it runs as a whole.

    That is its error stage. Where that is no stage of it, or has completed, it is the stage that
    failed last.
    """
    moves = STAGE_TRANSITIONS[StageCommand.RETRY]
    stage = stages.get(error_stage or "")
    if stage is not None and S(stage["status"]) in moves:
        return stage
    failed = [stage for stage in stages.values() if stage["status"] == S.FAILED]
    return max(failed, key=lambda stage: (stage["ended_at"], stage["position"]), default=None)
