"""The decision of a consume: all or nothing, the first level that refuses is named."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from models.enums import LimitMode, LimitPeriod, LimitSubject
from store.limits.decide import Level, decide

HARD, SOFT = LimitMode.HARD, LimitMode.SOFT
LEVEL = Level(
    limit_id=UUID(int=1),
    subject=LimitSubject.WORKSPACE,
    subject_id="w-1",
    interaction_type="premium",
    period=LimitPeriod.MONTH,
    mode=HARD,
    maximum=1_000,
    used=0,
    reserved=0,
    period_start=datetime(2026, 11, 1, tzinfo=UTC),
    resets_at=datetime(2026, 12, 1, tzinfo=UTC),
)
UNITS = st.integers(0, 10**15)
LEVELS = st.builds(
    Level,
    limit_id=st.uuids(),
    subject=st.sampled_from(LimitSubject),
    subject_id=st.text(),
    interaction_type=st.text(),
    period=st.sampled_from(LimitPeriod),
    mode=st.sampled_from(LimitMode),
    maximum=UNITS | st.integers(0, 20),
    used=UNITS | st.integers(0, 20),
    reserved=UNITS | st.integers(0, 20),
    period_start=st.datetimes(timezones=st.just(UTC)),
    resets_at=st.none() | st.datetimes(timezones=st.just(UTC)),
)


def test_the_maximum_itself_may_be_used() -> None:
    level = replace(LEVEL, used=990)
    assert decide([level], 10).allowed
    assert not decide([level], 11).allowed


def test_what_is_held_counts() -> None:
    assert not decide([replace(LEVEL, used=500, reserved=495)], 10).allowed


def test_a_soft_limit_lets_pass_and_reports() -> None:
    level = replace(LEVEL, mode=SOFT, used=1_001)
    assert decide([level], 10**15).allowed
    assert level.exceeded
    assert level.remaining == 0


def test_a_maximum_of_zero_refuses_everything() -> None:
    assert not decide([replace(LEVEL, maximum=0)], 1).allowed


def test_without_limits_everything_is_allowed() -> None:
    decision = decide([], 10**15)
    assert (decision.allowed, decision.denied_by, decision.reason()) == (True, None, None)


def test_the_first_level_that_refuses_is_named() -> None:
    wide, narrow = replace(LEVEL, used=999), replace(LEVEL, used=1_000, subject_id="w-2")
    assert decide([replace(LEVEL), wide, narrow], 2).denied_by is wide


def test_the_reason_says_all_that_a_caller_must_know() -> None:
    decision = decide([replace(LEVEL, used=900, reserved=50)], 1_200)
    assert decision.reason() == (
        "1,200 premium asked, 50 of 1,000 left for workspace 'w-1' this month; "
        "resets at 2026-12-01T00:00:00Z"
    )


def test_the_reason_of_a_lifetime_says_never() -> None:
    level = replace(LEVEL, used=1_000, period=LimitPeriod.LIFETIME, resets_at=None)
    assert (decide([level], 1).reason() or "").endswith("this lifetime; resets never")


@given(st.lists(LEVELS), st.integers(1, 10**15))
def test_all_or_nothing(levels: list[Level], units: int) -> None:
    before = [replace(level) for level in levels]
    decision = decide(levels, units)
    fits = all(
        level.mode is SOFT or level.used + level.reserved + units <= level.maximum
        for level in levels
    )
    assert decision.allowed == fits
    assert (decision.denied_by is None) == fits
    assert (decision.reason() is None) == fits
    assert list(decision.levels) == before == levels, "a decision changes nothing"


@given(LEVELS)
def test_what_remains_may_be_used_and_no_more(level: Level) -> None:
    hard = replace(level, mode=HARD)
    if hard.remaining:
        assert decide([hard], hard.remaining).allowed
    assert not decide([hard], hard.remaining + 1).allowed


@given(LEVELS)
def test_a_level_survives_json(level: Level) -> None:
    assert Level.from_json(json.loads(json.dumps(level.as_json()))) == level
