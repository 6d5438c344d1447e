"""Learns that the server is told to stop, before it waits for those who are connected."""

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

STOPS = (signal.SIGTERM, signal.SIGINT)
PARENT_SECONDS = 1.0
"""How often a worker looks whether the process that started it is still there."""
Handler = Callable[[int, FrameType | None], Any]


class StopSignals:
    """Calls ``told`` on the event loop when uvicorn is told to stop, and lets uvicorn go on.

    uvicorn waits for open answers before it ends the application; a stream never ends by itself.
    Where something else runs the application, nothing is changed.
    """

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told
        self._before: dict[signal.Signals, Handler] = {}

    def listen(self) -> None:
        """Stand before uvicorn's own handlers; called on the event loop."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for stop in STOPS:
            handler = signal.getsignal(stop)
            if isinstance(getattr(handler, "__self__", None), uvicorn.Server):
                assert callable(handler)
                self._before[stop] = handler
                signal.signal(stop, self._handler(loop, handler))

    def leave(self) -> None:
        """Put uvicorn's handlers back."""
        for stop, handler in self._before.items():
            signal.signal(stop, handler)
        self._before.clear()

    def _handler(self, loop: asyncio.AbstractEventLoop, handler: Handler) -> Handler:
        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._told)
            handler(number, frame)

        return handle


def end_with_parent() -> None:
    """Stop this process when the one that started it as a worker is gone, however that ended.

    It would keep the port, and a server that takes the place of the other could not start.
    """
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None:
        return
    threading.Thread(target=_watch, args=(parent.pid,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
