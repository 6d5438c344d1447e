"""The stages of one request in memory: their rows, which of them changed, and their attempts."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from store.requests.refusals import refuse_further_stage
from store.requests.rows import RUNNING_DEFAULTS, Row, attempt_row, planned_stage, weights_of
from store.requests.transitions import STAGE_ACTIVE

DEFAULT_MAX_ATTEMPTS = 3
MAX_REQUEST_STAGES = 1_000


class RequestStages(dict[str, Row]):
    """Rows by name; ``dirty`` names those to be written, ``attempts`` are rows to be written."""

    def __init__(self, rows: Mapping[str, Row] | Iterable[tuple[str, Row]] = ()) -> None:
        super().__init__(rows)
        self.dirty: set[str] = set()
        self.attempts: dict[tuple[str, int], Row] = {}

    def in_order(self) -> list[Row]:
        return sorted(self.values(), key=lambda stage: stage["position"])

    def attempt_of(self, name: str | None) -> int | None:
        return None if name is None or name not in self else self[name]["attempt"]

    def add(self, request: Row, name: str, max_stages: int) -> Row:
        """Add a stage that was not planned; raise ``InvalidInputError`` where there are too many."""
        refuse_further_stage(request, len(self), max_stages, name)
        stage = planned_stage(request, name, len(self), 1.0, DEFAULT_MAX_ATTEMPTS)
        self[name] = stage
        self.mark(stage)
        return stage

    def mark(self, stage: Row) -> None:
        self.dirty.add(stage["name"])

    def record(self, stage: Row) -> None:
        """Note that a stage and its present attempt have changed."""
        self.mark(stage)
        self.attempts[stage["name"], stage["attempt"]] = attempt_row(stage)

    def begin_attempt(self, stage: Row, at: datetime, now: datetime) -> None:
        stage["attempt"] += 1
        stage |= RUNNING_DEFAULTS | {"started_at": at, "last_heartbeat_at": now}
        self.record(stage)

    def finish(self, stage: Row, ending: Row) -> None:
        stage |= ending | {"stalled_at": None}
        stage["ended_at"] = max(stage["started_at"], stage["ended_at"])
        self.record(stage)

    def report(
        self,
        stage: Row,
        fraction: float | None,
        done: int | None,
        total: int | None,
        message: str | None,
    ) -> bool:
        """Take what a message says of progress; return whether any of it is new."""
        before = stage["progress"], stage["done"], stage["total"], stage["message"]
        if done is not None or total is not None:
            stage["done"] = done if done is not None else stage["done"]
            stage["total"] = total if total is not None else stage["total"]
            if fraction is None and stage["total"] and stage["done"] is not None:
                fraction = min(1.0, stage["done"] / stage["total"])
        if fraction is not None:
            stage["progress"] = fraction
        if message is not None:
            stage["message"] = message
        return before != (stage["progress"], stage["done"], stage["total"], stage["message"])

    def progress(self) -> float:
        """Return the progress of the request, weighted by stage."""
        weights = weights_of(self.values())
        total = sum(weights.values())
        reached = sum(weights[name] * stage["progress"] for name, stage in self.items())
        return min(1.0, reached / total) if total else 0.0

    def latest_active(self) -> str | None:
        """Return the stage that started last of those that run."""
        active = (stage for stage in self.values() if stage["status"] in STAGE_ACTIVE)
        last = max(active, key=lambda s: (s["started_at"], s["position"]), default=None)
        return None if last is None else last["name"]
