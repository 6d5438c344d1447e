"""B: the chat service reports the same chat whichever way it is written."""

import pytest

from tests.acceptance.programs.launching import (
    assert_nothing_dropped,
    operations,
    run,
    serving,
)
from tests.support.processes import Json, ServerProcess

WAYS = ("", "/decorated", "/events", "/background")


def chat_of(operation: Json) -> Json:
    """What is the same in every way of telling it."""
    names = ("kind", "name", "userId", "sessionId", "message", "response", "inputTokens")
    return {name: operation[name] for name in (*names, "outcome", "error", "attributes")}


def test_b1_b2_b3_b5_every_way_reports_the_same_chat(server: ServerProcess) -> None:
    # One listener fails, which is told and stops nobody.
    with serving(server, "examples.chat_usage:app", may_warn="broken_listener") as http:
        for way in WAYS:
            request = {"message": "good day", "session_id": f"chat{way}"}
            answer = http.post(f"/api/chat{way}", json=request, headers={"X-User": "ana"})
            assert answer.json() == {"response": "You said: good day", "tokens": 6}
        chats = operations(server, 4, userId={"eq": "ana"})
        metrics = http.get("/metrics/").text
    for chat, way in zip(reversed(chats), WAYS, strict=True):
        assert chat_of(chat) == {
            "kind": "LLM",
            "name": "chat",
            "userId": "ana",
            "sessionId": f"chat{way}",
            "message": "good day",
            "response": "You said: good day",
            "inputTokens": 6,
            "outcome": "OK",
            "error": None,
            "attributes": {"email": "ana@example.com"},
        }
        assert 5 < chat["durationMs"] < 5_000
    assert "trackstore" in metrics
    assert_nothing_dropped(server)


@pytest.mark.parametrize("way", ["", "/decorated"])
def test_b1_b2_failures_and_visitors_are_recorded(server: ServerProcess, way: str) -> None:
    with serving(server, "examples.chat_usage:app") as http:
        request = {"message": "fail please", "session_id": "s_1"}
        assert http.post(f"/api/chat{way}", json=request).status_code == 502
        (chat,) = operations(server, 1)
    assert (chat["kind"], chat["outcome"], chat["userId"]) == ("LLM", "ERROR", None)
    assert "The model did not answer" in chat["error"]
    assert (chat["message"], chat["sessionId"]) == ("fail please", "s_1")
    assert_nothing_dropped(server)


def test_b5_its_own_tests_need_no_server(server: ServerProcess) -> None:
    done = run(
        server, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0",
        "examples/test_chat_usage.py",
    )  # fmt: skip
    assert "3 passed" in done.stdout
    operations(server, 0)
