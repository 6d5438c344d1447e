"""The fault proxy forwards, holds back, delays and cuts, on open connections and on new ones."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.system.chaos.proxy import LOOPBACK, Direction, FaultProxy, Link

QUIET_SECONDS = 0.1
ANSWER_SECONDS = 5.0


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that sends back what it receives."""
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=echo, args=(connection,), daemon=True).start()

        def echo(connection: socket.socket) -> None:
            with connection:
                try:
                    while data := connection.recv(1024):
                        connection.sendall(data)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture
def proxy(echo_port: int) -> Iterator[FaultProxy]:
    """A proxy before the echo server."""
    with FaultProxy.to_port(echo_port) as proxy:
        yield proxy


def _connect(proxy: FaultProxy) -> "closing[socket.socket]":
    return closing(socket.create_connection((LOOPBACK, proxy.port), timeout=ANSWER_SECONDS))


def _echo(client: socket.socket, data: bytes, seconds: float = ANSWER_SECONDS) -> bytes:
    client.settimeout(seconds)
    client.sendall(data)
    return client.recv(1024)


def test_hangs_open_connections_while_new_ones_work(proxy: FaultProxy) -> None:
    with _connect(proxy) as old, _connect(proxy) as new:
        assert _echo(old, b"a") == b"a"
        assert _echo(new, b"a") == b"a"
        proxy.hang()
        with pytest.raises(TimeoutError):
            _echo(old, b"b", QUIET_SECONDS)
        with _connect(proxy) as later:
            assert _echo(later, b"c") == b"c"
            assert (proxy.links, proxy.hung_links, proxy.accepted) == (3, 2, 3)
        proxy.forward()
        old.settimeout(ANSWER_SECONDS)
        assert old.recv(1024) == b"b"


def test_hangs_new_connections_where_asked(proxy: FaultProxy) -> None:
    proxy.hang(new=True)
    with _connect(proxy) as client:
        with pytest.raises(TimeoutError):
            _echo(client, b"a", QUIET_SECONDS)
        proxy.forward()
        client.settimeout(ANSWER_SECONDS)
        assert client.recv(1024) == b"a"


def test_a_trigger_holds_back_the_answer_to_one_request(proxy: FaultProxy) -> None:
    def hang_after(link: Link, chunk: bytes) -> None:
        if chunk == b"commit":
            link.hang(Direction.TO_CLIENT)

    proxy.on_request = hang_after
    with _connect(proxy) as client:
        assert _echo(client, b"a") == b"a"
        with pytest.raises(TimeoutError):
            _echo(client, b"commit", QUIET_SECONDS)
        proxy.forward()
        client.settimeout(ANSWER_SECONDS)
        assert client.recv(1024) == b"commit"


def test_delays_every_chunk(proxy: FaultProxy) -> None:
    with _connect(proxy) as client:
        assert _echo(client, b"a") == b"a"
        proxy.delay(QUIET_SECONDS)
        begun = time.monotonic()
        assert _echo(client, b"b") == b"b"
        assert time.monotonic() - begun >= 2 * QUIET_SECONDS


def test_cuts_open_connections_and_refuses_new_ones(proxy: FaultProxy) -> None:
    with _connect(proxy) as old:
        assert _echo(old, b"a") == b"a"
        proxy.cut()
        with pytest.raises(ConnectionError):
            _echo(old, b"b")
    with _connect(proxy) as new:
        assert _echo(new, b"c") == b"c"
        proxy.refuse()
        with pytest.raises(ConnectionError):
            _echo(new, b"d")
    with pytest.raises(ConnectionError), _connect(proxy) as refused:
        _echo(refused, b"e")
