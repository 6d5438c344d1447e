"""Runs one command on the state of a request and sets its result, whoever writes the state."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.errors import StoreError
from store.ingest.entries import ItemResult
from store.requests.entries import CommandEntry, CommandOutcome, CreateEntry
from store.requests.rows import Row
from store.requests.stage_rows import RequestStages
from store.requests.stalls import StallPolicy
from store.requests.state import RequestState


@dataclass(frozen=True, slots=True)
class StateFactory:
    make_id: Callable[[], UUID]
    stall_policy: StallPolicy
    max_stages: int

    def __call__(self, row: Row, stages: dict[str, Row], now: datetime) -> RequestState:
        return RequestState(
            row,
            RequestStages(stages),
            now,
            self.make_id,
            self.stall_policy,
            max_stages=self.max_stages,
        )


def run_command(entry: CommandEntry, state: RequestState) -> None:
    """Change the state as the command says; a repeat of its event and a rejection change nothing."""
    key, id = state.key, entry.event_id or entry.request_id
    if entry.event_id is not None and entry.event_id in state.seen:
        entry.result = ItemResult.duplicate(id, key)
        return
    first_event = len(state.events)
    try:
        moved = entry.change(state)
    except StoreError as error:
        entry.result = ItemResult.rejected(id, error, key)
        return
    entry.result = ItemResult.accepted(id, key) if moved else ItemResult.duplicate(id, key)
    entry.outcome = CommandOutcome(state.row, state.stages, state.events[first_event:])


def run_creation(entry: CreateEntry, state: RequestState) -> None:
    """Plan the stages of a request that is new."""
    for stage in entry.stages:
        state.stages[stage["name"]] = dict(stage)
        state.stages.mark(stage)
    state.emit("request.created", entry.fact)
    entry.result = ItemResult.accepted(entry.request_id, entry.key)
    entry.outcome = CommandOutcome(state.row, state.stages, state.events)
