"""A network between client and server with weather of its own: slow, silent, lossy, in front of it
a proxy that refuses."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"
LOOK_SECONDS = 0.02
PIECE = 65_536


@dataclass(frozen=True)
class Weather:
    """What becomes of a call.

    ``fine`` passes it; ``silent`` swallows it and says nothing until the weather changes; ``deaf``
    passes it and loses the answer with the connection; ``refusing`` answers in the server's place.
    """

    kind: Literal["fine", "silent", "deaf", "refusing"] = "fine"
    delay_seconds: float = 0.0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


FAILING = Weather(
    "refusing",
    status=500,
    body=b'{"errors": [{"message": "no", "extensions": {"code": "INTERNAL"}}]}',
)
FINE, SILENT, DEAF = Weather(), Weather("silent"), Weather("deaf")


@dataclass
class Network:
    """The way to one server. Tests set ``weather``; ``calls`` are the heads of all calls so far."""

    target: str
    weather: Weather = FINE
    forecast: list[Weather] = field(default_factory=list)
    """The weather of the next calls, one each, before ``weather`` comes back."""
    calls: list[bytes] = field(default_factory=list)
    bodies: list[int] = field(default_factory=list)
    poison: bytes = b""
    """Over a body that holds these bytes the server fails, whatever the weather; without gzip."""
    url: str = ""
    _closed: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def _now(self) -> Weather:
        with self._lock:
            return self.forecast.pop(0) if self.forecast else self.weather

    def serve(self, listener: socket.socket) -> None:
        while not self._closed.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connection, args=(client,), daemon=True).start()

    def close(self) -> None:
        self._closed.set()

    def _connection(self, client: socket.socket) -> None:
        with client, suppress(OSError, ConnectionError):
            while not self._closed.is_set():
                call = read_message(client)
                if call is None:
                    return
                self.calls.append(call.partition(HEAD_END)[0])
                self.bodies.append(len(call) - call.index(HEAD_END) - len(HEAD_END))
                answer = self._answer(call, self._now())
                if answer is None:
                    return
                client.sendall(answer)

    def _answer(self, call: bytes, weather: Weather) -> bytes | None:
        if weather.delay_seconds:
            self._closed.wait(weather.delay_seconds)
        if self.poison and self.poison in call:
            weather = FAILING
        if weather.kind == "refusing":
            lines = {**weather.headers, "Content-Length": str(len(weather.body))}
            header_lines = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
            return (
                f"HTTP/1.1 {weather.status} Refused\r\n{header_lines}\r\n".encode() + weather.body
            )
        if weather.kind == "silent":
            while self.weather is weather and not self._closed.is_set():
                time.sleep(LOOK_SECONDS)
            return None
        address = urlsplit(self.target)
        with socket.create_connection((address.hostname or "", address.port or 80), 30) as server:
            server.sendall(call)
            answer = read_message(server)
        return None if weather.kind == "deaf" else answer


def read_message(connection: socket.socket) -> bytes | None:
    """One HTTP message with a Content-Length; None where the connection ended."""
    received = b""
    while HEAD_END not in received:
        piece = connection.recv(PIECE)
        if not piece:
            return None
        received += piece
    head, _, body = received.partition(HEAD_END)
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        piece = connection.recv(PIECE)
        if not piece:
            return None
        body += piece
    return head + HEAD_END + body


@contextmanager
def network(target: str) -> Iterator[Network]:
    # A network to the server at ``target``, on a free loopback port.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        way = Network(target)
        way.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=way.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield way
        finally:
            way.close()
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def wait_until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Return as soon as it holds; fail where that does not come."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(LOOK_SECONDS)
