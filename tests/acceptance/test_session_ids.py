"""C1, B1: the ids of sessions are their callers' own texts, and each of them gets its record."""

from typing import Any
from uuid import uuid4

import pytest

from store.ids import new_id
from tests.support.api import Api, Json

START = """mutation ($input: SessionInput!) {
    startSession(input: $input) { status session { id uuid name startedAt endedAt } } }"""
END = "mutation ($id: ID!) { endSession(input: {sessionId: $id}) { status session { uuid endedAt } } }"
BY_ID = "query ($id: ID!) { session(id: $id) { uuid name operations { totalCount } } }"
TRACK = """mutation ($operations: [OperationInput!]!) {
    trackOperations(operations: $operations) { accepted rejected repaired
      results { status code message path } } }"""
FILTERED = """query ($ids: [ID!]) { operations(where: {sessionId: {in: $ids}}) { nodes {
    sessionId session { uuid name } } }
    sessions(where: {id: {in: $ids}}) { nodes { uuid } } }"""
INGEST = """mutation ($entries: [EntryInput!]!) { ingest(entries: $entries) {
    accepted duplicates rejected repaired results { uuid status code message path } } }"""

UPPER = "0190B5C0-7B3E-7C1A-8F00-3A5C9E1D2B4F"
IDS = {
    "a word": "chat-42",
    "digits": "17",
    "spaces": " two  words ",
    "of Tomcat": "1A530637289A03B07199A44E8D531427",
    "of Express": "s:aBcD_1-2.kLmNop/QrStu+vW=",
    "other letters": "Sitzung-ä-漢字-😀",
    "quotes": 'it\'s "one"; DROP TABLE sessions; --',
    "UUIDv4": str(uuid4()),
    "UUIDv7": str(new_id()),
    "a UUID of the year 10889": "ffffffff-ffff-7fff-bfff-ffffffffffff",
    "as long as a label": "x" * 200,
}


def use(**changes: Any) -> Json:
    """An operation of a tool."""
    return {"kind": "TOOL", "name": "read", **changes}


@pytest.mark.parametrize("id", IDS.values(), ids=IDS)
async def test_any_text_is_the_id_of_a_session(api: Api, id: str) -> None:
    started = (await api(START, {"input": {"id": id, "name": "n"}}))["startSession"]
    assert (started["status"], started["session"]["uuid"]) == ("ACCEPTED", id)
    again = (await api(START, {"input": {"id": id}}))["startSession"]
    assert (again["status"], again["session"]["name"]) == ("DUPLICATE", "n")
    # One by one, and as many as are prepared column by column.
    for count in (1, 20):
        sent = [use(sessionId=id)] * count
        assert (await api(TRACK, {"operations": sent}))["trackOperations"]["accepted"] == count
    found = (await api(BY_ID, {"id": id}))["session"]
    assert found == {"uuid": id, "name": "n", "operations": {"totalCount": 21}}
    listed = await api(FILTERED, {"ids": [id, "another"]})
    assert listed["sessions"]["nodes"] == [{"uuid": id}]
    nodes = listed["operations"]["nodes"]
    assert nodes == [{"sessionId": id, "session": {"uuid": id, "name": "n"}}] * 21
    global_id = started["session"]["id"]
    node = "query ($id: ID!) { node(id: $id) { ... on Session { uuid } } }"
    assert (await api(node, {"id": global_id}))["node"] == {"uuid": id}
    ended = (await api(END, {"id": id}))["endSession"]
    assert (ended["status"], ended["session"]["endedAt"] is None) == ("ACCEPTED", False)
    assert (await api(END, {"id": id}))["endSession"]["status"] == "DUPLICATE"


async def test_every_mutation_takes_it(api: Api) -> None:
    for mutation, input in (
        ("trackOperation", use()),
        ("trackApiOperation", {"route": "v1/memory", "method": "GET"}),
        (
            "trackToolOperation",
            {"tool": "read", "mode": "full", "tokensOriginal": 2, "tokensActual": 1},
        ),
        ("trackChat", {"message": "hello"}),
    ):
        document = f"""mutation ($input: {mutation.removeprefix("track")}Input!) {{
            {mutation}(input: $input) {{ operation {{ sessionId }} }} }}"""
        answer = await api(document, {"input": {**input, "sessionId": "chat-42"}})
        assert answer[mutation]["operation"] == {"sessionId": "chat-42"}


async def test_one_uuid_meets_itself_in_either_case(api: Api) -> None:
    await api(START, {"input": {"id": UPPER}})
    for count in (1, 20):
        sent = [use(sessionId=UPPER if n % 2 else UPPER.lower()) for n in range(count)]
        await api(TRACK, {"operations": sent})
    for id in (UPPER, UPPER.lower(), UPPER.title()):
        found = (await api(BY_ID, {"id": id}))["session"]
        assert (found["uuid"], found["operations"]["totalCount"]) == (UPPER.lower(), 21)
        assert len((await api(FILTERED, {"ids": [id]}))["operations"]["nodes"]) == 21
    stats = """query ($id: ID!) { stats: operationStats(groupBy: [{field: SESSION_ID}]) {
        rows { key { sessionId } count } } sessions { totalCount }
        session(id: $id) { startedAt } }"""
    answer = await api(stats, {"id": UPPER})
    assert answer["sessions"]["totalCount"] == 1
    assert answer["session"]["startedAt"].startswith("2024-07-1"), "the time inside the id"
    assert [row["key"]["sessionId"] for row in answer["stats"]["rows"]] == [UPPER.lower()]


async def test_other_texts_are_told_apart_by_case_and_form(api: Api) -> None:
    id = uuid4()
    for text in ("Chat", "chat", id.hex, id.hex.upper(), str(id), f"{{{id}}}", f"urn:uuid:{id}"):
        await api(START, {"input": {"id": text}})
    assert (await api("{ sessions { totalCount } }"))["sessions"]["totalCount"] == 7


async def test_sessions_come_newest_first_page_by_page(api: Api) -> None:
    entries = [
        {"session": {"id": f"s-{n % 3}{n}", "startedAt": f"2026-06-01T08:00:{n // 2:02}Z"}}
        for n in range(10)
    ]
    answer = (await api(INGEST, {"entries": entries}))["ingest"]
    assert [result["uuid"] for result in answer["results"]] == [e["session"]["id"] for e in entries]
    document = """query ($after: String) { sessions(first: 3, after: $after) {
        nodes { uuid startedAt } pageInfo { endCursor hasNextPage } } }"""
    seen: list[Json] = []
    page: Json = {"pageInfo": {"hasNextPage": True}}
    after = None
    while page["pageInfo"]["hasNextPage"]:
        page = (await api(document, {"after": after}))["sessions"]
        seen += page["nodes"]
        after = page["pageInfo"]["endCursor"]
    assert sorted(node["uuid"] for node in seen) == sorted(e["session"]["id"] for e in entries)
    assert [n["startedAt"] for n in seen] == sorted((n["startedAt"] for n in seen), reverse=True)


async def test_what_no_label_can_be_is_refused_and_odd_text_repaired(api: Api) -> None:
    wrong = {"": "is empty: give at least one character", "x" * 201: "201 characters, at most 200"}
    for id, message in wrong.items():
        for document, variables in (
            (START, {"input": {"id": id}}),
            (END, {"id": id}),
            (
                "mutation ($o: OperationInput!) { trackOperation(input: $o) { status } }",
                {"o": use(sessionId=id)},
            ),
        ):
            refusal = await api.refused(document, variables)
            assert (refusal.code, message in refusal.message) == ("BAD_USER_INPUT", True)
        sent = [use(sessionId=id), *[use()] * 10]
        payload = (await api(TRACK, {"operations": sent}))["trackOperations"]
        assert (payload["accepted"], payload["rejected"]) == (10, 1)
        assert payload["results"][0]["path"] == ["sessionId"]
    odd = [{"session": {"id": "a\0b"}}, {"operation": use(sessionId="a\ud800b")}]
    answer = (await api(INGEST, {"entries": odd}))["ingest"]
    assert (answer["accepted"], answer["repaired"]) == (2, 2)
    found = await api(FILTERED, {"ids": ["a\0b"]})
    assert found["sessions"]["nodes"] == [{"uuid": "a\N{REPLACEMENT CHARACTER}b"}]
    assert [node["sessionId"] for node in found["operations"]["nodes"]] == [
        "a\N{REPLACEMENT CHARACTER}b"
    ]


async def test_a_whole_number_is_taken_as_its_digits(api: Api) -> None:
    started = await api("mutation { startSession(input: {id: 17}) { session { uuid } } }")
    assert started["startSession"]["session"]["uuid"] == "17"
    await api(TRACK, {"operations": [use(sessionId=17)]})
    await api(TRACK, {"operations": [use(sessionId=17)] * 10})
    assert (await api(BY_ID, {"id": 17}))["session"]["operations"]["totalCount"] == 11
