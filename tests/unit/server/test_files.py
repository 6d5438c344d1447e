"""Files that the software writes are for its account alone, whatever the umask; wider ones are told."""

import os
import stat
import subprocess
from pathlib import Path

import httpx
import pytest

from cli.exporting.receiving import _sink
from models.private_files import create_private_file, create_private_folder
from server.app import warn_of_exposed_files
from server.settings.model import load_settings
from tests.support.processes import COMMAND, ServerProcess, server_process

pytestmark = pytest.mark.sqlite
OPERATION = 'mutation { trackOperation(input: {kind: API, name: "n"}) { status } }'
UMASKS = (0o000, 0o022, 0o077, 0o777)


def modes(folder: Path) -> dict[str, int]:
    """The permissions of everything below a folder; logs of the tests aside."""
    found = (path for path in folder.rglob("*") if path.suffix != ".log")
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in found}


def record(server: ServerProcess) -> None:
    answer = httpx.post(f"{server.url}/graphql", json={"query": OPERATION}, timeout=30)
    assert answer.json() == {"data": {"trackOperation": {"status": "ACCEPTED"}}}


def test_a_server_and_its_export(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.touch()
    env_file.chmod(0o604)
    before = os.umask(0)
    try:
        with server_process("sqlite:///a/b/own.db", tmp_path) as server:
            record(server)
            found = modes(tmp_path)
            assert {"a/b/own.db", "a/b/own.db-wal", "a/b/own.db-shm"} <= found.keys()
            exported = tmp_path / "rows.csv"
            exported.touch(0o666)
            done = subprocess.run(
                [COMMAND, "export", "--server", server.url, "-o", str(exported)],
                capture_output=True,
                check=True,
                timeout=60,
                cwd=tmp_path,
            )
            assert b"rows.csv" in done.stderr
            told = [line["event"] for line in server.log() if line["level"] == "warning"]
            assert told == [".env is accessible to other accounts; run `chmod 600 .env`"]
    finally:
        os.umask(before)
    for name, mode in ({**found, **modes(tmp_path)}).items():
        if name == ".env":
            continue  # somebody else wrote it
        assert mode == (0o700 if name in ("a", "a/b") else 0o600), name


@pytest.mark.usefixtures("own_folder")
def test_files_that_are_wider_are_told(caplog: pytest.LogCaptureFixture) -> None:
    settings = load_settings(database_url="sqlite:///own.db")
    files = [Path(name) for name in ("own.db", "own.db-wal", "own.db-shm", ".env")]
    for file in files:
        file.touch(0o600)
    for mode in (0o640, 0o604, 0o610, 0o660):
        warn_of_exposed_files(settings)
        assert not caplog.messages
        for file in files:
            file.chmod(mode)
        warn_of_exposed_files(settings)
        said = [f"{f} is accessible to other accounts; run `chmod 600 {f}`" for f in files]
        assert caplog.messages == said
        caplog.clear()
        for file in files:
            file.chmod(0o600)


@pytest.mark.parametrize("umask", UMASKS)
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        create_private_folder(tmp_path / "x" / "y" / "z")
        create_private_file(tmp_path / "x" / "y" / "z" / "file")
        create_private_folder(tmp_path / "x")  # it is there
        create_private_file(tmp_path / "x" / "y" / "z" / "file")
    finally:
        os.umask(before)
    assert modes(tmp_path) == {"x": 0o700, "x/y": 0o700, "x/y/z": 0o700, "x/y/z/file": 0o600}


def test_an_export_follows_no_link(own_folder: Path) -> None:
    """A file of that name that somebody else put there is not written through."""
    victim = own_folder / "victim"
    victim.write_text("mine")
    (own_folder / "rows.csv.part").symlink_to(victim)
    with _sink(Path("rows.csv")) as sink:
        sink.write(b"rows")
    assert victim.read_text() == "mine"
    assert (own_folder / "rows.csv").read_text() == "rows"
