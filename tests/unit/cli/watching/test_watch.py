"""``trackstore watch`` in a pipe: its lines, its exit codes, and what it says of mistakes."""

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.processes import server_process
from tests.unit.cli.conftest import Run
from tests.unit.cli.importing.loopback import stand_in
from tests.unit.cli.watching.calls import Caller

STAGES = [{"name": "script"}, {"name": "video", "maxAttempts": 2}]


def lesson(caller: Caller, end: str = "complete") -> str:
    """A request with an event of every kind of detail, which has ended."""
    id = caller.create(correlationId="lesson-7", title="Fractions", stages=STAGES)
    caller.do("start_stage", {"requestId": id, "stage": "script"})
    caller.do("progress", {"requestId": id, "stage": "script", "done": 4, "total": 10})
    caller.say(id, "first\nsecond \x1b[31mred\x07 :smile: [bold]", severity="WARNING")
    caller.do("log", {"requestId": id, "type": "found", "data": {"parts": [1, "ä\t"]}})
    match end:
        case "fail":
            failure_reason = {"stage": "script", "message": "no paper", "details": {"tray": 2}}
            caller.do("fail", {"requestId": id, **failure_reason})
        case "cancel":
            caller.do("cancel", id)
        case _:
            caller.do(end, {"requestId": id})
    return id


def test_a_pipe_gets_the_whole_log_as_lines(watch: Run, caller: Caller) -> None:
    id = lesson(caller)
    events = caller.log(id)
    result = watch(id)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[1:3] for line in lines] == [
        [str(event["seq"]), event["type"]] for event in events
    ]
    assert lines[3].endswith("stage.progressed   script        4 of 10")
    assert lines[4].endswith("WARNING:  first second  [31mred  :smile: [bold]")
    assert lines[5].endswith('{"parts": [1, "ä\\t"]}')
    assert result.stderr.startswith("COMPLETED after ")


def test_programs_get_the_events_as_the_api_has_them(watch: Run, caller: Caller) -> None:
    id = lesson(caller)
    events = caller.log(id)
    for name in (id, id.upper(), "lesson-7"):
        result = watch(name, "--json")
        assert [json.loads(line) for line in result.stdout.splitlines()] == events
    some = watch(id, "--json", "--after", "3")
    assert [json.loads(line) for line in some.stdout.splitlines()] == events[3:]
    last = watch(id, "--after", str(len(events)))
    assert (last.exit_code, last.stdout) == (0, "")


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        ("fail", 3, 'FAILED after [0-9.]+ s: script: no paper {"tray": 2}'),
        ("cancel", 4, "CANCELLED after [0-9.]+ s: too late"),
    ],
)
def test_the_exit_code_is_how_the_request_ended(
    watch: Run, caller: Caller, end: str, code: int, said: str
) -> None:
    result = watch(lesson(caller, end))
    assert result.exit_code == code, result.output
    assert result.stdout.splitlines()[-1].split()[2].startswith(f"request.{end}")
    assert re.match(said, result.stderr), result.stderr


def test_what_is_not_there_is_told(watch: Run, caller: Caller) -> None:
    for name in (str(uuid4()), "lesson-8"):
        result = watch(name)
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"no request with the id or correlation id '{name}'" in result.stderr
    result = watch(lesson(caller), "--after", "99")
    assert result.exit_code == 1
    assert "the log of this request has" in result.stderr
    result = watch("--all", "--after", "nonsense")
    assert result.exit_code == 1
    assert "after" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a request, or use --all"),
        (("x", "--all"), "name a request, or use --all"),
        (("x", "--type", "y"), "requires --all"),
        (("x", "--organization", "y"), "requires --all"),
        (("x", "--after", "y"), "is not a seq"),
        (("x", "--after", "-1"), "is not a seq"),
        (("x", "--server", "nowhere"), "is not an address"),
        (("x", "--away", "-1"), "greater than or equal to 0"),
    ],
)
def test_a_wrong_command_line_is_explained(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run("watch", *arguments, env={"COLUMNS": "500"})
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_help_has_examples_and_exit_codes(run: Run) -> None:
    text = " ".join(run("watch", "--help", env={"COLUMNS": "500"}).stdout.split())
    assert "trackstore watch --all --organization acme --type lesson" in text
    assert "3 the request failed, 4 it was cancelled" in text


def test_a_server_that_is_away_is_1(run: Run) -> None:
    for name in (("x",), ("--all",)):
        result = run("watch", *name, "--server", "http://127.0.0.1:9")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "no server answers at http://127.0.0.1:9/graphql" in result.stderr
    with stand_in(lambda *_: (404, {}, "not here")) as url:
        result = run("watch", "x", "--server", url)
    assert result.exit_code == 1
    assert "is not a GraphQL endpoint of Trackstore (HTTP 404)" in result.stderr


def test_a_key_reaches_as_far_as_it_may(
    run: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key(*arguments: str) -> str:
        made = run("keys", "create", "k", *arguments, "--quiet", env={"DATABASE_URL": database_url})
        assert made.exit_code == 0, made.output
        return made.stdout.strip()

    own, writer, stranger = (
        key("-o", "acme"), key("-o", "acme", "--scope", "ingest"), key("-o", "other"),
    )  # fmt: skip
    with server_process(database_url, tmp_path, access="keys") as server:
        monkeypatch.setenv("TRACKSTORE_SERVER", server.url)
        id = lesson(Caller(server.url, own))
        assert run("watch", id, "--key", own).exit_code == 0
        for given, said in [
            ((), "(set an API key with TRACKSTORE_API_KEY or --key)"),
            (("--key", "nonsense"), "(the API key is from --key; set another one with"),
            (("--key", writer), "lacks the scope READ"),
            (("--key", stranger), f"no request with the id or correlation id '{id}' in other"),
        ]:
            result = run("watch", id, *given)
            assert (result.exit_code, result.stdout) == (1, "")
            assert said in result.stderr
