"""Fixtures for commands: one way to run them in this process, one as a person does."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli import app
from tests.support.forks import ForkedCommand
from tests.support.processes import start_command

PATIENCE_SECONDS = 30.0

Run = Callable[..., Result]


@pytest.fixture
def run(own_folder: Path, logging_put_back: None) -> Run:
    """Run a command in this process, in an empty folder."""
    del own_folder, logging_put_back

    def invoke(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(app, list(arguments), catch_exceptions=False, **options)

    return invoke


@dataclass
class Served:
    """A server that was started as a person starts it."""

    process: subprocess.Popen[bytes] | ForkedCommand
    errors: Path
    output: Path
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """Its address."""
        return str(self.told["url"]).removesuffix("/graphql")

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged; the last line may still be written."""
        complete = self.errors.read_text(encoding="utf-8").rpartition("\n")[0]
        return [json.loads(line) for line in complete.splitlines()]

    def wait_until_ready(self) -> None:
        """Return once it answers; fail with its own words if it does not."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            told = [line for line in self.lines() if line["event"] == "serving"]
            if told:
                self.told = told[0]
                try:
                    if httpx.get(f"{self.base}/readyz", timeout=5).status_code == 200:
                        return
                except httpx.TransportError:
                    pass  # workers are still starting
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        pytest.fail(f"it does not serve: {self.errors.read_text(encoding='utf-8')}")

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(by)
        return self.process.wait(PATIENCE_SECONDS)


Serve = Callable[..., Any]


@pytest.fixture
def serve(own_folder: Path) -> Serve:
    """Start ``trackstore serve`` on a free port; it is ended with the block."""

    @contextmanager
    def start(
        *arguments: str, program: tuple[str, ...] = (), **environment: str
    ) -> Iterator[Served]:
        errors, output = own_folder / "stderr.txt", own_folder / "stdout.txt"
        command = ["serve", "--port", "0", *arguments]
        variables = {**os.environ, **environment}
        with errors.open("w") as stderr, output.open("w") as stdout:
            process = (
                subprocess.Popen(
                    [*program, *command], cwd=own_folder, env=variables, stdout=stdout,
                    stderr=stderr,
                )
                if program
                else start_command(command, own_folder, stdout, stderr, variables)
            )  # fmt: skip
            try:
                yield Served(process, errors, output)
            finally:
                if process.poll() is None:
                    process.terminate()
                    try:
                        process.wait(PATIENCE_SECONDS)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait()

    return start
