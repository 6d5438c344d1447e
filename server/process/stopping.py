"""Notice a stop request before uvicorn waits for open connections."""

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
PARENT_SECONDS = 1.0
"""Interval at which a worker checks that its parent process is alive."""
Handler = Callable[[int, FrameType | None], Any]


class StopSignals:
    """Call ``on_stop`` on the event loop when uvicorn receives a stop signal, then let uvicorn proceed.

    uvicorn waits for open responses before it ends the application, and a stream never ends by itself.
    Under another server nothing is changed.
    """

    def __init__(self, on_stop: Callable[[], None]) -> None:
        self._on_stop = on_stop
        self._original_handlers: dict[signal.Signals, Handler] = {}

    def install(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for stop in STOP_SIGNALS:
            handler = signal.getsignal(stop)
            if isinstance(getattr(handler, "__self__", None), uvicorn.Server):
                assert callable(handler)
                self._original_handlers[stop] = handler
                signal.signal(stop, self._handler(loop, handler))

    def uninstall(self) -> None:
        for stop, handler in self._original_handlers.items():
            signal.signal(stop, handler)
        self._original_handlers.clear()

    def _handler(self, loop: asyncio.AbstractEventLoop, handler: Handler) -> Handler:
        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._on_stop)
            handler(number, frame)

        return handle


def end_with_parent() -> None:
    """Stop this worker once its parent process is gone, however it ended.

    Otherwise it would keep the port, and a new server could not start.
    """
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None:
        return
    threading.Thread(target=_watch, args=(parent.pid,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
