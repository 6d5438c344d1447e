"""Server processes of a run: the real command, on a loopback port, stopped at the end."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import Connection
from benchmarks.requests import get

ROOT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-c", "from cli import main; main()")
"""``trackstore`` of this checkout, whatever is installed."""
LONGEST_START = 60.0
LONGEST_STOP = 20.0
PAUSE = 0.02


class ServerFailed(RuntimeError):
    """A server did not start; the text holds what it said."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server process that answers."""

    port: int
    pid: int


def free_port() -> int:
    """A port of the loopback address that nobody uses at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's own, without the settings of the person who runs it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("TRACKSTORE_")
    }
    return {**kept, "PYTHONPATH": str(ROOT), **settings}


def serve_command(port: int, workers: int = 1) -> list[str]:
    """``trackstore serve`` on that port."""
    return [*COMMAND, "serve", "--port", str(port), "--workers", str(workers)]


def trackstore_settings(
    database_url: str, fast_path: bool = True, rollups: bool = True
) -> dict[str, str]:
    """The environment of a server: defaults, apart from what is named here."""
    return {
        "DATABASE_URL": database_url,
        "TRACKSTORE_FAST_PATH": str(fast_path).lower(),
        "TRACKSTORE_ROLLUPS": str(rollups).lower(),
        "TRACKSTORE_LOG_LEVEL": "warning",
        "TRACKSTORE_LOG_FORMAT": "json",
    }


def start(
    command: Sequence[str], settings: Mapping[str, str], folder: Path
) -> subprocess.Popen[bytes]:
    """Start a process in ``folder``, where no ``.env`` is; what it says goes to a file there."""
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603  # our own command
            command, cwd=folder, env=environment(settings), stdout=log, stderr=log
        )


async def wait_until_ready(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    """Return when the server answers 200; raise ``ServerFailed`` when it will not."""
    ends = time.monotonic() + LONGEST_START
    while time.monotonic() < ends and process.poll() is None:
        if await answers(port, get(path)):
            return
        await asyncio.sleep(PAUSE)
    raise ServerFailed(f"it does not answer; its exit code is {process.poll()}")


async def answers(port: int, request: bytes) -> bool:
    """Whether a server answers a request with 200 by now."""
    try:
        _, connection = await asyncio.get_running_loop().create_connection(
            Connection, "127.0.0.1", port
        )
    except OSError:
        return False
    try:
        return (await connection.ask(request)).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
    finally:
        connection.close()


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started: in order, and if it will not, by force."""
    process.terminate()
    try:
        process.wait(LONGEST_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@asynccontextmanager
async def running(
    command: Sequence[str], settings: Mapping[str, str], folder: Path, port: int, path: str
) -> AsyncIterator[Running]:
    """A server that answers at ``path``; stopped when the context ends."""
    process = start(command, settings, folder)
    try:
        await wait_until_ready(process, port, path)
        yield Running(port, process.pid)
    except ServerFailed as error:
        log = (folder / "server.log").read_text(encoding="utf-8", errors="replace")
        raise ServerFailed(f"{error}\n{log[-3_000:]}") from None
    finally:
        stop(process)
