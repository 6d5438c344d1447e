"""What stands in the store, asked through the client under test, and held against what was tracked."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from trackstore import Client, Stats, Tracker

OPERATIONS = """query ($after: String) {
  operations(first: 1000, after: $after) {
    nodes { uuid } pageInfo { hasNextPage endCursor }
  }
}"""


def stored_ids(url: str, api_key: str | None = None) -> Counter[UUID]:
    # The ids of all operations, with how often each is there.
    times_by_id: Counter[UUID] = Counter()
    after = None
    with Client(url, api_key) as client:
        while True:
            page = client.query(OPERATIONS, {"after": after})["operations"]
            times_by_id.update(UUID(node["uuid"]) for node in page["nodes"])
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return times_by_id


def check_stored(url: str, tracked: Collection[UUID], *all_stats: Stats) -> Counter[UUID]:
    """Every tracked item is in the store exactly once, or counted as dropped."""
    wanted = set(tracked)
    counts = Counter({id: times for id, times in stored_ids(url).items() if id in wanted})
    assert set(counts.values()) <= {1}
    dropped = sum(stats.dropped_total for stats in all_stats)
    assert len(counts) + dropped == len(set(tracked)), (len(counts), dropped, len(set(tracked)))
    return counts


def track_many(tracker: Tracker, count: int, name: str = "read") -> list[UUID]:
    """Track so many operations; gives their ids."""
    return [
        tracker.track_tool_operation(
            tool=name, mode="full", tokens_original=10, tokens_actual=5, parameters={"n": number}
        )
        for number in range(count)
    ]
