"""How a table is cut into months on PostgreSQL; SQLite keeps the same tables in one piece."""

from dataclasses import dataclass
from typing import Literal

INFO_KEY = "partition"


@dataclass(frozen=True, slots=True)
class Partition:
    """Range partitions by UTC month of ``column``.

    ``by`` is ``"instant"`` where the column is a point in time and ``"uuid7"`` where it is an id
    whose first 48 bits are milliseconds since the epoch (RFC 9562, section 5.7).
    """

    column: str
    by: Literal["instant", "uuid7"]

    def info(self) -> dict[str, "Partition"]:
        return {INFO_KEY: self}
