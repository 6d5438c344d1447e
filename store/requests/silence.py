"""Applies what a policy says of silence to the state of a request."""

from datetime import datetime

from models.enums import RequestStatus, Severity, StageStatus
from store.requests.refusals import applies_to_request, applies_to_stage
from store.requests.rows import CommandContext, Row
from store.requests.stalls import StallPolicy, with_status
from store.requests.state import RequestState
from store.requests.transitions import REQUEST_WATCHED, RequestCommand, StageCommand

LOST = "LOST"
"""The reason in the details of the error of what stayed silent for too long."""


def check_for_stall(state: RequestState, policy: StallPolicy) -> bool:
    """Stall or give up what has been silent for too long; return whether anything has."""
    before = len(state.events)
    if state.status in REQUEST_WATCHED:
        for stage in state.stages.in_order():
            due = policy.stage_due(stage)
            if due is not None and due <= state.now:
                _check_stage(state, stage, policy)
        due = policy.request_due(state.row, state.stages)
        if due is not None and due <= state.now:
            _check_request(state)
    due = policy.due(state.row, state.stages)
    state.dirty = state.dirty or due != state.row["deadline_at"]
    state.row["deadline_at"] = due
    return len(state.events) > before


def _check_stage(state: RequestState, stage: Row, policy: StallPolicy) -> None:
    if applies_to_stage(StageCommand.STALL, stage):
        data = {"allowedSeconds": policy.of_stage(stage).total_seconds()}
        fact = _silence(state, stage["last_heartbeat_at"], data)
        stage["status"], stage["stalled_at"] = StageStatus.STALLED.value, state.now
        state.stages.record(stage)
        state.emit("stage.stalled", fact, Severity.WARNING, stage["name"])
    elif applies_to_stage(StageCommand.LOSE, stage):
        _lose_stage(state, stage)


def _check_request(state: RequestState) -> None:
    if applies_to_request(RequestCommand.STALL, state.status):
        fact = _silence(state, state.row["last_heartbeat_at"], {})
        state.row["status"], state.row["stalled_at"] = RequestStatus.STALLED.value, state.now
        state.emit("request.stalled", fact, Severity.WARNING)
    elif applies_to_request(RequestCommand.LOSE, state.status):
        fact = _silence(state, state.row["last_heartbeat_at"], {"reason": LOST})
        for stage in with_status(state.stages, StageStatus.STALLED):
            _lose_stage(state, stage)
        state.lose(fact)


def _lose_stage(state: RequestState, stage: Row) -> None:
    state.lose_stage(stage, _silence(state, stage["last_heartbeat_at"], {"reason": LOST}))


def _silence(state: RequestState, last_message: datetime | None, data: Row) -> CommandContext:
    """Return what the server says of the silence since the last message."""
    said = "it began"
    known: Row = {}
    if last_message is not None:
        said = last_message.isoformat(timespec="seconds").replace("+00:00", "Z")
        known = {"lastHeartbeatAt": said}
    message = f"no update since {said}"
    return CommandContext(state.now, state.make_id(), message, known | data or None)
