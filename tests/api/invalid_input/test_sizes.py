"""The largest batch is taken whole, a larger one is refused whole."""

import pytest

from store.ids import new_id
from tests.api.invalid_input.batches import count, ingest, operation
from tests.support.api import Api, Json

TRACK = """mutation ($operations: [OperationInput!]!) { trackOperations(operations: $operations) {
    accepted duplicates rejected results(only: [REJECTED, DUPLICATE]) { index status path } } }"""


def batch(size: int) -> list[Json]:
    """Operations, of which the one in the middle is bad and the last repeats the first."""
    sent = [operation(id=str(new_id()), durationMs=i, attributes={"i": i}) for i in range(size)]
    sent[size // 2]["durationMs"] = -1
    sent[-1]["id"] = sent[0]["id"]
    return sent


async def test_ten_thousand_operations_in_one_mutation(api: Api) -> None:
    sent = batch(10_000)
    payload = (await api(TRACK, {"operations": sent}))["trackOperations"]
    assert payload == {
        "accepted": 9_998,
        "duplicates": 1,
        "rejected": 1,
        "results": [
            {"index": 5_000, "status": "REJECTED", "path": ["durationMs"]},
            {"index": 9_999, "status": "DUPLICATE", "path": None},
        ],
    }
    assert await count(api) == 9_998
    refusal = await api.refused(TRACK, {"operations": [*sent, operation()]})
    assert refusal.code == "BAD_USER_INPUT"
    assert (
        refusal.message
        == "operations: A call must not exceed 10,000 items (got 10,001). Split it into several calls."
    )
    assert await count(api) == 9_998


@pytest.mark.parametrize("server_settings", [{"max_batch_items": 3}])
async def test_the_largest_batch_is_a_setting(api: Api) -> None:
    entries: list[Json] = [
        {"operation": operation()},
        {"session": {}},
        {"createRequest": {"type": "t"}},
    ]
    assert (await ingest(api, *entries))["accepted"] == 3
    document = "mutation ($entries: [EntryInput!]!) { ingest(entries: $entries) { accepted } }"
    refusal = await api.refused(document, {"entries": [*entries, {"session": {}}]})
    assert refusal.code == "BAD_USER_INPUT"
    assert (
        "entries: A call must not exceed 3 items (got 4). Split it into several calls."
        in refusal.message
    )
    answer = await api("{ operations { totalCount } sessions { totalCount } }")
    assert answer == {"operations": {"totalCount": 1}, "sessions": {"totalCount": 1}}


@pytest.mark.parametrize("server_settings", [{"writer_queue_items": 10, "writer_flush_items": 1}])
async def test_a_batch_larger_than_the_queue_is_taken_when_nothing_waits(api: Api) -> None:
    sent = [operation() for _ in range(50)]
    assert (await api(TRACK, {"operations": sent}))["trackOperations"]["accepted"] == 50
