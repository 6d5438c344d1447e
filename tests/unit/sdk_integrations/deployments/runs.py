"""Runs programs of this folder on the newest frameworks, ends them, and reads what was recorded."""

import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from trackstore import Client

ROOT = Path(__file__).parents[4]
ENVIRONMENT = ROOT / ".venv/frameworks-newest"
PACKAGE = "tests.unit.sdk_integrations.deployments"
AWAY = "http://127.0.0.1:9"
"""An address at which nothing listens."""
SECONDS = 60.0
"""How long a program may take to start or to end; a slow machine takes a tenth of it."""
RECORDED = """query ($run: ID!, $after: String) {
  operations(where: {workspaceId: {eq: $run}}, first: 1000, after: $after) {
    nodes { correlationId } pageInfo { hasNextPage endCursor } } }"""


@dataclass
class Run:
    """One program: where it tracks to, and what it wrote."""

    name: str
    folder: Path
    url: str
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the program wrote to its output."""
        return self.folder / "program.log"

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start ``python -m`` with this command."""
        if not ENVIRONMENT.with_suffix(".stamp").exists():
            pytest.fail("the newest frameworks are not installed: `make frameworks`", pytrace=False)
        env = {k: v for k, v in os.environ.items() if not k.startswith("TRACKSTORE_")}
        env |= {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk'}", "JOBS_FOLDER": str(self.folder / "jobs")}
        # Nothing is sent before the end: whatever arrives was sent by what is under test.
        env |= {"TRACKSTORE_URL": self.url, "TRACKSTORE_INTERVAL_SECONDS": "60", **self.settings}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [ENVIRONMENT / "bin/python", "-m", *command],
                cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        return self.process

    def wait(self) -> int:
        """Wait for the end of the program; return its exit code."""
        assert self.process is not None
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the program does not end:\n{self.output()}", pytrace=False)

    def stop(self) -> None:
        """End the program and its children, where a test has failed to."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(SECONDS)

    def output(self) -> str:
        """Return what the program wrote."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def recorded(self, url: str | None = None) -> Counter[str]:
        """Return the items that the server has of this run, with how often it has each."""
        counts: Counter[str] = Counter()
        after = None
        with Client(url or self.url) as client:
            while True:
                page = client.query(RECORDED, {"run": self.name, "after": after})["operations"]
                counts.update(node["correlationId"] for node in page["nodes"])
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    return counts

    def check_recorded(self, items: set[str], url: str | None = None) -> None:
        """Assert that the server has each of these items once, and no other of this run."""
        recorded = self.recorded(url)
        assert recorded == Counter(items), (
            f"{len(recorded)} of {len(items)} recorded\n{self.output()}"
        )


@contextmanager
def serving(run: Run, command: list[str]) -> Iterator[str]:
    """Run a web server until the block ends; gives its address. ``{port}`` stands for its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = run.start([part.format(port=port) for part in command])
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or listens(port), run)
        assert process.poll() is None, run.output()
        yield address
    finally:
        run.stop()


def listens(port: int) -> bool:
    """Return whether something listens at this port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def call(address: str, run: Run, items: range, path: str = "/") -> set[str]:
    """Call a service once for each item, and return those that were answered."""
    with httpx.Client(base_url=address, trust_env=False, timeout=SECONDS) as http:
        for item in items:
            answer = http.get(path, headers={"x-run": run.name, "x-item": str(item)})
            assert answer.text == "done", answer.text + run.output()
    return {str(item) for item in items}


def wait_until(holds: Callable[[], bool], run: Run) -> None:
    """Return as soon as it holds; fail with the output of the program where that does not come."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"it does not come:\n{run.output()}", pytrace=False)
        time.sleep(0.02)


def script(run: Run, name: str) -> list[str]:
    """Return the command for a program of ``scripts``."""
    return [f"{PACKAGE}.run_script", name, run.name]
