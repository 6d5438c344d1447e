"""The write-ahead log of a SQLite database: how large its file is, and how it is written back.

SQLite restarts its log from the front only while no reader needs it. Where long reads always
overlap, that never happens, and the log grows with every write.
"""

from pathlib import Path
from typing import Any

MAX_LOG_BYTES = 64 * 2**20
"""The size from which on new questions wait until the log was written back."""
KEPT_LOG_BYTES = 16 * 2**20
"""What SQLite leaves of the file when it starts the log again."""
CHECKPOINT_BUSY_MILLISECONDS = 100
"""How long one checkpoint waits for readers. Writers wait for it meanwhile."""


class WriteAheadLog:
    def __init__(self, database: str, max_bytes: int = MAX_LOG_BYTES) -> None:
        self._path = None if database.startswith("file:") else Path(f"{database}-wal")
        self.max_bytes = max_bytes

    @property
    def is_long(self) -> bool:
        try:
            return self._path is not None and self._path.stat().st_size > self.max_bytes
        except OSError:
            return False

    async def write_back(self, driver: Any, busy_milliseconds: int) -> bool:
        """Checkpoint over the writer's connection; return False while a reader holds the log.

        ``busy_milliseconds`` is what the connection waits for locks otherwise.
        """
        await driver.execute(f"PRAGMA busy_timeout={CHECKPOINT_BUSY_MILLISECONDS}")
        try:
            rows = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            await driver.execute(f"PRAGMA busy_timeout={busy_milliseconds}")
        ((is_busy, _, _),) = rows
        return not is_busy
