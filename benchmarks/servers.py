"""Run server processes: the real command, on a loopback port, stopped at the end."""

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
"""``trackstore`` of this checkout, independent of what is installed."""
READY = get("/readyz")
MAX_START_SECONDS = 60.0
MAX_STOP_SECONDS = 20.0
PAUSE = 0.02


class ServerFailedError(RuntimeError):
    pass


@dataclass(frozen=True, slots=True)
class Running:
    port: int
    pid: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without settings of Trackstore."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("TRACKSTORE_")
    }
    return {**inherited, "PYTHONPATH": str(ROOT), **settings}


def serve_command(port: int, workers: int = 1) -> list[str]:
    return [*COMMAND, "serve", "--port", str(port), "--workers", str(workers)]


def trackstore_settings(
    database_url: str, fast_path: bool = True, rollups: bool = True
) -> dict[str, str]:
    """Return the settings of a server as users start it, but for what a case turns off."""
    off = {"TRACKSTORE_FAST_PATH": fast_path, "TRACKSTORE_ROLLUPS": rollups}
    return {"DATABASE_URL": database_url} | {n: "false" for n, is_on in off.items() if not is_on}


def start(
    command: Sequence[str], settings: Mapping[str, str], folder: Path
) -> subprocess.Popen[bytes]:
    """Start a process in ``folder``, which has no ``.env``; its output goes to a file there."""
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603  # our own command
            command, cwd=folder, env=environment(settings), stdout=log, stderr=log
        )


async def wait_until_ready(process: subprocess.Popen[bytes], port: int, request: bytes) -> None:
    ends = time.monotonic() + MAX_START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        if await answers(port, request):
            return
        await asyncio.sleep(PAUSE)
    raise ServerFailedError(f"the server does not answer; exit code {process.poll()}")


async def answers(port: int, request: bytes) -> bool:
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
    process.terminate()
    try:
        process.wait(MAX_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@asynccontextmanager
async def running(
    command: Sequence[str], settings: Mapping[str, str], folder: Path, port: int, request: bytes
) -> AsyncIterator[Running]:
    process = start(command, settings, folder)
    try:
        await wait_until_ready(process, port, request)
        yield Running(port, process.pid)
    except ServerFailedError as error:
        log = (folder / "server.log").read_text(encoding="utf-8", errors="replace")
        raise ServerFailedError(f"{error}\n{log[-3_000:]}") from None
    finally:
        stop(process)
