"""The one table of legal transitions of requests and stages, and what any other message means.

A message that finds the record already where it would move it, or in a final state, is a repeat
or came too late: it changes nothing. A message that asks for what cannot be is refused.
"""

from enum import StrEnum

from models.vocabulary import RequestStatus, StageStatus

R, S = RequestStatus, StageStatus


class RequestCommand(StrEnum):
    """What can be asked of a request as a whole."""

    START = "start"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"


class StageCommand(StrEnum):
    """What can be asked of a stage."""

    START = "start"
    PROGRESS = "progress"
    COMPLETE = "complete"
    FAIL = "fail"
    RETRY = "retry"


class Verdict(StrEnum):
    """What a message means in a state."""

    MOVE = "move"
    REPEAT = "repeat"
    ILLEGAL = "illegal"


REQUEST_MOVES: dict[RequestCommand, dict[RequestStatus, RequestStatus]] = {
    RequestCommand.START: {R.PENDING: R.RUNNING},
    RequestCommand.COMPLETE: {R.RUNNING: R.COMPLETED},
    RequestCommand.FAIL: {R.PENDING: R.FAILED, R.RUNNING: R.FAILED},
    RequestCommand.CANCEL: {R.PENDING: R.CANCELLED, R.RUNNING: R.CANCELLED},
}
STAGE_MOVES: dict[StageCommand, dict[StageStatus, StageStatus]] = {
    StageCommand.START: {S.PENDING: S.RUNNING},
    StageCommand.PROGRESS: {S.RUNNING: S.RUNNING},
    StageCommand.COMPLETE: {S.RUNNING: S.COMPLETED},
    StageCommand.FAIL: {S.RUNNING: S.FAILED},
    StageCommand.RETRY: {S.FAILED: S.RUNNING},
}

REQUEST_FINAL = frozenset({R.COMPLETED, R.FAILED, R.CANCELLED})
STAGE_ENDED = frozenset({S.COMPLETED, S.FAILED, S.CANCELLED, S.SKIPPED})
"""States in which an attempt is over. FAILED may be left by RETRY, the others never."""

REQUEST_REPEATS: dict[RequestCommand, frozenset[RequestStatus]] = {
    RequestCommand.START: REQUEST_FINAL | {R.RUNNING},
    RequestCommand.COMPLETE: REQUEST_FINAL,
    RequestCommand.FAIL: REQUEST_FINAL,
    RequestCommand.CANCEL: REQUEST_FINAL,
}
STAGE_REPEATS: dict[StageCommand, frozenset[StageStatus]] = {
    # Starting a FAILED stage is no repeat: who asks wants a new attempt, and that is RETRY.
    StageCommand.START: frozenset({S.RUNNING, S.COMPLETED, S.CANCELLED, S.SKIPPED}),
    StageCommand.PROGRESS: STAGE_ENDED,
    StageCommand.COMPLETE: STAGE_ENDED,
    StageCommand.FAIL: STAGE_ENDED,
    StageCommand.RETRY: frozenset(),
}


def judge_request(command: RequestCommand, status: RequestStatus) -> Verdict:
    """What ``command`` means for a request in ``status``."""
    if status in REQUEST_MOVES[command]:
        return Verdict.MOVE
    return Verdict.REPEAT if status in REQUEST_REPEATS[command] else Verdict.ILLEGAL


def judge_stage(command: StageCommand, status: StageStatus) -> Verdict:
    """What ``command`` means for a stage in ``status``."""
    if status in STAGE_MOVES[command]:
        return Verdict.MOVE
    return Verdict.REPEAT if status in STAGE_REPEATS[command] else Verdict.ILLEGAL


def mend_of_stage(command: StageCommand, status: StageStatus) -> str:
    """What the caller may do instead of an illegal ``command``."""
    if command is StageCommand.START and status is S.FAILED:
        return "retry it instead (retryStage)"
    if command is StageCommand.RETRY:
        return "only a FAILED stage can be retried"
    return "start it first (startStage)"
