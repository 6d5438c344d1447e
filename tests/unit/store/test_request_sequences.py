"""A request's state under any sequence of commands, and its event log as the truth behind it."""

from copy import deepcopy
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from store.errors import InvalidTransitionError, NotFoundError
from store.requests.rows import CommandContext, Row
from store.requests.silence import check_for_stall
from store.requests.stage_rows import RequestStages
from store.requests.state import RequestState
from store.requests.transitions import REQUEST_FINAL, STAGE_ENDED
from tests.unit.store.request_states import NOW, PATIENCE, new_state

PLANNED, ADDED = ("fetch", "render", "send"), ("extra", "more")
STAGES = st.sampled_from((*PLANNED, *ADDED))
FRACTIONS = st.none() | st.floats(0, 1)
COUNTS = st.none() | st.integers(0, 10**15)
SILENCES = st.sampled_from((None, None, 60_000, 7_200_000))
ATTEMPTS = st.sampled_from((None, None, None, 1, 2, 3))
TIMES = st.none() | st.integers(-1_000, 1_000)
ANY_END = ("COMPLETED", "FAILED", "CANCELLED")
REQUEST_STATES = {
    "request.started": "RUNNING",
    "request.stalled": "STALLED",
    "request.resumed": "RUNNING",
    "request.completed": "COMPLETED",
    "request.failed": "FAILED",
    "request.cancelled": "CANCELLED",
    "request.reopened": "RUNNING",
}
STAGE_STATES: dict[str, Row] = {
    "stage.stalled": {"status": "STALLED"},
    "stage.resumed": {"status": "RUNNING"},
    "stage.completed": {"status": "COMPLETED", "progress": 1.0},
    "stage.failed": {"status": "FAILED"},
    "stage.cancelled": {"status": "CANCELLED"},
    "stage.skipped": {"status": "SKIPPED"},
    "stage.reopened": {"status": "PENDING", "progress": 0.0},
}


def replay(events: list[Row], planned: list[str]) -> dict[str, Any]:
    """What the log says of the request: the projection, made once more from nothing."""
    request: dict[str, Any] = {"status": "PENDING", "error_stage": None}
    stages: dict[str, Row] = {
        name: {"status": "PENDING", "attempt": 0, "progress": 0.0} for name in planned
    }
    for event in events:
        kind, name = event["type"], event["stage"]
        request["status"] = REQUEST_STATES.get(kind, request["status"])
        if kind in ("stage.started", "stage.retried"):
            attempt = stages[name]["attempt"] + 1 if name in stages else 1
            stages[name] = {"status": "RUNNING", "attempt": attempt, "progress": 0.0}
        elif kind == "stage.progressed":
            stages[name]["progress"] = event["data"]["progress"]
        elif kind in STAGE_STATES:
            stages[name] |= STAGE_STATES[kind]
        if kind == "stage.failed":
            request["error_stage"] = name
        elif kind == "request.reopened":
            at = event["data"]["errorStage"]
            failed = at in stages and stages[at]["status"] == "FAILED"
            request["error_stage"] = at if failed else None
        elif kind == "stage.retried" and request["error_stage"] == name:
            request["error_stage"] = None
    return request | {"stages": stages}


class RequestMachine(RuleBasedStateMachine):
    """Sends commands in any order, writes the state back and loads it again at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = count(1)
        self.log: list[Row] = []
        self.attempts: dict[tuple[str, int], Row] = {}
        self.before: dict[str, int] = {}
        self.ended: Row | None = None

    @initialize(
        weights=st.tuples(*[st.floats(0, 1e9)] * 3), attempts=st.tuples(*[st.integers(1, 3)] * 3)
    )
    def create(self, weights: tuple[float, ...], attempts: tuple[int, ...]) -> None:
        self.state = new_state(list(zip(PLANNED, weights, attempts, strict=True)), self.make_id)
        self.state.emit("request.created", self.fact())

    def make_id(self) -> UUID:
        return UUID(int=next(self.numbers))

    def fact(self, message: str | None = None, data: Row | None = None) -> CommandContext:
        return CommandContext(
            NOW + timedelta(seconds=next(self.numbers)), self.make_id(), message, data
        )

    def dated(self, seconds: int | None) -> CommandContext:
        """The same of a sender that says when, at any distance from now; None: one that does not."""
        if seconds is None:
            return self.fact()
        return CommandContext(NOW + timedelta(seconds=seconds), self.make_id(), is_dated=True)

    def send(self, command: str, *arguments: Any, leaves: tuple[str, ...] = ()) -> None:
        """A command; whatever is refused or a repeat must change nothing.

        ``leaves`` are the final states that it may lead out of, or in which it may add a fact.
        """
        state, was_final, was = self.state, self.state.final, self.state.status
        known = deepcopy((state.row, state.stages, state.events, state.stages.attempts))
        try:
            moved = getattr(state, command)(*arguments)
        except (InvalidTransitionError, NotFoundError):
            moved = False
        if not moved:
            assert known == (state.row, state.stages, state.events, state.stages.attempts)
        if was_final and command != "log" and was not in leaves:
            assert not moved, "final is final"
        if not state.final:
            self.ended = None
        self.check_marks(known[0], known[1])

    def check_marks(self, row: Row, stages: dict[str, Row]) -> None:
        """Whatever changed is marked to be written."""
        changed = {n for n, stage in self.state.stages.items() if stages.get(n) != stage}
        assert changed <= self.state.stages.dirty
        assert self.state.dirty or (row == self.state.row and not changed)

    @rule(at=TIMES)
    def start(self, at: int | None) -> None:
        self.send("start", self.dated(at), leaves=ANY_END if at is not None else ())

    @rule(data=st.none() | st.just({"url": "x"}))
    def complete(self, data: Row | None) -> None:
        self.send("complete", self.fact(data=data))

    @rule(stage=st.none() | STAGES)
    def fail(self, stage: str | None) -> None:
        self.send("fail", self.fact("broken"), stage)

    @rule()
    def cancel(self) -> None:
        self.send("cancel", self.fact("enough"))

    @rule(name=STAGES, attempt=ATTEMPTS, silence=SILENCES, resume=st.booleans(), at=TIMES)
    def start_stage(
        self, name: str, attempt: int | None, silence: int | None, resume: bool, at: int | None
    ) -> None:
        leaves = ANY_END if at is not None else ("FAILED",) if resume else ()
        self.send("start_stage", name, self.dated(at), attempt, silence, resume, leaves=leaves)

    @rule(name=STAGES, attempt=ATTEMPTS, force=st.booleans())
    def retry_stage(self, name: str, attempt: int | None, force: bool) -> None:
        self.send("retry_stage", name, self.fact(), attempt, force, leaves=("FAILED",))

    @rule(force=st.booleans(), start_stage=st.booleans())
    def retry(self, force: bool, start_stage: bool) -> None:
        was, completed = self.state.status, self.completed()
        self.send("retry", self.fact(), force, start_stage, leaves=("FAILED",))
        assert completed <= self.completed()
        if was == "FAILED" and not self.state.final:
            states = {stage["status"] for stage in self.state.stages.values()}
            assert not states & {"CANCELLED", "SKIPPED"}
            assert self.state.row["ended_at"] is None
            assert (self.state.row["error"], self.state.row["error_message"]) == (None, None)

    def completed(self) -> set[str]:
        return {n for n, stage in self.state.stages.items() if stage["status"] == "COMPLETED"}

    @rule(name=STAGES, attempt=ATTEMPTS, fraction=FRACTIONS, done=COUNTS, total=COUNTS)
    def progress_stage(
        self,
        name: str,
        attempt: int | None,
        fraction: float | None,
        done: int | None,
        total: int | None,
    ) -> None:
        self.send("progress_stage", name, self.fact(), attempt, fraction, done, total)

    @rule(name=STAGES, attempt=ATTEMPTS)
    def complete_stage(self, name: str, attempt: int | None) -> None:
        self.send("complete_stage", name, self.fact(data={"n": 1}), attempt)

    @rule(name=STAGES, attempt=ATTEMPTS, retryable=st.booleans())
    def fail_stage(self, name: str, attempt: int | None, retryable: bool) -> None:
        self.send("fail_stage", name, self.fact("broken"), attempt, retryable)

    @rule(stage=st.none() | STAGES)
    def log_event(self, stage: str | None) -> None:
        self.send("log", "cache.missed", self.fact(), stage)

    @rule(minutes=st.integers(1, 60 * 30))
    def time_passes(self, minutes: int) -> None:
        self.state.now += timedelta(minutes=minutes)

    @rule()
    def check_for_stall(self) -> None:
        """Silence moves what is due, and only that; a second look at once finds nothing."""
        state, was = self.state, self.state.status
        row, stages = deepcopy((state.row, state.stages))
        due = PATIENCE.due(state.row, state.stages)
        moved = check_for_stall(state, PATIENCE)
        assert moved == (due is not None and due <= state.now)
        assert state.final == (was.value == "STALLED" and state.lost) or was in REQUEST_FINAL
        assert not check_for_stall(state, PATIENCE)
        self.check_marks(row, stages)

    @rule()
    def write_and_load(self) -> None:
        """What the writer does between two flushes."""
        state = self.state
        state.keep_deadline()
        self.log += state.events
        self.attempts |= state.stages.attempts
        state.settle()
        stages = RequestStages((name, dict(stage)) for name, stage in state.stages.items())
        self.state = RequestState(
            dict(state.row), stages, state.now, self.make_id, PATIENCE, seen=set(state.seen)
        )

    @invariant()
    def the_deadline_is_a_lower_bound(self) -> None:
        """Whatever silence will do is found by those who ask for deadlines that have passed."""
        row = dict(self.state.row)
        state = RequestState(row, self.state.stages, self.state.now, stall_policy=PATIENCE)
        state.keep_deadline()
        due = PATIENCE.due(row, self.state.stages)
        assert (row["deadline_at"] is None) == (due is None)
        assert due is None or row["deadline_at"] <= due

    @invariant()
    def a_stalled_request_has_no_running_stage(self) -> None:
        states = {stage["status"] for stage in self.state.stages.values()}
        assert not (self.state.row["status"] == "STALLED" and "RUNNING" in states)
        for row in (self.state.row, *self.state.stages.values()):
            assert (row["stalled_at"] is not None) == (row["status"] == "STALLED")

    @invariant()
    def the_log_has_no_gap(self) -> None:
        events = self.log + self.state.events
        assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
        assert self.state.row["last_seq"] == len(events)
        assert len({e["id"] for e in events}) == len(events)

    @invariant()
    def the_rows_are_what_the_log_says(self) -> None:
        told, state = replay(self.log + self.state.events, list(PLANNED)), self.state
        assert state.row["status"] == told["status"]
        shown = {
            name: {key: stage[key] for key in ("status", "attempt", "progress")}
            for name, stage in state.stages.items()
        }
        assert shown == told["stages"]
        if not state.final:
            assert state.row["error_stage"] == told["error_stage"]

    @invariant()
    def progress_is_a_share(self) -> None:
        self.state.settle()
        assert 0 <= self.state.row["progress"] <= 1
        assert all(0 <= stage["progress"] <= 1 for stage in self.state.stages.values())

    @invariant()
    def attempts_only_grow(self) -> None:
        attempts = self.attempts | self.state.stages.attempts
        for name, stage in self.state.stages.items():
            assert self.before.get(name, 0) <= stage["attempt"]
            self.before[name] = stage["attempt"]
            tries = [attempts[name, n] for n in range(1, stage["attempt"] + 1)]
            ended = {"FAILED", "CANCELLED"}
            assert all(t["status"] in ended and t["ended_at"] for t in tries[:-1])
            if tries and stage["status"] not in ("PENDING", "SKIPPED"):
                assert all(tries[-1][k] == stage[k] for k in ("status", "progress", "ended_at"))
        assert len(attempts) == sum(stage["attempt"] for stage in self.state.stages.values())

    @invariant()
    def nothing_ends_before_it_starts(self) -> None:
        rows = (self.state.row, *self.state.stages.values(), *self.state.stages.attempts.values())
        for row in rows:
            if row["started_at"] is not None and row["ended_at"] is not None:
                assert row["started_at"] <= row["ended_at"]

    @invariant()
    def the_current_stage_runs(self) -> None:
        active = {n for n, s in self.state.stages.items() if s["status"] in ("RUNNING", "STALLED")}
        self.state.settle()
        current = self.state.row["current_stage"]
        assert current in active or (current is None and not active)

    @precondition(lambda self: self.state.final)
    @invariant()
    def an_ended_request_stays_as_it_is(self) -> None:
        moving = ("last_seq", "updated_at", "deadline_at", "started_at")
        row = {k: v for k, v in self.state.row.items() if k not in moving}
        self.ended = self.ended or row
        assert row == self.ended
        assert row["ended_at"] is not None
        assert all(stage["status"] in STAGE_ENDED for stage in self.state.stages.values())


TestAnySequenceOfCommands = RequestMachine.TestCase
TestAnySequenceOfCommands.settings = settings(max_examples=80, stateful_step_count=40)
