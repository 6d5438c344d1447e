"""Runs the application in one process or several, until it is told to stop."""

import contextlib
import logging
import math
import signal
import socket
from collections.abc import Callable

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from server.settings import Settings

APPLICATION = "server.app:app_from_environment"
KEEP_ALIVE_SECONDS = 75
"""Longer than clients and load balancers keep an idle connection, so that they close it, not we
while a request is on its way."""

log = logging.getLogger("trackstore.server")


class Server(uvicorn.Server):
    """Tells when it serves."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self._tell_started()


def run(settings: Settings, taken: socket.socket, started: Callable[[], None]) -> bool:
    """Serve on the socket until SIGTERM or SIGINT; False where the application did not start.

    A stop takes no new calls, answers those that run within ``shutdown_seconds``, and then lets
    the application write what is queued.
    """
    config = uvicorn.Config(
        APPLICATION,
        factory=True,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks for the caller's address or scheme
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # a compressor per socket costs more than what it saves
        ws_max_size=int(settings.max_body_bytes),
        ws_ping_interval=settings.live_ping_seconds,
        ws_ping_timeout=settings.live_stall_seconds,
        timeout_graceful_shutdown=math.ceil(settings.shutdown_seconds),
    )
    if settings.workers > 1:
        return _run_many(config, taken, started)
    return _run_one(Server(config, started), taken)


def _run_one(server: Server, taken: socket.socket) -> bool:
    # The server raises the signal that ended it once more for whoever handled it before:
    # here that is its own handler, which has nothing left to do, and the exit code stays 0.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, server.handle_exit)
    try:
        server.run(sockets=[taken])
    except SystemExit:
        return False  # the application did not start; it has logged why
    if server.started:
        log.info("stopped")
    return server.started


def _run_many(config: uvicorn.Config, taken: socket.socket, started: Callable[[], None]) -> bool:
    supervisor = Multiprocess(config, sockets=[taken])
    started()
    with contextlib.closing(taken):
        supervisor.run()
    return all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)
