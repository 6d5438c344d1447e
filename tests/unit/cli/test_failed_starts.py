"""A server that cannot start says why in one line, and exits with 1, so that a supervisor tries again."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from migrations.runner import upgrade
from tests.support.postgres import PostgresCluster
from tests.support.processes import run_command, server_process
from tests.system.chaos.small_disk import SmallDisk, small_disk
from tests.system.database_states.roles import OwnDatabase, own_database
from tests.unit.cli.conftest import Run

PASSWORD = "s3cret"


def problem_of(run: Run, url: str) -> str:
    """Start a server in this process, which must end at once; what it says is wrong."""
    result = run("serve", "--port", "0", "--database-url", url)
    return checked(result.exit_code, result.stderr)


def checked(exit_code: int, errors: str) -> str:
    """The line with the problem."""
    assert exit_code == 1, errors
    assert "Traceback" not in errors
    assert PASSWORD not in errors
    (line,) = [line for line in errors.splitlines() if line.startswith("error: ")]
    return line


def served(url: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Start a server as a supervisor does; it must end by itself."""
    return run_command(
        "serve", "--port", "0", "--log-format", "json", "--database-url", url, folder=folder
    )


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """A disk of 8 MB."""
    with small_disk(8) as mounted:
        if mounted is None:
            pytest.skip("this account may not mount a small file system")
        yield mounted


@pytest.mark.sqlite
def test_a_full_disk(run: Run, disk: SmallDisk, tmp_path: Path) -> None:
    """With a new file, and with one that has tables; it starts once there is room."""
    url = f"sqlite:///{disk.folder}/t.db"
    disk.fill()
    line = problem_of(run, url)
    assert str(disk.folder) in line
    assert "full" in line or "No space left" in line
    disk.free()
    (disk.folder / "t.db").unlink(missing_ok=True)
    upgrade(url)
    disk.fill()
    line = checked((ended := served(url, tmp_path)).returncode, ended.stderr)
    assert "t.db" in line
    assert "room" in line
    disk.free()
    with server_process(url, tmp_path):
        pass


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "is a folder"),
        ("file.txt/t.db", "Not a directory"),
        ("file.txt", "file.txt is not a SQLite database"),
    ],
    ids=["a folder", "inside a file", "another kind of file"],
)
def test_a_file_that_cannot_be(run: Run, tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "file.txt").write_text("of somebody else, and longer than a header" * 9)
    line = problem_of(run, f"sqlite:///{tmp_path}/{path}")
    assert said in line or "cannot be opened" in line
    assert str(tmp_path) in line


@pytest.mark.sqlite
def test_a_file_that_is_read_only(run: Run, disk: SmallDisk) -> None:
    """As on a file system that was mounted again after an error."""
    url = f"sqlite:///{disk.folder}/t.db"
    upgrade(url)
    remount = ["mount", "-o", "remount,ro", str(disk.folder)]
    subprocess.run(remount, check=True)
    line = problem_of(run, url)
    assert "t.db" in line
    assert "write" in line


@pytest.mark.sqlite
def test_a_host_that_is_not_there(run: Run) -> None:
    for host, said in (("127.0.0.1:9", "Connect call failed"), ("no-such-host.invalid", "Name")):
        line = problem_of(run, f"postgresql://ana:{PASSWORD}@{host}/x")
        assert said in line
        assert "check the address, and that the database runs" in line


@pytest.mark.postgresql
def test_a_wrong_password(run: Run, own_postgres: PostgresCluster) -> None:
    """Of a role, and a database, that are there; then what the server can do nothing about."""
    server = own_postgres._server
    file = server.pgdata / "pg_hba.conf"
    file.write_text("local all postgres trust\nlocal all all scram-sha-256\n" + file.read_text())
    asyncio.run(prepare(own_postgres.url))
    url = own_postgres.url.set(username="ana", password=PASSWORD)
    line = problem_of(run, url.render_as_string(hide_password=False))
    assert 'password authentication failed for user "ana"' in line


async def prepare(url: URL) -> None:
    await OwnDatabase(url, "postgres", "ana").run(
        "CREATE ROLE {role} LOGIN PASSWORD 'another'", "SELECT pg_reload_conf()"
    )


@pytest.mark.postgresql
def test_a_database_that_takes_no_writes(postgres_server: URL, tmp_path: Path) -> None:
    """The partitions of the present months are missing: it cannot make them."""

    async def start() -> "subprocess.CompletedProcess[str]":
        async with own_database(postgres_server) as own:
            await own.run("ALTER ROLE {role} SET default_transaction_read_only = on")
            url = make_url(own.url).render_as_string(hide_password=False)
            return await asyncio.to_thread(served, url, tmp_path)

    ended = asyncio.run(start())
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "The server cannot start: the database is read-only (25006)." in ended.stderr
