"""Runs the application in one process or several, until it is told to stop."""

import contextlib
import http.client
import logging
import math
import resource
import signal
import socket
import threading
from collections.abc import Callable

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from server.access.admission import OTHER_FILES
from server.process.garbage_collection import pause_gc
from server.settings.model import Settings

APPLICATION = "server.app:app_from_environment"
PROTOCOL = "server.transport.connections:BoundedProtocol"
WEBSOCKETS = "server.transport.websockets:BoundedWebSocket"

HUNG_SECONDS = 60
"""A worker that says nothing for so long is replaced; one on a machine with too much to do is only slow."""

ASK_SECONDS = 0.1
ANSWER_SECONDS = 2.0
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # where to ask, not where to listen
"""Where a server that listens everywhere can be asked."""

log = logging.getLogger("trackstore.server")


class Server(uvicorn.Server):
    """Tells when it serves."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self._tell_started()


def run(settings: Settings, taken: socket.socket, started: Callable[[], None]) -> bool:
    """Serve on the socket until SIGTERM or SIGINT; False where the application did not start.

    A stop takes no new calls, answers those that run within ``shutdown_seconds``, and then lets
    the application write what is queued.
    """
    raise_file_limit(settings.connections.max_connections + OTHER_FILES)
    config = uvicorn.Config(
        APPLICATION,
        factory=True,
        workers=settings.listen.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        http=PROTOCOL,
        proxy_headers=bool(settings.access.trusted_proxies),
        forwarded_allow_ips=list(settings.access.trusted_proxies),
        timeout_keep_alive=math.ceil(settings.listen.idle_seconds),
        ws=WEBSOCKETS,
        ws_per_message_deflate=False,  # a compressor per socket costs more than what it saves
        ws_max_size=settings.requests.body_bytes,
        ws_ping_interval=settings.live.ping_seconds,
        ws_ping_timeout=settings.live.stall_seconds,
        timeout_worker_healthcheck=HUNG_SECONDS,
        timeout_graceful_shutdown=math.ceil(settings.listen.shutdown_seconds),
    )
    if settings.listen.workers > 1:
        return _run_many(config, taken, started)
    pause_gc()
    return _run_one(Server(config, started), taken)


def raise_file_limit(wanted: int) -> None:
    """Let this process have so many open files, if the system does: every connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    most = wanted if hard == unlimited else min(wanted, hard)
    if soft != unlimited and soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


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
    ended = threading.Event()
    watcher = threading.Thread(
        target=_tell_when_answered, args=(taken.getsockname(), started, ended), daemon=True
    )
    watcher.start()
    with contextlib.closing(taken):
        try:
            supervisor.run()
        finally:
            ended.set()
    return all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)


def _tell_when_answered(
    address: tuple[object, ...], started: Callable[[], None], ended: threading.Event
) -> None:
    """Ask until a worker answers, then tell; workers take a while to start."""
    host = LOOPBACK.get(str(address[0]), str(address[0]))
    while not ended.wait(ASK_SECONDS):
        asking = http.client.HTTPConnection(host, int(str(address[1])), timeout=ANSWER_SECONDS)
        try:
            asking.request("GET", "/livez")
            if asking.getresponse().status == http.client.OK:
                started()
                return
        except (OSError, http.client.HTTPException):
            continue
        finally:
            asking.close()
