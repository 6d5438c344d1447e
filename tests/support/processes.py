"""Real server processes for tests: started on a free loopback port, stopped, killed, called."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import IO, Any
from uuid import uuid4

import httpx
import psutil
import pytest

from tests.support.forks import CAN_FORK, ForkedCommand, fork_parent

COMMAND = str(Path(sys.executable).with_name("trackstore"))
PATIENCE_SECONDS = 30.0
"""How long a server may take to start or stop; a slow machine takes a tenth of it."""
ANSWER_SECONDS = 60.0
"""How long a call may take: longer than any bound of the server, so that the server speaks first."""
LOG_TAIL = 8_000
"""Characters of the log that are shown where a test fails."""
RETRYABLE_CODES = {"OVERLOADED", "TIMEOUT", "OUTCOME_UNKNOWN"}

Json = dict[str, Any]


class ServerProcess:
    """One ``trackstore serve``, logging into a file of its own."""

    def __init__(
        self,
        database_url: str | None,
        folder: Path,
        settings: Mapping[str, object],
        port: int = 0,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.log_file = folder / f"server-{uuid4().hex[:8]}.log"
        self.url = ""
        named = {f"TRACKSTORE_{name.upper()}": str(value) for name, value in settings.items()}
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("TRACKSTORE_")}
        if database_url is not None:
            named["DATABASE_URL"] = database_url
        self.process: subprocess.Popen[bytes] | ForkedCommand
        self.process = start_server(
            ["--port", str(port)], folder, {**inherited, **named, **environment}, self.log_file,
            must_exec=bool(environment),
        )  # fmt: skip

    def wait_until_ready(self) -> None:
        """Return once it serves and its database answers; fail with its log if that never comes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._is_ready():
                return
            time.sleep(0.02)
        pytest.fail(f"the server does not serve:\n{self.log_tail()}", pytrace=False)

    def _is_ready(self) -> bool:
        told = [line for line in self.log() if line.get("event") == "serving"]
        if not told:
            return False
        self.url = str(told[0]["url"]).removesuffix("/graphql")
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def terminate(self) -> None:
        """Ask it to stop, as an operator or a supervisor does."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it without any warning, as a power cut does, and return when it is gone."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """The exit code; raises ``subprocess.TimeoutExpired``."""
        return self.process.wait(seconds)

    def end(self) -> None:
        """Make sure that it is gone."""
        if self.process.poll() is None:
            self.terminate()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()

    def memory(self) -> int:
        """Bytes of memory it holds now."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def log(self) -> list[Json]:
        """What it has logged so far; lines for people aside."""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def complaints(self) -> list[Json]:
        """What it has logged as an error: something that nobody foresaw."""
        return [line for line in self.log() if line.get("level") in {"error", "critical"}]

    def log_tail(self) -> str:
        """The end of its log for people: access lines aside, tracebacks as they are known."""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line.replace("\\n", "\n") for line in lines if '"path": "/graphql"' not in line]
        return "\n".join(told)[-LOG_TAIL:]


def start_server(
    options: Sequence[str], folder: Path, environment: Mapping[str, str], log_file: Path,
    *, must_exec: bool = False,
) -> subprocess.Popen[bytes] | ForkedCommand:  # fmt: skip
    """Run ``trackstore serve`` in a folder; several workers start in the only way that they can.

    ``must_exec``: its environment is of a kind that a new interpreter alone takes notice of.
    """
    arguments = ["serve", *options, "--log-format", "json"]
    has_workers = int(environment.get("TRACKSTORE_WORKERS", "1")) > 1
    with log_file.open("w") as log:
        if CAN_FORK and not has_workers and not must_exec:
            return fork_parent().start(arguments, folder, environment, log)
        return subprocess.Popen(
            [COMMAND, *arguments], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip


def start_command(
    arguments: Sequence[str],
    folder: Path,
    output: IO[Any],
    errors: IO[Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes] | ForkedCommand:
    """Run ``trackstore`` with these arguments in a folder, with nothing to read; Ctrl-C ends it."""
    variables = os.environ if environment is None else environment
    if CAN_FORK:
        return fork_parent().start(arguments, folder, variables, output, errors)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [COMMAND, *arguments], cwd=folder, env=variables,
            stdin=subprocess.DEVNULL, stdout=output, stderr=errors or output,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)


def run_command(
    *arguments: str, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``trackstore`` with these arguments to its end."""
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        process = start_command(arguments, folder, output, errors, environment)
        try:
            code = process.wait(ANSWER_SECONDS)
        finally:
            process.kill()
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(arguments, code, output.read(), errors.read())


@contextmanager
def server_process(
    database_url: str | None, folder: Path, *, port: int = 0, **settings: object
) -> Iterator[ServerProcess]:
    """Run a server on a migrated database; ``settings`` are those of the server, by their names.

    Without a URL it is the server's default database, in its folder.

    ``port`` is that of a server that was there before, where one takes its place.
    It is ended with the block; where the block fails, the failure shows the server's log.
    """
    server = ServerProcess(database_url, folder, {"access": "open", **settings}, port)
    try:
        server.wait_until_ready()
        yield server
    except BaseException as error:
        error.add_note(f"log of the server (exit {server.process.poll()}):\n{server.log_tail()}")
        raise
    finally:
        server.end()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered to one document."""

    status: int
    data: Json | None = None
    errors: list[Json] = field(default_factory=list)

    @property
    def is_retryable(self) -> bool:
        """Whether the server said that the same call may succeed in a moment."""
        extensions = [error.get("extensions", {}) for error in self.errors]
        return bool(extensions) and all(
            e.get("code") in RETRYABLE_CODES and e.get("retryable") is True for e in extensions
        )

    def taken(self) -> Json:
        """The data of an answer without errors."""
        assert self.status == 200, self
        assert not self.errors, self
        assert self.data is not None, self
        return self.data


async def ask(
    http: httpx.AsyncClient,
    query: str,
    variables: Mapping[str, Any] | None = None,
    token: str | None = None,
) -> Answer:
    """Send one document; raises ``httpx.TransportError`` where the connection is lost."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"query": query, "variables": variables}
    response = await http.post("/graphql", json=body, headers=headers)
    try:
        told = response.json()
    except ValueError:
        raise AssertionError(f"not an answer: {response.status_code} {response.text}") from None
    return Answer(response.status_code, told.get("data"), told.get("errors", []))


@asynccontextmanager
async def client_of(
    server: ServerProcess, connections: int = 64
) -> AsyncIterator[httpx.AsyncClient]:
    """A client with so many connections to one server."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx.AsyncClient(
        base_url=server.url, timeout=ANSWER_SECONDS, limits=limits
    ) as http:
        yield http
