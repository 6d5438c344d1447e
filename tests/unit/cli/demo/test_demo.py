"""``trackstore demo`` in front of a real server: what it shows, and how it stops."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli import app
from cli.demo import prepare
from cli.demo.generator import TICK_SECONDS, TrafficGenerator
from cli.demo.simulation import Simulation
from cli.remote import RemoteClient
from tests.support.processes import PATIENCE_SECONDS, ServerProcess, server_process, start_command
from tests.unit.cli.importing.loopback import Reply, stand_in

RATE = 40.0
LARGEST_BATCH = 40
SHOWN = """{
  operations(first: 1) { totalCount }
  priced: operations(where: {priceStatus: {in: [PRICED]}, kind: {in: [LLM]}}) { totalCount }
  denied: operations(where: {statusCode: {eq: 429}}, first: 1) { nodes { error organizationId } }
  saved: operations(where: {kind: {in: [TOOL]}, tokensPrevented: {gt: 0}}) { totalCount }
  requests(first: 100) { nodes { status organizationId stages { name status } lastSeq } }
  limits(where: {subject: {in: [WORKSPACE]}}) { organizationId subjectId usage { remaining } }
  circuitBreakers { organizationId transitions { toState } }
  sessions(first: 100) { nodes { endedAt organizationId } }
}"""


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server over a fresh database, open to this machine."""
    with server_process(database_url, tmp_path) as process:
        yield process


def query(server: ServerProcess) -> dict[str, Any]:
    answer = httpx.post(f"{server.url}/graphql", json={"query": SHOWN}, timeout=60).json()
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["demo", *arguments], catch_exceptions=False)


def test_what_a_play_shows(server: ServerProcess) -> None:
    """Half a minute of it, as fast as the server takes it."""
    client, simulation = RemoteClient(server.url, None), Simulation(random.Random(5))
    chosen = prepare(client, 2, RATE)
    generator = TrafficGenerator(client, simulation, chosen)
    generator.start(RATE)
    while simulation.now < 30:
        generator.step(TICK_SECONDS)
    generator.close()
    client.close()
    assert "rejected" not in simulation.counts
    shown = query(server)
    assert shown["operations"]["totalCount"] > 200
    assert shown["priced"]["totalCount"] > 20
    assert shown["saved"]["totalCount"] > 20
    assert "premium" in shown["denied"]["nodes"][0]["error"]
    requests = shown["requests"]["nodes"]
    assert {request["status"] for request in requests} <= {"COMPLETED", "FAILED", "CANCELLED"}
    assert all(len(request["stages"]) == 6 for request in requests)
    assert any(request["lastSeq"] > 10 for request in requests)
    assert {request["organizationId"] for request in requests} == {"acorn-school", "birch-academy"}
    assert min(limit["usage"]["remaining"] for limit in shown["limits"]) < LARGEST_BATCH
    assert {limit["subjectId"] for limit in shown["limits"]} == {"trial"}
    changes = [t["toState"] for b in shown["circuitBreakers"] for t in b["transitions"]]
    assert "OPEN" in changes
    assert all(session["endedAt"] for session in shown["sessions"]["nodes"])
    assert server.complaints() == []


def test_it_ends_after_its_duration_and_can_be_played_again(server: ServerProcess) -> None:
    result = demo("--server", server.url, "--duration", "3s", "--rate", "40", "--seed", "5")
    assert result.exit_code == 0, result.output
    assert "refused" not in result.output
    assert "acorn-school, birch-academy at " in result.stderr
    assert " · requests: 0 running, " in result.stdout
    again = demo("--server", server.url, "--duration", "2s", "--seed", "5", "--quiet")
    assert again.exit_code == 0, again.output
    assert "refused" not in again.stdout
    assert again.stderr == ""
    assert query(server)["operations"]["totalCount"] > 50
    assert server.complaints() == []


@pytest.mark.parametrize("database_url", ["sqlite:///demo.db"])
def test_ctrl_c_leaves_nothing_running(server: ServerProcess, tmp_path: Path) -> None:
    log = tmp_path / "demo.txt"
    with log.open("w") as output:
        process = start_command(["demo", "--server", server.url, "--rate", "60"], tmp_path, output)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not query(server)["requests"]["nodes"] and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    told = log.read_text(encoding="utf-8")
    assert "0 running" in told.splitlines()[-1]
    assert "Traceback" not in told
    shown = query(server)
    assert {request["status"] for request in shown["requests"]["nodes"]} == {"CANCELLED"}
    assert all(session["endedAt"] for session in shown["sessions"]["nodes"])


@pytest.mark.parametrize("database_url", ["sqlite:///demo.db"])
def test_a_server_that_goes_away_is_told(server: ServerProcess, tmp_path: Path) -> None:
    """The last try is given up with a sentence; here Ctrl-C spares the wait for it."""
    log = tmp_path / "demo.txt"
    with log.open("w") as output:
        process = start_command(["demo", "--server", server.url], tmp_path, output)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not query(server)["operations"]["totalCount"] and time.monotonic() < deadline:
            time.sleep(0.1)
        server.kill()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()
    errors = log.read_text(encoding="utf-8")
    assert process.returncode == 1
    assert "error: stopped while http://127.0.0.1" in errors
    assert "Traceback" not in errors


def viewer(scopes: list[str], organization: str | None) -> Reply:
    found = {
        "name": "k",
        "scopes": scopes,
        "organizationId": organization,
        "homeOrganizationId": organization or "default",
    }
    return 200, {}, {"data": {"viewer": found}}


def test_a_key_of_one_organization_that_may_not_set_limits() -> None:
    organizations = set()

    def script(asked: dict[str, Any], _: object) -> Reply:
        if "viewer" in asked["query"]:
            return viewer(["INGEST"], "acme")
        assert "ingest(" in asked["query"]
        entries = asked["variables"]["entries"]
        for entry in entries:
            (fields,) = entry.values()
            labels = fields.get("labels", fields)
            organizations.add(labels.get("organizationId", "acme"))
        result = {"status": "ACCEPTED", "code": None, "message": None}
        return 200, {}, {"data": {"ingest": {"results": [result] * len(entries)}}}

    with stand_in(script) as url:
        result = demo("--server", url, "--duration", "2s", "--rate", "50")
    assert result.exit_code == 0, result.output
    assert "the key is bound to acme: all traffic is sent there" in result.stderr
    assert "without the scope MANAGE no prices and limits are set" in result.stderr
    assert organizations == {"acme"}


def test_a_key_that_may_not_write_is_refused() -> None:
    with stand_in(lambda *_: viewer(["READ"], None)) as url:
        result = demo("--server", url, "--duration", "1s")
    assert result.exit_code == 1
    assert "lacks the scope INGEST" in result.stderr


def test_no_server_is_told() -> None:
    result = demo("--server", "http://127.0.0.1:1/graphql", "--duration", "1s")
    assert result.exit_code == 1
    assert "no server answers at http://127.0.0.1:1/graphql" in result.stderr
    assert "Start one with `trackstore serve`" in result.stderr
