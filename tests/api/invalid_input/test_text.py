"""NUL and lone surrogates: PostgreSQL holds neither, so both databases get U+FFFD, and it is counted."""

import json

from store.ids import new_id
from tests.api.invalid_input.batches import count, ingest, operation, track
from tests.support.api import Api, Json

BAD = "a\0b\ud800c\udfff"
GOOD = "a\ufffdb\ufffdc\ufffd"
READ = """query ($where: OperationFilter) { operations(where: $where) { nodes {
    name error userId client filePath operationMode parameters attributes message response } } }"""
LABELS = dict.fromkeys(
    (
        "organizationId", "namespaceId", "workspaceId", "userId", "developerId", "apiKeyId",
        "companyId", "subscriptionId",
    ),
    BAD,
)  # fmt: skip


async def test_texts_and_labels_are_repaired_and_counted(api: Api) -> None:
    sent = operation(
        kind="TOOL", name=BAD, error=BAD, client=BAD, labels=LABELS,
        tool={"filePath": BAD, "operationMode": BAD},
    )  # fmt: skip
    payload = await track(api, operation(), sent, operation())
    assert (payload["accepted"], payload["repaired"]) == (3, 13)
    where = {"name": {"eq": GOOD}, **{label: {"eq": GOOD} for label in LABELS}}
    (read,) = (await api(READ, {"where": where}))["operations"]["nodes"]
    assert {read[name] for name in ("name", "error", "userId", "client", "filePath")} == {GOOD}


async def test_keys_and_values_of_json_are_repaired_and_counted(api: Api) -> None:
    value = {BAD: [BAD, {BAD: BAD, "plain": "\U0001f98a é"}], "n": None}
    sent = operation(kind="TOOL", attributes=value, tool={"parameters": value})
    payload = await track(api, sent)
    assert (payload["accepted"], payload["repaired"]) == (1, 8)
    (read,) = (await api(READ))["operations"]["nodes"]
    clean = {GOOD: [GOOD, {GOOD: GOOD, "plain": "\U0001f98a é"}], "n": None}
    assert (read["attributes"], read["parameters"]) == (clean, clean)
    for path in (GOOD, BAD):
        exists = {"attributes": [{"path": path, "exists": True}]}
        assert await count(api, **exists) == 1


async def test_keys_that_become_the_same_are_refused(api: Api) -> None:
    payload = await track(api, operation(attributes={"x": {"k\0": 1, "k\ufffd": 2}}), operation())
    refused = payload["results"][0]
    assert (refused["status"], refused["path"]) == ("REJECTED", ["attributes", "x", "k\ufffd"])
    assert "duplicated" in refused["message"]
    assert (payload["accepted"], payload["repaired"]) == (1, 0)


async def test_pairs_of_surrogates_and_noncharacters_are_text(api: Api) -> None:
    text = "\U0001f98a\uffff\ufffe\U0010ffff\u2028\x7f\x01\u202e\ufeff"
    sent = operation(error=text, attributes={text: text})
    body = json.dumps({"query": TRACK_ONE, "variables": {"input": sent}})
    assert "\\ud83e\\udd8a" in body  # a pair, as JSON escapes it
    read = (await api.raw(body)).json()["data"]["trackOperation"]["operation"]
    assert (read["error"], read["attributes"]) == (text, {text: text})
    assert (await track(api, sent))["repaired"] == 0


async def test_long_texts_of_a_chat_are_repaired(api: Api) -> None:
    sent = operation(kind="LLM", llm={"message": BAD, "response": BAD, "model": BAD})
    assert (await track(api, sent))["repaired"] == 3
    (read,) = (await api(READ))["operations"]["nodes"]
    assert (read["message"], read["response"]) == (GOOD, GOOD)


async def test_entries_of_every_kind_are_repaired(api: Api) -> None:
    id = str(new_id())
    planned = [{"name": BAD}, {"name": "other"}]
    entries: list[Json] = [
        {"session": {"name": BAD, "client": BAD, "attributes": {BAD: BAD}}},
        {"createRequest": {"id": id, "type": BAD, "title": BAD, "correlationId": BAD,
                           "stages": planned}},
        {"startStage": {"requestId": id, "stage": BAD}},
        {"progressStage": {"requestId": id, "stage": BAD, "message": BAD, "data": {BAD: BAD}}},
        {"failStage": {"requestId": id, "stage": BAD, "message": BAD, "details": {BAD: BAD}}},
        {"retryStage": {"requestId": id, "stage": BAD}},
        {"completeStage": {"requestId": id, "stage": BAD, "output": {BAD: BAD}}},
        {"logEvent": {"requestId": id, "type": BAD, "stage": BAD, "message": BAD}},
        {"failRequest": {"requestId": id, "message": BAD, "stage": BAD, "details": {BAD: BAD}}},
        {"consume": {"interactionType": BAD, "operationType": BAD, "labels": LABELS}},
        {"circuitBreaker": {"name": BAD, "state": "OPEN", "message": BAD}},
    ]  # fmt: skip
    payload = await ingest(api, *entries)
    assert [r["status"] for r in payload["results"]] == ["ACCEPTED"] * len(entries)
    assert payload["repaired"] == 4 + 4 + 1 + 4 + 4 + 1 + 3 + 3 + 4 + 10 + 2
    everything = """query ($id: UUID!, $name: String!, $user: ID!) { request(id: $id) { type title
        correlationId error { message stage details } stage(name: $name) { name attempts { output
        errorMessage } } events { nodes { stage message } } }
        sessions(where: {name: {eq: $name}}) { nodes { client attributes } }
        circuitBreakers(where: {name: {eq: $name}}) { name message }
        interactions(where: {userId: {eq: $user}}) { nodes { interactionType operationType } } }"""
    read = await api(everything, {"id": id, "name": GOOD, "user": GOOD})
    request = read["request"]
    assert (request["type"], request["title"], request["correlationId"]) == (GOOD, GOOD, GOOD)
    assert request["error"] == {"message": GOOD, "stage": GOOD, "details": {GOOD: GOOD}}
    assert request["stage"] == {
        "name": GOOD,
        "attempts": [
            {"output": None, "errorMessage": GOOD},
            {"output": {GOOD: GOOD}, "errorMessage": None},
        ],
    }
    assert read["sessions"]["nodes"] == [{"client": GOOD, "attributes": {GOOD: GOOD}}]
    assert read["circuitBreakers"] == [{"name": GOOD, "message": GOOD}]
    assert read["interactions"]["nodes"] == [{"interactionType": GOOD, "operationType": GOOD}]


async def test_filters_and_ids_that_carry_them_find_what_was_repaired(api: Api) -> None:
    await track(api, operation(name=f"x{BAD}y", labels={"userId": BAD}), operation(name="other"))
    for asked in (BAD, GOOD):
        for condition, found in (
            ({"name": {"eq": f"x{asked}y"}}, 1),
            ({"name": {"ne": f"x{asked}y"}}, 1),
            ({"name": {"in": [f"x{asked}y", asked]}}, 1),
            ({"name": {"notIn": [f"x{asked}y", asked]}}, 1),
            ({"name": {"startsWith": f"x{asked}"}}, 1),
            ({"name": {"contains": asked}}, 1),
            ({"userId": {"eq": asked}}, 1),
            ({"route": {"eq": asked}}, 0),
            ({"attributes": [{"path": asked, "eq": asked}]}, 0),
            ({"attributes": [{"path": "a", "in": [asked]}]}, 0),
        ):
            assert await count(api, **condition) == found, condition
    for document in (
        "query ($text: String) { request(correlationId: $text) { uuid } }",
        "query ($text: ID) { usage(subject: {subject: USER, subjectId: $text}) { used } }",
        "query ($text: ID!) { session(id: $text) { uuid } }",
        "query ($text: String) { circuitBreakers(where: {name: {eq: $text}}) { name } }",
        "query ($text: ID) { limits(where: {subjectId: {eq: $text}}) { uuid } }",
    ):
        assert not any((await api(document, {"text": BAD})).values())
    for document in (
        "query ($text: ID!) { node(id: $text) { id } }",
        "query ($text: UUID!) { request(id: $text) { uuid } }",
        "query ($text: String) { operations(after: $text) { totalCount } }",
    ):
        assert (await api.refused(document, {"text": BAD})).code == "BAD_USER_INPUT"


async def test_a_document_that_carries_them(api: Api) -> None:
    for document, message in (
        ("{ \ud800 }", "Invalid character: U+D800"),
        ("{ viewer { name } } # \0 \ud800", None),
        ('{ request(correlationId: "\ud800") { uuid } }', "Invalid character within String"),
        ('{ request(correlationId: "\\ud800") { uuid } }', "Invalid Unicode escape sequence"),
        ('{ request(correlationId: "\\u0000") { uuid } }', None),
    ):
        answer = (await api.raw({"query": document})).json()
        told = [error["message"] for error in answer.get("errors", [])]
        assert all(
            error["extensions"]["code"] == "BAD_USER_INPUT" for error in answer.get("errors", [])
        )
        assert message is None or message in told[0], told


TRACK_ONE = """mutation ($input: OperationInput!) { trackOperation(input: $input) {
    operation { error attributes } } }"""
