"""What is shown never fails: any type, text and data of an event, in lines and on screens."""

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from cli.watch.board_screen import BoardScreen
from cli.watch.descriptions import (
    as_json,
    compact,
    duration_text,
    event_text,
    percent,
    progress_text,
    where,
)
from cli.watch.lines import event_line
from cli.watch.request_screen import RequestScreen
from cli.watch.screen import Screen
from tests.unit.cli.watching.test_connection import ID, event
from tests.unit.cli.watching.test_screens import drawn, request, stage

NOW = datetime(2026, 11, 20, 10, 1, 30, tzinfo=UTC)
TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["\x1b[2J", "a\r\nb", "\x9b31m", "\u202e", "[red]x[/red]", "\ud800", "🦊" * 60, "", "0\u0301"]
)
NUMBER = st.integers(-(2**64), 2**64) | st.floats()
SCALAR = st.none() | st.booleans() | NUMBER | TEXT
DATA = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FACTS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("progress", "done", "total", "data"), DATA)
)
TYPES = st.sampled_from(["stage.progressed", "stage.reopened", "request.reopened"]) | TEXT
EVENTS = st.builds(
    event,
    st.integers(1, 2**63 - 1),
    type=TYPES,
    severity=st.sampled_from(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
    stage=st.none() | TEXT,
    attempt=st.none() | st.integers(0, 2**31 - 1),
    message=st.none() | TEXT,
    data=DATA | FACTS,
)


def draw(screen: Screen, width: int) -> None:
    """Draw a screen of this width."""
    console = Console(file=StringIO(), width=width, height=40, highlight=False)
    console.print(screen.draw(width, 40))


def is_harmless(text: str) -> bool:
    """Whether a terminal prints it, and obeys nothing in it."""
    return text.isprintable()


@given(EVENTS)
@example(event(1, type="stage.progressed", message=None, data={"done": "page 3", "total": 4}))
@example(event(1, type="stage.progressed", message=None, data={"done": {}, "total": []}))
@example(event(1, type="stage.progressed", message=None, data={"progress": float("nan")}))
@example(event(1, type="stage.progressed", message=None, data={"progress": 1e308}))
@example(event(1, type="stage.progressed", message=None, data={"done": 0, "total": 0}))
@example(event(1, type="stage.progressed", message=None, data={"done": True}))
def test_an_event_is_a_line(found: dict[str, Any]) -> None:
    for names_request in (False, True):
        assert is_harmless(event_line(found, names_request=names_request))
    for text in (event_text(found), where(found), compact(found["data"])):
        assert is_harmless(text)
    whole = as_json(found)
    assert is_harmless(whole)
    assert repr(json.loads(whole)) == repr(found)


@given(DATA, NUMBER)
def test_numbers_and_shares_of_any_kind(value: Any, seconds: float) -> None:
    assert is_harmless(progress_text({"done": value, "total": value, "progress": value}))
    assert percent(value) == "" or 0 <= int(percent(value).removesuffix(" %")) <= 100
    assert is_harmless(duration_text(seconds))
    assert is_harmless(duration_text(value))


@given(EVENTS, TEXT, DATA, st.integers(0, 2**63 - 1), st.floats(0, 1))
def test_an_event_is_drawn(
    found: dict[str, Any], text: str, data: Any, count: int, share: float
) -> None:
    steps = [
        stage(
            text, status, attempt=count, maxAttempts=1, progress=share, done=count, total=0,
            message=text, errorMessage=text, startedAt="2026-11-20T10:01:20Z",
        )
        for status in ("RUNNING", "FAILED", "PENDING")
    ]  # fmt: skip
    error = {"message": text, "stage": text, "details": data}
    shown = request(
        title=text, type=text, stages=steps, error=error, etaSeconds=share * 1e12,
        currentStage=text, progress=share,
    )  # fmt: skip
    for width in (40, 120):
        screen = RequestScreen(shown, [found], lambda: NOW)
        screen.on_event(found, shown)
        draw(screen, width)
        board = BoardScreen([shown], has_more=False, now=lambda: NOW)
        board.on_event(found)
        draw(board, width)


def test_a_request_that_runs_again_is_active_again() -> None:
    now = NOW
    board = BoardScreen([request(status="RUNNING", lastSeq=5)], has_more=False, now=lambda: now)
    board.update([request(status="FAILED", lastSeq=6)])
    assert drawn(board)[0].startswith("0 active")
    board.update([request(status="RUNNING", lastSeq=8)])
    assert drawn(board)[0].startswith("1 active")
    now = NOW.replace(hour=12)
    assert drawn(board)[0].startswith("1 active")


@pytest.mark.parametrize("progress", [{"done": 0, "total": 0}, {"done": 3, "total": 0}])
def test_nothing_of_nothing(progress: dict[str, int]) -> None:
    assert progress_text(progress) == f"{progress['done']} of 0"
    assert ID in as_json(event(1))
