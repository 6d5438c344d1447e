"""Batches in which bad operations stand between good ones."""

from collections.abc import Sequence

from tests.support.api import Api, Json

TRACK_MANY = """mutation ($operations: [OperationInput!]!) {
    trackOperations(operations: $operations) { accepted duplicates rejected repaired truncated
      results { index uuid status code message path problems { code message path } } } }"""
INGEST = """mutation ($entries: [EntryInput!]!) {
    ingest(entries: $entries) { accepted duplicates rejected repaired truncated
      results { index uuid status code message path problems { code message path } } } }"""
COUNT = "query ($where: OperationFilter) { operations(where: $where) { totalCount } }"
Case = tuple[Json, str, str]
"""What an operation says, where that is wrong, and what the message must say of it."""


def operation(**said: object) -> Json:
    """A good operation, but for what is said of it."""
    return {"kind": "API", "name": "GET v1/memory", **said}


async def track(api: Api, *operations: Json | None) -> Json:
    """Send operations and give the payload."""
    payload: Json = (await api(TRACK_MANY, {"operations": list(operations)}))["trackOperations"]
    return payload


async def ingest(api: Api, *entries: Json) -> Json:
    """Send entries and give the payload."""
    payload: Json = (await api(INGEST, {"entries": list(entries)}))["ingest"]
    return payload


async def count(api: Api, **where: object) -> int:
    """How many operations are stored that satisfy a filter."""
    total: int = (await api(COUNT, {"where": where}))["operations"]["totalCount"]
    return total


async def check_refused(api: Api, cases: Sequence[Case], code: str = "BAD_USER_INPUT") -> None:
    """Each case is refused with code, path and message; its good neighbours are stored."""
    sent = [operation(name="neighbour")]
    for said, _, _ in cases:
        sent += [operation(**said), operation(name="neighbour")]
    payload = await track(api, *sent)
    assert [r["status"] for r in payload["results"][::2]] == ["ACCEPTED"] * (len(cases) + 1)
    for (said, path, message), result in zip(cases, payload["results"][1::2], strict=True):
        shown = str(said)[:200]
        assert (result["status"], result["code"]) == ("REJECTED", code), shown
        assert ".".join(result["path"]) == path, shown
        assert message in result["message"], shown
        assert result["uuid"] == said.get("id"), shown
    assert (payload["accepted"], payload["duplicates"]) == (len(cases) + 1, 0)
    assert payload["rejected"] == len(cases)
    assert await count(api) == await count(api, name={"eq": "neighbour"}) == len(cases) + 1


async def check_not_taken(api: Api, cases: Sequence[Case]) -> None:
    """Each case is an error of its whole call, which names the place; nothing of it is stored."""
    for said, path, message in cases:
        operations = [operation(), operation(**said), operation()]
        refusal = await api.refused(TRACK_MANY, {"operations": operations})
        shown = f"{str(said)[:200]}: {refusal.message}"
        assert refusal.code == "BAD_USER_INPUT", shown
        assert f"[1].{path}" in refusal.message, shown
        assert message in refusal.message, shown
        assert refusal.data is None
    assert await count(api) == 0
