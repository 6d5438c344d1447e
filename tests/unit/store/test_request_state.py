"""What single commands make of a request's state."""

from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from models.enums import Severity
from store.errors import InvalidTransitionError, NotFoundError
from store.requests.rows import CommandContext
from tests.unit.store.request_states import NOW, new_state


class Ids:
    """Makes ids in order."""

    def __init__(self) -> None:
        self.numbers = count(1)

    def __call__(self) -> UUID:
        return UUID(int=next(self.numbers))


@pytest.fixture
def ids() -> Ids:
    return Ids()


def fact(ids: Ids, **what: Any) -> CommandContext:
    """Something that happened now."""
    return CommandContext(NOW, ids(), **what)


def test_a_failed_request_names_the_stage_that_ran(ids: Ids) -> None:
    state = new_state([("fetch", 1.0, 3)])
    state.start_stage("fetch", fact(ids), None)
    state.fail(fact(ids, message="broken"), None)
    assert state.row["error_stage"] == "fetch"


def test_a_failed_request_names_the_stage_that_failed_before_the_one_that_ran(ids: Ids) -> None:
    state = new_state([("fetch", 1.0, 3), ("render", 1.0, 3)])
    state.start_stage("fetch", fact(ids), None)
    state.start_stage("render", fact(ids), None)
    state.fail_stage("fetch", fact(ids, message="broken"), None, retryable=False)
    state.fail(fact(ids, message="broken"), None)
    assert state.row["error_stage"] == "fetch"


def test_a_retry_of_an_attempt_that_is_over_changes_nothing(ids: Ids) -> None:
    state = new_state([("fetch", 1.0, 3)])
    state.start_stage("fetch", fact(ids), None)
    state.fail_stage("fetch", fact(ids), 1, retryable=True)
    assert state.retry_stage("fetch", fact(ids), 1)
    state.fail_stage("fetch", fact(ids), 2, retryable=True)
    assert not state.retry_stage("fetch", fact(ids), 1), "the second sending of the first retry"
    assert state.stages["fetch"]["attempt"] == 2
    assert state.retry_stage("fetch", fact(ids), 2)
    with pytest.raises(InvalidTransitionError, match="is in attempt 3, not 4"):
        state.retry_stage("fetch", fact(ids), 4)


def test_a_retry_is_refused_with_the_reason(ids: Ids) -> None:
    state = new_state([("fetch", 1.0, 1), ("render", 1.0, 3)])
    for name, retryable in (("fetch", True), ("render", False)):
        state.start_stage(name, fact(ids), None)
        state.fail_stage(name, fact(ids), None, retryable)
    with pytest.raises(InvalidTransitionError, match="failed in all of its 1 attempts"):
        state.retry_stage("fetch", fact(ids))
    with pytest.raises(InvalidTransitionError, match="not retryable in attempt 1"):
        state.retry_stage("render", fact(ids))
    with pytest.raises(NotFoundError, match="no stage 'sent'; it has: fetch, render"):
        state.retry_stage("sent", fact(ids))
    state.cancel(fact(ids))
    with pytest.raises(InvalidTransitionError, match="ended as CANCELLED"):
        state.retry_stage("render", fact(ids))


def test_progress_is_weighted(ids: Ids) -> None:
    state = new_state([("fetch", 1.0, 3), ("render", 3.0, 3)])
    state.start_stage("fetch", fact(ids), None)
    state.complete_stage("fetch", fact(ids), None)
    state.settle()
    assert state.row["progress"] == 0.25
    state.start_stage("render", fact(ids), None)
    state.progress_stage("render", fact(ids), None, None, 1, 2)
    state.settle()
    assert state.row["progress"] == 0.625
    state.progress_stage("render", fact(ids), None, None, 9, None)
    assert state.stages["render"]["progress"] == 1.0, "more done than there was"


def test_a_heartbeat_appends_no_event(ids: Ids) -> None:
    state = new_state()
    state.start_stage("fetch", fact(ids), None)
    events = len(state.events)
    state.now += timedelta(minutes=1)
    said = CommandContext(NOW - timedelta(days=3), ids())
    assert state.progress_stage("fetch", said, None, None, None, None)
    assert len(state.events) == events
    assert state.stages["fetch"]["last_heartbeat_at"] == state.row["last_heartbeat_at"] == state.now
    assert state.dirty


def test_severities(ids: Ids) -> None:
    state = new_state([("fetch", 1.0, 3)])
    state.start_stage("fetch", fact(ids), None)
    state.fail_stage("fetch", fact(ids), None, retryable=True)
    state.log("breaker.opened", fact(ids, severity=Severity.CRITICAL), None)
    state.cancel(fact(ids))
    told = {event["type"]: event["severity"] for event in state.events}
    assert told == {
        "request.started": "INFO",
        "stage.started": "INFO",
        "stage.failed": "ERROR",
        "breaker.opened": "CRITICAL",
        "request.cancelled": "WARNING",
    }
