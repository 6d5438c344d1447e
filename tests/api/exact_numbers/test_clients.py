"""Numbers by way of the Python client, its spool and the command line."""

import csv
import io
import json
import os
from pathlib import Path

from tests.api.exact_numbers.edge_numbers import ATTRIBUTES, same, value_of
from tests.support.processes import ServerProcess, run_command
from tests.unit.sdk.conftest import MakeTracker, make_tracker, server
from trackstore import Client, StatsQuestion, Tracker

__all__ = ["make_tracker", "server"]

EXACT = 2**53 + 1
READ = """{ operations(first: 200, where: {attributes: [{path: "n", exists: true}]}) {
  nodes { attributes toolName } } }"""


def command(server: ServerProcess, *words: str) -> str:
    """What a command prints."""
    done = run_command(
        *words,
        "--server",
        server.url,
        folder=Path.cwd(),
        environment={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 0, done
    return done.stdout


def record(tracker: Tracker, key: str) -> None:
    """Track each number as an attribute."""
    for n, text in enumerate(ATTRIBUTES):
        tracker.track_tool_operation(
            tool=f"t{n}", mode="full", tokens_original=2, tokens_actual=1,
            attributes={key: value_of(text)},
        )  # fmt: skip
    assert tracker.flush(20).is_done


def test_the_client_sends_and_reads_every_number(
    server: ServerProcess, make_tracker: MakeTracker, tmp_path: Path
) -> None:
    record(make_tracker(server.url, spool_folder=tmp_path / "spool"), "n")
    with Client(server.url) as client:
        found = client.query(READ)
        nodes = found["operations"]["nodes"]
        assert len(nodes) == len(ATTRIBUTES)
        for node in nodes:
            text = ATTRIBUTES[int(node["toolName"][1:])]
            assert same(node["attributes"]["n"], text), text
        for number, count in ((EXACT, 1), (EXACT - 2, 1)):
            where = {"attributes": [{"path": "n", "eq": number}]}
            question = StatsQuestion("operations", ["count"], by=["attribute:n"], where=where)
            (row,) = client.stats(question).rows
            assert (row.key["attribute:n"], row.values["count"]) == (number, count)


def test_the_command_line_shows_every_digit(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    record(make_tracker(server.url), "m")
    words = ("stats", "-g", "attributes.m", "-m", "attributes.m.max", "--limit", "200")
    shown = command(server, *words).split("\n")
    for text in (str(EXACT), str(2**63 - 1), str(-(2**63)), "0.30000000000000004"):
        assert any(line.startswith(f"{text} ") for line in shown), (text, shown)
    assert any(f"{EXACT:,}" in line for line in shown)
    where = ("-w", f"attributes.m={EXACT}")
    (row,) = json.loads(command(server, "stats", "-g", "attributes.m", *where, "--json"))
    assert str(EXACT) in json.dumps(row)
    (line,) = command(server, "export", *where, "--format", "jsonl").splitlines()
    assert json.loads(line)["name"] == f"t{ATTRIBUTES.index(str(EXACT))}"
    (found,) = csv.DictReader(io.StringIO(command(server, "export", *where)))
    assert found["name"] == json.loads(line)["name"]
