"""What each scope opens, for every query and mutation there is; and who may make which keys."""

from collections.abc import Mapping

import pytest
from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from tests.api.isolation.conftest import ALL_SCOPES, CREATE_KEY, ONCE, key_of
from tests.api.isolation.documents import document, root
from tests.api.isolation.tenant_queries import known_by, questions
from tests.api.isolation.tenants import Tenant
from tests.support.absent_arguments import without_absent_arguments
from tests.support.api import Api, Json
from tests.support.stored_rows import rows_of

SCOPE_OF: dict[str, dict[str, str | None]] = {
    "mutation": {
        **dict.fromkeys(
            (
                "trackOperation", "trackOperations", "trackApiOperation", "trackToolOperation",
                "trackChat", "ingest", "startSession", "endSession", "createRequest",
                "startRequest", "completeRequest", "failRequest", "cancelRequest", "startStage",
                "progressStage", "completeStage", "failStage", "retryStage", "retryRequest",
                "logEvent", "consume", "reserve", "commitReservation", "releaseReservation",
                "reportCircuitBreaker",
            ),
            "INGEST",
        ),
        **dict.fromkeys(("setLimit", "deleteLimit", "setPrice", "reprice"), "MANAGE"),
        **dict.fromkeys(("createApiKey", "revokeApiKey"), "ADMIN"),
    },
    "query": {
        **dict.fromkeys(
            (
                "node", "nodes", "operations", "requests", "request", "sessions", "session",
                "interactions", "limits", "usage", "circuitBreakers", "prices", "feedCursors", "about",
                "operationStats", "requestStats", "stageStats", "eventStats", "interactionStats",
                "toolBreakdown", "apiSavings", "monitoringOverview", "requestMetrics",
                "stageDurations", "organizationInteractions", "namespaceInteractions",
                "apiKeyInteractions",
            ),
            "READ",
        ),
        "apiKeys": "ADMIN",
        "viewer": None,
    },
}  # fmt: skip
"""The scope that each root field needs; a new field is to be put here."""

EDGES = {
    "startSession": "session { operations { nodes { uuid } } }",
    "createRequest": "request { operations { nodes { uuid } } }",
    "startRequest": "request { events { nodes { uuid } } }",
    "trackOperation": "operation { request { uuid } }",
    "trackChat": "operation { session { uuid } }",
}
"""Ways from the answer to a mutation to records that others may have written."""


def code_of(answer: Json) -> str | None:
    """The code of the first error, if any."""
    errors = answer.get("errors")
    return errors[0]["extensions"]["code"] if errors else None


async def send(api: Api, kind: str, name: str, variables: Json) -> Json:
    """A call that selects nothing but the leaves of its answer."""
    body = {
        "query": without_absent_arguments(document(kind, name, "alpha", 1), variables),
        "variables": variables,
    }
    answer: Json = (await api.raw(body)).json()
    return answer


async def keys_of(administrator: Api, tenant: Tenant) -> dict[str, Api]:
    """A key of the tenant's for each scope alone."""
    return {
        scope: await key_of(administrator, [scope], organizationId=tenant.organization)
        for scope in ALL_SCOPES
    }


@pytest.mark.parametrize("kind", SCOPE_OF)
def test_every_root_field_has_its_scope(kind: str) -> None:
    assert set(SCOPE_OF[kind]) == set(root(kind))


async def test_a_key_without_the_scope_changes_nothing(
    administrator: Api, tenant: Tenant, database_url: str
) -> None:
    callers = await keys_of(administrator, tenant)
    before = await rows_of(database_url, tenant.organization)
    sent = dict(tenant.sent)
    assert set(sent) == set(SCOPE_OF["mutation"])
    for scope, api in callers.items():
        for name, variables in sent.items():
            if scope not in {SCOPE_OF["mutation"][name], "ADMIN"}:
                answer = await send(api, "mutation", name, variables)
                assert code_of(answer) == "FORBIDDEN", f"{scope} {name}: {answer}"
    assert await rows_of(database_url, tenant.organization) == before
    for scope, api in callers.items():
        for name, variables in sent.items():
            if scope in {SCOPE_OF["mutation"][name], "ADMIN"}:
                answer = await send(api, "mutation", name, variables)
                assert code_of(answer) not in {"FORBIDDEN", "INTERNAL"}, f"{scope} {name}: {answer}"


@ONCE
async def test_a_key_without_the_scope_reads_nothing(administrator: Api, tenant: Tenant) -> None:
    callers = await keys_of(administrator, tenant)
    asked = {name: variables for name, variables, _ in questions(await known_by(tenant))}
    assert set(asked) == set(SCOPE_OF["query"])
    for scope, api in callers.items():
        for name, variables in asked.items():
            answer = await send(api, "query", name, variables)
            needed = SCOPE_OF["query"][name]
            if scope in {needed, "ADMIN"} or needed is None:
                assert code_of(answer) is None, f"{scope} {name}: {answer}"
            else:
                assert code_of(answer) == "FORBIDDEN", f"{scope} {name}: {answer}"
                assert not any((answer["data"] or {}).values()), f"{scope} {name}: {answer}"


@ONCE
async def test_who_may_only_write_does_not_read_by_the_answer(
    administrator: Api, tenant: Tenant
) -> None:
    """The record that was written may be seen, but no way leads on to the work of others."""
    writer = (await keys_of(administrator, tenant))["INGEST"]
    for name, edge in EDGES.items():
        leaves = document("mutation", name, "alpha", 1)
        body = {
            "query": leaves.replace("__typename", f"__typename {edge}"),
            "variables": dict(tenant.sent)[name],
        }
        answer = (await writer.raw(body)).json()
        assert code_of(answer) == "FORBIDDEN", f"{name}: {answer}"
        assert "nodes" not in str(answer.get("data"))


async def test_the_leaves_of_payloads_tell_of_nothing_else() -> None:
    """What a mutation answers at once are statuses, numbers and its own ids."""
    leaves = {
        field_name
        for field in root("mutation").values()
        for field_name, leaf in fields_of(get_named_type(field.type)).items()
        if is_leaf_type(get_named_type(leaf.type))
    }
    assert leaves == {
        "accepted", "allowed", "cancelRequested", "duplicates", "reason", "rejected", "repaired",
        "retryAfterSeconds", "secret", "status", "truncated", "units", "uuid",
        # Of reprice: counts, and a place among operations that the caller may price.
        "changed", "dryRun", "endCursor", "hasMore", "newlyPriced", "newlyUnpriced", "operations",
    }  # fmt: skip


def fields_of(type: GraphQLNamedType) -> Mapping[str, GraphQLField]:
    """The fields of an object type."""
    assert isinstance(type, GraphQLObjectType)
    fields: Mapping[str, GraphQLField] = type.fields
    return fields


ALPHA = {"organizationId": "alpha"}
PART = {**ALPHA, "namespaceId": "n1"}
PRICE = {"kind": "TOOL", "name": "read", "inputPer1k": 1}
LIMIT = {"subject": "ORGANIZATION", "interactionType": "mini", "maximum": 5}


@ONCE
@pytest.mark.parametrize(
    ("bounds", "asked", "allowed"),
    [
        ({}, {"organizationId": "*"}, True),
        ({}, {"organizationId": "beta"}, True),
        ({}, {}, True),  # of the open server's own organization
        (ALPHA, {}, True),
        (ALPHA, PART, True),
        (ALPHA, {"organizationId": "beta"}, False),
        (ALPHA, {"organizationId": "*"}, False),
        (PART, PART, True),
        (PART, {**PART, "workspaceId": "w1"}, True),
        (PART, ALPHA, False),
        (PART, {}, False),
        (PART, {**ALPHA, "namespaceId": "n2"}, False),
    ],
)
async def test_who_makes_which_keys(
    administrator: Api, bounds: Json, asked: Json, allowed: bool
) -> None:
    """Nobody makes a key that reaches further than the own one."""
    maker = await key_of(administrator, ["ADMIN"], **bounds) if bounds else administrator
    key = {"name": "made", "scopes": ["ADMIN"], **asked}
    if allowed:
        made = (await maker(CREATE_KEY, {"input": key}))["createApiKey"]
        assert made["secret"].startswith("tsk_")
    else:
        assert (await maker.refused(CREATE_KEY, {"input": key})).code == "FORBIDDEN"


@ONCE
@pytest.mark.parametrize(
    ("bounds", "name", "given", "code"),
    [
        (ALPHA, "setPrice", PRICE, None),
        (ALPHA, "setPrice", {**PRICE, "organizationId": "*"}, "FORBIDDEN"),
        (ALPHA, "setPrice", {**PRICE, "organizationId": "beta"}, "FORBIDDEN"),
        (PART, "setPrice", PRICE, "FORBIDDEN"),
        (ALPHA, "setLimit", LIMIT, None),
        (ALPHA, "setLimit", {**LIMIT, "organizationId": "beta"}, "FORBIDDEN"),
        (PART, "setLimit", LIMIT, "FORBIDDEN"),
        (PART, "setLimit", {**LIMIT, "subject": "NAMESPACE", "subjectId": "n1"}, "FORBIDDEN"),
    ],
)
async def test_who_sets_what(
    administrator: Api, bounds: Json, name: str, given: Json, code: str | None
) -> None:
    """Limits and prices are set by keys of the whole organization, for nobody else."""
    manager = await key_of(administrator, ["MANAGE"], **bounds)
    assert code_of(await send(manager, "mutation", name, {"input": given})) == code
