"""The spool: bounded, shared by processes of a folder, and no reason to fail where the disk is."""

import os
import sqlite3
import time
from pathlib import Path

import pytest

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import ONCE, MakeTracker
from tests.unit.sdk.network import SILENT, Network, wait_until
from tests.unit.sdk.stored_operations import check_stored, track_many
from trackstore.delivery.delivery_stats import DeliveryStats
from trackstore.delivery.filelock import FileLock
from trackstore.delivery.spool import Spool

AWAY = "http://127.0.0.1:9"


def files_of(folder: Path) -> list[str]:
    return sorted({path.suffix for path in folder.iterdir()})


@ONCE
def test_a_spool_that_is_full_goes_on_where_it_stopped(
    server: ServerProcess, tmp_path: Path, make_tracker: MakeTracker
) -> None:
    first = make_tracker(AWAY, spool_folder=tmp_path, spool_bytes=20_000)
    ids = track_many(first, 500)
    wait_until(lambda: first.spooled + first.stats().dropped_total == 500)
    dropped = first.stats().dropped
    assert set(dropped) == {"SPOOL_FULL"}
    closed = first.close(0.1)
    assert closed.left == closed.spooled == 500 - dropped["SPOOL_FULL"] > 50
    assert first.stats().queued == closed.spooled, "what lies on disk is not dropped"
    second = make_tracker(server.url, spool_folder=tmp_path)
    wait_until(lambda: second.stats().recovered == closed.spooled)
    assert second.flush(10).is_done
    assert len(check_stored(server.url, ids, first.stats())) == closed.spooled
    assert second.close(1).left == 0
    assert not list(tmp_path.iterdir())


@ONCE
def test_trackers_share_a_folder(
    server: ServerProcess, way: Network, tmp_path: Path, make_tracker: MakeTracker
) -> None:
    """What a living tracker keeps is its own, also in the same process."""
    way.weather = SILENT
    blocked = make_tracker(way.url, spool_folder=tmp_path, timeout_seconds=30)
    ids = track_many(blocked, 50)
    wait_until(lambda: blocked.spooled == 50)
    other = make_tracker(server.url, spool_folder=tmp_path)
    other_ids = track_many(other, 50)
    assert other.flush(10).is_done
    assert other.stats().recovered == 0
    assert len(check_stored(server.url, other_ids)) == 50
    assert blocked.close(0.1).spooled == 50
    third = make_tracker(server.url, spool_folder=tmp_path)
    wait_until(lambda: third.stats().acknowledged == 50)
    assert len(check_stored(server.url, ids)) == 50


@ONCE
def test_acknowledged_items_leave_the_disk(
    server: ServerProcess, tmp_path: Path, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url, spool_folder=tmp_path)
    track_many(tracker, 300)
    assert tracker.flush(10).is_done
    assert tracker.spooled == 0
    (database,) = tmp_path.glob("*.sqlite")
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM items").fetchone() == (0,)
    connection.close()


@ONCE
def test_a_folder_that_takes_nothing(
    server: ServerProcess,
    tmp_path: Path,
    make_tracker: MakeTracker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    tracker = make_tracker(server.url, spool_folder=occupied)
    assert "items stay in memory" in caplog.text
    ids = track_many(tracker, 20)
    assert tracker.flush(10).is_done
    assert len(check_stored(server.url, ids)) == 20


def test_a_crash_while_another_spool_is_taken_over_costs_nothing(tmp_path: Path) -> None:
    """Items may be in both files then: they are sent twice, and stored once by their ids."""
    dead = Spool(tmp_path, 10_000, DeliveryStats())
    items = [b'{"operation":{}}', b'{"session":{}}']
    dead.append(items)
    dead.close()
    delivery_stats = DeliveryStats()
    spool = Spool(tmp_path, 10_000, delivery_stats)
    assert spool.recover() == 2
    assert delivery_stats.accepted == delivery_stats.left == 2
    assert [item for _, item in spool.take(10, 1_000)] == items
    spool.close()


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    assert FileLock.acquire(path, create=False) is None
    lock = FileLock.acquire(path, create=True)
    assert lock is not None
    assert FileLock.acquire(path, create=True) is None
    child = os.fork()
    if child == 0:
        inherited = lock
        inherited.forget()
        os._exit(0 if FileLock.acquire(path, create=True) is None else 1)
    assert os.waitpid(child, 0)[1] == 0, "a child does not get the lock of its living parent"
    lock.release()
    again = FileLock.acquire(path, create=True)
    assert again is not None
    again.release(remove=True)
    assert not path.exists()


@ONCE
def test_items_are_on_disk_before_they_are_sent(
    way: Network, tmp_path: Path, make_tracker: MakeTracker
) -> None:
    way.weather = SILENT
    tracker = make_tracker(way.url, spool_folder=tmp_path)
    begun = time.monotonic()
    track_many(tracker, 100)
    wait_until(lambda: tracker.spooled == 100)
    assert time.monotonic() - begun < 2
    assert files_of(tmp_path)[:2] == [".lock", ".sqlite"]
