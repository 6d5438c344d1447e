"""The socket a server listens on, taken before anything is started, with a clear answer if it cannot."""

import errno
import socket

from cli.failures import CommandError


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to ``host`` and ``port`` (0: any), which does not accept calls yet.

    Worker processes inherit it. Raises ``CommandError``.
    """
    family, address = _resolve(host, port)
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.set_inheritable(True)
    except OSError as error:
        taken.close()
        raise CommandError(_reason(error, host, port)) from None
    return taken


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The address of ``host``; of a name that has several, IPv4 first."""
    try:
        found = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror:
        raise CommandError(
            f"{host} is not the name of this machine: listen on 127.0.0.1, or on 0.0.0.0 for all "
            "its addresses"
        ) from None
    found.sort(key=lambda info: info[0] is not socket.AF_INET)
    family, _, _, _, address = found[0]
    return family, (str(address[0]), int(address[1]))


def _reason(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"port {port} of {host} is in use by another program: stop that one, or choose "
                "another port with --port"
            )
        case errno.EACCES | errno.EPERM:
            return (
                f"this account may not listen on port {port}: choose one from 1024 on with --port"
            )
        case errno.EADDRNOTAVAIL:
            return (
                f"{host} is not an address of this machine: listen on 127.0.0.1, or on 0.0.0.0 "
                "for all its addresses"
            )
        case _:
            return f"cannot listen on port {port} of {host}: {error.strerror}"
