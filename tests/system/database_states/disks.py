"""A file system of a few megabytes that a test may fill."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from store.database import Database

FILLER = "filler"


@dataclass(frozen=True)
class Disk:
    """A small file system; where nobody may mount one, SQLite's own bound stands for it."""

    folder: Path
    is_mounted: bool

    async def fill(self, database: Database) -> None:
        """Leave no room at all."""
        if self.is_mounted:
            await asyncio.to_thread(self.fill_up)
        else:
            await self._bound(database, 1)

    async def free(self, database: Database) -> None:
        """Make room again."""
        if self.is_mounted:
            (self.folder / FILLER).unlink()
        else:
            await self._bound(database, 1_000_000)

    def fill_up(self) -> None:
        """Write a file until nothing more fits."""
        assert self.is_mounted, "that would fill the disk of this machine"
        with suppress(OSError), (self.folder / FILLER).open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65_536))
        with suppress(OSError), (self.folder / FILLER).open("ab", buffering=0) as file:
            while True:
                file.write(bytes(512))

    async def _bound(self, database: Database, pages: int) -> None:
        async with database.write() as connection:
            await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
