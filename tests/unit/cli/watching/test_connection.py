"""A stream that breaks in every way: it is taken up again after the last event, or given up."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import Result

from tests.unit.cli.conftest import Run
from tests.unit.cli.importing.loopback import Reply, refused, stand_in
from trackstore import subscriptions

ID = "01a1f84a-95c0-7000-8000-000000000002"
STREAM = {"Content-Type": "text/event-stream; charset=utf-8"}
COMPLETE = "event: complete\ndata:\n\n"
REQUEST = {"uuid": ID, "lastSeq": 9, "status": "RUNNING", "events": {"nodes": []}}
OUTCOME = {"progress": 1.0, "durationMs": 1500.0, "cancelReason": None, "error": None}


def event(seq: int, **given: Any) -> dict[str, Any]:
    """An event as the API gives it."""
    return {
        "uuid": ID, "requestId": ID, "seq": seq, "type": "told", "severity": "INFO",
        "stage": None, "attempt": None, "message": f"event {seq}", "data": None,
        "occurredAt": "2026-11-20T10:00:00Z", "recordedAt": "2026-11-20T10:00:00Z", **given,
    }  # fmt: skip


def told(seq: int, status: str = "RUNNING") -> str:
    """A message with an event."""
    item = {"seq": seq, "event": event(seq), "request": {"status": status, **OUTCOME}}
    return f"event: next\ndata: {json.dumps({'data': {'requestProgress': item}})}\n\n"


def failed(code: str) -> str:
    """A message with an error."""
    error = {"message": "no", "extensions": {"code": code}}
    return f"event: next\ndata: {json.dumps({'data': None, 'errors': [error]})}\n\n{COMPLETE}"


class Script:
    """Answers the subscriptions of one watcher in turn, and notes where each begins."""

    def __init__(self, *replies: Reply | str | None) -> None:
        self._replies: Iterator[Reply | str | None] = iter(replies)
        self.begun: list[Any] = []

    def __call__(self, asked: dict[str, Any], headers: dict[str, str]) -> Reply | None:
        query = asked["query"]
        if "viewer" in query:
            return 200, {}, {"data": {"viewer": {"name": "k", "scopes": ["READ"],
                                                 "organizationId": None}}}  # fmt: skip
        if query.startswith("query Request("):
            return 200, {}, {"data": {"request": REQUEST}}
        if query.startswith("query Cursor"):
            return 200, {}, {"data": {"feedCursors": {"requestEvents": "c0"}}}
        assert headers["Accept"] == "text/event-stream"
        variables = asked["variables"]
        self.begun.append(variables.get("afterSeq", variables.get("after")))
        reply = next(self._replies)
        return (200, STREAM, reply) if isinstance(reply, str) else reply


def watched(run: Run, script: Script, *arguments: str) -> Result:
    """What comes of it."""
    with stand_in(script) as url:
        return run("watch", *(arguments or (ID,)), "--server", url)


@pytest.mark.parametrize(
    "broken",
    [
        told(1) + told(2),
        ":\n\n" + told(1) + told(2) + told(3)[:-2],
        told(1) + told(2) + failed("OVERLOADED"),
        told(1) + told(2) + "event: next\ndata: {not json\n\n",
        told(1) + told(2) + told(1) + told(2),
    ],
)
def test_a_stream_that_is_not_completed_is_taken_up_again(run: Run, broken: str) -> None:
    script = Script(
        broken,
        None,
        refused("busy", "OVERLOADED", 503),
        (502, {}, "the proxy is up already"),
        ":\n\n",
        told(2) + told(3) + told(4, "COMPLETED") + COMPLETE,
    )
    result = watched(run, script)
    assert result.exit_code == 0, result.output
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["1", "2", "3", "4"]
    assert script.begun == [0, 2, 2, 2, 2, 2]
    assert result.stderr.splitlines()[-2:] == ["reconnected", "COMPLETED after 1.5 s"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            refused("the key was revoked", "UNAUTHENTICATED", 401),
            "the key was revoked (set an API key",
        ),
        (failed("NOT_FOUND"), "error: no"),
        ((200, {"Content-Type": "application/json"}, {"data": {}}), "does not stream"),
    ],
)
def test_what_will_not_change_ends_it(run: Run, reply: Reply | str, said: str) -> None:
    result = watched(run, Script(told(1), reply))
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert said in result.stderr


def test_a_line_that_went_silent_is_broken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "SILENCE_SECONDS", 0.3)
    longer = {**STREAM, "Content-Length": "100000"}
    ending = told(1) + told(2, "COMPLETED") + COMPLETE
    result = watched(run, Script((200, longer, told(1)), ending))
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 2


def test_a_gap_is_printed_and_gone_on_after(run: Run) -> None:
    def item(value: dict[str, Any]) -> str:
        return f"event: next\ndata: {json.dumps({'data': {'requestEvents': value}})}\n\n"

    def script() -> Script:
        gap = {"__typename": "Gap", "missed": 1200, "fromCursor": "c1", "toCursor": "c2"}
        found = {"__typename": "Event", **event(7), "feedCursor": "c1"}
        return Script(item(found) + item(gap), refused("enough", "BAD_USER_INPUT"))

    made = script()
    result = watched(run, made, "--all")
    assert result.exit_code == 1
    assert made.begun == ["c0", "c2"]
    assert result.stdout.splitlines()[1] == (
        "-- 1,200 events were skipped: this reader was too slow; read them again with --after c1"
    )
    as_json = watched(run, script(), "--all", "--json").stdout.splitlines()
    assert json.loads(as_json[0]) == {**event(7), "feedCursor": "c1"}
    assert json.loads(as_json[1]) == {"gap": {"missed": 1200, "fromCursor": "c1", "toCursor": "c2"}}


def test_filters_are_the_servers(run: Run) -> None:
    asked: list[Any] = []
    script = Script(refused("enough", "BAD_USER_INPUT"))

    def noting(body: dict[str, Any], headers: dict[str, str]) -> Reply | None:
        asked.append(body["variables"])
        return script(body, headers)

    with stand_in(noting) as url:
        run("watch", "--all", "-o", "acme", "-t", "lesson", "--after", "c9", "--server", url)
    where = {"organizationId": {"eq": "acme"}, "requestType": {"eq": "lesson"}}
    assert asked[-1] == {"where": where, "after": "c9"}
