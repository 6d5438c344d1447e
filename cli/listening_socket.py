"""The listening socket of a server, bound before anything else starts."""

import errno
import socket

from cli.errors import CommandError


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to ``host`` and ``port`` (0: any), which does not accept calls yet.

    Worker processes inherit it. Raises ``CommandError``.
    """
    family, address = _resolve(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.set_inheritable(True)
    except OSError as error:
        listener.close()
        raise CommandError(_reason(error, host, port)) from None
    return listener


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        addresses = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror:
        raise CommandError(
            f"{host} is not a name of this machine. Listen on 127.0.0.1, or on 0.0.0.0 for all "
            "addresses."
        ) from None
    addresses.sort(key=lambda info: info[0] is not socket.AF_INET)
    family, _, _, _, address = addresses[0]
    return family, (str(address[0]), int(address[1]))


def _reason(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"port {port} of {host} is in use by another program. Stop it, or choose "
                "another port with --port."
            )
        case errno.EACCES | errno.EPERM:
            return (
                f"this account may not listen on port {port}. Choose one from 1024 on with --port."
            )
        case errno.EADDRNOTAVAIL:
            return (
                f"{host} is not an address of this machine. Listen on 127.0.0.1, or on 0.0.0.0 "
                "for all addresses."
            )
        case _:
            return f"cannot listen on port {port} of {host}: {error.strerror}"
