"""Runs the examples of a page against a server of their own, as somebody at a terminal does."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.docs.examples import Example, output_of, script
from tests.support.forks import ForkedCommand
from tests.support.processes import start_server

BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.05


@contextmanager
def running_server(database_url: str, folder: Path) -> Iterator[str]:
    """A server over ``database_url`` on a free port of this machine; gives its address."""
    log = folder / "server.log"
    process = start_server(["--port", "0"], folder, environment(database_url), log)
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment(database_url: str) -> dict[str, str]:
    """What the commands of an example find: the command ``trackstore``, and the database."""
    path = os.pathsep.join((str(BIN), os.environ.get("PATH", os.defpath)))
    return {**os.environ, "PATH": path, "DATABASE_URL": database_url, "NO_COLOR": "1"}


def _address(process: subprocess.Popen[bytes] | ForkedCommand, log: Path) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text(encoding="utf-8").splitlines():
            if '"serving"' in line:
                address = str(json.loads(line)["url"]).removesuffix("/graphql")
                assert httpx.get(f"{address}/readyz").status_code == 200
                return address
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"it does not serve: {log.read_text(encoding='utf-8')}")


def run_examples(
    examples: Sequence[Example], database_url: str, address: str, folder: Path
) -> list[str]:
    """What each example printed; they share one shell, as they do in a terminal."""
    subprocess.run(
        ["bash", "-c", script(examples, address, folder)],
        cwd=folder,
        env={**environment(database_url), "TRACKSTORE_SERVER": f"{address}/graphql"},
        check=False,
        timeout=PATIENCE_SECONDS * 4,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    return [
        output_of(folder, number).read_text(encoding="utf-8") for number in range(len(examples))
    ]
