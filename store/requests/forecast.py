"""What is still to come of a request: the seconds left, and its timeline with what is expected.

Both come from how long stages of the same name took before, the median of past COMPLETED ones
(``store.requests.history``). Nothing here holds a clock or a connection; all times are seconds
unless they say otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from models.enums import RequestStatus, StageStatus
from store.requests.rows import weights_of
from store.requests.transitions import STAGE_ACTIVE

Row = Mapping[Any, Any]
Typical = Mapping[str, float]
"""Seconds that a stage usually takes, by its name."""
FORECASTABLE_STATUSES = frozenset({RequestStatus.PENDING, RequestStatus.RUNNING})
"""Of what is stalled nobody can say when it will end, and what has ended is past."""
MILLISECOND = timedelta(milliseconds=1)


class RequestSnapshot(NamedTuple):
    """What must be known of a request to foresee its end: the key of loaders of forecasts."""

    organization_id: str
    id: UUID
    type: str
    status: str
    started_at: datetime | None

    @classmethod
    def of(cls, row: Row) -> "RequestSnapshot":
        return cls(*(row[name] for name in cls._fields))

    @property
    def key(self) -> tuple[str, UUID]:
        return self.organization_id, self.id

    @property
    def kind(self) -> tuple[str, str]:
        return self.organization_id, self.type

    @property
    def foreseeable(self) -> bool:
        return self.status in FORECASTABLE_STATUSES


@dataclass(frozen=True, slots=True)
class TimelineInterval:
    """One bar of a Gantt picture: an attempt of a stage, or one that is still to come.

    ``offset_ms`` counts from the start of the request, to the start of the bar or to where that is
    expected. ``duration_ms`` is what it took, or takes so far. What is expected is None where it
    has come already, or cannot be foreseen.
    """

    stage: str
    attempt: int
    status: StageStatus
    progress: float
    started_at: datetime | None
    ended_at: datetime | None
    offset_ms: float | None
    duration_ms: float | None
    expected_start_at: datetime | None
    expected_end_at: datetime | None


def eta(status: str, stages: Sequence[Row], typical: Typical, now: datetime) -> float | None:
    """Return seconds until the last stage ends, None where that is unknown or past.

    The stages that run now are taken to go on side by side, all others to follow one after
    another in the order of the plan. So it is the longest that is left of those that run, plus
    the sum of the others:

    * runs, usually takes m: ``m x (1 - progress)``, or ``max(0, m - elapsed)`` without progress;
    * runs, no history: ``elapsed x (1 - progress) / progress``;
    * not begun, or failed and may be tried again: m;
    * neither history nor progress: its share by weight. What is known of the other stages gives
      the seconds per weight: what they took, usually take, or will have taken.

    A stage that weighs nothing and has no history counts as none. One about which nothing can be
    said makes the whole unknown.
    """
    if status not in FORECASTABLE_STATUSES or not stages:
        return None
    left = seconds_left(stages, typical, now)
    if any(seconds is None for seconds in left.values()):
        return None
    running = [left[s["name"]] or 0.0 for s in stages if s["status"] in STAGE_ACTIVE]
    others = [left[s["name"]] or 0.0 for s in stages if s["status"] not in STAGE_ACTIVE]
    return max(running, default=0.0) + sum(others)


def seconds_left(stages: Sequence[Row], typical: Typical, now: datetime) -> dict[str, float | None]:
    """Return the seconds left of each stage by name; None if unknown."""
    stage_seconds = {stage["name"]: seconds_of(stage, typical, now) for stage in stages}
    weights = weights_of(stages)
    known = [s for s in stages if stage_seconds[s["name"]] is not None and weights[s["name"]] > 0]
    weight = sum(weights[stage["name"]] for stage in known)
    pace = sum(stage_seconds[stage["name"]] or 0.0 for stage in known) / weight if weight else None
    left: dict[str, float | None] = {}
    for stage in stages:
        seconds = stage_seconds[stage["name"]]
        if seconds is None:
            seconds = _share(weights[stage["name"]], pace)
        left[stage["name"]] = _left_of(stage, seconds, now)
    return left


def seconds_of(stage: Row, typical: Typical, now: datetime) -> float | None:
    if stage["status"] == StageStatus.COMPLETED:
        return _seconds(stage["started_at"], stage["ended_at"])
    usual = typical.get(stage["name"])
    if usual is None and stage["status"] in STAGE_ACTIVE and stage["progress"] > 0:
        return _seconds(stage["started_at"], now) / float(stage["progress"])
    return usual


def _share(weight: float, pace: float | None) -> float | None:
    if not weight:
        return 0.0
    return None if pace is None else weight * pace


def _left_of(stage: Row, seconds: float | None, now: datetime) -> float | None:
    if not is_awaited(stage):
        return 0.0
    if seconds is None or stage["status"] not in STAGE_ACTIVE:
        return seconds
    if stage["progress"] > 0:
        return seconds * (1 - float(stage["progress"]))
    return max(0.0, seconds - _seconds(stage["started_at"], now))


def is_awaited(stage: Row) -> bool:
    if stage["status"] == StageStatus.FAILED:
        return stage["retryable"] is not False and stage["attempt"] < stage["max_attempts"]
    return stage["status"] == StageStatus.PENDING or stage["status"] in STAGE_ACTIVE


def timeline(
    work: RequestSnapshot,
    stages: Sequence[Row],
    attempts: Sequence[Row],
    typical: Typical,
    now: datetime,
) -> list[TimelineInterval]:
    """Return every attempt and what is still planned, in the order in which they begin.

    The last end that is expected is ``now`` plus ``eta``. A failed stage that may be tried again
    has a bar for that attempt; a stage that was skipped has one without any time.
    """
    starts = [at["started_at"] for at in attempts]
    base = min([*starts, *([work.started_at] if work.started_at else [])], default=now)
    position = {stage["name"]: stage["position"] for stage in stages}
    left = seconds_left(stages, typical, now) if work.foreseeable else {}
    active = {s["name"]: s["attempt"] for s in stages if s["status"] in STAGE_ACTIVE}
    bars = []
    for row in attempts:
        running = active.get(row["stage"]) == row["attempt"]
        bars.append(_attempt_bar(row, base, now, left.get(row["stage"]) if running else None))
    at: datetime | None = now if work.foreseeable else None
    for name in active:
        at = _later(at, _after(now, left.get(name)))
    for stage in sorted(stages, key=lambda stage: stage["position"]):
        planned = stage["status"] not in STAGE_ACTIVE and is_awaited(stage)
        if planned:
            end = _after(at, left.get(stage["name"]))
            bars.append(_planned_bar(stage, base, at, end))
            at = end
        elif not stage["attempt"]:
            bars.append(_planned_bar(stage, base, None, None))

    def order(bar: TimelineInterval) -> tuple[bool, float, int, int]:
        place = bar.offset_ms
        return place is None, place or 0.0, position.get(bar.stage, 0), bar.attempt

    return sorted(bars, key=order)


def _attempt_bar(row: Row, base: datetime, now: datetime, left: float | None) -> TimelineInterval:
    started, ended = row["started_at"], row["ended_at"]
    return TimelineInterval(
        stage=row["stage"],
        attempt=row["attempt"],
        status=StageStatus(row["status"]),
        progress=row["progress"],
        started_at=started,
        ended_at=ended,
        offset_ms=(started - base) / MILLISECOND,
        duration_ms=_seconds(started, ended or now) * 1_000,
        expected_start_at=None,
        expected_end_at=_after(now, left),
    )


def _planned_bar(
    stage: Row, base: datetime, start: datetime | None, end: datetime | None
) -> TimelineInterval:
    skipped = stage["status"] == StageStatus.SKIPPED
    return TimelineInterval(
        stage=stage["name"],
        attempt=stage["attempt"] if skipped else stage["attempt"] + 1,
        status=StageStatus.SKIPPED if skipped else StageStatus.PENDING,
        progress=0.0,
        started_at=None,
        ended_at=None,
        offset_ms=None if start is None else (start - base) / MILLISECOND,
        duration_ms=None,
        expected_start_at=start,
        expected_end_at=end,
    )


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())


def _after(start: datetime | None, seconds: float | None) -> datetime | None:
    if start is None or seconds is None:
        return None
    return start + timedelta(seconds=seconds)


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    return None if first is None or second is None else max(first, second)
