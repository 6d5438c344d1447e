"""What a session of PostgreSQL and its socket are set to, so that either side notices the other's end."""

import socket
from contextlib import suppress
from typing import Any

from store.dialects.pools import PoolSettings

APPLICATION_NAME = "trackstore"
KEEPALIVE_IDLE_SECONDS = 10
KEEPALIVE_INTERVAL_SECONDS = 5
KEEPALIVE_PROBES = 3
TCP_USER_TIMEOUT_MS = 20_000
"""How long sent bytes may stay unacknowledged before the system closes a connection."""


def transport_of(driver: Any) -> Any:
    return getattr(driver, "_transport", None)


def keep_alive(driver: Any) -> None:
    transport = transport_of(driver)
    sock = transport.get_extra_info("socket") if transport is not None else None
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    options = {
        "TCP_KEEPIDLE": KEEPALIVE_IDLE_SECONDS,
        "TCP_KEEPINTVL": KEEPALIVE_INTERVAL_SECONDS,
        "TCP_KEEPCNT": KEEPALIVE_PROBES,
        "TCP_USER_TIMEOUT": TCP_USER_TIMEOUT_MS,
    }
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in options.items():
            if hasattr(socket, name):  # not every system has each
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def session_settings(pool: PoolSettings) -> dict[str, str]:
    return {
        "application_name": APPLICATION_NAME,
        "statement_timeout": milliseconds(pool.statement_seconds),
        "lock_timeout": milliseconds(pool.lock_seconds),
        "idle_in_transaction_session_timeout": milliseconds(2 * pool.flush_seconds),
        "tcp_keepalives_idle": str(KEEPALIVE_IDLE_SECONDS),
        "tcp_keepalives_interval": str(KEEPALIVE_INTERVAL_SECONDS),
        "tcp_keepalives_count": str(KEEPALIVE_PROBES),
        "tcp_user_timeout": str(TCP_USER_TIMEOUT_MS),
    }


def milliseconds(seconds: float) -> str:
    """Return a duration as PostgreSQL takes it; zero would mean none."""
    return str(max(1, int(seconds * 1_000)))
