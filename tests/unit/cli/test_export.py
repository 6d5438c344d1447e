"""``trackstore export``: rows into files and pipes, and what is said where that cannot be."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pyarrow import parquet

from tests.support.processes import ServerProcess, server_process
from tests.unit.cli.conftest import Run
from tests.unit.cli.importing.loopback import stand_in

TRACK = "mutation ($v: [OperationInput!]!) { trackOperations(operations: $v) { accepted } }"
CALLS = [
    {
        "kind": "TOOL",
        "name": f"call-{i}",
        "occurredAt": f"2026-11-{10 + i}T10:00:00Z",
        "tool": {"toolName": ("read", "search")[i % 2], "tokensOriginal": 1000 * i},
    }
    for i in range(8)
]
STATS = "query ($n: Int!) { operationStats(groupBy: [{field: TOOL_NAME}], limit: $n) { rows { key { toolName } count } } }"  # noqa: E501


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    """A server that knows these calls; the route itself is tested on both databases."""
    folder = tmp_path_factory.mktemp("export")
    with server_process(f"sqlite:///{folder}/calls.db", folder) as process:
        answer = httpx.post(
            f"{process.url}/graphql", json={"query": TRACK, "variables": {"v": CALLS}}
        )
        assert answer.json()["data"]["trackOperations"]["accepted"] == len(CALLS)
        yield process


@pytest.fixture
def asked(server: ServerProcess, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command against this server."""
    monkeypatch.setenv("TRACKSTORE_SERVER", server.url)
    return lambda *arguments, **options: run("export", *arguments, **options)


def test_standard_output_takes_csv(asked: Run) -> None:
    result = asked("--columns", "name,toolName,tokensOriginal", "--limit", "2")
    assert result.exit_code == 0, result.output
    assert result.stdout_bytes == (
        b"name,toolName,tokensOriginal\r\ncall-7,search,7000\r\ncall-6,read,6000\r\n"
    )
    assert result.stderr == ""


def test_a_file_is_written_in_the_format_of_its_name(asked: Run) -> None:
    for name in ("all.csv", "all.jsonl", "all.parquet"):
        result = asked("-o", name)
        assert result.exit_code == 0, result.output
        assert f"{name}: " in result.stderr
    assert len(list(csv.DictReader(Path("all.csv").read_text().splitlines()))) == 8
    lines = [json.loads(line) for line in Path("all.jsonl").read_text().splitlines()]
    assert lines[0]["costActual"] == pytest.approx(0.105)
    assert parquet.read_table("all.parquet").num_rows == 8
    assert not list(Path().glob("*.part"))


def test_the_options_choose_rows(asked: Run) -> None:
    rows = ("--columns", "name")
    since = asked(*rows, "--since", "2026-11-15", "--until", "2026-11-16T10:00Z")
    assert since.stdout.split() == ["name", "call-5"]
    tool = asked(*rows, "-w", "toolName=read", "-w", "name=call-2")
    assert tool.stdout.split() == ["name", "call-2"]


def test_any_question_can_be_asked(asked: Run) -> None:
    Path("q.graphql").write_text(STATS)
    found = asked("--query", "q.graphql", "--variables", '{"n": 5}')
    assert found.stdout.split() == ["key.toolName,count", "read,4", "search,4"]
    piped = asked("--query", "-", "--variables", '{"n": 1}', "-f", "jsonl", input=STATS)
    assert json.loads(piped.stdout) == {"key": {"toolName": "read"}, "count": 4}
    assert "more rows" in piped.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--columns", "nothing"), "occurredAt"),
        (("--last", "7d", "--since", "2026-11-01"), "cannot be combined"),
        (("--since", "yesterday"), "2026-11-20"),
        (("--where", "x"), "FIELD=VALUE"),
        (("--variables", "{}"), "--query"),
        (("--query", "-", "--limit", "3"), "omit the other options"),
        (("--query", "-", "--variables", "[]"), "use an object"),
    ],
)
def test_a_wrong_command_line_is_explained(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run("export", *arguments, input=STATS, env={"COLUMNS": "500"})
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_what_the_server_refuses_is_repeated(asked: Run) -> None:
    Path("q.graphql").write_text("{ viewer { name } }")
    result = asked("--query", "q.graphql", "-o", "q.csv")
    assert (result.exit_code, Path("q.csv").exists()) == (1, False)
    assert "viewer is not a list" in result.stderr


def test_a_missing_server_is_told(run: Run) -> None:
    result = run("export", "--server", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "no server answers" in result.stderr
    with stand_in(lambda *_: (404, {}, "not here")) as url:
        result = run("export", "--server", url)
    assert "is not an export endpoint of Trackstore (HTTP 404)" in result.stderr


def test_a_file_that_is_not_whole_does_not_get_its_name(run: Run) -> None:
    headers = {"Content-Type": "text/csv", "Transfer-Encoding": "chunked"}
    with stand_in(lambda *_: (200, headers, "5\r\nname\n\r\n")) as url:
        result = run("export", "--server", url, "-o", "cut.csv")
    assert result.exit_code == 1
    assert "before it was complete" in result.stderr
    assert not list(Path().glob("cut*"))
