"""A4 and A6 on real frameworks: the oldest and newest supported ones, on the servers people run."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.acceptance.documents import OPERATIONS
from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import ONCE
from trackstore import Client
from trackstore.redaction import fingerprint

pytestmark = ONCE
ROOT = Path(__file__).parents[3]
PACKAGE = "tests.unit.sdk_integrations.frameworks"
SECONDS = 60.0
"""How long a program may take to start or to report; a slow machine takes a tenth of it."""
KEY = "tsk_secret"
HEADERS = {"x-user": "u_1", "x-api-key": KEY, "x-client-type": "matrix"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
LEFT_OUT = ("GET /v1/rare", "OPTIONS /v1/stream")
"""Calls that the rules leave out."""
SYNC_CONTEXT = "GET /v1/context-sync"

UVICORN = ("uvicorn", "--port={port}", "--log-level=critical")
GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--threads=2", "--log-level=critical")
FLASK = ("flask", "--app={application}", "run", "--port={port}")


@dataclass(frozen=True)
class Program:
    """A service of the folder, the server that runs it, and where its framework differs."""

    module: str
    command: tuple[str, ...]
    application: str = "app"
    file: str = "path"
    """The name of the parameter that stands for a static file."""
    features: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.module}-{self.command[0]}".replace("_service", "")


ASYNC = frozenset({"async", "websocket", "background", "text of 503"})
PROGRAMS = [
    Program("fastapi_service", UVICORN, features=ASYNC | {"mounts", "outgoing"}),
    Program("litestar_service", UVICORN, file="file_path", features=ASYNC),
    Program("flask_service", GUNICORN, file="filename"),
    Program("flask_service", FLASK, file="filename"),
    Program("django_service", GUNICORN, "wsgi", features=frozenset({"async", "denied"})),
    Program("django_service", UVICORN, "asgi", features=frozenset({"async", "denied"})),
]


@dataclass
class Run:
    """What one program answered, and what the server knows of it."""

    program: Program
    answers: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    echo: str = ""
    """What came back over a websocket."""

    def row(self, name: str) -> dict[str, Any]:
        # The one record of this name.
        rows = [row for row in self.rows if row["name"] == name]
        assert len(rows) == 1, f"{name}: {' | '.join(row['name'] for row in self.rows)}"
        return rows[0]


@pytest.fixture(scope="module", params=["oldest", "newest"])
def environment(request: pytest.FixtureRequest) -> Path:
    # The environment whose frameworks are the oldest or newest supported.
    age = str(request.param)
    if not (ROOT / f".venv/frameworks-{age}.stamp").exists():
        pytest.fail(f"the {age} frameworks are not installed: `make frameworks`", pytrace=False)
    return ROOT / f".venv/frameworks-{age}"


@pytest.fixture(scope="module", params=PROGRAMS, ids=str)
def run(
    request: pytest.FixtureRequest,
    environment: Path,
    server: ServerProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """Start a program, call everything it serves, and read what was recorded."""
    program: Program = request.param
    workspace = f"{program}-{environment.name}"
    done = Run(program)
    log = tmp_path_factory.mktemp("log") / "program.log"
    with serving(program, environment, server, workspace, log) as url:
        # A server closes the connection of a call whose background task fails: each has its own.
        apart = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(
            base_url=url, headers=HEADERS, trust_env=False, timeout=20, limits=apart
        ) as http:
            for call in calls_of(program):
                done.answers[call] = answer_of(http, call)
        if "websocket" in program.features:
            with connect(f"{url.replace('http', 'ws')}/ws", proxy=None) as talk:
                talk.send("hello")
                done.echo = str(talk.recv())
        done.rows = stored(server, done, workspace, log)
    return done


@contextmanager
def serving(
    program: Program, environment: Path, server: ServerProcess, workspace: str, log: Path
) -> Iterator[str]:
    """Run a program by its server on a free port, until the block ends; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    application = f"{PACKAGE}.{program.module}:{program.application}"
    command = [part.format(port=port, application=application) for part in program.command]
    if program.command is not FLASK:
        command.append(application)
    env = {name: value for name, value in os.environ.items() if not name.startswith("TRACKSTORE_")}
    env |= {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk'}", "SERVICE_WORKSPACE": workspace}
    env |= {"TRACKSTORE_URL": server.url, "TRACKSTORE_INTERVAL_SECONDS": "0.05"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [environment / "bin" / "python", "-m", *command],
            cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(SECONDS)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the program listens; fail with what it wrote where it ends or never does."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"the program does not serve:\n{log.read_text()}", pytrace=False)


def calls_of(program: Program) -> list[str]:
    # What is called, in this order.
    calls = [
        "POST /v1/memory", "POST /v1/memory/batch", "POST /v1/memory/search", "PUT /v1/memory/51",
        "DELETE /v1/memory/51", "DELETE /v1/memory/all", "GET /v1/memory/51", "GET /v1/fails",
        "GET /v1/memory/none", "GET /v1/rare", "GET /v1/rare-fails", "GET /v1/busy",
        "GET /v1/stream", "GET /v1/stream-fails", "GET /v1/orgs/o1/teams/t1", "DELETE /v1/stream",
        "GET /static/hello.txt", "GET /wp-login.php", "OPTIONS /v1/stream", "GET /v1/%FF%00",
        SYNC_CONTEXT, "POST /v1/helper/mem_51",
    ]  # fmt: skip
    for feature, call in {
        "async": "GET /v1/context", "background": "GET /v1/background",
        "denied": "GET /v1/denied", "mounts": "GET /plans/gold/v9/orgs/o1/teams/t1",
    }.items():  # fmt: skip
        if feature in program.features:
            calls.append(call)
    if "outgoing" in program.features:
        calls += ["GET /v1/outgoing/httpx", "GET /v1/outgoing/aiohttp", "GET /v1/outgoing-sync"]
    return calls


def answer_of(http: httpx.Client, call: str) -> Any:
    """Make a call under its own correlation id; gives the body, or the status of a failure."""
    method, path = call.split(" ")
    headers = {"x-correlation-id": correlation_of(call)}
    content: dict[str, Any] = {"json": ["a", "b", "c"]} if method in ("POST", "PUT") else {}
    try:
        answer = http.request(method, path, headers=headers, **content)
    except (httpx.RemoteProtocolError, httpx.ReadError):
        assert "stream-fails" in call
        return "broken off"
    if answer.status_code == 200 and method == "GET":
        assert answer.headers["x-correlation-id"] == correlation_of(call)
    if not answer.is_success:
        return answer.status_code
    return answer.json() if answer.text.startswith("{") else answer.text


def correlation_of(call: str) -> str:
    return call.replace(" ", ":").replace("%", "+")


def stored(server: ServerProcess, run: Run, workspace: str, log: Path) -> list[dict[str, Any]]:
    # What the server knows of a run once each call is there that is recorded; oldest first.
    awaited = {correlation_of(call) for call in run.answers} - {correlation_of(c) for c in LEFT_OUT}
    deadline = time.monotonic() + SECONDS
    variables = {"where": {"workspaceId": {"eq": workspace}}, "first": 200}
    with Client(server.url) as client:
        while True:
            rows: list[dict[str, Any]] = client.query(OPERATIONS, variables)["operations"]["nodes"]
            missing = awaited - {row["correlationId"] for row in rows}
            if not missing:
                return list(reversed(rows))
            if time.monotonic() > deadline:
                pytest.fail(f"not recorded: {missing}\n{log.read_text()}", pytrace=False)
            time.sleep(0.1)


def test_a4_a5_the_five_memory_routes_count_against_the_plan(run: Run) -> None:
    counted = {
        row["name"]: (row["operationType"], row["resourceId"], row["units"])
        for row in run.rows
        if row["interactionType"] == "memory_operation"
    }
    assert counted == {
        "POST v1/memory": ("add_memory", None, 1),
        "POST v1/memory/batch": ("add_memory_batch", None, 3),
        "PUT v1/memory/{memory_id}": ("update_memory", "51", 1),
        "DELETE v1/memory/{memory_id}": ("delete_memory", "51", 1),
        "DELETE v1/memory/all": ("delete_all_memories", None, 1),
    }
    assert run.row("POST v1/memory/search")["operationType"] == "search_memory"
    assert run.row("POST v1/memory")["statusCode"] == 201


def test_a2_a_record_says_whose_call_it_was_and_no_secret(run: Run) -> None:
    row = run.row("POST v1/memory")
    assert (row["userId"], row["client"]) == ("u_1", "matrix")
    assert (row["ipAddress"], row["apiKeyId"]) == ("127.0.0.1", fingerprint(KEY))
    assert row["userAgent"].startswith("python-httpx/")
    assert KEY not in str(run.rows)
    assert len({row["uuid"] for row in run.rows}) == len(run.rows)


def test_a2_the_helper_reads_the_request_of_every_framework(run: Run) -> None:
    row = run.row("POST v1/helper/{memory_id}")
    assert (row["userId"], row["client"], row["resourceId"]) == ("u_1", "matrix", "mem_51")
    assert (row["interactionType"], row["batchSize"]) == ("api_operation", 2)
    assert row["apiKeyId"] == fingerprint(KEY)


def test_a4_routes_are_templates(run: Run) -> None:
    names = [row["name"] for row in run.rows]
    expected = {
        "GET v1/orgs/{org}/teams/{team}": "t1",
        f"GET static/{{{run.program.file}}}": "hello.txt",
        "DELETE v1/stream": None,
    }
    if "mounts" in run.program.features:
        expected["GET plans/{plan}/v9/orgs/{org}/teams/{team}"] = "t1"
    assert {name: run.row(name)["resourceId"] for name in expected} == expected
    assert run.row("DELETE v1/stream")["statusCode"] == 405
    assert names.count("GET (unmatched)") == 2
    assert not [name for name in names if name.startswith("OPTIONS")]


def test_a6_failures_have_their_text_whatever_rate_is_sampled(run: Run) -> None:
    text = "RemoteError: no such model"
    for name, status in (("fails", 500), ("rare-fails", 500), ("stream-fails", 200)):
        row = run.row(f"GET v1/{name}")
        assert (row["outcome"], row["statusCode"], row["error"]) == ("ERROR", status, text), name
    assert "GET v1/rare" not in [row["name"] for row in run.rows]
    busy = run.row("GET v1/busy")
    assert (busy["outcome"], busy["statusCode"]) == ("ERROR", 503)
    if "text of 503" in run.program.features:
        assert busy["error"].startswith("HTTPException: 503: busy")


def test_a6_answers_are_recorded_as_they_were_answered(run: Run) -> None:
    missing = [
        row for row in run.rows if row["correlationId"] == correlation_of("GET /v1/memory/none")
    ]
    assert [(r["name"], r["statusCode"], r["outcome"], r["error"]) for r in missing] == [
        ("GET v1/memory/{memory_id}", 404, "OK", None)
    ]
    assert run.answers["GET /v1/stream"] == "ab"
    assert run.row("GET v1/stream")["outcome"] == "OK"
    assert run.answers["GET /v1/stream-fails"] == "broken off"
    if "denied" in run.program.features:
        denied = run.row("GET v1/denied")
        assert (denied["statusCode"], denied["outcome"], denied["error"]) == (403, "OK", None)
    if "background" in run.program.features:
        later = run.row("GET v1/background")
        assert (later["statusCode"], later["outcome"], later["error"]) == (200, "OK", None)
    if "websocket" in run.program.features:
        assert run.echo == "hello"
        assert not [row for row in run.rows if "ws" in row["name"]]


def test_the_context_reaches_handlers_threads_and_tasks(run: Run) -> None:
    calls = ["GET /v1/context"] if "async" in run.program.features else []
    for call in calls:
        context = run.answers[call]
        correlation_id = correlation_of(call)
        assert context == {
            "handler": correlation_id, "copied": correlation_id, "bare": None,
            "thread": correlation_id, "task": correlation_id,
        }  # fmt: skip
    correlation_id = correlation_of(SYNC_CONTEXT)
    assert run.answers[SYNC_CONTEXT] == {
        "handler": correlation_id,
        "copied": correlation_id,
        "bare": None,
    }


def test_e8_outgoing_calls_carry_the_ids(run: Run) -> None:
    calls = [call for call in run.answers if "outgoing" in call]
    assert len(calls) == (3 if "outgoing" in run.program.features else 0)
    for call in calls:
        headers = run.answers[call]
        assert headers["x-correlation-id"] == correlation_of(call)
