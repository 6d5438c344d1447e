"""Write the head of a response together with its body, which saves a system call."""

import asyncio


class JoinedWrites:
    """Delay a write until the next one, at most until the loop's next iteration.

    uvicorn writes the head and the body of a response one right after the other, and each write is a
    system call. It uses this in place of its connection's transport.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pending: bytes | None = None
        self._release: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        if self._pending is None:
            self._pending = data
            self._release = self._loop.call_soon(self.flush)
            return
        pending, self._pending = self._pending, None
        assert self._release is not None
        self._release.cancel()
        self._transport.writelines((pending, data))

    def flush(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None and not self._transport.is_closing():
            self._transport.write(pending)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()
