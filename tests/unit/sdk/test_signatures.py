"""Editors and type checkers find a wrong name; at run time the same names are known."""

import subprocess
import sys
from pathlib import Path

from tests.house.checkout import ROOT
from trackstore.aliases import OPERATION_ALIASES
from trackstore.arguments import OperationArguments
from trackstore.operation_drafts import KNOWN_NAMES

RIGHT = """
from trackstore import Tracker, annotate, track_route_operation

async def right(tracker: Tracker) -> None:
    await tracker.track_operation(route="v1/memory", method="POST", is_memory_operation=True)
    tracker.track_operation(kind="llm", name="chat", tokens_used=3, status_code=200)
    tracker.track_api_operation(route="x", method="GET", latency_ms=1.5, metadata={"a": 1})
    tracker.track_tool_operation(tool="read", tool_id="cursor", response_time_ms=3)
    tracker.track_chat(message="Why?", user_email="u@example.com", duration=0.5, start_time=1.0)
    tracker.consume("mini", operation="add_memory", batch_size=2)
    annotate(message="Why?", tokens=12, resource_id="m_1")
    await track_route_operation(None, start_time=1.0, status_code=200, memory_id="m_1")
    with tracker.session(tool_id="cursor", session_id="s_1", metadata={"a": 1}):
        pass
    with tracker.request("lesson", metadata={"a": 1}, user_id="u_1") as request:
        request.log(event_type="x", message="y", stage_name="script", severity="info", event_data={})
        with request.stage("script") as stage:
            stage.log(event_type="x", event_data={"a": 1})
            stage.fail("no", error_details={"a": 1}, is_retryable=True)
            stage.fail(error_message="no", error_details={"a": 1}, is_retryable=True)
            stage.fail("no", details={"a": 1}, retryable=False)
        request.fail(error_message="no", error_stage="script", error_details={"a": 1})
        request.fail("no", error_stage="script", details={"a": 1})
"""
WRONG = """
from trackstore import Tracker, annotate, track_route_operation

def wrong(tracker: Tracker) -> None:
    tracker.track_operation(kind="API", name="x", colour="red")
    tracker.track_api_operation(route="x", method="GET", workspce_id="ws_1")
    tracker.track_api_operation(method="GET")
    tracker.track_tool_operation(tool="read", tokens_orignal=1)
    tracker.track_chat("Why?", "Because.", 3)
    tracker.track_chat(message="Why?", modell="parrot-1")
    tracker.consume("mini", workspace="ws_1")
    tracker.report_breaker("renderer", "OPEN", calls=3)
    with tracker.session(colour="red"), tracker.request("x", colour="red"):
        pass
    annotate(colour="red")
    track_route_operation(None, colour="red")
    with tracker.request("x") as request, request.stage("y") as stage:
        request.log()
        request.fail()
        request.fail("no", colour="red")
        stage.log(message="no type")
        stage.fail(details={"a": 1})
        stage.fail("no", is_retriable=True)
"""
WRONG_LINES = [5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 18, 19, 20, 21, 22, 23]


def lines_with_errors(folder: Path, source: str) -> list[int]:
    # The lines that the type checker refuses, each once.
    program = folder / "program.py"
    program.write_text(source, encoding="utf-8")
    checked = subprocess.run(
        [
            sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context",
            "--config-file", "", "--cache-dir", str(folder / "cache"), str(program),
        ],
        capture_output=True, text=True, check=False, cwd=folder, env={"MYPYPATH": str(ROOT / "sdk")},
    )  # fmt: skip
    errors = [line for line in checked.stdout.splitlines() if ": error:" in line]
    return sorted({int(line.split("program.py:")[1].split(":")[0]) for line in errors})


def test_a_type_checker_finds_wrong_names_and_takes_the_right_ones(tmp_path: Path) -> None:
    assert lines_with_errors(tmp_path, RIGHT) == []
    assert lines_with_errors(tmp_path, WRONG) == WRONG_LINES


def test_every_name_of_the_signatures_is_known_at_run_time() -> None:
    assert OperationArguments.__annotations__.keys() - set(KNOWN_NAMES) == {"id"}
    assert OPERATION_ALIASES.keys() <= OperationArguments.__annotations__.keys()


def test_the_guide_lists_every_alias() -> None:
    guide = (ROOT / "docs" / "guide" / "sdk.md").read_text(encoding="utf-8")
    for name, alias in OPERATION_ALIASES.items():
        assert f"| `{name}` | `{alias.name}` |" in guide, name
