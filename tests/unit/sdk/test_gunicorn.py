"""``gunicorn --preload``: the master tracks, forks, its workers track; all of it arrives once."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tests.house.checkout import ROOT
from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import ONCE
from tests.unit.sdk.network import wait_until
from tests.unit.sdk.programs import PER_PROCESS
from tests.unit.sdk.stored_operations import check_stored

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run there"),
    ONCE,
]
CALLS = 60


@contextmanager
def gunicorn(url: str, file: Path) -> Iterator[str]:
    # The application with two workers; gives its address. Stopped as a supervisor does it.
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "gunicorn", "--preload", "--no-control-socket"),
        *("--workers", "2", "--bind", address, "tests.unit.sdk.gunicorn_app:app"),
    ]
    environment = {**os.environ, "TRACKED_URL": url, "TRACKED_FILE": str(file)}
    with file.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield f"http://{address}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_workers_of_a_preloaded_application(server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "tracked.txt"
    with gunicorn(server.url, file) as address:
        wait_until(lambda: answers(address))
        workers = {httpx.get(f"{address}/{number}").text for number in range(CALLS)}
    assert workers
    ids = [UUID(line) for line in file.read_text().split()]
    assert len(ids) >= PER_PROCESS + CALLS
    assert len(check_stored(server.url, ids)) == len(ids)


def answers(address: str) -> bool:
    """Whether it serves yet."""
    with suppress(httpx.TransportError):
        return httpx.get(address).status_code == 200
    return False
