"""C: the tool server measures what its modes save, on the database that the environment names."""

import csv
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from examples import tool_metrics as program
from tests.acceptance.programs.launching import assert_nothing_dropped, operations, run
from tests.support.processes import COMMAND, Json, ServerProcess, server_process
from trackstore import Client, ServerRefusedError, Tracker

SESSION = "123e4567-e89b-12d3-a456-426614174000"


@pytest.fixture
def server(empty_database_url: str, dialect: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server as they set it up: SQLite by default, PostgreSQL by a variable, one migration."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRACKSTORE_")}
    url = None
    if dialect == "postgresql":
        plain = make_url(empty_database_url).set(drivername="postgresql")
        url = environment["DATABASE_URL"] = plain.render_as_string(hide_password=False)
    subprocess.run([COMMAND, "migrate"], cwd=tmp_path, env=environment, check=True)
    with server_process(url, tmp_path) as running:
        yield running
    assert (tmp_path / "trackstore.db").exists() is (dialect == "sqlite")


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


def tool(**changes: Any) -> Json:
    return {
        "sessionId": SESSION, "tool": "read", "mode": "overview", "parameters": {"compress": True},
        "filePath": "src/main.py", "tokensOriginal": 5_000, "tokensActual": 500,
        "tokensPrevented": 4_500, "durationMs": 123.45, "toolId": "claude-code", **changes,
    }  # fmt: skip


def test_c1_c5_one_operation_has_their_figures(server: ServerProcess, client: Client) -> None:
    with Tracker(server.url) as tracker:
        id = program.track_read_operation(
            tracker, SESSION, "src/main.py", 5_000, 500, 123.45, "overview", {"compress": True}
        )
        assert tracker.flush(10).is_done
        stats = tracker.stats()
        assert (stats.acknowledged, stats.dropped, stats.adjusted) == (1, {}, {})
    answer = program.track_tool_operation(client, tool())
    assert answer["status"] == "success"
    listed = program.tool_operations(client)
    assert listed["totalCount"] == 2
    assert [node.pop("uuid") for node in listed["nodes"]] == [answer["operation_id"], id]
    for node in listed["nodes"]:
        assert node.pop("occurredAt")
        assert node == {
            "sessionId": SESSION, "toolName": "read", "operationMode": "overview",
            "parameters": {"compress": True}, "filePath": "src/main.py",
            "tokensOriginal": 5_000, "tokensActual": 500, "tokensPrevented": 4_500,
            "costBaseline": 0.075, "costActual": 0.0075, "costSaved": 0.0675,
            "durationMs": 123.45, "client": "claude-code",
        }  # fmt: skip
    assert_nothing_dropped(server)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tool": "write"}, "read, search"),
        ({"mode": "psychic"}, "full, overview, symbol, references, semantic, tri_index"),
        ({"tokensOriginal": "many"}, "Invalid integer 'many'"),
        ({"tokensPrevented": 1}, "5000 - 500 = 4500"),
        ({"occurredAt": "yesterday"}, "2026-"),
    ],
)
def test_c7_bad_input_is_refused(client: Client, changes: Json, expected: str) -> None:
    with pytest.raises(ServerRefusedError) as refused:
        program.track_tool_operation(client, tool(**changes))
    assert refused.value.code == "BAD_USER_INPUT"
    assert expected in str(refused.value)
    assert program.tool_operations(client)["totalCount"] == 0


def test_c2_lists_are_filtered_and_paged(server: ServerProcess, client: Client) -> None:
    uses = [
        tool(
            tool=("read", "search")[i % 2],
            mode=("overview", "semantic", "full")[i % 3],
            toolId=("claude-code", "cursor")[i % 5 == 0],
            sessionId=SESSION if i % 4 else "another session",
            occurredAt=f"2026-01-{10 + i // 60:02}T10:{i % 60:02}:00Z",
        )
        for i in range(150)
    ]
    ids = [program.track_tool_operation(client, use)["operation_id"] for use in uses]

    def newest(keep: Callable[[int], bool]) -> list[str]:
        return [ids[i] for i in reversed(range(150)) if keep(i)]

    def listed(**asked: Any) -> tuple[list[str], int]:
        found = program.tool_operations(client, **asked)
        return [node["uuid"] for node in found["nodes"]], found["totalCount"]

    assert listed() == (newest(lambda _: True)[:100], 150)
    span = {"since": "2026-01-11T00:00:00Z", "until": "2026-01-12T00:00:00Z"}
    filters: list[tuple[Json, Callable[[int], bool]]] = [
        ({"sessionId": {"in": [SESSION]}}, lambda i: i % 4 != 0),
        ({"toolName": {"eq": "search"}}, lambda i: i % 2 == 1),
        ({"operationMode": {"eq": "semantic"}}, lambda i: i % 3 == 1),
        ({"client": {"eq": "cursor"}}, lambda i: i % 5 == 0),
        ({"occurredAt": span}, lambda i: 60 <= i < 120),
    ]
    for where, keep in filters:
        assert listed(limit=1_000, where=where) == (newest(keep), len(newest(keep)))
    pages: list[str] = []
    after, more = None, True
    while more:
        page = program.tool_operations(client, limit=40, after=after)
        pages += [node["uuid"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert pages == newest(lambda _: True)
    with pytest.raises(ServerRefusedError, match="1,000"):
        listed(limit=1_001)
    exported = list(
        csv.DictReader(run(server, "examples/tool_metrics.py", "export").stdout.splitlines())
    )
    assert [row["uuid"] for row in exported] == pages
    assert {(row["tokensPrevented"], row["costSaved"]) for row in exported} == {("4500", "0.0675")}


def test_c3_c4_c5_ten_million_tokens(server: ServerProcess, client: Client) -> None:
    for mode, name, original, actual, ms in (
        ("full", "read", 1_000_000, 1_000_000, 100.0),
        ("overview", "read", 5_000_000, 0, 300.0),
        ("semantic", "search", 4_000_000, 0, 50.0),
    ):
        said = tool(tool=name, mode=mode, tokensOriginal=original, tokensActual=actual,
                    tokensPrevented=original - actual, durationMs=ms)  # fmt: skip
        program.track_tool_operation(client, said)
    for range in ("1h", "24h", "7d", "30d", "all"):
        done = run(server, "examples/tool_metrics.py", "savings", range)
        savings = json.loads(done.stdout)
        assert savings["timeRange"] == range
        assert savings["calculatedAt"]
        assert savings["total"] == {
            "costBaseline": 150.0, "costActual": 15.0, "costSaved": 135.0, "savedPercent": 90.0,
            "tokensProcessed": 10_000_000, "tokensPrevented": 9_000_000, "operations": 3,
        }  # fmt: skip
        parts = {
            p["name"]: p["savings"]["costSaved"] for p in savings["byTool"] + savings["byMode"]
        }
        assert parts == {
            "read": 75.0,
            "search": 60.0,
            "full": 0,
            "overview": 75.0,
            "semantic": 60.0,
        }
        assert sum(point["savings"]["operations"] for point in savings["trend"]) == 3
    breakdown = json.loads(run(server, "examples/tool_metrics.py", "breakdown", "24h").stdout)
    assert (breakdown["tokensPrevented"], breakdown["costSaved"]) == (9_000_000, 135.0)
    read, search = breakdown["tools"]
    assert (read["operations"], read["tokensPrevented"], read["averageDurationMs"]) == (
        2, 5_000_000, 200.0,
    )  # fmt: skip
    assert [(m["mode"], m["operations"], m["tokensPrevented"]) for m in read["modes"]] == [
        ("full", 1, 0), ("overview", 1, 5_000_000),
    ]  # fmt: skip
    assert (search["tool"], search["tokensOriginal"], search["tokensActual"]) == (
        "search", 4_000_000, 0,
    )  # fmt: skip
    nobody = json.loads(run(server, "examples/tool_metrics.py", "breakdown", "7d", "cursor").stdout)
    assert (nobody["tools"], nobody["costSaved"]) == ([], 0)
    assert program.api_savings(client, "all", "claude-code")["total"]["tokensProcessed"] == 10**7
    operations(server, 3)
    assert_nothing_dropped(server)
