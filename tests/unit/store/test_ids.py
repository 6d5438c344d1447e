"""Record ids: the layout of UUIDv7, their order from any thread, and digests of labels."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.ids import IdMaker, digest_id, first_id_at, instant_of, is_v7, new_id

EXAMPLE = UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")  # of RFC 9562, appendix A.6
THREADS, IDS = 4, 2_000
PARTS = st.lists(st.none() | st.text(max_size=5), max_size=5)


def test_the_layout_is_that_of_the_rfc() -> None:
    before = time.time_ns() // 1_000_000
    value = new_id().int
    after = time.time_ns() // 1_000_000
    assert before <= value >> 80 <= after + 1, "48 bits of milliseconds"
    assert (value >> 76) & 0xF == 7, "version"
    assert (value >> 62) & 0b11 == 0b10, "variant"
    assert value < 1 << 128


def test_the_example_of_the_rfc() -> None:
    assert is_v7(EXAMPLE)
    assert instant_of(EXAMPLE) == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)
    assert not is_v7(uuid4())
    assert not is_v7(UUID(int=0))


def test_the_random_bits_are_random() -> None:
    make_ids = [IdMaker() for _ in range(200)]
    tails = {make_id().int & ((1 << 62) - 1) for make_id in make_ids}
    assert len(tails) == len(make_ids)


def test_ids_never_go_back_from_any_thread() -> None:
    make_id = IdMaker()
    with ThreadPoolExecutor(THREADS) as threads:
        lists = list(threads.map(lambda _: [make_id() for _ in range(IDS)], range(THREADS)))
    assert all(one < other for made in lists for one, other in pairwise(made))
    assert len({id for made in lists for id in made}) == THREADS * IDS
    assert all(is_v7(id) and id.variant == EXAMPLE.variant for made in lists for id in made)


def test_ids_go_on_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    make_id, clock = IdMaker(), iter([5_000_000_000, 3_000_000_000, 4_000_000_000, 6_000_000_000])
    monkeypatch.setattr("store.ids.time.time_ns", lambda: next(clock))
    made = [make_id() for _ in range(4)]
    assert made == sorted(set(made))
    milliseconds = [id.int >> 80 for id in made]
    # In step with the clock again as soon as it has passed; the random bits may carry once.
    assert milliseconds[0] == 5_000
    assert set(milliseconds[1:3]) <= {5_000, 5_001}
    assert milliseconds[3] == 6_000


def test_the_bits_carry_into_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    make_id = IdMaker()
    monkeypatch.setattr("store.ids.time.time_ns", lambda: 1_000_000)
    monkeypatch.setattr("store.ids.secrets.randbits", lambda bits: (1 << bits) - 1)
    one, other = make_id(), make_id()
    assert (one.int >> 80, other.int >> 80) == (1, 2)
    assert other > one
    assert is_v7(other)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_first_id_of_an_instant(instant: datetime) -> None:
    first = first_id_at(instant)
    assert instant_of(first) <= instant < instant_of(first) + timedelta(milliseconds=1)
    own = UUID(int=first.int | EXAMPLE.int & ((1 << 80) - 1))
    assert first <= own < first_id_at(instant + timedelta(milliseconds=1))
    assert instant_of(own) == instant_of(first)


@given(PARTS, PARTS)
def test_a_digest_tells_parts_apart(one: list[str | None], other: list[str | None]) -> None:
    assert (digest_id(*one) == digest_id(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("ab", "c"), ("a", "bc")), ((None,), ("",)), (("-",), (None,)), (("1:a",), ("1", "a"))],
)
def test_parts_do_not_run_into_each_other(
    one: tuple[str | None, ...], other: tuple[str | None, ...]
) -> None:
    assert digest_id(*one) != digest_id(*other)


def test_a_digest_stays_the_same_in_every_version() -> None:
    # It stands in primary keys: another digest would begin every counter again.
    assert digest_id("acme", None, "", "Zürich") == UUID("3aade9c6-129f-69ea-808a-06a7e28cab17")
