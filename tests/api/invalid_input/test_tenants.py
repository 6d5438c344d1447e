"""Keys that are bound to a tenant, sent with the labels of another one."""

from store.ids import new_id
from tests.api.invalid_input.batches import count, ingest, operation, track
from tests.support.api import Api, Json

CREATE_KEY = "mutation ($input: ApiKeyInput!) { createApiKey(input: $input) { secret } }"


async def key(api: Api, **said: object) -> Api:
    """A caller whose key is bound as it is said."""
    wanted = {"name": "k", "scopes": ["INGEST", "READ"], **said}
    return api.as_key((await api(CREATE_KEY, {"input": wanted}))["createApiKey"]["secret"])


async def test_labels_of_another_tenant_cost_only_their_own_item(api: Api) -> None:
    bound = await key(api, organizationId="acme", namespaceId="ns", workspaceId="ws")
    cases: list[tuple[Json, str | None]] = [
        ({}, None),
        ({"organizationId": "other"}, "organizationId"),
        ({"organizationId": "ACME"}, "organizationId"),
        ({"organizationId": "*"}, "organizationId"),
        ({"organizationId": "acme\0"}, "organizationId"),
        ({"organizationId": ""}, "organizationId"),
        ({"namespaceId": "other"}, "namespaceId"),
        ({"workspaceId": "other"}, "workspaceId"),
        ({"organizationId": "acme", "namespaceId": "ns", "workspaceId": "ws"}, None),
        ({"userId": "other", "companyId": "other", "apiKeyId": "other"}, None),
    ]
    payload = await track(bound, *(operation(labels=labels) for labels, _ in cases))
    for (labels, path), result in zip(cases, payload["results"], strict=True):
        if path is None:
            assert result["status"] == "ACCEPTED", labels
            continue
        assert (result["status"], result["code"]) == ("REJECTED", "FORBIDDEN"), labels
        assert result["path"] == ["labels", path]
        assert "may not use another" in result["message"]
    assert (await count(bound), await count(api)) == (3, 3)
    where = {"organizationId": {"eq": "acme"}, "namespaceId": {"eq": "ns"}}
    assert await count(api, **where, workspaceId={"eq": "ws"}) == 3


async def test_entries_for_another_tenant(api: Api) -> None:
    theirs = {"organizationId": "other"}
    bound = await key(api, organizationId="acme")
    request, mine = str(new_id()), str(new_id())
    await ingest(api, {"createRequest": {"id": request, "type": "t", "labels": theirs}})
    entries: list[Json] = [
        {"operation": operation(labels=theirs)},
        {"session": {"labels": theirs}},
        {"createRequest": {"type": "t", "labels": theirs}},
        {"consume": {"interactionType": "m", "labels": theirs}},
        {"circuitBreaker": {"name": "b", "state": "OPEN", **theirs}},
        {"startRequest": {"requestId": request}},
        {"logEvent": {"requestId": request, "type": "t"}},
        {"cancelRequest": {"requestId": request}},
        {"createRequest": {"id": mine, "type": "t"}},
        {"startRequest": {"requestId": mine}},
    ]
    payload = await ingest(bound, *entries)
    assert [r["code"] for r in payload["results"]] == ["FORBIDDEN"] * 5 + ["NOT_FOUND"] * 3 + [
        None, None,
    ]  # fmt: skip
    read = await api("query ($id: UUID!) { request(id: $id) { status lastSeq } }", {"id": request})
    assert read["request"] == {"status": "PENDING", "lastSeq": 1}


async def test_the_id_of_a_record_of_another_tenant_is_free(api: Api) -> None:
    one, two = await key(api, organizationId="one"), await key(api, organizationId="two")
    id = str(new_id())
    for tenant in (one, two):
        answers = await ingest(
            tenant, {"operation": operation(id=id)}, {"createRequest": {"id": id, "type": "t"}},
            {"session": {"id": id}}, {"consume": {"id": id, "interactionType": "m"}},
            {"startRequest": {"requestId": id}},
        )  # fmt: skip
        assert {r["status"] for r in answers["results"]} == {"ACCEPTED"}
        assert await count(tenant) == 1
    refusal = await api.refused(
        "mutation ($id: UUID!) { startRequest(input: {requestId: $id}) { status } }", {"id": id}
    )
    assert refusal.code == "NOT_FOUND"
    assert "Several organizations" in refusal.message


async def test_a_key_of_all_organizations_must_name_one(api: Api) -> None:
    spanning = await key(api, organizationId="*", scopes=["ADMIN"])
    payload = await track(spanning, operation(), operation(labels={"organizationId": "acme"}))
    refused, taken = payload["results"]
    assert (refused["status"], refused["path"]) == ("REJECTED", ["labels", "organizationId"])
    assert "organizationId is required for keys of all organizations" in refused["message"]
    assert taken["status"] == "ACCEPTED"


async def test_scopes_that_a_key_does_not_hold(api: Api) -> None:
    reader = await key(api, scopes=["READ"])
    writer = await key(api, scopes=["INGEST"])
    assert (await reader.refused("mutation { trackOperations(operations: []) { accepted } }")).code == (
        "FORBIDDEN"
    )  # fmt: skip
    refusal = await writer.refused("{ operations { totalCount } }")
    assert (refusal.code, refusal.message) == (
        "FORBIDDEN", "Scope READ is required (the key has INGEST).",
    )  # fmt: skip
    for document in (
        'mutation { setPrice(input: {kind: TOOL, name: "t", inputPer1k: 1}) { price { name } } }',
        """mutation { deleteLimit(input: {limitId: "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"}) {
          status } }""",
        'mutation { createApiKey(input: {name: "k", scopes: [READ]}) { secret } }',
        "{ apiKeys { name } }",
    ):
        for caller in (reader, writer):
            assert (await caller.refused(document)).code == "FORBIDDEN"
