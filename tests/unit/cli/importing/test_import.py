"""``trackstore import`` from file to query, on both databases, with the files that tests ship."""

import gzip
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.processes import COMMAND, PATIENCE_SECONDS, ServerProcess
from tests.unit.cli.importing.conftest import ACCESS_LOG, CALLS, Command, Query, summary

COUNT = "query($where: OperationFilter) { operations(where: $where) { totalCount } }"
MAPS = (
    "--map", "when=occurredAt", "--map", "model=llm.model", "--map", "prompt tokens=llm.inputTokens",
    "--map", "completion tokens=llm.outputTokens", "--map", "seconds=attributes.seconds:number",
    "--map", "note=llm.message", "--map", "person=labels.userId",
    "--set", "kind=LLM", "--set", "name=chat", "--zone", "UTC",
)  # fmt: skip


def count(query: Query, **where: object) -> int:
    return int(query(COUNT, where=where)["operations"]["totalCount"])


def test_an_access_log(command: Command, query: Query, tmp_path: Path) -> None:
    result = command("access-log", ACCESS_LOG)
    assert result.exit_code == 0
    assert summary(result) == {
        "lines read": 11, "accepted": 9, "duplicates": 0, "rejected": 0, "malformed": 2,
    }  # fmt: skip
    assert f"{ACCESS_LOG}:8: expected HOST" in result.stderr
    assert f"{ACCESS_LOG}:9: '32/Mar/2026:00:33:00 +0100' is not in the calendar" in result.stderr
    assert count(query) == 9
    assert count(query, route={"eq": "/style.css"}) == 2  # identical lines are two calls
    assert count(query, statusCode={"gte": 500}, outcome={"eq": "ERROR"}) == 1
    assert count(query, name={"eq": "unreadable request"}) == 2
    assert count(query, attributes=[{"path": "bytes", "gte": 900}]) == 2
    assert count(query, occurredAt={"until": "2026-02-28T23:31:00Z"}) == 3
    (search,) = query(
        '{ operations(where: {route: {eq: "/search"}}) { nodes { userAgent attributes } } }'
    )["operations"]["nodes"]
    assert search == {
        "userAgent": 'probe "x" \\ end',
        "attributes": {"query": 'q="café"', "bytes": 900, "protocol": "HTTP/1.1"},
    }
    again(command, query, tmp_path)


def again(command: Command, query: Query, tmp_path: Path) -> None:
    """Moved, packed and grown it is still the same log; under another name it is another."""
    moved = tmp_path / "access.log.1.gz"
    moved.write_bytes(gzip.compress(ACCESS_LOG.read_bytes()))
    assert summary(command("access-log", moved))["duplicates"] == 9
    assert summary(command("access-log", "-", stdin=moved.read_bytes()))["duplicates"] == 9
    assert count(query) == 9
    grown = tmp_path / "access.log"
    shutil.copyfile(ACCESS_LOG, grown)
    last = ACCESS_LOG.read_bytes().splitlines(keepends=True)[2]  # identical to two that are there
    with grown.open("ab") as log:
        log.write(last)
    counts = summary(command("access-log", grown))
    assert (counts["accepted"], counts["duplicates"]) == (1, 9)
    assert count(query, route={"eq": "/style.css"}) == 3
    counts = summary(command("access-log", ACCESS_LOG, "--source", "other", "--set", "client=b"))
    assert counts["accepted"] == 9
    assert count(query, client={"eq": "b"}) == 9


def test_a_log_that_is_turned_round_joined_or_rotated_counts_once(
    command: Command, query: Query, tmp_path: Path
) -> None:
    lines = [
        f'203.0.113.7 - - [20/Nov/2026:09:30:{second:02} +0000] "GET /{second} HTTP/1.1" 200 5\n'
        for second in range(20)
    ]
    log, newest_first, joined = tmp_path / "access.log", tmp_path / "r", tmp_path / "all.log"
    log.write_text("".join(lines[5:10]), encoding="utf-8")
    assert summary(command("access-log", log))["accepted"] == 5
    newest_first.write_text("".join(reversed(lines[:15])), encoding="utf-8")
    counts = summary(command("access-log", newest_first))
    assert (counts["accepted"], counts["duplicates"]) == (10, 5)
    log.rename(tmp_path / "access.log.1")
    log.write_text("".join(lines[10:]), encoding="utf-8")
    joined.write_text("".join(lines), encoding="utf-8")
    result = command("access-log", tmp_path / "access.log.1", log, joined)
    counts = summary(result)
    assert (counts["accepted"], counts["duplicates"]) == (5, 30)
    assert "already stored, from this file or another one of the same --source" in result.stdout
    assert count(query) == 20


def test_tables_that_were_joined_have_one_header(
    command: Command, query: Query, tmp_path: Path
) -> None:
    header, rows = "at,name\n", [f"2026-11-20 09:30:0{second}+00,chat\n" for second in range(6)]
    maps = ("-m", "at=occurredAt", "-m", "name=name", "-s", "kind=LLM")
    table = tmp_path / "calls.csv"
    table.write_text(header + "".join(rows[:3]) + header + "".join(rows[3:]), encoding="utf-8")
    result = command("csv", table, *maps, "--strict")
    assert result.exit_code == 0, result.output
    assert (summary(result)["accepted"], summary(result)["headers"]) == (6, 1)
    table.write_text(header + "".join(reversed(rows)), encoding="utf-8")
    assert summary(command("csv", table, *maps))["duplicates"] == 6
    assert count(query) == 6


def test_a_table(command: Command, query: Query) -> None:
    result = command("csv", CALLS, *MAPS, "--strict")
    assert result.exit_code == 1  # two rows are malformed
    assert summary(result)["accepted"] == 5, result.output
    assert f"{CALLS}:7: llm.inputTokens: must be an integer (got 'many')" in result.stderr
    assert f"{CALLS}:9: 3 cells, where the header has 7" in result.stderr
    nodes = query(
        "{ operations(orderBy: {field: OCCURRED_AT, direction: ASC}) { nodes "
        "{ occurredAt model inputTokens message userId attributes } } }"
    )["operations"]["nodes"]
    assert [node["occurredAt"] for node in nodes] == [
        "2026-02-03T10:00:00.123456Z",
        "2026-02-03T10:00:01.500000Z",
        "2026-02-03T10:00:01.500000Z",
        "2026-02-03T10:00:03Z",
        "2026-02-03T10:00:05.250000Z",
    ]
    assert nodes[1] == nodes[2]  # identical rows are two calls
    assert nodes[1]["message"] == "two\nlines"
    assert nodes[3] == {
        "occurredAt": "2026-02-03T10:00:03Z",
        "model": "large-1",
        "inputTokens": 300,
        "message": 'say "yes"',
        "userId": "cleo",
        "attributes": {"seconds": 1.25},
    }
    assert summary(command("csv", CALLS, *MAPS))["duplicates"] == 5
    assert count(query) == 5


def test_what_the_server_refuses_is_told_by_line(
    command: Command, query: Query, tmp_path: Path
) -> None:
    rows = ["2026-02-03T10:00:00Z,1", "1999-02-03T10:00:00Z,2", "2026-02-03T10:00:02Z,-3"]
    table = tmp_path / "rows.csv"
    table.write_text("\n".join(["when,tokens", *rows]), encoding="utf-8")
    maps = ("--map", "when=occurredAt", "--map", "tokens=llm.inputTokens")
    result = command("csv", table, *maps, "--set", "kind=LLM", "--set", "name=chat", "-o", "acme")
    assert result.exit_code == 0
    assert f"{table}:3: BAD_USER_INPUT: " in result.stderr
    assert f"{table}:4: BAD_USER_INPUT: " in result.stderr
    assert "1 rejected with BAD_USER_INPUT at occurredAt" in result.stdout
    assert "1 rejected with BAD_USER_INPUT at llm.inputTokens" in result.stdout
    assert count(query, organizationId={"eq": "acme"}) == 1


def test_mistakes_are_told_before_anything_is_sent(command: Command, query: Query) -> None:
    result = command("csv", CALLS, "--map", "wen=occurredAt", "--map", "model=llm.modle")
    assert result.exit_code == 2
    assert "error: there is no column 'wen': did you mean when?" in result.stderr
    assert "error: there is no field 'llm.modle': did you mean llm.model?" in result.stderr
    assert "error: nothing is mapped to kind" in result.stderr
    assert "The columns are 'when', 'model'" in result.stderr
    assert count(query) == 0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--zone", "Mars/Olympus", "is not a zone"),
        ("--encoding", "utf-16", "is not an encoding such as"),
        ("--encoding", "klingon", "is not an encoding such as"),
        ("--delimiter", "ab", "is not one character"),
        ("--map", "when", "is not COLUMN=FIELD"),
        ("--server", "here", "is not an address such as"),
    ],
)
def test_a_wrong_option_is_2(command: Command, option: str, value: str, message: str) -> None:
    result = command("csv", CALLS, *MAPS, option, value)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_ctrl_c_stops_where_it_can_go_on(
    server: ServerProcess, query: Query, tmp_path: Path
) -> None:
    """A log that is followed has no end: what was read so far is sent, and the place is told."""
    program = [COMMAND, "import", "access-log", "-", "--batch", "2", "--server", server.url]
    process = subprocess.Popen(
        program, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(b"".join(ACCESS_LOG.read_bytes().splitlines(keepends=True)[:5]))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while count(query) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 130
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"accepted    5" in process.stdout.read()
        told = process.stderr.read().decode()
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    assert "stopped at standard input:5. Run the same command again to continue" in told
    assert "Traceback" not in told
    assert count(query) == 5
