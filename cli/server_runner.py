"""Runs the application in one process or several, until it is stopped."""

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

WORKER_TIMEOUT_SECONDS = 60
"""A worker that does not respond for this time is replaced; on an overloaded machine it is only slow."""

POLL_SECONDS = 0.1
ANSWER_SECONDS = 2.0
LOOPBACK_HOSTS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Wildcard addresses, and the address to probe instead."""

log = logging.getLogger("trackstore.server")


class Server(uvicorn.Server):
    """Uvicorn server that calls ``on_started`` when it accepts calls."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()


def run(settings: Settings, listener: socket.socket, on_started: Callable[[], None]) -> bool:
    """Serve on the socket until SIGTERM or SIGINT; return whether the application started.

    A stop accepts no new calls, finishes open ones within ``shutdown_seconds``, and then lets the
    application write what is queued.
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
        timeout_worker_healthcheck=WORKER_TIMEOUT_SECONDS,
        timeout_graceful_shutdown=math.ceil(settings.listen.shutdown_seconds),
    )
    if settings.listen.workers > 1:
        return _run_many(config, listener, on_started)
    pause_gc()
    return _run_one(Server(config, on_started), listener)


def raise_file_limit(count: int) -> None:
    """Raise the limit of open files as far as allowed: every connection needs one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    limit = count if hard == unlimited else min(count, hard)
    if soft != unlimited and soft < limit:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def _run_one(server: Server, listener: socket.socket) -> bool:
    # The server raises the signal that ended it once more for whoever handled it before:
    # here that is its own handler, which has nothing left to do, and the exit code stays 0.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, server.handle_exit)
    try:
        server.run(sockets=[listener])
    except SystemExit:
        return False  # the application did not start; it has logged why
    if server.started:
        log.info("stopped")
    return server.started


def _run_many(
    config: uvicorn.Config, listener: socket.socket, on_started: Callable[[], None]
) -> bool:
    supervisor = Multiprocess(config, sockets=[listener])
    ended = threading.Event()
    watcher = threading.Thread(
        target=_notify_when_ready, args=(listener.getsockname(), on_started, ended), daemon=True
    )
    watcher.start()
    with contextlib.closing(listener):
        try:
            supervisor.run()
        finally:
            ended.set()
    return all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)


def _notify_when_ready(
    address: tuple[object, ...], on_started: Callable[[], None], ended: threading.Event
) -> None:
    host = LOOPBACK_HOSTS.get(str(address[0]), str(address[0]))
    while not ended.wait(POLL_SECONDS):
        connection = http.client.HTTPConnection(host, int(str(address[1])), timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", "/livez")
            if connection.getresponse().status == http.client.OK:
                on_started()
                return
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
