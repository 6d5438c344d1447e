"""Bounds of streaming connections."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveBounds:
    """Bounds of streaming connections; each is a setting. Times are seconds."""

    connections: int = 5_000
    per_connection: int = 100
    per_principal: int = 10_000
    pending_per_address: int = 64
    init_seconds: float = 5.0
    ping_seconds: float = 12.0
    stall_seconds: float = 30.0
    poll_seconds: float = 10.0
    shares: bool = True
