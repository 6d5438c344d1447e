"""Composes what the store asks of a database beyond standard SQL, by concern."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from store.dialects.connections import Connections
from store.dialects.errors import ErrorTranslator
from store.dialects.expressions import Expressions
from store.dialects.feeds import FeedPositions
from store.dialects.guarded_writes import GuardedWriter
from store.dialects.json_objects import JsonObjects
from store.dialects.locks import Locks
from store.dialects.partitions import Partitioning
from store.dialects.probes import Probes
from store.dialects.rows import RowAccess
from store.dialects.sketches import Sketches
from store.dialects.usage_transactions import UsageTransactions

KEYS_PER_STATEMENT = 2_000
"""Keys in one IN list: five columns of each stay well below 32,767 bound parameters."""

T = TypeVar("T")


def chunks(keys: Sequence[T], size: int = KEYS_PER_STATEMENT) -> Iterator[Sequence[T]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


@dataclass(frozen=True, slots=True)
class DatabaseDialect:
    """One database: what is true of it, and one object for each concern."""

    name: str
    title: str
    """As its makers write it."""
    partitioned: bool
    hashes_groups: bool
    """Whether it finds many groups by hashing, where it would sort the distinct values of each."""
    many_processes: bool
    """Whether several server processes may share the database."""
    parallel_writers: int
    """How many flushes may be under way at once."""
    probe_chars: int
    """Characters of a text that a probe writes: so many that it needs room of its own."""
    connections: Connections
    rows: RowAccess
    guarded: GuardedWriter
    usage: UsageTransactions
    locks: Locks
    partitions: Partitioning
    feeds: FeedPositions
    expressions: Expressions
    json_objects: JsonObjects
    sketches: Sketches
    errors: ErrorTranslator
    probes: Probes
