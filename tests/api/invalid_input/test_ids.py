"""Ids that carry no time, a time that cannot be, or that were there before."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from store.ids import first_id_at, new_id
from tests.api.invalid_input.batches import check_refused, count, ingest, operation, track
from tests.support.api import Api, Json

V4 = "0c0a7b3e-7b3e-4c1a-8f00-3a5c9e1d2b4f"
NIL, MAX = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"
LAST = "ffffffff-ffff-7fff-bfff-ffffffffffff"
"""The greatest UUIDv7: its time lies in the year 10889, beyond what a calendar here can say."""
FIRST = "00000000-0000-7000-8000-000000000000"


def v7_at(instant: datetime) -> str:
    """A UUIDv7 of an instant."""
    return str(UUID(int=first_id_at(instant).int | (0x7 << 76) | (0x2 << 62) | 5))


async def test_ids_without_a_time_need_one_beside_them(api: Api) -> None:
    others = [V4, NIL, MAX, "c232ab00-9414-11ec-b3c8-9f6bdeced846"]
    await check_refused(
        api,
        [
            ({"id": id}, "occurredAt", "carries no time: send a UUIDv7, or occurredAt beside it")
            for id in others
        ],
    )
    moment = "2026-06-01T08:00:00Z"
    sent = [operation(id=id, occurredAt=moment) for id in others]
    assert (await track(api, *sent))["accepted"] == len(others)
    assert (await track(api, *sent))["duplicates"] == len(others)


async def test_ids_of_a_time_that_cannot_be(api: Api) -> None:
    now = datetime.now(UTC)
    await check_refused(
        api,
        [
            ({"id": id}, "id", "is not within 2000-01-01 and 20")
            for id in (
                FIRST,
                LAST,
                v7_at(datetime(1999, 12, 31, 23, 59, tzinfo=UTC)),
                v7_at(now + timedelta(hours=25)),
            )
        ],
    )
    sent = [operation(id=id, occurredAt="2026-06-01T08:00:00Z") for id in (FIRST, LAST)]
    assert (await track(api, *sent))["accepted"] == 2
    fits = v7_at(datetime(2000, 1, 1, tzinfo=UTC))
    assert (await track(api, operation(id=fits)))["accepted"] == 1


async def test_ids_may_be_written_in_several_ways(api: Api) -> None:
    id = new_id()
    ways = [str(id), str(id).upper(), id.hex, id.hex.upper()]
    payload = await track(api, *(operation(id=way) for way in ways))
    assert [r["status"] for r in payload["results"]] == ["ACCEPTED"] + ["DUPLICATE"] * 3
    assert {r["uuid"] for r in payload["results"]} == {str(id)}
    for way in (f"{{{id}}}", f"urn:uuid:{id}", f" {id}", f"{id}\n"):
        document = "query ($id: UUID!) { request(id: $id) { uuid } }"
        refusal = await api.refused(document, {"id": way})
        assert (refusal.code, "Invalid UUID " in refusal.message) == (
            "BAD_USER_INPUT",
            True,
        )


async def test_duplicate_ids_in_one_batch_are_one_record(api: Api) -> None:
    id, other = str(new_id()), str(new_id())
    payload = await track(
        api,
        operation(id=id, name="first"),
        operation(id=other, name="neighbour"),
        operation(id=id, name="second", durationMs=5),
        operation(id=id, name="third", occurredAt="2026-06-01T08:00:00Z"),
        operation(id=id, name="bad", durationMs=-5),
        operation(id=id, name="elsewhere", labels={"organizationId": "another"}),
    )
    assert [r["status"] for r in payload["results"]] == [
        "ACCEPTED", "ACCEPTED", "DUPLICATE", "DUPLICATE", "REJECTED", "ACCEPTED",
    ]  # fmt: skip
    assert (payload["accepted"], payload["duplicates"], payload["rejected"]) == (3, 2, 1)
    assert (await count(api, id={"in": [id]}), await count(api, name={"eq": "first"})) == (2, 1)
    again = await track(api, operation(id=id), operation(), operation(id=other))
    assert [r["status"] for r in again["results"]] == ["DUPLICATE", "ACCEPTED", "DUPLICATE"]


async def test_a_bad_item_takes_no_id_from_a_good_one(api: Api) -> None:
    id = str(new_id())
    payload = await track(api, operation(id=id, durationMs=-1), operation(id=id))
    assert [r["status"] for r in payload["results"]] == ["REJECTED", "ACCEPTED"]
    assert [r["uuid"] for r in payload["results"]] == [id, id]


async def test_requests_are_filed_by_the_time_in_their_ids(api: Api) -> None:
    good = str(new_id())
    entries: list[Json] = [
        {"createRequest": {"id": id, "type": "t"}}
        for id in (V4, NIL, MAX, FIRST, LAST, str(uuid4()), good)
    ]
    payload = await ingest(api, *entries)
    for entry, result in zip(entries, payload["results"], strict=True):
        (said,) = entry.values()
        if said["id"] == good:
            assert result["status"] == "ACCEPTED"
            continue
        assert (result["status"], result["code"]) == ("REJECTED", "BAD_USER_INPUT")
        assert (result["path"], result["uuid"]) == (["id"], said["id"])
        wanted = "is not within" if said["id"] in (FIRST, LAST) else "must be a UUIDv7"
        assert wanted in result["message"]
    assert payload["accepted"] == 1
    document = 'mutation ($id: UUID!) { createRequest(input: {type: "t", id: $id}) { status } }'
    for id in (V4, LAST):
        assert (await api.refused(document, {"id": id})).code == "BAD_USER_INPUT"


async def test_ids_that_nobody_has(api: Api) -> None:
    for id in (V4, NIL, MAX, FIRST, LAST, str(new_id())):
        answer = await api(
            "query ($id: UUID!, $session: ID!) { "
            "request(id: $id) { uuid } session(id: $session) { uuid } "
            "operations(where: {or: [{id: {in: [$id]}}, {sessionId: {in: [$session]}}, "
            "{requestId: {eq: $id}}]}) { "
            "totalCount } }",
            {"id": id, "session": id},
        )
        assert answer == {"request": None, "session": None, "operations": {"totalCount": 0}}
        for mutation in (
            "startRequest(input: {requestId: $id}) { status }",
            "completeRequest(input: {requestId: $id}) { status }",
            'failRequest(input: {requestId: $id, message: "m"}) { status }',
            "cancelRequest(input: {requestId: $id}) { status }",
            'startStage(input: {requestId: $id, stage: "s"}) { status }',
            'progressStage(input: {requestId: $id, stage: "s"}) { status }',
            'completeStage(input: {requestId: $id, stage: "s"}) { status }',
            'failStage(input: {requestId: $id, stage: "s", message: "m"}) { status }',
            'retryStage(input: {requestId: $id, stage: "s"}) { status }',
            'logEvent(input: {requestId: $id, type: "t"}) { status }',
            "commitReservation(input: {reservationId: $id, units: 1}) { status }",
            "releaseReservation(input: {reservationId: $id}) { status }",
            "deleteLimit(input: {limitId: $id}) { status limit { uuid } }",
            "revokeApiKey(input: {keyId: $id}) { apiKey { uuid } }",
        ):
            refusal = await api.refused(f"mutation ($id: UUID!) {{ {mutation} }}", {"id": id})
            assert refusal.code == "NOT_FOUND", mutation
            assert id in refusal.message
        ended = await api.refused(
            "mutation ($id: ID!) { endSession(input: {sessionId: $id}) { status } }", {"id": id}
        )
        assert (ended.code, id in ended.message) == ("NOT_FOUND", True)


async def test_operations_may_speak_of_requests_and_sessions_that_are_not_known_here(
    api: Api,
) -> None:
    sent = [operation(requestId=id, sessionId=id, stage="s") for id in (V4, MAX, str(new_id()))]
    assert (await track(api, *sent))["accepted"] == 3
    read = await api("{ operations { nodes { request { uuid } session { uuid } } } }")
    assert read["operations"]["nodes"] == [{"request": None, "session": None}] * 3
