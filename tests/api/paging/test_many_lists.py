"""Pages of more lists than one statement reads, each without looking at its whole list."""

from store.loaders import LISTS_PER_STATEMENT
from tests.api.invalid_input.batches import ingest
from tests.api.paging.statements import statements_of
from tests.support.api import Api, Json

PAGE = """query ($n: Int) { sessions(first: 200) { nodes { uuid operations(first: $n) {
    nodes { name } pageInfo { hasNextPage endCursor } totalCount } } } }"""
ONE = """query ($id: ID!, $after: String) { session(id: $id) { operations(first: 2, after: $after) {
    nodes { name } pageInfo { hasNextPage } } } }"""


async def test_every_list_has_its_own_page(api: Api) -> None:
    ids = [f"chat {n:03}" for n in range(LISTS_PER_STATEMENT * 2 + 10)]
    entries: list[Json] = [{"session": {"id": id}} for id in ids]
    for number in range(3):
        at = f"2026-11-01T00:00:0{number}Z"
        entries += [
            {"operation": {"kind": "API", "name": f"{id} {number}", "sessionId": id,
                           "occurredAt": at}}
            for id in ids
        ]  # fmt: skip
    assert (await ingest(api, *entries))["rejected"] == 0
    with statements_of(api) as sent:
        found = (await api(PAGE, {"n": 2}))["sessions"]["nodes"]
    assert not [text for text in sent if "row_number" in text.lower()]
    assert {session["uuid"] for session in found} == set(ids)
    for session in found:
        page, id = session["operations"], session["uuid"]
        assert [node["name"] for node in page["nodes"]] == [f"{id} 2", f"{id} 1"]
        assert (page["pageInfo"]["hasNextPage"], page["totalCount"]) == (True, 3)
    last = found[-1]
    after = last["operations"]["pageInfo"]["endCursor"]
    rest = (await api(ONE, {"id": last["uuid"], "after": after}))["session"]["operations"]
    assert [node["name"] for node in rest["nodes"]] == [f"{last['uuid']} 0"]
    assert not rest["pageInfo"]["hasNextPage"]
