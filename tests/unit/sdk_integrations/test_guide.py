"""The Python blocks of the guide run, in their order, and track what they say."""

import pytest

from tests.docs.examples import FENCE
from tests.house.checkout import ROOT
from trackstore.testing import RecordingTracker

GUIDE = "docs/guide/sdk.md"


def test_the_python_of_the_guide_runs(
    recording_tracker: RecordingTracker, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / GUIDE).read_text(encoding="utf-8")
    blocks = [block for block in FENCE.finditer(text) if block[1] == "python"]
    assert len(blocks) > 8
    names: dict[str, object] = {"__name__": "guide"}
    for block in blocks:
        line = text.count("\n", 0, block.start()) + 1
        code = compile("\n" * line + block[2], GUIDE, "exec")
        exec(code, names)  # noqa: S102 - the guide's own code
    assert capsys.readouterr().out.split() == [
        "u_1", "950", "900", "{'input_tokens':", "25,", "'output_tokens':", "15}", "0.018",
    ]  # fmt: skip
    recording_tracker.one(operation_type="summarize", user_id="u_1", attributes={"words": 3})
    recording_tracker.one(kind="LLM", message="Why?", input_tokens=12)
    recording_tracker.one(name="charge", correlation_id="order-7")
    assert [request.type for request in recording_tracker.requests] == ["lesson_video"]
