"""Starts the example programs as their users do, and reads what the server has of them."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.house.checkout import ROOT
from tests.support.processes import PATIENCE_SECONDS, Json, ServerProcess

OPERATIONS = """query ($where: OperationFilter, $first: Int) {
  operations(where: $where, first: $first, orderBy: {field: OCCURRED_AT, direction: DESC}) {
    totalCount nodes {
      uuid kind name operationType outcome error durationMs statusCode route method resourceId
      batchSize units countsAgainstLimits interactionType userId workspaceId organizationId
      developerId apiKeyId client ipAddress userAgent requestId stage sessionId correlationId
      toolName operationMode model message response inputTokens attributes occurredAt } } }"""
COUNTERS = """query ($where: InteractionFilter) { interactions(where: $where) { nodes {
  interactionType route method countsAgainstLimits units calls month year workspaceId userId
  organizationId namespaceId apiKeyId operationType } } }"""
LISTENING = re.compile(r"http://127\.0\.0\.1:\d+")
QUIET_LINE = re.compile(r"(INFO|DEBUG):\s")
MAX_SECONDS = 60.0


def ask(server: ServerProcess, query: str, **variables: Any) -> Any:
    """The one field of an answer without errors."""
    body = {"query": query, "variables": variables}
    answer = httpx.post(f"{server.url}/graphql", json=body, timeout=30).json()
    assert "errors" not in answer, answer
    (found,) = answer["data"].values()
    return found


def operations(server: ServerProcess, number: int, **where: Any) -> list[Json]:
    """The operations of a filter, newest first, once so many are stored: no more and no less."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        nodes: list[Json] = ask(server, OPERATIONS, where=where, first=1_000)["nodes"]
        if len(nodes) >= number or time.monotonic() > deadline:
            assert len(nodes) == number, nodes
            return nodes
        time.sleep(0.05)


def assert_nothing_dropped(server: ServerProcess) -> None:
    """The clients told the server of nothing that they lost, and it has no complaint itself."""
    metrics = httpx.get(f"{server.url}/metrics", timeout=30).text.splitlines()
    dropped = [line for line in metrics if line.startswith("trackstore_client_dropped_items_total")]
    assert [line for line in dropped if float(line.split()[-1])] == []
    assert server.complaints() == []


def environment(server: ServerProcess, **more: str) -> dict[str, str]:
    """The variables of a program that finds this server by itself."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("TRACKSTORE_")}
    own = {"TRACKSTORE_URL": server.url, "TRACKSTORE_INTERVAL_SECONDS": "0.05"}
    return {**inherited, **own, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **more}


def run(
    server: ServerProcess, *command: str, code: int | None = 0, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; it warns of nothing."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT, env=environment(server, **more), capture_output=True, text=True,
        timeout=MAX_SECONDS, check=False,
    )  # fmt: skip
    assert code is None or done.returncode == code, done
    assert not done.stderr, done.stderr
    return done


@contextmanager
def serving(
    server: ServerProcess, app: str, *, may_warn: str = "", **more: str
) -> Iterator[httpx.Client]:
    """Serve an application with uvicorn until the block ends; it warns of nothing.

    Lines that contain ``may_warn`` are part of the example.
    """
    # A background shell ignores Ctrl-C, and so would what it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", app, "--port", "0"],
        cwd=ROOT, env=environment(server, **more), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line)
            if address := LISTENING.search(line):
                break
        else:
            raise AssertionError("".join(lines))
        # After an exception uvicorn closes the connection: each call has one of its own.
        limits = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=address[0], timeout=30, limits=limits) as http:
            yield http
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE_SECONDS)
        lines += rest.splitlines(keepends=True)
    loud = [line for line in lines if not QUIET_LINE.match(line)]
    assert bool(may_warn) or loud == [], "".join(lines)
    if may_warn:
        assert may_warn in "".join(loud)
