"""Files of a spool that are damaged, full, spelled twice, or for their owner only."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from tests.house.checkout import ROOT
from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import ONCE, MakeTracker
from tests.unit.sdk.network import wait_until
from tests.unit.sdk.stored_operations import check_stored, track_many
from tests.unit.sdk.test_spool import AWAY
from trackstore import InvalidSettingsError, Settings
from trackstore.delivery.delivery_stats import DeliveryStats
from trackstore.delivery.spool import Spool

ITEMS = [b'{"operation":{"name":"%06d","text":"%s"}}' % (n, b"x" * 200) for n in range(1_000)]
PAGE = 4096


def abandoned(folder: Path, items: list[bytes] = ITEMS) -> Path:
    """Leave a file as a process does that has died; gives its path."""
    spool = Spool(folder, 2**30, DeliveryStats())
    spool.append(items)
    spool.close()
    (path,) = folder.glob("items-*.sqlite")
    return path


def overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def garbage_in_the_middle(path: Path) -> None:
    pages = path.stat().st_size // PAGE
    overwrite(path, pages // 2 * PAGE, os.urandom(2 * PAGE))


def garbage_in_an_item(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE items SET item = ? WHERE number = 500", (os.urandom(100),))
        connection.execute("UPDATE items SET item = substr(item, 1, 40) WHERE number = 501")
        connection.execute("UPDATE items SET item = NULL WHERE number = 502")


def newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def other_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE items RENAME TO things")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def not_a_database(path: Path) -> None:
    path.write_bytes(b"not a database" * 1_000)


def garbage_at_the_start(path: Path) -> None:
    overwrite(path, 0, os.urandom(100))


DAMAGES: list[tuple[Callable[[Path], object], int, int]] = [
    (truncate, 400, 999),
    (garbage_in_the_middle, 900, 999),
    (garbage_in_an_item, 997, 997),
    (newer_version, 1_000, 1_000),
    (other_table, 0, 0),
    (empty, 0, 0),
    (not_a_database, 0, 0),
    (garbage_at_the_start, 0, 0),
]


@pytest.mark.parametrize(("damage", "least", "most"), DAMAGES)
def test_a_damaged_file_is_read_as_far_as_it_can_be_once(
    damage: Callable[[Path], object],
    least: int,
    most: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = abandoned(tmp_path)
    damage(path)
    content = path.read_bytes()
    delivery_stats = DeliveryStats()
    spool = Spool(tmp_path, 2**30, delivery_stats)
    recovered = spool.recover()
    assert least <= recovered <= most
    assert delivery_stats.recovered == delivery_stats.left == recovered == spool.stored
    items = [item for _, item in spool.take(2_000, 2**30)]
    assert len(set(items)) == len(items) == recovered
    assert set(items) <= set(ITEMS)
    aside = path.with_name(f"damaged-{path.name}")
    assert f"{path} is damaged" in caplog.text
    assert f"{recovered} item(s) were read, renamed to {aside.name}" in caplog.text
    assert aside.read_bytes() == content
    caplog.clear()
    assert (spool.recover(), caplog.text) == (0, "")
    assert not path.exists()
    assert not path.with_suffix(".lock").exists()
    spool.close()


@pytest.mark.parametrize("damage", [truncate, garbage_in_the_middle, garbage_in_an_item])
def test_a_file_that_is_damaged_while_it_is_used(
    damage: Callable[[Path], object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    delivery_stats = DeliveryStats()
    spool = Spool(tmp_path, 2**30, delivery_stats)
    delivery_stats.queued = len(ITEMS)
    spool.append(ITEMS)
    taken = list(spool.take(100, 2**30))
    spool.disconnect()
    (path,) = tmp_path.glob("items-*.sqlite")
    damage(path)
    for _ in range(50):
        taken += spool.take(100, 2**30)
    dropped = delivery_stats.dropped["SPOOL_DAMAGED"]
    assert len(taken) + dropped == len(ITEMS)
    assert 0 < dropped < 700
    spool.mark_settled(taken)
    delivery_stats.acknowledge(len(taken), 0)
    assert (spool.stored, len(spool), delivery_stats.left) == (0, 0, 0)
    spool.append([b"{}"])
    assert spool.take(10, 100) != []
    assert "is damaged" in caplog.text
    spool.close()
    assert [p.name for p in tmp_path.iterdir() if not p.name.startswith("damaged-")] != []


def test_a_file_without_its_lock_is_taken_over(tmp_path: Path) -> None:
    abandoned(tmp_path).with_suffix(".lock").unlink()
    spool = Spool(tmp_path, 2**30, DeliveryStats())
    assert spool.recover() == len(ITEMS)
    spool.close()


def test_a_file_that_cannot_be_opened_is_left_for_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = abandoned(tmp_path)
    moved = path.rename(tmp_path / "held")
    path.mkdir()
    spool = Spool(tmp_path, 2**30, DeliveryStats())
    assert (spool.recover(), spool.recover()) == (0, 0)
    assert caplog.text.count("failed, will retry") == 1
    path.rmdir()
    moved.rename(path)
    assert spool.recover() == len(ITEMS)
    spool.close()


@ONCE
def test_two_spellings_of_a_folder_are_one(
    server: ServerProcess,
    tmp_path: Path,
    make_tracker: MakeTracker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a living tracker keeps is its own, however another one of its process spells the folder."""
    folder = tmp_path / "spool"
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    blocked = make_tracker(AWAY, spool_folder=folder)
    ids = track_many(blocked, 20)
    wait_until(lambda: blocked.spooled == 20)
    for spelling in ("spool", "./spool/", "link", "~/spool", f"{folder}//", "spool/../link"):
        other = make_tracker(server.url, spool_folder=spelling)
        other_ids = track_many(other, 5)
        assert other.flush(10).is_done
        assert other.stats().recovered == 0, spelling
        assert len(check_stored(server.url, other_ids)) == 5
        assert other.close(1).left == 0
    monkeypatch.chdir("/")
    assert blocked.close(0.1).spooled == 20
    last = make_tracker(server.url, spool_folder=tmp_path / "link")
    wait_until(lambda: last.stats().acknowledged == 20)
    assert len(check_stored(server.url, ids)) == 20


def test_a_home_that_is_not_known_is_refused() -> None:
    with pytest.raises(InvalidSettingsError, match="spool_folder: '~nobody-here/x'"):
        Settings(spool_folder="~nobody-here/x")  # type: ignore[arg-type]  # as the environment has it


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        spool = Spool(tmp_path / "spool", 2**30, DeliveryStats())
        spool.append(ITEMS[:10])
    finally:
        os.umask(mask)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "spool").iterdir()}
    assert {name.rpartition(".")[2] for name in modes} == {
        "lock",
        "sqlite",
        "sqlite-wal",
        "sqlite-shm",
    }
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    spool.close()


def run(program: str, url: str, folder: Path) -> str:
    """Run a program of ``tests.unit.sdk.programs`` whose files may not grow; gives what it wrote."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.unit.sdk.programs", program, url, str(folder / "ids")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@ONCE
def test_a_full_disk_delivers_from_memory(server: ServerProcess, tmp_path: Path) -> None:
    """What was delivered is never counted as dropped, and the disk is used again when it can be."""
    output = run("full_disk", server.url, tmp_path)
    assert "spool write failed, items stay in memory" in output
    assert "spool is writable again" in output
    ids = (tmp_path / "ids").read_text().split()
    assert f"acknowledged {len(ids)} dropped {{}}" in output
    assert not list((tmp_path / "spool").iterdir())


@ONCE
def test_a_full_disk_and_no_server_fill_the_memory_up_to_its_bound(
    server: ServerProcess, tmp_path: Path
) -> None:
    output = run("full_disk_away", server.url, tmp_path)
    assert "QUEUE_FULL" in output
    assert "dropped: CLOSED" not in output


@ONCE
def test_a_disk_that_is_full_of_items_is_emptied(server: ServerProcess, tmp_path: Path) -> None:
    output = run("full_disk_restart", server.url, tmp_path)
    assert "items stay in memory for now" in output
    ids = [UUID(line) for line in (tmp_path / "ids").read_text().split()]
    assert len(check_stored(server.url, ids)) == len(ids) == 1_400
    assert not list((tmp_path / "spool").iterdir())
