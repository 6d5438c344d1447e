"""What live feeds must show: every record once, in the order of commits, the same to everybody."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_EXAMPLES = 3
"""Records that a problem names."""


@dataclass(frozen=True, slots=True)
class Written:
    """When a record was first sent, and when it was first acknowledged; by one clock."""

    sent: float
    acknowledged: float


def once_problems(seen: Sequence[str], stored: set[str]) -> list[str]:
    """Return what a feed showed twice, did not show, or showed although it is not stored."""
    problems = []
    repeated = [id for id, times in Counter(seen).items() if times > 1]
    for what, ids in (
        ("came twice", repeated),
        ("did not come", sorted(stored - set(seen))),
        ("came and is not stored", sorted(set(seen) - stored)),
    ):
        if ids:
            problems.append(f"{len(ids)} of {len(stored)} records {what}: {ids[:MAX_EXAMPLES]}")
    return problems


def order_problems(seen: Sequence[str], written: Mapping[str, Written]) -> list[str]:
    """Return where a feed is not in the order of commits.

    A record that was acknowledged before another one was sent was committed before it.
    """
    latest_sent, latest = float("-inf"), ""
    for id in seen:
        times = written.get(id)
        if times is None:
            continue
        if times.acknowledged < latest_sent:
            return [f"{id} came after {latest}, which was sent after {id} was acknowledged"]
        if times.sent > latest_sent:
            latest_sent, latest = times.sent, id
    return []


def agreement_problems(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Return where two feeds of the same records differ in their order."""
    shared = set(one) & set(other)
    ordered = [id for id in one if id in shared]
    compared = [id for id in other if id in shared]
    for position, (first, second) in enumerate(zip(ordered, compared, strict=False)):
        if first != second:
            return [f"two feeds differ at position {position}: {first} and {second}"]
    return []


def log_problems(events: Sequence[tuple[str, int]]) -> list[str]:
    """Return the requests whose numbers do not come as 1, 2, 3 ..., given request and number."""
    expected: Counter[str] = Counter()
    broken: dict[str, str] = {}
    for request, seq in events:
        expected[request] += 1
        if seq != expected[request]:
            broken.setdefault(request, f"{request}: {seq} in the place of {expected[request]}")
    if not broken:
        return []
    return [f"{len(broken)} logs with gaps: {list(broken.values())[:MAX_EXAMPLES]}"]
