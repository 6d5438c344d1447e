"""``trackstore serve``: as a person starts it, uses it and stops it."""

import signal
import socket
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
from graphql import build_schema, parse, validate

from cli.banner import QUERY, StartedServer
from server.access.key_requirement import Access
from server.graphql.schema import schema_sdl
from server.settings.model import load_settings
from tests.support.postgres import PostgresCluster
from tests.support.processes import COMMAND
from tests.unit.cli.conftest import PATIENCE_SECONDS, Run, Serve

ASK = {"query": "{ viewer { name scopes } }"}


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_from_start_to_stop(serve: Serve, database_url: str, by: signal.Signals) -> None:
    with serve(DATABASE_URL=database_url) as served:
        served.wait_until_ready()
        assert served.told["access"] == "open"
        answer = httpx.post(f"{served.base}/graphql", json=ASK, headers={"X-Correlation-ID": "c-1"})
        assert answer.json()["data"]["viewer"]["name"] == "open"
        assert answer.headers["x-correlation-id"] == "c-1"
        assert "server" not in answer.headers
        assert httpx.get(f"{served.base}/livez").status_code == 200
        assert "trackstore_http_requests_total" in httpx.get(f"{served.base}/metrics").text
        assert served.stop(by) == 0
    lines = served.lines()
    assert lines[-1]["event"] == "stopped"
    (access,) = [line for line in lines if line.get("correlation_id") == "c-1"]
    assert (access["method"], access["path"], access["status"]) == ("POST", "/graphql", 200)
    assert "viewer" not in served.errors.read_text(encoding="utf-8")


def test_an_embedded_database_is_made_on_the_way(serve: Serve, own_folder: Path) -> None:
    with serve(TRACKSTORE_PROT="1") as served:
        served.wait_until_ready()
        events = [line["event"] for line in served.lines()]
        assert events[0] == "TRACKSTORE_PROT is not a setting. Did you mean TRACKSTORE_PORT?"
        assert events[1].startswith("applying 0001")
        assert served.told["database"] == "sqlite:///trackstore.db"
    assert (own_folder / "trackstore.db").exists()


def test_options_go_before_the_environment(serve: Serve, own_folder: Path) -> None:
    with serve(
        "--database-url", "sqlite:///of_option.db", "--access", "keys",
        DATABASE_URL="sqlite:///of_environment.db", TRACKSTORE_ACCESS="open",
    ) as served:  # fmt: skip
        served.wait_until_ready()
        assert httpx.post(f"{served.base}/graphql", json=ASK).status_code == 401
    assert (own_folder / "of_option.db").exists()
    assert not (own_folder / "of_environment.db").exists()


def test_people_get_a_banner(serve: Serve) -> None:
    with serve("--log-format", "console") as served:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "Stop" not in served.output.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert served.stop() == 0
    banner = served.output.read_text(encoding="utf-8")
    assert "http://127.0.0.1:" in banner
    assert "sqlite:///trackstore.db" in banner
    assert "open to this machine, no API key required" in banner
    assert "curl http://127.0.0.1:" in banner


def test_the_query_of_the_banner_is_one() -> None:
    document = httpx.Response(200, text=QUERY).json()["query"]
    assert validate(build_schema(schema_sdl()), parse(document)) == []


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/graphql"),
        ("0.0.0.0", "http://127.0.0.1:80/graphql"),
        ("::", "http://[::1]:80/graphql"),
        ("::1", "http://[::1]:80/graphql"),
        ("api.example", "http://api.example:80/graphql"),
    ],
)
def test_the_address_that_is_told(host: str, url: str) -> None:
    assert StartedServer(load_settings(host=host), 80, Access.KEYS).url == url


@pytest.mark.postgresql
def test_several_workers_share_one_port(
    run: Run, serve: Serve, own_postgres: PostgresCluster
) -> None:
    url = own_postgres.url.render_as_string(hide_password=False)
    assert run("migrate", "--database-url", url).exit_code == 0
    with serve("--workers", "2", program=(COMMAND,), DATABASE_URL=url) as served:
        served.wait_until_ready()
        assert served.told["workers"] == 2
        workers = workers_of(served.process.pid)
        assert len(workers) == 2
        assert httpx.post(f"{served.base}/graphql", json=ASK).status_code == 200
        metrics = httpx.get(f"{served.base}/metrics").text
        assert any(f'worker="{pid}"' in metrics for pid in workers)
        assert served.stop() == 0
    assert not any(psutil.pid_exists(pid) for pid in workers)


def workers_of(pid: int) -> list[int]:
    """The processes that serve; the one that tracks shared resources aside."""
    return [c.pid for c in psutil.Process(pid).children() if "spawn_main" in command_of(c)]


def command_of(process: psutil.Process) -> str:
    """Its command line; nothing of one that ends at this moment."""
    try:
        return " ".join(process.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return ""


def test_several_workers_on_sqlite_are_refused(run: Run) -> None:
    result = run("serve", "--workers", "2")
    assert result.exit_code == 1
    assert "2 workers cannot share a SQLite file" in result.stderr
    assert "--workers 1" in result.stderr


def test_open_to_others_is_refused(run: Run, own_folder: Path) -> None:
    result = run("serve", "--host", "0.0.0.0", "--access", "open", "--port", "0")
    assert result.exit_code == 1
    assert "TRACKSTORE_ACCESS=open would let all of them in" in result.stderr
    assert list(own_folder.iterdir()) == []


def test_others_without_a_key_are_refused(run: Run, database_url: str) -> None:
    options = ("--host", "0.0.0.0", "--port", "0", "--database-url", database_url)
    result = run("serve", *options)
    assert result.exit_code == 1
    assert "there is no API key yet. Create one with `trackstore keys create NAME`" in result.stderr


def test_tables_that_are_missing_are_refused_where_they_are_not_made(
    run: Run, empty_database_url: str
) -> None:
    options = ("--port", "0", "--database-url", empty_database_url)
    result = run("serve", *options, env={"TRACKSTORE_MIGRATE_ON_START": "no"})
    assert result.exit_code == 1
    assert "migrations are pending on" in result.stderr
    assert "Run `trackstore migrate`" in result.stderr


def test_a_port_in_use_is_told(run: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = run("serve", "--port", str(port))
    assert result.exit_code == 1
    assert f"port {port} of 127.0.0.1 is in use by another program" in result.stderr
    assert "--port" in result.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_somebody_else_is_told(run: Run, host: str) -> None:
    result = run("serve", "--host", host, "--port", "0")
    assert result.exit_code == 1
    assert host in result.stderr
    assert "Listen on 127.0.0.1" in result.stderr


def test_an_application_that_does_not_start_is_1(serve: Serve, own_folder: Path) -> None:
    (own_folder / "broken.py").write_text(
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'no luck'})\n"
        "def make():\n"
        "    return app\n",
        encoding="utf-8",
    )
    code = (
        "import cli.server_runner as serving; serving.APPLICATION = 'broken:make'; "
        "from cli import main; main()"
    )
    program = (sys.executable, "-c", code)
    with serve(program=program, PYTHONPATH=str(own_folder)) as served:
        assert served.process.wait(PATIENCE_SECONDS) == 1
    events = [line["event"] for line in served.lines()]
    assert "no luck" in events
    assert "serving" not in events
