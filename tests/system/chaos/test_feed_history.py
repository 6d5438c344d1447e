"""The checks of feeds find gaps, repeats, phantoms and another order than that of commits."""

import random

from tests.system.chaos.feed_history import (
    Written,
    agreement_problems,
    log_problems,
    once_problems,
    order_problems,
)

COUNT = 200
IDS = [f"record-{number:03}" for number in range(COUNT)]


def _committed(seed: int) -> tuple[list[str], dict[str, Written]]:
    """Return records in the order of commits, and around each commit a call that sent it."""
    dice = random.Random(seed)
    times = {
        id: Written(number - dice.expovariate(0.2), number + dice.expovariate(0.2))
        for number, id in enumerate(IDS)
    }
    return list(IDS), times


def test_accepts_the_order_of_commits() -> None:
    for seed in range(20):
        seen, written = _committed(seed)
        assert once_problems(seen, set(IDS)) == []
        assert order_problems(seen, written) == []
        assert agreement_problems(seen, seen[10:]) == []


def test_finds_a_record_that_is_missing_repeated_or_unknown() -> None:
    seen, _ = _committed(1)
    assert once_problems(seen[:50] + seen[51:], set(IDS)) == [
        "1 of 200 records did not come: ['record-050']"
    ]
    assert once_problems([*seen, seen[3]], set(IDS)) == [
        "1 of 200 records came twice: ['record-003']"
    ]
    assert once_problems([*seen, "other"], set(IDS)) == [
        "1 of 200 records came and is not stored: ['other']"
    ]


def test_finds_a_record_that_came_late() -> None:
    for seed in range(20):
        seen, written = _committed(seed)
        moved = random.Random(seed).randrange(0, 100)
        seen.insert(moved + 100, seen.pop(moved))
        assert order_problems(seen, written), seed


def test_concurrent_records_may_come_in_any_order_but_in_one() -> None:
    written = {"a": Written(0, 5), "b": Written(1, 4), "c": Written(6, 7)}
    assert order_problems(["a", "b", "c"], written) == []
    assert order_problems(["b", "a", "c"], written) == []
    assert order_problems(["a", "c", "b"], written)
    assert agreement_problems(["a", "b", "c"], ["b", "a", "c"])
    assert agreement_problems(["a", "x", "b"], ["a", "b", "y"]) == []


def test_finds_gaps_and_repeats_in_logs() -> None:
    assert log_problems([("a", 1), ("b", 1), ("a", 2), ("a", 3), ("b", 2)]) == []
    assert log_problems([("a", 1), ("a", 3)]) == ["1 logs with gaps: ['a: 3 in the place of 2']"]
    assert log_problems([("a", 1), ("a", 1)])
    assert log_problems([("a", 2), ("a", 1)])
