"""A request's state that no database holds, for tests of commands to it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from models.enums import RequestStatus
from store.ids import new_id
from store.requests.rows import Row, planned_stage
from store.requests.stage_rows import RequestStages
from store.requests.stalls import StallPolicy
from store.requests.state import RequestState

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
PATIENCE = StallPolicy(timedelta(minutes=10), timedelta(hours=24))
REQUEST_ID = UUID("0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f")


def new_state(
    stages: list[tuple[str, float, int]] | None = None, make_id: Callable[[], UUID] = new_id
) -> RequestState:
    """A PENDING request with stages of (name, weight, attempts)."""
    row: Row = {
        "organization_id": "acme",
        "id": REQUEST_ID,
        "status": RequestStatus.PENDING.value,
        "progress": 0.0,
        "current_stage": None,
        "result": None,
        "error": None,
        "error_message": None,
        "error_stage": None,
        "cancel_reason": None,
        "last_seq": 0,
        "started_at": None,
        "ended_at": None,
        "updated_at": NOW,
        "last_heartbeat_at": None,
        "stalled_at": None,
        "deadline_at": None,
    }
    planned = {
        name: planned_stage(row, name, position, weight, attempts)
        for position, (name, weight, attempts) in enumerate(stages or [])
    }
    return RequestState(row, RequestStages(planned), NOW, make_id, PATIENCE)
