"""``trackstore stats``: a question in words, its answer as a table, and what is said of mistakes."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from cli.stats.sparklines import sparkline
from tests.support.processes import ServerProcess, server_process
from tests.unit.cli.conftest import Run

TRACK = "mutation ($v: [OperationInput!]!) { trackOperations(operations: $v) { accepted } }"
CALLS = [
    {
        "kind": "TOOL",
        "name": "a",
        "occurredAt": f"2026-11-{10 + i // 6}T0{i % 6}:30:00Z",
        "durationMs": 10.5 * i,
        "cacheHit": i % 2 == 0,
        "attributes": {"plan": {"n": i % 3}},
        "tool": {"toolName": ("read", "search", "grep")[i % 7 % 3], "tokensOriginal": 1000 * i,
                 "tokensActual": 10 * i},
    }
    for i in range(12)
]  # fmt: skip


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that knows these calls."""
    with server_process(database_url, tmp_path) as process:
        answer = httpx.post(
            f"{process.url}/graphql", json={"query": TRACK, "variables": {"v": CALLS}}
        )
        assert answer.json()["data"]["trackOperations"]["accepted"] == 12
        yield process


@pytest.fixture
def asked(server: ServerProcess, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command against this server."""
    monkeypatch.setenv("TRACKSTORE_SERVER", server.url)

    def ask(*arguments: str) -> Result:
        return run("stats", *arguments)

    return ask


def table(text: str) -> list[list[str]]:
    """The cells of a table without its bars."""
    lines = [line for line in text.splitlines() if not line.startswith("─")]
    return [[cell for cell in line.split() if not set(cell) <= set("█▏▎▍▌▋▊▉")] for line in lines]


def test_it_answers_in_tables_and_in_json(asked: Run) -> None:
    result = asked("-g", "toolName", "-m", "count", "-m", "tokensPrevented.sum", "-m", "cost.saved")
    assert result.exit_code == 0, result.output
    head, *rows = table(result.stdout)
    assert head == ["toolName", "count", "tokensPrevented.sum", "cost.saved"]
    counts = {row[0]: int(row[1]) for row in rows}
    assert counts == {"read": 5, "search": 4, "grep": 3}
    assert [row[0] for row in rows] == ["read", "search", "grep"], "the greatest first"
    assert "█" * 24 in result.stdout.splitlines()[2]
    top = asked("-g", "toolName", "--top", "1", "--json", "-m", "durationMs.max")
    largest, others = json.loads(top.stdout)
    assert largest["durationMs.max"] == 115.5
    assert others["others"] is True
    days = asked("--bucket", "day", "--zone", "Asia/Kathmandu", "-m", "distinct.toolName")
    assert [row[0] for row in table(days.stdout)[1:]] == ["2026-11-10", "2026-11-11"]
    hours = asked("-b", "6hours", "-m", "errorRate", "-w", "kind=tool", "-w", "toolName=read")
    assert table(hours.stdout)[1][:2] == ["2026-11-10", "00:00"]
    places = asked("-g", "attributes.plan.n", "-m", "attributes.plan.n.sum", "-w", "cacheHit=true")
    assert {tuple(row) for row in table(places.stdout)[1:]} == {("0", "0"), ("1", "2"), ("2", "4")}
    other = asked("-g", "toolName", "-m", "costAt.gpt-4.1.unpricedCount", "-w", "durationMs=115.5")
    assert table(other.stdout)[1] == ["search", "1"]
    events = asked("events", "-g", "data.n", "-m", "data.n.sum", "-w", "data.n=1")
    assert events.exit_code == 0, events.output
    former = asked("events", "-w", "attributes.n=1")
    assert former.exit_code == 2
    assert "data.PATH" in former.output
    single = asked("-w", "attributes.plan.n=1", "-w", "durationMs=10.5")
    assert table(single.stdout)[1] == ["1"]


def test_groups_over_time_are_a_line_each(asked: Run) -> None:
    result = asked("-g", "toolName", "-b", "2h", "-m", "count", "-m", "durationMs.max")
    assert result.exit_code == 2, "a unit is a word"
    result = asked("-g", "toolName", "-b", "2hour", "-m", "count", "-m", "durationMs.max")
    assert result.exit_code == 0, result.output
    head, _, *lines, below = result.stdout.splitlines()
    assert head.split() == [
        "toolName",
        "count",
        "min",
        "max",
        "durationMs.max",
        "min",
        "max",
    ]
    cells = {line.split()[0]: line.split()[1:] for line in lines}
    gap = "·" * 9
    assert cells == {
        "read": [f"▅▅·{gap}█·▅", "1", "2", f"▁▃·{gap}▆·█", "0", "105"],
        "search": [f"█·█{gap}·██", "1", "1", f"▂·▄{gap}·▆█", "10.5", "115.5"],
    } | {"grep": cells["grep"]}
    assert below == "2026-11-10 00:00 to 2026-11-11 04:00, 15 buckets"


def test_a_line_stands_for_what_top_chose_and_no_slice_is_lost(asked: Run) -> None:
    asking = ("-g", "toolName", "-b", "minute", "--top", "1")
    _, _, line, slices, others = asked(*asking).stdout.splitlines()
    assert line.split()[0] == "read"
    assert line.count("█") == 5
    assert slices.endswith("1,681 buckets, the largest of 29 in each character")
    assert others == "others, all buckets: count 7"
    assert len(asked(*asking, "--rows").stdout.splitlines()) == 2 + 5 + 1
    assert len(json.loads(asked(*asking, "--json").stdout)) == 5 + 1


def test_a_sparkline_tells_zero_from_nothing() -> None:
    assert sparkline([0, 1, None, 7, 3.4]) == "▁▂·█▄"
    assert sparkline([0.001, 1_000]) == "▂█"
    assert sparkline([-7, 0, 7]) == "▁▅█"
    assert sparkline([0, None, 0]) == "▁·▁"
    assert sparkline([None]) == "·"
    assert sparkline([5, 1, None, None, 2], per_character=2) == "█·▄"


def test_all_is_everything_and_ends_with_the_last_record(asked: Run) -> None:
    assert asked("-l", "all", "-b", "day").stdout == asked("-b", "day").stdout != ""


def test_nothing_is_said_to_be_nothing(asked: Run) -> None:
    for arguments in (["requests", "-g", "status"], ["stages", "-g", "name", "-l", "7d"],
                      ["events", "-b", "hour"], ["interactions", "-b", "month"],
                      ["-l", "1s", "-g", "kind"]):  # fmt: skip
        result = asked(*arguments)
        assert (result.exit_code, result.stdout) == (0, ""), arguments
        assert "No rows" in result.stderr
    assert asked("requests", "-g", "status", "--json").stdout.strip() == "[]"
    cut = asked("-g", "toolName", "--limit", "1")
    assert "more than 1 rows" in cut.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-g", "tolName"], "toolName?"),
        (["-m", "durationMs"], "durationMs.p95"),
        (["-m", "durationMs.p96"], "durationMs.p95"),
        (["-m", "count.sum"], "has no parts"),
        (["-m", "costAt.gpt-4.1.actul"], "costAt.gpt-4.1.actual"),
        (["-m", "costAt.actual"], "costAt.MODEL.actual"),
        (["-m", "distinct.color"], "toolName"),
        (["requests", "-m", "cost.saved"], "have no"),
        (["-b", "fortnight"], "minute, hour, day"),
        (["-l", "1y"], "90m, 24h, 7d or 2w"),
        (["-l", "3 weeks", "-b", "day"], "Invalid duration '3 weeks'. Use 90m, 24h, 7d or 2w."),
        (["-w", "toolName"], "is not FIELD=VALUE"),
        (["-w", "cacheHit=maybe"], "cacheHit must be true or false, not 'maybe'"),
        (["-w", "cacheHit="], "cacheHit must be true or false"),
        (["-w", "units="], "units must be a number"),
        (["-b", ""], "minute, hour, day"),
        (["-l", ""], "90m, 24h, 7d or 2w"),
        (["-g", ""], "toolName"),
        (["-m", ""], "count"),
        (["-w", "color=red"], "Available: "),
        (["-w", "occurredAt=1"], "Available: "),
        (["-w", "statusCode=x"], "must be a number"),
        (["--zone", "Mars"], "is not a zone"),
        (["--top", "3"], "requires --group-by"),
        (["interactions", "-l", "1d"], "year=2026"),
        (["nonsense"], "operations"),
    ],
)
def test_a_mistake_is_2_and_told_with_what_there_is(
    run: Run, arguments: list[str], said: str
) -> None:
    result = run("stats", *arguments)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_a_server_that_is_away_or_refuses_is_1(asked: Run) -> None:
    away = asked("--server", "http://127.0.0.1:1")
    assert (away.exit_code, away.stdout) == (1, "")
    assert "no server answers" in away.stderr
    refused = asked("--limit", "100000")
    assert refused.exit_code == 1
    assert "limit must be from 1 to 10,000" in refused.stderr
