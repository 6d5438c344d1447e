"""The one table of legal transitions of requests and stages, and what any other message means.

A message that finds the record already where it would move it, or in a final state, is a repeat
or came too late: it changes nothing. A message that asks for what cannot be is refused.
"""

from enum import StrEnum

from models.vocabulary import RequestStatus, StageStatus

R, S = RequestStatus, StageStatus


class RequestCommand(StrEnum):
    """What can be asked of a request as a whole; the last three come from the server itself.

    STALL and LOSE are what it makes of silence, RESUME is what it makes of the next message.
    """

    START = "start"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"
    STALL = "stall"
    RESUME = "resume"
    LOSE = "lose"


class StageCommand(StrEnum):
    """What can be asked of a stage; the last two come from the server itself."""

    START = "start"
    PROGRESS = "progress"
    COMPLETE = "complete"
    FAIL = "fail"
    RETRY = "retry"
    STALL = "stall"
    LOSE = "lose"


class Verdict(StrEnum):
    """What a message means in a state."""

    MOVE = "move"
    REPEAT = "repeat"
    ILLEGAL = "illegal"


REQUEST_MOVES: dict[RequestCommand, dict[RequestStatus, RequestStatus]] = {
    RequestCommand.START: {R.PENDING: R.RUNNING},
    RequestCommand.COMPLETE: {R.RUNNING: R.COMPLETED, R.STALLED: R.COMPLETED},
    RequestCommand.FAIL: {R.PENDING: R.FAILED, R.RUNNING: R.FAILED, R.STALLED: R.FAILED},
    RequestCommand.CANCEL: {
        R.PENDING: R.CANCELLED,
        R.RUNNING: R.CANCELLED,
        R.STALLED: R.CANCELLED,
    },
    RequestCommand.STALL: {R.RUNNING: R.STALLED},
    RequestCommand.RESUME: {R.STALLED: R.RUNNING},
    RequestCommand.LOSE: {R.STALLED: R.FAILED},
}
STAGE_MOVES: dict[StageCommand, dict[StageStatus, StageStatus]] = {
    StageCommand.START: {S.PENDING: S.RUNNING},
    StageCommand.PROGRESS: {S.RUNNING: S.RUNNING, S.STALLED: S.RUNNING},
    StageCommand.COMPLETE: {S.RUNNING: S.COMPLETED, S.STALLED: S.COMPLETED},
    StageCommand.FAIL: {S.RUNNING: S.FAILED, S.STALLED: S.FAILED},
    StageCommand.RETRY: {S.FAILED: S.RUNNING},
    StageCommand.STALL: {S.RUNNING: S.STALLED},
    StageCommand.LOSE: {S.STALLED: S.FAILED},
}

REQUEST_FINAL = frozenset({R.COMPLETED, R.FAILED, R.CANCELLED})
REQUEST_WATCHED = frozenset({R.RUNNING, R.STALLED})
"""States in which silence means something. One that is PENDING may wait as long as it likes."""
STAGE_ENDED = frozenset({S.COMPLETED, S.FAILED, S.CANCELLED, S.SKIPPED})
"""States in which an attempt is over. FAILED may be left by RETRY, the others never."""
STAGE_ACTIVE = frozenset({S.RUNNING, S.STALLED})
"""States in which an attempt is under way, as far as anybody knows."""

REQUEST_REPEATS: dict[RequestCommand, frozenset[RequestStatus]] = {
    RequestCommand.START: REQUEST_FINAL | REQUEST_WATCHED,
    RequestCommand.COMPLETE: REQUEST_FINAL,
    RequestCommand.FAIL: REQUEST_FINAL,
    RequestCommand.CANCEL: REQUEST_FINAL,
    # The server asks only for what it has seen, so whatever has moved on has made it needless.
    RequestCommand.STALL: frozenset(R) - {R.RUNNING},
    RequestCommand.RESUME: frozenset(R) - {R.STALLED},
    RequestCommand.LOSE: frozenset(R) - {R.STALLED},
}
STAGE_REPEATS: dict[StageCommand, frozenset[StageStatus]] = {
    # Starting a FAILED stage is no repeat: who asks wants a new attempt, and that is RETRY.
    StageCommand.START: frozenset({S.RUNNING, S.STALLED, S.COMPLETED, S.CANCELLED, S.SKIPPED}),
    StageCommand.PROGRESS: STAGE_ENDED,
    StageCommand.COMPLETE: STAGE_ENDED,
    StageCommand.FAIL: STAGE_ENDED,
    StageCommand.RETRY: frozenset(),
    StageCommand.STALL: frozenset(S) - {S.RUNNING},
    StageCommand.LOSE: frozenset(S) - {S.STALLED},
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
        if status is S.STALLED:
            return "say first that it failed (failStage), then it can be retried"
        return "only a FAILED stage can be retried"
    return "start it first (startStage)"
