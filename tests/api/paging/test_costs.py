"""What a page costs: a number of SQL statements that does not grow with its records."""

import pytest

from store.ids import new_id
from tests.api.invalid_input.batches import ingest
from tests.api.paging.statements import statements_of
from tests.support.api import Api, Json

PAGE = """query ($first: Int) { requests(first: $first) { nodes {
    uuid
    stages { name attempts { attempt status } }
    stage(name: "a") { status }
    events(first: 50) { totalCount nodes { seq type } }
    operations(first: 50) { nodes { uuid message request { uuid stages { name } }
      session { uuid operations(first: 5) { nodes { uuid } } } } } } } }"""
# Folding into rollups goes on beside the pages whose statements are counted.
pytestmark = pytest.mark.parametrize("server_settings", [{"rollups": False}], ids=["no rollups"])
LISTS = ("operations", "requests", "sessions", "interactions")


async def fill(api: Api, requests: int) -> None:
    """Requests with two stages, three attempts, events, and operations of a session each."""
    for _ in range(requests):
        id, session = str(new_id()), str(new_id())
        chat = {"kind": "LLM", "name": "chat", "llm": {"message": "m"}, "requestId": id}
        call = chat | {"sessionId": session}
        entries: list[Json] = [
            {"session": {"id": session}},
            {"createRequest": {"id": id, "type": "t", "stages": [{"name": "a"}, {"name": "b"}]}},
            {"startStage": {"requestId": id, "stage": "a"}},
            {"failStage": {"requestId": id, "stage": "a", "message": "m"}},
            {"retryStage": {"requestId": id, "stage": "a"}},
            {"startStage": {"requestId": id, "stage": "b"}},
            {"logEvent": {"requestId": id, "type": "t"}},
            *({"operation": call | {"interaction": {"type": "m"}}} for _ in range(3)),
        ]
        assert (await ingest(api, *entries))["accepted"] == len(entries)


async def test_a_page_of_requests_costs_the_same_for_two_as_for_twenty(api: Api) -> None:
    await fill(api, 20)
    costs, found = {}, {}
    for size in (2, 20):
        with statements_of(api) as sent:
            found[size] = (await api(PAGE, {"first": size}))["requests"]["nodes"]
        costs[size] = len(sent)
    assert costs[2] == costs[20] <= 10
    assert found[20][:2] == found[2]
    assert len(found[20]) == 20
    for request in found[20]:
        assert [(s["name"], len(s["attempts"])) for s in request["stages"]] == [("a", 2), ("b", 1)]
        assert request["events"]["totalCount"] == len(request["events"]["nodes"]) == 7
        operations = request["operations"]["nodes"]
        assert [o["message"] for o in operations] == ["m"] * 3
        assert {o["request"]["uuid"] for o in operations} == {request["uuid"]}
        assert {len(o["session"]["operations"]["nodes"]) for o in operations} == {3}


@pytest.mark.parametrize("field", LISTS)
async def test_the_total_is_counted_only_when_it_is_selected(api: Api, field: str) -> None:
    await fill(api, 3)
    with statements_of(api) as plain:
        await api(
            f"{{ {field}(first: 2) {{ nodes {{ id }} edges {{ cursor }} pageInfo {{ endCursor }} }} }}"
        )
    assert len(plain) == 1
    assert not [text for text in plain if "count(" in text.lower()]
    with statements_of(api) as counted:
        answer = await api(f"{{ {field}(first: 2) {{ totalCount nodes {{ id }} }} }}")
    assert len(counted) == 2
    assert sum("count(" in text.lower() for text in counted) == 1
    assert answer[field]["totalCount"] == {"operations": 9, "interactions": 1}.get(field, 3)
    document = f"""query ($with: Boolean!) {{ {field} {{ totalCount @include(if: $with)
        nodes {{ id }} }} }}"""
    for selected in (True, False):
        with statements_of(api) as sent:
            await api(document, {"with": selected})
        assert len(sent) == (2 if selected else 1)


async def test_nodes_of_one_type_are_loaded_together(api: Api) -> None:
    await fill(api, 10)
    listed = await api("{ requests { nodes { id stages { id } events { nodes { id } } } } }")
    requests = listed["requests"]["nodes"]
    ids = [r["id"] for r in requests]
    ids += [s["id"] for r in requests for s in r["stages"]]
    ids += [e["id"] for r in requests for e in r["events"]["nodes"]]
    with statements_of(api) as sent:
        nodes = (await api("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}))[
            "nodes"
        ]
    assert [node["id"] for node in nodes] == ids
    assert len(sent) == 3
    with statements_of(api) as sent:
        limits = " ".join(
            f'l{i}: setLimit(input: {{subject: USER, subjectId: "u{i}", interactionType: "m", maximum: 1}}) '
            "{ limit { uuid } }"
            for i in range(10)
        )
        await api(f"mutation {{ {limits} }}")
    with statements_of(api) as sent:
        answer = await api(
            "{ limits { usage { used } } circuitBreakers { transitions { toState } } }"
        )
    assert len(answer["limits"]) == 10
    assert len(sent) <= 5


async def test_a_mutation_reads_back_only_what_is_selected(api: Api) -> None:
    write = 'mutation { createRequest(input: {type: "t"}) { status %s } }'
    with statements_of(api) as bare:
        await api(write % "")
    with statements_of(api) as read:
        await api(write % "request { uuid stages { name } events { nodes { seq } } }")
    assert len(read) == len(bare) + 2, "the request is known from its write"
    batch = "mutation ($e: [EntryInput!]!) { ingest(entries: $e) { accepted } }"
    costs = []
    for size in (2, 200):
        entries = [{"operation": {"kind": "API", "name": "n"}} for _ in range(size)]
        with statements_of(api) as sent:
            await api(batch, {"e": entries})
        # Prices are read once a second, whatever is sent.
        costs.append(len([statement for statement in sent if "FROM prices" not in statement]))
    assert costs[0] == costs[1]
