"""Items over which the server fails by itself: kept, tried again, and dropped only after their time."""

from uuid import UUID

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import ONCE, MakeTracker
from tests.unit.sdk.network import FAILING, FINE, Network, wait_until
from tests.unit.sdk.stored_operations import check_stored, track_many
from trackstore import Client

STAGES = """query ($id: UUID!) {
  request(id: $id) { status events { nodes { type } } }
}"""


def test_a_server_that_fails_for_a_while_loses_nothing(
    server: ServerProcess, way: Network, make_tracker: MakeTracker
) -> None:
    """Three times the pair, then three times its first half, which is kept and stored later."""
    way.forecast = [FAILING] * 6
    tracker = make_tracker(way.url, interval_seconds=5)
    ids = track_many(tracker, 2)
    assert tracker.flush(10).is_done
    stats = tracker.stats()
    assert not stats.dropped
    assert stats.problem is None
    assert set(check_stored(server.url, ids, stats)) == set(ids)


@ONCE
def test_an_item_that_the_server_always_fails_over_holds_nobody_up(
    server: ServerProcess, way: Network, make_tracker: MakeTracker
) -> None:
    way.poison = b"poisonous"
    tracker = make_tracker(way.url, compress_from_bytes=0)
    ids = track_many(tracker, 10)
    poison = track_many(tracker, 1, name="poisonous")
    ids += track_many(tracker, 10)
    wait_until(lambda: tracker.stats().acknowledged == len(ids))
    flushed = tracker.flush(0.2)
    assert flushed.left == 1
    assert flushed.problem is not None
    assert "INTERNAL" in flushed.problem
    assert not tracker.stats().dropped
    way.poison = b""
    assert tracker.flush(10).is_done
    assert len(check_stored(server.url, ids + poison, tracker.stats())) == 21


@ONCE
def test_it_is_dropped_and_counted_after_its_time(
    server: ServerProcess, way: Network, make_tracker: MakeTracker
) -> None:
    way.poison = b"poisonous"
    tracker = make_tracker(way.url, compress_from_bytes=0, failing_seconds=0.3)
    ids = track_many(tracker, 5) + track_many(tracker, 1, name="poisonous")
    assert tracker.flush(10).is_done
    stats = tracker.stats()
    assert stats.dropped == {"INTERNAL": 1}
    assert len(check_stored(server.url, ids, stats)) == 5


@ONCE
def test_more_of_them_than_may_be_kept_wait_in_the_queue(
    server: ServerProcess, way: Network, make_tracker: MakeTracker
) -> None:
    way.poison = b"poisonous"
    tracker = make_tracker(way.url, compress_from_bytes=0, failing_items=2)
    ids = track_many(tracker, 5, name="poisonous") + track_many(tracker, 5)
    assert tracker.flush(1).left == 10 - tracker.stats().acknowledged
    assert not tracker.stats().dropped
    way.poison = b""
    assert tracker.flush(10).is_done
    assert len(check_stored(server.url, ids, tracker.stats())) == 10


@ONCE
def test_what_belongs_together_stays_in_order(
    server: ServerProcess, way: Network, make_tracker: MakeTracker
) -> None:
    """The stages of a request wait behind its creation; another request goes on."""
    way.poison = b"poisonous"
    tracker = make_tracker(way.url, compress_from_bytes=0)
    requests: list[UUID] = []
    for kind in ("poisonous", "fine"):
        with tracker.request(kind) as request, request.stage("work"):
            pass
        requests.append(request.id)
    wait_until(lambda: tracker.stats().acknowledged >= 4)
    assert tracker.flush(0.2).left >= 4
    way.poison, way.weather = b"", FINE
    assert tracker.flush(10).is_done
    assert not tracker.stats().dropped
    with Client(server.url) as client:
        waited, fine = (client.query(STAGES, {"id": str(id)})["request"] for id in requests)
    assert waited == fine
    assert waited["status"] == "COMPLETED"
