"""``trackstore doctor``: what it looks at, what it says, and when it fails."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.checks import CheckState, Finding
from cli.database import with_store
from cli.doctor import check_all
from server.settings.database import DATABASES
from server.settings.model import load_settings
from store.dialects import PoolSettings, dialect_for
from store.dialects.probes import Probes
from store.ids import utc_now
from store.store import Store
from tests.unit.cli.conftest import Run


def look(url: str | None = None) -> dict[str, Finding]:
    """The findings by what they are about; the worst where there are several."""
    findings = sorted(check_all(url), key=lambda finding: finding.state is CheckState.FAIL)
    return {finding.name: finding for finding in findings}


def file_of(url: str) -> Path:
    """The file of an embedded database."""
    file = load_settings(database_url=url).database.file
    assert file is not None
    return file


def start_once(url: str) -> None:
    """Do what the start of a server does to the database."""

    async def start(store: Store) -> None:
        await store.start()

    with_store(load_settings(database_url=url), start)


@pytest.mark.usefixtures("own_folder")
def test_all_is_well(run: Run, database_url: str, dialect: str) -> None:
    start_once(database_url)
    if dialect == "sqlite":
        file_of(database_url).chmod(0o600)
    result = run("doctor", "--database-url", database_url)
    assert result.exit_code == 0, result.output
    assert "warn" not in result.stdout
    assert "fail" not in result.stdout
    for said in ("all are valid", DATABASES[dialect][0], "the newest", "open: only"):
        assert said in result.stdout


@pytest.mark.usefixtures("own_folder")
def test_partitions_that_are_missing_are_a_warning(
    migrated_database_url: str, dialect: str
) -> None:
    finding = look(migrated_database_url)["partitions"]
    if dialect == "sqlite":
        assert finding.state is CheckState.SKIP
        return
    assert finding.state is CheckState.WARN
    assert f"operations_p{datetime.now(UTC):%Y%m}" in finding.detail
    start_once(migrated_database_url)
    assert look(migrated_database_url)["partitions"].state is CheckState.OK


@pytest.mark.usefixtures("own_folder")
def test_pending_migrations(empty_database_url: str, dialect: str, run: Run) -> None:
    if dialect == "sqlite":
        file_of(empty_database_url).touch()
    finding = look(empty_database_url)["tables"]
    assert "pending: 0001" in finding.detail
    assert finding.state is (CheckState.WARN if dialect == "sqlite" else CheckState.FAIL)
    result = run("doctor", "--database-url", empty_database_url)
    assert result.exit_code == (0 if dialect == "sqlite" else 1)


@pytest.mark.usefixtures("own_folder")
def test_a_database_that_is_away(run: Run) -> None:
    url = "postgresql://me:hush@127.0.0.1:1/nowhere"
    assert look(url)["database"].state is CheckState.FAIL
    result = run("doctor", "--database-url", url)
    assert result.exit_code == 1
    assert "hush" not in result.output


def test_looking_makes_no_database(own_folder: Path) -> None:
    findings = look()
    assert findings["database"].state is CheckState.SKIP
    assert findings["access"].state is CheckState.OK
    assert list(own_folder.iterdir()) == []


def test_wrong_settings_are_findings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKSTORE_PORT", "x")
    monkeypatch.setenv("TRACKSTORE_WORKERS", "0")
    result = run("doctor")
    assert result.exit_code == 1
    assert result.stdout.count("fail") == 2
    assert "Set TRACKSTORE_PORT=8000 (the default) or remove it" in result.stdout


def test_settings_that_nothing_reads(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKSTORE_PROT", "1")
    env_file = own_folder / ".env"
    env_file.write_text("", encoding="utf-8")
    env_file.chmod(0o644)
    findings = look()
    assert findings["settings"].fix == "rename it to TRACKSTORE_PORT"
    assert findings[".env"].fix == "chmod 600 .env"


@pytest.mark.usefixtures("own_folder")
def test_workers_on_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKSTORE_WORKERS", "2")
    assert look()["workers"].state is CheckState.FAIL


@pytest.mark.usefixtures("own_folder")
def test_access(database_url: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKSTORE_HOST", "0.0.0.0")
    open_to_all = look(database_url)["access"]
    assert open_to_all.state is CheckState.FAIL
    assert "trackstore keys create" in open_to_all.fix
    run("keys", "create", "first", "--database-url", database_url)
    assert look(database_url)["access"].state is CheckState.OK


@pytest.mark.usefixtures("own_folder")
def test_keys_that_are_asked_for_and_not_there(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKSTORE_ACCESS", "keys")
    assert look(database_url)["access"].state is CheckState.WARN


@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize(
    ("off", "state"),
    [
        (timedelta(seconds=1), CheckState.OK),
        (timedelta(seconds=-30), CheckState.WARN),
        (timedelta(hours=1), CheckState.FAIL),
    ],
)
def test_the_clock(
    database_url: str, monkeypatch: pytest.MonkeyPatch, off: timedelta, state: CheckState
) -> None:
    async def there(probes: Probes, connection: AsyncConnection) -> datetime:
        del probes, connection
        return utc_now() + off

    kind = type(dialect_for(database_url, PoolSettings()).probes)
    monkeypatch.setattr(kind, "read_server_clock", there)
    assert look(database_url)["clock"].state is state


@pytest.mark.usefixtures("own_folder")
def test_a_version_that_is_too_old(
    database_url: str, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DATABASES, dialect, ("It", (99, 1)))
    finding = look(database_url)["database"]
    assert (finding.state, finding.fix) == (CheckState.FAIL, "update it to 99.1 or newer")


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize(
    ("free", "state"),
    [(10**12, CheckState.OK), (5 * 10**8, CheckState.WARN), (10**7, CheckState.FAIL)],
)
def test_room_on_the_disk(monkeypatch: pytest.MonkeyPatch, free: int, state: CheckState) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, free))
    assert look()["disk"].state is state


def test_a_file_that_others_can_read(run: Run, own_folder: Path) -> None:
    run("migrate")
    file = own_folder / "trackstore.db"
    for mode in (0o644, 0o640, 0o606, 0o620):
        file.chmod(mode)
        assert look()["file"].fix == "chmod 600 trackstore.db"
    file.chmod(0o600)
    assert look()["file"].state is CheckState.OK
    with closing(
        sqlite3.connect(file)
    ) as connection:  # the file beside it is there while one is open
        connection.execute("UPDATE alembic_version SET version_num = version_num")
        connection.commit()
        (own_folder / "trackstore.db-wal").chmod(0o644)
        assert look()["file"].fix == "chmod 600 trackstore.db-wal"


@pytest.mark.usefixtures("own_folder")
def test_what_this_account_may_not_write(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("migrate")
    monkeypatch.setattr(os, "access", lambda path, mode: not (Path(path).is_file() and mode))
    assert look()["file"].fix == "allow this account to read and write it"
    monkeypatch.setattr(os, "access", lambda path, mode: not (Path(path).is_dir() and mode))
    assert "cannot be written to" in look()["file"].detail
