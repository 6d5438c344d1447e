"""Work of the past is recorded with the times at which it happened."""

from tests.api.requests.conftest import Work

NINE, NINE_TEN = "2025-11-20T09:00:00Z", "2025-11-20T09:00:10Z"


async def test_a_request_takes_the_time_of_its_creation(work: Work) -> None:
    await work.create(occurredAt=NINE)
    await work.do(
        ("startRequest", None, {"occurredAt": NINE}),
        ("completeRequest", None, {"occurredAt": NINE_TEN}),
    )
    request = await work.read()
    assert (request["createdAt"], request["startedAt"]) == (NINE, NINE)
    assert request["durationMs"] == 10_000
    assert request["events"]["nodes"][0]["occurredAt"] == NINE
    stats = await work.api(
        """{ requestStats(where: {createdAt: {until: "2025-11-21T00:00:00Z"}}) {
          rows { count waitMs { max } } } }"""
    )
    assert stats["requestStats"]["rows"] == [{"count": 1, "waitMs": {"max": 0}}]


async def test_the_mutation_takes_it_as_well(work: Work) -> None:
    answer = await work.api(
        """mutation ($id: UUID!, $at: DateTime!) {
          createRequest(input: {id: $id, type: "t", occurredAt: $at}) { request { createdAt } } }""",
        {"id": work.id, "at": NINE},
    )
    assert answer["createRequest"]["request"]["createdAt"] == NINE


async def test_a_time_out_of_bounds_is_refused(work: Work) -> None:
    for at in ("1999-12-31T00:00:00Z", "2999-01-01T00:00:00Z"):
        answer = await work.ingest(
            {"createRequest": {"id": work.id, "type": "t", "occurredAt": at}}
        )
        (result,) = answer["results"]
        assert (result["status"], result["path"]) == ("REJECTED", ["occurredAt"])
