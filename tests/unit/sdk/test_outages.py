"""Whatever becomes of the server and the way to it: each item is stored once, or counted as dropped."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import ServerProcess, server_process
from tests.unit.sdk.conftest import ONCE, MakeTracker
from tests.unit.sdk.network import DEAF, FINE, SILENT, Network, Weather, wait_until
from tests.unit.sdk.stored_operations import check_stored, track_many
from trackstore import Client, ServerRefusedError, new_id

ITEMS = 300
CREATE_KEY = """mutation {
  createApiKey(input: {name: "k", scopes: [INGEST], organizationId: "default"}) { secret }
}"""


def port_of(server: ServerProcess) -> int:
    """Where another one takes its place."""
    return int(server.url.rpartition(":")[2])


def test_a_server_that_is_killed_and_started_again(
    database_url: str, tmp_path: Path, make_tracker: MakeTracker
) -> None:
    with server_process(database_url, tmp_path) as first:
        tracker = make_tracker(first.url, batch_items=20)
        ids = track_many(tracker, ITEMS)
        wait_until(lambda: tracker.stats().acknowledged >= 40)
        first.kill()
        ids += track_many(tracker, ITEMS)
        assert tracker.flush(0.2).left > 0
        assert tracker.stats().problem
    with server_process(database_url, tmp_path, port=port_of(first)) as second:
        flushed = tracker.flush(20)
        assert flushed.is_done, flushed
        assert tracker.stats().acknowledged == len(ids)
        assert tracker.stats().retries > 0
        assert not tracker.stats().dropped
        assert len(check_stored(second.url, ids)) == 2 * ITEMS
        assert not second.complaints()


@ONCE
def test_a_server_that_is_stopped_and_started_again(
    database_url: str, tmp_path: Path, make_tracker: MakeTracker
) -> None:
    """Its own 503s while it stops are among what the client meets."""
    ids = []
    with server_process(database_url, tmp_path) as first:
        tracker = make_tracker(first.url, batch_items=5)
        ids += track_many(tracker, ITEMS)
        first.terminate()
        ids += track_many(tracker, ITEMS)
        first.wait()
    with server_process(database_url, tmp_path, port=port_of(first)) as second:
        assert tracker.flush(20).is_done
        assert len(check_stored(second.url, ids)) == 2 * ITEMS


def test_answers_that_are_lost(
    server: ServerProcess, way: Network, make_tracker: MakeTracker
) -> None:
    """The batch was committed, and nobody heard of it: it is sent again, and stored once."""
    way.forecast = [DEAF, FINE, DEAF, DEAF]
    tracker = make_tracker(way.url, batch_items=50)
    ids = track_many(tracker, ITEMS)
    assert tracker.flush(20).is_done
    stats = tracker.stats()
    assert stats.duplicates >= 100
    assert stats.acknowledged == ITEMS
    assert len(check_stored(server.url, ids, stats)) == ITEMS


def test_a_slow_server(server: ServerProcess, way: Network, make_tracker: MakeTracker) -> None:
    """It answers after the client has given up, which therefore sends again."""
    way.weather = Weather(delay_seconds=0.6)
    tracker = make_tracker(way.url, batch_items=100, timeout_seconds=0.3)
    ids = track_many(tracker, ITEMS)
    begun = time.monotonic()
    assert not tracker.flush(1.0).is_done
    assert time.monotonic() - begun < 1.5
    way.weather = FINE
    assert tracker.flush(20).is_done
    assert len(check_stored(server.url, ids, tracker.stats())) == ITEMS


def test_a_server_that_hangs_holds_nobody_up(way: Network, make_tracker: MakeTracker) -> None:
    way.weather = SILENT
    tracker = make_tracker(way.url, timeout_seconds=30)
    ids = track_many(tracker, 10)
    wait_until(lambda: len(way.calls) == 1)
    begun = time.monotonic()
    assert tracker.flush(0.3).left == len(ids)
    assert tracker.close(0.3).left == len(ids)
    assert time.monotonic() - begun < 1.5
    assert tracker.stats().dropped == {"CLOSED": len(ids)}
    assert tracker.stats().queued == 0


def test_a_second_thread_that_closes_waits_until_all_is_counted(
    way: Network, make_tracker: MakeTracker
) -> None:
    """The workers of a pool are closed by a signal and by their finalizers, at the same time."""
    way.weather = SILENT
    tracker = make_tracker(way.url, timeout_seconds=30)
    ids = track_many(tracker, 10)
    wait_until(lambda: len(way.calls) == 1)
    first = threading.Thread(target=tracker.close, args=(0.6,))
    first.start()
    time.sleep(0.1)
    assert tracker.close(0.1).left == len(ids)
    assert tracker.stats().dropped == {"CLOSED": len(ids)}
    first.join()


@pytest.mark.parametrize("status", [429, 503])
def test_a_proxy_that_refuses_for_a_while(
    status: int, server: ServerProcess, way: Network, make_tracker: MakeTracker
) -> None:
    busy = Weather("refusing", status=status, headers={"Retry-After": "1"})
    way.forecast = [busy, busy]
    tracker = make_tracker(way.url, batch_items=1000, longest_delay_seconds=5)
    ids = track_many(tracker, ITEMS)
    begun = time.monotonic()
    assert tracker.flush(20).is_done
    assert time.monotonic() - begun > 1.8, "Retry-After counts"
    assert tracker.stats().retries == 2
    assert len(check_stored(server.url, ids, tracker.stats())) == ITEMS


@ONCE
@pytest.mark.parametrize(
    ("settings", "status"), [({"max_operations": 1}, 429), ({"writer_queue_items": 60}, 503)]
)
def test_a_server_that_is_busy(
    settings: dict[str, int],
    status: int,
    database_url: str,
    tmp_path: Path,
    make_tracker: MakeTracker,
) -> None:
    """Eight clients at once are more than the server was set to bear: its own refusals."""
    with server_process(database_url, tmp_path, **settings) as server:
        trackers = [make_tracker(server.url, batch_items=40) for _ in range(8)]
        ids = [id for tracker in trackers for id in track_many(tracker, 400)]
        assert all(tracker.flush(30).is_done for tracker in trackers)
        all_stats = [tracker.stats() for tracker in trackers]
        refused = [line for line in server.log() if line.get("status") == status]
        assert refused or any(stats.retries for stats in all_stats)
        assert not any(stats.dropped for stats in all_stats)
        assert len(check_stored(server.url, ids, *all_stats)) == 3200


@ONCE
def test_a_key_that_is_refused(
    database_url: str, tmp_path: Path, make_tracker: MakeTracker
) -> None:
    with server_process(database_url, tmp_path) as open_server, Client(open_server.url) as client:
        key = client.query(CREATE_KEY)["createApiKey"]["secret"]
    with server_process(database_url, tmp_path, access="keys") as server:
        wrong = make_tracker(server.url, api_key=key[:-1] + ("a" if key[-1] != "a" else "b"))
        track_many(wrong, 20)
        assert wrong.flush(0.5).left == 20
        problem = wrong.stats().problem or ""
        assert problem.startswith(f"{server.url}/graphql: UNAUTHENTICATED")
        assert "set TRACKSTORE_API_KEY" in problem
        assert key[:-1] not in problem
        refused = pytest.raises(ServerRefusedError, match=r"No API key.*set TRACKSTORE_API_KEY")
        with Client(server.url) as keyless, refused:
            keyless.query("{ operations { totalCount } }")
        assert wrong.close(0.2).left == 20
        assert wrong.stats().dropped == {"CLOSED": 20}
        right = make_tracker(server.url, api_key=key)
        track_many(right, 20)
        assert right.flush(10).is_done
        assert right.stats().acknowledged == 20


def test_poison_costs_nobody_else_anything(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url, interval_seconds=5, batch_items=1000)
    good = track_many(tracker, 100)
    poison = [new_id() for _ in range(5)]
    facts: tuple[dict[str, Any], ...] = (
        {"kind": "NOPE", "name": "x"},
        {"kind": "API", "name": "x", "durationMs": "fast"},
        {"kind": "API", "name": "x", "nonsense": 1},
        {"kind": "API", "name": "x", "attributes": [1]},
        {"kind": "API", "name": "n" * 2_000},
    )
    for id, poisoned in zip(poison, facts, strict=True):  # as an older client wrote it to its spool
        tracker._delivery.put(json.dumps({"operation": {"id": str(id), **poisoned}}).encode())
    good += track_many(tracker, 100)
    assert tracker.flush(10).is_done
    stats = tracker.stats()
    assert stats.dropped == {"INVALID": 4, "BAD_USER_INPUT": 1}
    assert set(check_stored(server.url, good + poison, stats)) == set(good)


def test_a_server_that_knows_less_than_the_client_is_searched_for_poison(
    server: ServerProcess, way: Network, make_tracker: MakeTracker
) -> None:
    """A refusal of the whole batch that names nothing: it is sent in halves, down to the item."""
    error = {"message": "no", "extensions": {"code": "BAD_USER_INPUT"}}
    body = json.dumps({"errors": [error]}).encode()
    refusal = Weather("refusing", status=200, body=body)
    # Of 8: the whole, the first half, its first quarter and the first item are refused.
    way.forecast = [refusal] * 4
    tracker = make_tracker(way.url, interval_seconds=5)
    ids = track_many(tracker, 8)
    assert tracker.flush(10).is_done
    assert tracker.stats().dropped == {"BAD_USER_INPUT": 1}
    assert set(check_stored(server.url, ids, tracker.stats())) == set(ids[1:])


@ONCE
def test_a_batch_that_is_too_large_goes_in_parts(
    database_url: str, tmp_path: Path, make_tracker: MakeTracker
) -> None:
    with server_process(database_url, tmp_path, max_body_bytes=65_536) as server:
        tracker = make_tracker(server.url, interval_seconds=5)
        ids = [
            tracker.track_chat(message="x" * length, model="m")
            for length in (20_000, 20_000, 20_000, 90_000, 20_000, 20_000)
        ]
        assert tracker.flush(10).is_done
        assert tracker.stats().dropped == {"TOO_LARGE": 1}
        counts = check_stored(server.url, ids, tracker.stats())
        assert ids[3] not in counts


def test_memory_is_bounded_and_drops_are_counted(make_tracker: MakeTracker) -> None:
    tracker = make_tracker("http://127.0.0.1:9", queue_items=50, batch_items=10)
    track_many(tracker, 200)
    dropped = tracker.stats().dropped["QUEUE_FULL"]
    assert dropped >= 200 - 50 - 10
    assert tracker.stats().queued + dropped == 200
    heavy = make_tracker("http://127.0.0.1:9", queue_bytes=10_000, interval_seconds=30)
    track_many(heavy, 200)
    assert 0 < heavy.stats().queued < 100
    assert heavy.stats().queued + heavy.stats().dropped_total == 200
    heavy.close(0)
    track_many(heavy, 3)
    stats = heavy.stats()
    assert (stats.tracked, stats.queued) == (203, 0)
    assert stats.dropped_total == 203


def test_large_batches_are_compressed(
    server: ServerProcess, way: Network, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(way.url, interval_seconds=5)
    ids = track_many(tracker, ITEMS)
    assert tracker.flush(10).is_done
    assert b"content-encoding: gzip" in way.calls[0].lower()
    assert way.bodies[0] < 100 * ITEMS
    plain = make_tracker(way.url, compress_from_bytes=0)
    ids += track_many(plain, ITEMS)
    assert plain.flush(10).is_done
    assert b"content-encoding" not in way.calls[-1].lower()
    assert len(check_stored(server.url, ids)) == 2 * ITEMS
