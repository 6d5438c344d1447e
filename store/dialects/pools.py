"""Connections: how many there are, how long they may be used, and how callers share them."""

from dataclasses import dataclass
from typing import NamedTuple


class ConnectionCapacity(NamedTuple):
    records: int
    questions: int


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Connections kept (``size``) and lent on top (``overflow``); waits and statements in seconds.

    ``flush_seconds`` bounds a transaction of the writer and small reads that many wait for; an
    answer that is missing for ``silence_seconds`` has its connection checked (PostgreSQL).
    ``questions`` are aggregations that run at once; ``waiting`` reads of one organization wait for
    their turn, each for ``turn_seconds`` at most.
    """

    size: int = 10
    overflow: int = 20
    wait_seconds: float = 5.0
    statement_seconds: float = 30.0
    lock_seconds: float = 5.0
    flush_seconds: float = 10.0
    silence_seconds: float = 3.0
    questions: int = 8
    waiting: int = 500
    turn_seconds: float = 30.0
    synchronous: str = "FULL"
