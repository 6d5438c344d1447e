"""Decide whether callers need an API key: not if only this machine can reach the server."""

import ipaddress
from enum import StrEnum

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


class Access(StrEnum):
    AUTO = "auto"
    OPEN = "open"
    KEYS = "keys"


class OpenAccessError(Exception):
    pass


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def decide_access(access: Access, host: str, any_active_key: bool) -> Access:
    """Return ``OPEN`` or ``KEYS`` for a server that listens on ``host``.

    Raises ``OpenAccessError`` for an address that others can reach unless a key protects it.
    """
    if is_loopback(host):
        if access is Access.AUTO:
            return Access.KEYS if any_active_key else Access.OPEN
        return access
    if access is Access.OPEN:
        raise OpenAccessError(
            f"{host} can be reached by others, and TRACKSTORE_ACCESS=open would let all of them in. "
            "Listen on 127.0.0.1, or set TRACKSTORE_ACCESS=keys and create a key with "
            "`trackstore keys create NAME`."
        )
    if not any_active_key:
        raise OpenAccessError(
            f"{host} can be reached by others, and there is no API key yet. Create one with "
            "`trackstore keys create NAME`, or listen on 127.0.0.1."
        )
    return Access.KEYS
