"""Limits through the API: what is left out stays, patterns are refused, ended reservations say so."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from store.ids import new_id
from tests.acceptance.documents import CONSUME, USAGE
from tests.support.api import Api, ApiErrors, Json, StartApi

NOW = datetime(2026, 7, 30, 12, 0, 0, tzinfo=UTC)
SET_LIMIT = """mutation ($input: LimitInput!) { setLimit(input: $input) { limit {
    uuid period zone mode maximum usage { used reserved remaining uncertain } } } }"""
RESERVE = """mutation ($input: ReserveInput!) {
  reserve(input: $input) { status allowed units reason levels { used reserved }
    reservation { status units settledUnits } } }"""
COMMIT = """mutation ($id: UUID!, $units: Long!) { commitReservation(input:
  {reservationId: $id, units: $units}) {
    status allowed units reason levels { used reserved } } }"""
RELEASE = """mutation ($id: UUID!) { releaseReservation(input: {reservationId: $id}) {
    status allowed units reason levels { used reserved } } }"""
LIMIT = {"subject": "USER", "subjectId": "ana", "interactionType": "mini", "maximum": 5}


class Clock:
    """A clock that a test moves."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def api(start_api: StartApi, clock: Clock) -> Api:
    return await start_api(clock=clock)


async def set_limit(api: Api, **fields: object) -> Json:
    answer: Json = (await api(SET_LIMIT, {"input": LIMIT | fields}))["setLimit"]["limit"]
    return answer


async def consume(api: Api, units: int, id: str | None = None, **fields: object) -> Json:
    draft = {"interactionType": "mini", "units": units, "labels": {"userId": "ana"}, "id": id}
    answer: Json = (await api(CONSUME, {"input": draft | fields}))["consume"]
    return answer


async def reserve(api: Api, id: str, units: int = 3, **fields: object) -> Json:
    draft = {"interactionType": "mini", "units": units, "labels": {"userId": "ana"}, "id": id}
    answer: Json = (await api(RESERVE, {"input": draft | {"ttl": "PT5M"} | fields}))["reserve"]
    return answer


async def commit(api: Api, id: str, units: int) -> Json:
    answer: Json = (await api(COMMIT, {"id": id, "units": units}))["commitReservation"]
    return answer


async def release(api: Api, id: str) -> Json:
    answer: Json = (await api(RELEASE, {"id": id}))["releaseReservation"]
    return answer


async def refusal(call: object) -> ApiErrors:
    with pytest.raises(ApiErrors) as error:
        await call  # type: ignore[misc]  # any coroutine of the calls above
    return error.value


async def test_a_limit_set_in_mid_period_counts_what_was_used(api: Api) -> None:
    await consume(api, 4)
    for period in ("DAY", "MONTH", "HOUR", "WEEK", "YEAR", "LIFETIME"):
        limit = await set_limit(api, period=period)
        assert limit["usage"] == {"used": 4, "reserved": 0, "remaining": 1, "uncertain": 0}
    assert (await consume(api, 2))["allowed"] is False
    assert (await consume(api, 1))["allowed"] is True


async def test_only_a_new_maximum_keeps_zone_mode_and_usage(api: Api) -> None:
    first = await set_limit(api, zone="Europe/Zurich", mode="SOFT")
    await consume(api, 4)
    for left_out in ({}, {"zone": None, "mode": None, "period": None}):
        again = await set_limit(api, maximum=9, **left_out)
        assert (again["uuid"], again["zone"], again["mode"], again["maximum"]) == (
            first["uuid"], "Europe/Zurich", "SOFT", 9,
        )  # fmt: skip
        assert again["usage"]["used"] == 4
    hard = await set_limit(api, maximum=9, mode="HARD")
    assert (hard["zone"], hard["mode"], hard["usage"]["used"]) == ("Europe/Zurich", "HARD", 4)
    moved = await set_limit(api, maximum=9, zone="UTC")
    assert (moved["zone"], moved["mode"], moved["usage"]["used"]) == ("UTC", "HARD", 4)


async def test_a_period_is_not_guessed_where_another_one_is_limited(api: Api) -> None:
    await set_limit(api, period="DAY")
    error = await refusal(set_limit(api, maximum=9))
    assert (error.code, error.path) == ("BAD_USER_INPUT", ["setLimit"])
    assert "per DAY: name that period to change it, or MONTH to set another" in error.message
    assert (await set_limit(api, maximum=9, period="DAY"))["maximum"] == 9
    assert (await set_limit(api, period="MONTH"))["period"] == "MONTH"
    assert (await set_limit(api, maximum=7))["period"] == "MONTH"


@pytest.mark.parametrize(
    "fields",
    [{"subjectId": "*"}, {"interactionType": "*"}, {"subjectId": "team-*"}, {"subjectId": "*x"}],
)
async def test_patterns_are_refused(api: Api, fields: Json) -> None:
    error = await refusal(set_limit(api, **fields))
    assert error.code == "BAD_USER_INPUT"
    assert "is not a name" in error.message
    subject = {"subject": "USER", "subjectId": fields.get("subjectId", "ana")}
    variables = {"subject": subject, "type": fields.get("interactionType", "mini")}
    assert "is not a name" in (await api.refused(USAGE, variables)).message


async def test_a_star_is_no_interaction(api: Api) -> None:
    for call in (
        consume(api, 1, interactionType="*"),
        reserve(api, str(new_id()), interactionType="*"),
    ):
        assert "is not a name" in (await refusal(call)).message


async def test_a_reservation_that_ended_holds_nothing(api: Api, clock: Clock) -> None:
    await set_limit(api, maximum=100)
    released, committed, expired = (str(new_id()) for _ in range(3))
    for id in (released, committed, expired):
        assert (await reserve(api, id))["allowed"] is True
    repeat = await reserve(api, expired)
    assert (repeat["status"], repeat["allowed"]) == ("DUPLICATE", True)
    assert repeat["levels"] == [{"used": 0, "reserved": 9}]
    await release(api, released)
    await commit(api, committed, 2)
    clock.now += timedelta(minutes=5)
    for id, how in (
        (released, "the reservation was released"),
        (committed, "the reservation was committed with 2 units"),
        (expired, "the reservation expired at 2026-07-30T12:05:00Z"),
    ):
        decision = await reserve(api, id)
        assert (decision["status"], decision["allowed"]) == ("DUPLICATE", False)
        assert decision["reason"].startswith(f"{how}: it holds nothing.")
        assert decision["levels"] == [{"used": 2, "reserved": 0}]


@pytest.mark.parametrize("end", ["release", "expiry", "release of an expired one"])
async def test_a_commit_after_the_end_counts_the_work_once(
    api: Api, clock: Clock, end: str
) -> None:
    await set_limit(api, period="DAY")
    id = str(new_id())
    await reserve(api, id)
    if end == "release":
        await release(api, id)
    clock.now += timedelta(days=1)  # the work counts where it is told
    if end == "release of an expired one":
        assert (await release(api, id))["status"] == "ACCEPTED"
    late = await commit(api, id, 7)
    assert (late["status"], late["units"]) == ("ACCEPTED", 7)
    assert late["levels"] == [{"used": 7, "reserved": 0}]
    again = await commit(api, id, 7)
    assert (again["status"], again["units"]) == ("DUPLICATE", 7)
    assert again["reason"] == "the reservation was committed with 7 units"
    counted = await api(
        '{ interactions(where: {interactionType: {eq: "mini"}}) { nodes { units calls } } }'
    )
    assert counted["interactions"]["nodes"] == [{"units": 7, "calls": 1}]


async def test_settling_twice_says_what_stays_counted(api: Api) -> None:
    await set_limit(api, maximum=100)
    id = str(new_id())
    await reserve(api, id)
    assert (await release(api, id))["status"] == "ACCEPTED"
    assert (await release(api, id))["reason"] == "the reservation was released"
    assert (await commit(api, id, 5))["status"] == "ACCEPTED"
    other = await commit(api, id, 8)
    assert (other["status"], other["units"]) == ("DUPLICATE", 5)
    assert other["reason"].endswith("8 are not counted. Consume what was used beyond that")
    back = await release(api, id)
    assert (back["status"], back["units"]) == ("DUPLICATE", 5)
    assert back["reason"] == "the reservation was committed with 5 units: these stay counted"
    limit = await set_limit(api, maximum=100)
    assert (limit["usage"]["used"], limit["usage"]["reserved"]) == (5, 0)


async def test_an_id_stands_for_one_call(api: Api) -> None:
    await set_limit(api, maximum=100)
    id = str(new_id())
    assert (await consume(api, 2, id))["status"] == "ACCEPTED"
    assert (await consume(api, 2, id))["status"] == "DUPLICATE"
    for error in (
        await refusal(consume(api, 3, id)),
        await refusal(consume(api, 2, id, interactionType="premium")),
    ):
        assert error.code == "CONFLICT"
        assert "was used for another call (2 mini, now" in error.message
    # Ids of consume and of reserve are apart.
    assert (await reserve(api, id))["status"] == "ACCEPTED"
    assert (await reserve(api, id))["status"] == "DUPLICATE"
    for call in (
        reserve(api, id, units=4),
        reserve(api, id, interactionType="premium"),
        reserve(api, id, operationType="other"),
        reserve(api, id, labels={"userId": "ben"}),
    ):
        assert (await refusal(call)).code == "CONFLICT"
    limit = await set_limit(api, maximum=100)
    assert (limit["usage"]["used"], limit["usage"]["reserved"]) == (2, 3)


async def test_repeats_answer_the_same_after_limits_changed(api: Api) -> None:
    limit = await set_limit(api)
    id = str(new_id())
    first = await consume(api, 2, id)
    await set_limit(api, maximum=1)
    assert await consume(api, 2, id) == first | {"status": "DUPLICATE"}
    await api(
        "mutation ($id: UUID!) { deleteLimit(input: {limitId: $id}) { status limit { uuid } } }",
        {"id": limit["uuid"]},
    )
    assert await consume(api, 2, id) == first | {"status": "DUPLICATE"}


@pytest.mark.parametrize("ttl", ["PT0S", "PT0.5S", "PT86401S", "P2D"])
async def test_a_time_to_live_out_of_bounds_is_named(api: Api, ttl: str) -> None:
    draft = {"interactionType": "mini", "labels": {"userId": "ana"}}
    error = await api.refused(RESERVE, {"input": draft | {"ttl": ttl}})
    assert "a time to live is from PT1S to P1D" in error.message
