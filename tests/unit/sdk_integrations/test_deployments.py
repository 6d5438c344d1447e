"""Services under real web servers that end in every way: each answered call is recorded once."""

import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import psutil
import pytest

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import ONCE
from tests.unit.sdk_integrations.deployments.runs import (
    AWAY,
    PACKAGE,
    Run,
    call,
    serving,
    wait_until,
)

pytestmark = [ONCE, pytest.mark.skipif(os.name == "nt", reason="these servers need signals")]
CALLS = range(10)
ASGI, WSGI = f"{PACKAGE}.asgi_services", f"{PACKAGE}.wsgi_services"
UVICORN = ["uvicorn", "--port={port}", "--log-level=warning"]
GUNICORN = ["gunicorn", "--bind=127.0.0.1:{port}", "--log-level=warning", "--no-control-socket"]
ON_UVICORN = ["--worker-class=uvicorn_worker.UvicornWorker"]
HYPERCORN = ["hypercorn", "--bind=127.0.0.1:{port}", "--log-level=warning"]
GRANIAN = ["granian", "--port={port}", "--log-level=warning"]
FLASK = ["flask", f"--app={WSGI}:app", "run", "--port={port}"]
TERM, INT, QUIT, HUP = signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP


@dataclass(frozen=True)
class Case:
    """A server, a service, and the signal that ends it; without one it ends by itself."""

    name: str
    command: list[str]
    ending: signal.Signals | None = TERM
    path: str = "/"

    def __str__(self) -> str:
        return self.name


CASES = [
    Case("uvicorn", [*UVICORN, f"{ASGI}:watched"]),
    Case("uvicorn-interrupted", [*UVICORN, f"{ASGI}:watched"], INT),
    Case("uvicorn-without-lifespan", [*UVICORN, "--lifespan=off", f"{ASGI}:watched"]),
    Case("uvicorn-service-without-lifespan", [*UVICORN, f"{ASGI}:without_lifespan"]),
    Case("uvicorn-direct", [*UVICORN, f"{ASGI}:unwatched"]),
    Case("uvicorn-thread", [*UVICORN, f"{ASGI}:unwatched"], path="/thread"),
    Case("uvicorn-workers", [*UVICORN, "--workers=2", f"{ASGI}:watched"]),
    Case("uvicorn-max-requests", [*UVICORN, "--limit-max-requests=10", f"{ASGI}:watched"], None),
    Case("gunicorn-sync-quit", [*GUNICORN, f"{WSGI}:app"], QUIT),
    Case("gunicorn-django", [*GUNICORN, "--preload", f"{WSGI}:django_app"]),
    Case("gunicorn-gthread", [*GUNICORN, "--threads=4", "--max-requests=4", f"{WSGI}:app"]),
    Case("gunicorn-uvicorn", [*GUNICORN, *ON_UVICORN, f"{ASGI}:watched"]),
    Case("gunicorn-uvicorn-max-requests", [*GUNICORN, *ON_UVICORN, "--max-requests=4", f"{ASGI}:watched"]),
    Case("gunicorn-uvicorn-quit", [*GUNICORN, *ON_UVICORN, "--graceful-timeout=1", f"{ASGI}:watched"], QUIT),
    Case("hypercorn", [*HYPERCORN, f"{ASGI}:watched"]),
    Case("hypercorn-service-without-lifespan", [*HYPERCORN, f"{ASGI}:without_lifespan"]),
    Case("granian-asgi", [*GRANIAN, "--interface=asgi", f"{ASGI}:watched"]),
    Case("granian-without-lifespan", [*GRANIAN, "--interface=asginl", f"{ASGI}:watched"]),
    Case("granian-wsgi", [*GRANIAN, "--interface=wsgi", f"{WSGI}:app"]),
    Case("flask-run", FLASK),
    Case("flask-run-interrupted", FLASK, INT),
]  # fmt: skip


ENDED_WORKER = re.compile(r"Traceback(?:(?!Traceback).)*?SystemExit: 0$", re.DOTALL | re.MULTILINE)
"""What gunicorn logs where SIGQUIT ends a worker within its last write to a client."""


@pytest.fixture
def run(request: pytest.FixtureRequest, server: ServerProcess, tmp_path: Path) -> Iterator[Run]:
    # A run that tracks to the server of this module, under the name of the test.
    name = re.sub(r"\W+", "-", request.node.name)
    new_run = Run(name, tmp_path, server.url)
    yield new_run
    new_run.stop()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_answered_call_is_recorded_once(case: Case, run: Run) -> None:
    with serving(run, case.command) as address:
        answered = call(address, run, CALLS, case.path)
        assert run.process is not None
        if case.ending is not None:
            run.process.send_signal(case.ending)
        code = run.wait()
    run.check_recorded(answered)
    if case.command[0] in ("uvicorn", "flask") and case.ending == TERM:
        assert code == (0 if "--workers=2" in case.command else -TERM), "as without a tracker"
    assert "Traceback" not in ENDED_WORKER.sub("", run.output()), run.output()


def end(run: Run, number: signal.Signals = TERM) -> int:
    """Send a signal to the program, and return its exit code."""
    assert run.process is not None
    run.process.send_signal(number)
    return run.wait()


def test_a_reload_ends_the_process_before_it_starts_another(run: Run) -> None:
    source = run.folder / "watched.py"
    source.touch()
    command = [*UVICORN, "--reload", f"--reload-dir={run.folder}", "--reload-delay=0.05"]
    with serving(run, [*command, f"{ASGI}:watched"]) as address:
        answered = call(address, run, CALLS)
        source.write_text("# changed")
        wait_until(lambda: len(run.recorded()) == len(CALLS), run)
        answered |= call(address, run, range(10, 20))
        end(run)
    run.check_recorded(answered)


def test_workers_that_gunicorn_replaces(run: Run) -> None:
    with serving(run, [*GUNICORN, f"{WSGI}:app"]) as address:
        answered = call(address, run, CALLS)
        assert run.process is not None
        run.process.send_signal(HUP)
        wait_until(lambda: len(run.recorded()) == len(CALLS), run)
        answered |= call(address, run, range(10, 20))
        end(run)
    run.check_recorded(answered)


@pytest.mark.parametrize("lifespan", ["on", "off"])
def test_a_call_that_is_answered_while_the_server_shuts_down(lifespan: str, run: Run) -> None:
    answered: set[str] = set()
    with serving(run, [*UVICORN, f"--lifespan={lifespan}", f"{ASGI}:watched"]) as address:
        answered |= call(address, run, CALLS)
        slow = Thread(target=lambda: answered.update(call(address, run, range(10, 11), "/slow")))
        slow.start()
        wait_until(lambda: is_connected(run), run)
        end(run)
        slow.join()
    assert len(answered) == 11
    run.check_recorded(answered)


def is_connected(run: Run) -> bool:
    """Return whether the service has an open connection of a caller."""
    assert run.process is not None
    connections = psutil.Process(run.process.pid).net_connections()
    return any(c.status == psutil.CONN_ESTABLISHED and c.raddr for c in connections)


def test_a_process_that_is_frozen_in_between(run: Run) -> None:
    run.settings["TRACKSTORE_INTERVAL_SECONDS"] = "0.02"
    with serving(run, [*UVICORN, f"{ASGI}:watched"]) as address:
        answered = call(address, run, CALLS)
        assert run.process is not None
        run.process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        run.process.send_signal(signal.SIGCONT)
        answered |= call(address, run, range(10, 20))
        end(run)
    run.check_recorded(answered)


DOWN = [
    Case("uvicorn", [*UVICORN, f"{ASGI}:watched"]),
    Case("uvicorn-without-lifespan", [*UVICORN, "--lifespan=off", f"{ASGI}:watched"]),
    Case("gunicorn-gthread", [*GUNICORN, "--threads=2", f"{WSGI}:app"]),
]


@pytest.mark.parametrize("case", DOWN, ids=str)
def test_what_cannot_be_sent_is_counted(case: Case, run: Run) -> None:
    run.url = AWAY
    run.settings["TRACKSTORE_EXIT_SECONDS"] = "0.3"
    with serving(run, case.command) as address:
        call(address, run, CALLS)
        end(run)
    counted = re.search(r"(\d+) item\(s\) (dropped: CLOSED|could not be sent)", run.output())
    assert counted is not None, run.output()
    assert counted[1] == str(len(CALLS))


@pytest.mark.parametrize("case", DOWN[:2], ids=str)
def test_what_cannot_be_sent_is_kept_in_the_spool(case: Case, run: Run) -> None:
    url, run.url = run.url, AWAY
    run.settings["TRACKSTORE_EXIT_SECONDS"] = "0.3"
    run.settings["TRACKSTORE_SPOOL_FOLDER"] = str(run.folder / "spool")
    with serving(run, case.command) as address:
        answered = call(address, run, CALLS)
        end(run)
    assert "dropped" not in run.output()
    run.url = url
    run.settings["TRACKSTORE_INTERVAL_SECONDS"] = "0.05"
    with serving(run, case.command) as address:
        answered |= call(address, run, range(10, 11))
        wait_until(lambda: len(run.recorded()) > len(CALLS), run)
        end(run)
    run.check_recorded(answered)


CELERY = ["celery", f"--app={PACKAGE}.jobs", "worker", "--loglevel=WARNING", "--concurrency=2"]
"""As it is started by a supervisor; SIGTERM is a warm shutdown."""
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


@pytest.mark.parametrize(
    ("options", "ending"),
    [
        (["--pool=prefork", "--max-tasks-per-child=2"], TERM),
        (["--pool=threads"], TERM),
        (["--pool=prefork"], QUIT),
        (["--pool=threads"], QUIT),
    ],
    ids=["prefork", "threads", "prefork-cold", "threads-cold"],
)
def test_tasks_of_celery(options: list[str], ending: signal.Signals, run: Run) -> None:
    (run.folder / "jobs").mkdir()
    run.settings |= {"JOBS_RUN": run.name, "JOBS_COUNT": str(len(CALLS))}
    run.start([*CELERY, *QUIET, *options])
    wait_until(lambda: len(list(run.folder.glob("done-*"))) == len(CALLS), run)
    code = end(run, ending)
    assert code == 0 or ending == QUIT, run.output()
    run.check_recorded({str(item) for item in CALLS})
