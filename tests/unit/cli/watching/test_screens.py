"""What screens show: of one request, of many, at any size."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.watch.board_screen import BoardScreen
from cli.watch.descriptions import duration_text
from cli.watch.request_screen import RequestScreen
from cli.watch.screen import Screen
from tests.unit.cli.watching.test_connection import event
from trackstore.subscriptions import StreamStatus
from trackstore.watching import Gap

NOW = datetime(2026, 11, 20, 10, 1, 30, tzinfo=UTC)


def stage(name: str, status: str = "PENDING", **given: Any) -> dict[str, Any]:
    """A stage as the API gives it."""
    return {
        "name": name, "status": status, "attempt": int(status != "PENDING"), "maxAttempts": 1,
        "progress": 0.0, "done": None, "total": None, "message": None, "errorMessage": None,
        "startedAt": None, "durationMs": None, **given,
    }  # fmt: skip


def request(number: int = 1, **given: Any) -> dict[str, Any]:
    """A request as the API gives it."""
    return {
        "uuid": f"id-{number:03}", "organizationId": "acme", "correlationId": f"lesson-{number}",
        "type": "lesson", "title": None, "status": "RUNNING", "progress": 0.55,
        "currentStage": "video", "createdAt": "2026-11-20T10:00:00Z",
        "startedAt": "2026-11-20T10:00:00Z", "durationMs": None, "lastSeq": 5, "etaSeconds": 52.0,
        "error": None, "cancelReason": None, "stages": [], **given,
    }  # fmt: skip


def drawn(screen: Screen, width: int = 120, height: int = 40) -> list[str]:
    """The lines, which all have room."""
    console = Console(file=StringIO(), width=width, height=height, highlight=False)
    with console.capture() as capture:
        console.print(screen.draw(width, height))
    lines = [line.rstrip() for line in capture.get().splitlines()]
    assert max(map(len, lines)) <= width
    return lines


def test_one_request_with_everything() -> None:
    stages = [
        stage("script", "COMPLETED", progress=1.0, durationMs=31_000.0),
        stage(
            "video", "RUNNING", attempt=2, maxAttempts=3, progress=0.4, done=4, total=10,
            message="page\x1b[31m\n4", startedAt="2026-11-20T10:01:20Z",
        ),
        stage("sound", "FAILED", progress=0.2, errorMessage="no speaker", durationMs=900.0),
        stage("review"),
    ]  # fmt: skip
    screen = RequestScreen(request(title="Fractions", stages=stages), [event(5)], lambda: NOW)
    lines = drawn(screen)
    assert lines[0] == "Fractions  lesson  id-001  acme"
    assert lines[1].startswith("RUNNING  ━")
    assert lines[1].endswith("  55 %  1:30 min  about 52 s left")
    assert [" ".join(line.replace("━", "").split()) for line in lines[3:7]] == [
        "✓ script 100 % 31 s",
        "▶ video ╸ 4 of 10 attempt 2 of 3 10 s page [31m 4",
        "✗ sound ╸ 20 % 0.9 s no speaker",
        "· review",
    ]
    assert lines[8].endswith("told    event 5")
    assert lines[-1] == "○ connecting"
    screen.on_status(StreamStatus(is_connected=True))
    assert drawn(screen)[-1] == "● live  Ctrl-C stops watching only"
    screen.on_status(StreamStatus(reason="refused"))
    assert drawn(screen)[-1] == "○ connection lost: refused; reconnecting"


def test_the_end_of_a_request() -> None:
    screen = RequestScreen(request(), [], lambda: NOW)
    error = {"message": "no paper", "stage": "script", "details": {"tray": 2}}
    ended = request(status="FAILED", durationMs=90_000.0, etaSeconds=None, error=error)
    screen.on_event(event(6, type="request.failed", severity="ERROR"), ended)
    lines = drawn(screen)
    assert 'script: no paper {"tray": 2}' in lines
    assert lines[-1] == "FAILED"
    assert "left" not in lines[1]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 10), (200, 60)])
def test_a_screen_holds_what_there_is_room_for(width: int, height: int) -> None:
    stages = [stage(f"s{n:02}", "COMPLETED" if n < 30 else "PENDING") for n in range(50)]
    stages[30] |= {"status": "RUNNING"}
    one = RequestScreen(request(stages=stages), [event(n) for n in range(60)], lambda: NOW)
    lines = drawn(one, width, height)
    assert len(lines) <= max(height, 13)
    assert any("▶ s30" in line for line in lines), "the stage at work is among them"
    assert any("event 59" in line for line in lines)
    many = BoardScreen([request(n) for n in range(100)], has_more=True, now=lambda: NOW)
    for n in range(60):
        many.on_event(event(n, requestId="id-001"))
    lines = drawn(many, width, height)
    assert len(lines) <= max(height, 12)
    assert lines[0].startswith("100 or more active")
    assert any("event 59" in line for line in lines)


def test_many_requests_come_and_go() -> None:
    now = [NOW]
    board = BoardScreen([request(1), request(2)], has_more=False, now=lambda: now[0])
    board.on_event(event(5, requestId="id-001"))
    assert not board.outdated, "that event is in what was read"
    board.on_event(event(6, requestId="id-001"))
    board.on_event(event(1, requestId="id-003"))
    assert list(board.outdated) == ["id-001", "id-003"]
    board.update([request(1, status="COMPLETED", progress=1.0, lastSeq=6), request(3, lastSeq=1)])
    board.update([request(1, lastSeq=5)])  # an older answer comes late
    lines = drawn(board)
    assert lines[0] == "2 active"
    rows = [line.split() for line in lines[2:5]]
    assert [(row[0], next(cell for cell in row if "lesson-" in cell)) for row in rows] == [
        ("RUNNING", "lesson-3"), ("RUNNING", "lesson-2"), ("COMPLETED", "lesson-1"),
    ]  # fmt: skip
    board.on_gap(Gap(7, "a", "b"))
    assert "7 events were skipped" in drawn(board)[0]
    assert set(board.outdated) >= {"id-001", "id-002", "id-003"}, "all is read again"
    now[0] += timedelta(seconds=11)
    assert not any("COMPLETED" in line for line in drawn(board))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (64, "1:04 min"), (3_700, "1:01 h"),
     (90_000, "1 d 1 h")],
)  # fmt: skip
def test_spans(seconds: float, said: str) -> None:
    assert duration_text(seconds) == said
