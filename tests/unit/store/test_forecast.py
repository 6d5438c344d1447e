"""What is left of a request, and its timeline, against cases computed by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from store.requests.forecast import RequestSnapshot, Row, TimelineInterval, Typical, eta, timeline

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
USUAL: Typical = {"script": 60.0, "video": 200.0, "notify": 10.0}


def ago(seconds: float) -> datetime:
    """So long before now."""
    return NOW - timedelta(seconds=seconds)


def stage(name: str, status: str = "PENDING", **more: Any) -> dict[str, Any]:
    """A stage of weight 1, whose attempt began ``began`` seconds ago and took ``took``."""
    began, took = more.pop("began", None), more.pop("took", None)
    started = None if began is None else ago(began)
    return {
        "name": name, "status": status, "weight": 1.0, "progress": 0.0, "position": 0,
        "attempt": 0 if status in ("PENDING", "SKIPPED") else 1, "max_attempts": 3,
        "retryable": None, "started_at": started,
        "ended_at": started + timedelta(seconds=took) if started and took is not None else None,
    } | more  # fmt: skip


DONE = stage("script", "COMPLETED", began=100, took=40, progress=1.0)
CASES: dict[str, tuple[list[Row], Typical, float | None]] = {
    "nothing is planned": ([], USUAL, None),
    "nothing has begun: the medians": ([stage("script"), stage("video")], USUAL, 260.0),
    "nothing is known": ([stage("script"), stage("video")], {}, None),
    "a stage that is done has nothing left": ([DONE, stage("video")], USUAL, 200.0),
    "all are done": ([DONE], USUAL, 0.0),
    "running with progress: a quarter is left": (
        [stage("video", "RUNNING", began=999, progress=0.75)], USUAL, 50.0,
    ),
    "running without progress: what is left of the median": (
        [stage("video", "RUNNING", began=30)], USUAL, 170.0,
    ),
    "longer than usual": ([stage("video", "RUNNING", began=300)], USUAL, 0.0),
    "no history but progress: 30 s for a quarter, 90 s for the rest": (
        [stage("video", "RUNNING", began=30, progress=0.25)], {}, 90.0,
    ),
    "no history, no progress": ([stage("video", "RUNNING", began=30)], {}, None),
    "side by side: the longest, then the others": (
        [
            stage("script", "RUNNING", began=20),
            stage("video", "RUNNING", began=50, progress=0.5),
            stage("notify"),
        ],
        USUAL,
        110.0,
    ),
    "a share by weight: 40 s weighed 1, so 3 weigh 120 s": (
        [DONE, stage("new", weight=3.0)], {}, 120.0,
    ),
    "a share by weight of medians: (60 + 200) s / 5 = 52 s": (
        [stage("script", weight=2.0), stage("video", weight=3.0), stage("new")], USUAL, 312.0,
    ),
    "a share by weight of one that runs: 30 s / 0.25 = 120 s, of which 90 s and as much again": (
        [stage("video", "RUNNING", began=30, progress=0.25), stage("new")], {}, 210.0,
    ),
    "a running one without anything takes its share: 40 s, of which 30 s have passed": (
        [DONE, stage("new", "RUNNING", began=30)], {}, 10.0,
    ),
    "what weighs nothing and has no history counts as none": (
        [DONE, stage("new", weight=0.0)], {}, 0.0,
    ),
    "what weighs nothing may have a history": ([stage("notify", weight=0.0)], USUAL, 10.0),
    "weights of zero say nothing of others": (
        [DONE | {"weight": 0.0}, stage("new")], {}, None,
    ),
    "a failed one may be tried again": (
        [stage("video", "FAILED", began=30, took=5, retryable=True)], USUAL, 200.0,
    ),
    "a failed one that may not": (
        [stage("video", "FAILED", began=30, took=5, retryable=False)], USUAL, 0.0,
    ),
    "a failed one that has no attempt left": (
        [stage("video", "FAILED", began=30, took=5, attempt=3)], USUAL, 0.0,
    ),
    "the sender's clock is ahead": ([stage("video", "RUNNING", began=-60)], USUAL, 200.0),
    "done before it began, says the sender": (
        [stage("script", "COMPLETED", began=10, took=-5), stage("new")], {}, 0.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_left(case: str) -> None:
    stages, typical, seconds = CASES[case]
    expected = None if seconds is None else pytest.approx(seconds)
    assert eta("RUNNING", stages, typical, NOW) == expected


@pytest.mark.parametrize("status", ["STALLED", "COMPLETED", "FAILED", "CANCELLED"])
def test_nobody_waits_for_what_has_ended_or_stands_still(status: str) -> None:
    assert eta(status, [stage("video")], USUAL, NOW) is None
    assert eta("PENDING", [stage("video")], USUAL, NOW) == 200.0


def work(status: str = "RUNNING", began: float | None = 100) -> RequestSnapshot:
    """A request that began so long ago."""
    started = None if began is None else ago(began)
    return RequestSnapshot("acme", UUID(int=1), "lesson", status, started)


def attempt(name: str, number: int, status: str, began: float, took: float | None = None) -> Row:
    """An attempt."""
    row = stage(name, status, began=began, took=took)
    return row | {"stage": name, "attempt": number}


def shown(bars: list[TimelineInterval]) -> list[tuple[Any, ...]]:
    """Bars as rows: times as seconds from now."""

    def seconds(at: datetime | None) -> float | None:
        return None if at is None else (at - NOW).total_seconds()

    return [
        (b.stage, b.attempt, b.status.value, b.offset_ms, b.duration_ms,
         seconds(b.expected_start_at), seconds(b.expected_end_at))
        for b in bars
    ]  # fmt: skip


def test_a_timeline_of_all_kinds_of_bars() -> None:
    stages = [
        stage("notify", position=3),
        stage("script", "COMPLETED", began=100, took=40, position=0),
        stage("video", "RUNNING", began=20, position=1, attempt=2),
        stage("music", "FAILED", began=60, took=5, position=2),
    ]
    attempts = [
        attempt("video", 1, "FAILED", 60, 30),
        attempt("video", 2, "RUNNING", 20),
        attempt("music", 1, "FAILED", 60, 5),
        attempt("script", 1, "COMPLETED", 100, 40),
    ]
    bars = timeline(work(), stages, attempts, {**USUAL, "music": 15.0}, NOW)
    assert shown(bars) == [
        ("script", 1, "COMPLETED", 0.0, 40_000.0, None, None),
        ("video", 1, "FAILED", 40_000.0, 30_000.0, None, None),
        ("music", 1, "FAILED", 40_000.0, 5_000.0, None, None),
        ("video", 2, "RUNNING", 80_000.0, 20_000.0, None, 180.0),
        ("music", 2, "PENDING", 280_000.0, None, 180.0, 195.0),
        ("notify", 1, "PENDING", 295_000.0, None, 195.0, 205.0),
    ]
    assert eta("RUNNING", stages, {**USUAL, "music": 15.0}, NOW) == 205.0


def test_a_timeline_ends_where_nothing_can_be_foreseen() -> None:
    stages = [stage("new", "RUNNING", began=20), stage("script", position=1)]
    bars = timeline(work(began=20), stages, [attempt("new", 1, "RUNNING", 20)], {}, NOW)
    assert shown(bars) == [
        ("new", 1, "RUNNING", 0.0, 20_000.0, None, None),
        ("script", 1, "PENDING", None, None, None, None),
    ]


def test_a_timeline_of_what_has_not_begun_begins_now() -> None:
    stages = [stage("script"), stage("video", position=1)]
    assert shown(timeline(work("PENDING", None), stages, [], USUAL, NOW)) == [
        ("script", 1, "PENDING", 0.0, None, 0.0, 60.0),
        ("video", 1, "PENDING", 60_000.0, None, 60.0, 260.0),
    ]


def test_a_timeline_of_what_has_ended_expects_nothing() -> None:
    stages = [
        stage("script", "CANCELLED", began=50, took=20),
        stage("video", "SKIPPED", position=1),
    ]
    attempts = [attempt("script", 1, "CANCELLED", 50, 20)]
    assert shown(timeline(work("CANCELLED"), stages, attempts, {}, NOW)) == [
        ("script", 1, "CANCELLED", 50_000.0, 20_000.0, None, None),
        ("video", 0, "SKIPPED", None, None, None, None),
    ]


def test_a_timeline_of_what_is_stalled_expects_nothing() -> None:
    stages = [stage("script", "STALLED", began=50), stage("video", position=1)]
    bars = timeline(work("STALLED"), stages, [attempt("script", 1, "STALLED", 50)], USUAL, NOW)
    assert shown(bars) == [
        ("script", 1, "STALLED", 50_000.0, 50_000.0, None, None),
        ("video", 1, "PENDING", None, None, None, None),
    ]


def test_no_bar_begins_before_the_picture() -> None:
    """A sender said that its stage began before its request did."""
    stages = [stage("script", "RUNNING", began=130)]
    bars = timeline(work(began=100), stages, [attempt("script", 1, "RUNNING", 130)], {}, NOW)
    assert shown(bars) == [("script", 1, "RUNNING", 0.0, 130_000.0, None, None)]
