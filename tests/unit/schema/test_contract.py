"""The contract: the fields that clients were promised are there, with the arguments they send."""

from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    is_required_input_field,
)

from server.graphql.schema import schema_sdl
from tests.unit.schema.vocabulary import api, graphql

PAGE = "first after last before"
MUTATIONS = {
    "trackOperation": "input",
    "trackOperations": "operations",
    "trackApiOperation": "input",
    "trackToolOperation": "input",
    "trackChat": "input",
    "ingest": "entries",
    "startSession": "input",
    "endSession": "input",
    "createRequest": "input",
    "startRequest": "input",
    "startStage": "input",
    "progressStage": "input",
    "completeStage": "input",
    "failStage": "input",
    "retryStage": "input",
    "retryRequest": "input",
    "logEvent": "input",
    "completeRequest": "input",
    "failRequest": "input",
    "cancelRequest": "input",
    "consume": "input",
    "reserve": "input",
    "commitReservation": "input",
    "releaseReservation": "input",
    "setLimit": "input",
    "deleteLimit": "input",
    "setPrice": "input",
    "reportCircuitBreaker": "input",
    "createApiKey": "input",
    "revokeApiKey": "input",
}
QUERIES = {
    "node": "id",
    "nodes": "ids",
    "viewer": "",
    "operations": f"where orderBy {PAGE}",
    "requests": "where orderBy first after",
    "request": "id correlationId",
    "sessions": f"where {PAGE}",
    "session": "id",
    "interactions": "where first after",
    "limits": "where",
    "usage": "subject interactionType",
    "circuitBreakers": "where",
    "prices": "",
}
EDGES = {
    ("Request", "stages"): "",
    ("Request", "events"): "first after",
    ("Request", "operations"): "first after",
    ("Stage", "attempts"): "",
    ("Session", "operations"): "first after",
    ("Operation", "request"): "",
    ("Operation", "session"): "",
    ("TrackPayload", "results"): "only",
}
FIELDS = {
    "TrackPayload": "accepted duplicates rejected results",
    "ItemResult": "index uuid status code message path",
    "ConsumePayload": "allowed deniedBy levels",
    "LimitLevel": "subject used maximum limit remaining resetsAt mode",
    "StagePayload": "cancelRequested",
    "CircuitBreaker": "name state totalCalls totalFailures failureRate",
    "Request": "uuid correlationId status currentStage progress error errorStage attributes result",
    "Stage": "name status attempt maxAttempts progress output error retryable weight",
    "Event": "seq type severity stage message data",
    "Operation": "uuid kind name occurredAt costBaseline costActual costSaved priceStatus cacheHit",
    "CreatedApiKeyPayload": "apiKey secret",
}
VALUES = "eq ne in notIn isNull"
ORDERED = f"{VALUES} gt gte lt lte"
TEXTS = (
    "startsWith endsWith contains eqIgnoreCase startsWithIgnoreCase endsWithIgnoreCase"
    " containsIgnoreCase"
)
FILTERED_ENUMS = (
    "OperationKind", "Outcome", "PriceStatus", "RequestStatus", "StageStatus", "Severity",
    "BreakerState", "LimitSubject", "LimitPeriod", "LimitMode",
)  # fmt: skip
INPUTS = {
    "LabelsInput": "organizationId namespaceId workspaceId userId developerId apiKeyId companyId"
    " subscriptionId",
    "OperationInput": "id occurredAt kind name operationType outcome error durationMs labels"
    " sessionId requestId stage correlationId traceId client api tool llm cacheHit interaction"
    " interactions attributes",
    "ApiCallInput": "route method statusCode ipAddress userAgent batchSize resourceId",
    "ToolUseInput": "toolName operationMode filePath parameters tokensOriginal tokensActual"
    " tokensPrevented",
    "LlmCallInput": "provider model inputTokens outputTokens cachedInputTokens"
    " cacheWriteInputTokens reasoningTokens audioInputTokens audioOutputTokens"
    " inputTokensExcludeCache message response",
    "InteractionUseInput": "type units countsAgainstLimits",
    "EntryInput": "operation session createRequest startRequest startStage progressStage"
    " completeStage failStage retryStage retryRequest logEvent completeRequest failRequest"
    " cancelRequest consume"
    " circuitBreaker",
    **dict.fromkeys(("BooleanFilter", "UUIDFilter"), VALUES),
    **{f"{enum}Filter": VALUES for enum in FILTERED_ENUMS},
    **dict.fromkeys(("IntFilter", "LongFilter", "FloatFilter", "NumberFilter"), ORDERED),
    **dict.fromkeys(("StringFilter", "IDFilter"), f"{ORDERED} {TEXTS}"),
    "DateTimeFilter": f"{ORDERED} since until last",
    "AttributeFilter": f"path {ORDERED} {TEXTS} exists",
    "OperationFilter": "and or not occurredAt kind outcome name operationType organizationId"
    " namespaceId workspaceId userId developerId apiKeyId companyId subscriptionId toolName"
    " operationMode client model route method filePath statusCode durationMs sessionId requestId"
    " correlationId attributes",
}
ENUMS = {
    "OperationKind": "API TOOL LLM",
    "Outcome": "OK ERROR",
    "ToolName": "read search",
    "OperationMode": "full overview symbol references semantic tri_index",
    "ItemStatus": "ACCEPTED DUPLICATE REJECTED",
    "BreakerState": "CLOSED OPEN HALF_OPEN",
    "Severity": "DEBUG INFO WARNING ERROR CRITICAL",
    "LimitMode": "HARD SOFT",
}
REQUIRED = {
    "OperationInput": {"kind", "name"},
    "CreateRequestInput": {"type"},
    "ConsumeInput": {"interactionType"},
    "LimitInput": {"subject", "interactionType", "maximum"},
    "CircuitBreakerInput": {"name", "state"},
    "SessionInput": set(),
    "ApiOperationInput": {"route", "method"},
    "ToolOperationInput": {"tool", "mode"},
    "ChatInput": {"message"},
    "FailStageInput": {"requestId", "stage", "message"},
}
"""What a client must send: one more would refuse those who were promised otherwise."""


def arguments(type_: str, field: str) -> set[str]:
    """The arguments of a field."""
    found = graphql().type_map[type_]
    assert isinstance(found, GraphQLObjectType)
    return set(found.fields[field].args)


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutations(name: str) -> None:
    assert arguments("Mutation", name) == set(MUTATIONS[name].split())


@pytest.mark.parametrize("name", QUERIES)
def test_queries(name: str) -> None:
    assert arguments("Query", name) >= set(QUERIES[name].split())


@pytest.mark.parametrize(("type_", "field"), EDGES, ids=".".join)
def test_edges(type_: str, field: str) -> None:
    assert arguments(type_, field) >= set(EDGES[type_, field].split())


@pytest.mark.parametrize("name", FIELDS)
def test_types(name: str) -> None:
    found = graphql().type_map[name]
    assert isinstance(found, GraphQLObjectType)
    assert set(found.fields) >= set(FIELDS[name].split())


@pytest.mark.parametrize("name", INPUTS)
def test_inputs(name: str) -> None:
    found = graphql().type_map[name]
    assert isinstance(found, GraphQLInputObjectType)
    assert set(found.fields) >= set(INPUTS[name].split())


@pytest.mark.parametrize("name", REQUIRED)
def test_what_a_client_must_send(name: str) -> None:
    found = graphql().type_map[name]
    assert isinstance(found, GraphQLInputObjectType)
    required = {field for field, given in found.fields.items() if is_required_input_field(given)}
    assert required == REQUIRED[name]


@pytest.mark.parametrize("name", ENUMS)
def test_enums(name: str) -> None:
    found = graphql().type_map[name]
    assert isinstance(found, GraphQLEnumType)
    assert list(found.values) == ENUMS[name].split()


@pytest.mark.parametrize(
    "name", ["DateTime", "JSON", "Long", "UUID", "Duration", "TimeRange", "Number"]
)
def test_scalars(name: str) -> None:
    assert isinstance(graphql().type_map[name], GraphQLScalarType)


START: dict[str, Any] = {"startRequest": {"requestId": "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"}}


@pytest.mark.parametrize(
    "entry", [{}, {"startRequest": None}, START | {"session": {}}, START | {"session": None}]
)
async def test_an_entry_is_exactly_one_thing(entry: dict[str, Any]) -> None:
    assert "input EntryInput @oneOf {" in schema_sdl()
    document = "mutation ($entries: [EntryInput!]!) { ingest(entries: $entries) { accepted } }"
    result = await api().execute(document, {"entries": [entry]})
    assert result.errors is not None
    assert "must specify exactly one key" in str(result.errors) or "non-null" in str(result.errors)


@pytest.mark.parametrize("type_", ["Operation", "Request", "Session", "Interaction", "Event"])
def test_lists_are_connections_of_nodes(type_: str) -> None:
    connection = graphql().type_map[f"{type_}Connection"]
    node = graphql().type_map[type_]
    assert isinstance(connection, GraphQLObjectType)
    assert isinstance(node, GraphQLObjectType)
    assert set(connection.fields) == {"nodes", "edges", "pageInfo", "totalCount"}
    assert str(connection.fields["totalCount"].type) == "Long!", "an Int would end at 2^31"
    assert "Node" in {interface.name for interface in node.interfaces}


def test_numbers_that_grow_are_no_ints() -> None:
    """Int is 32 bits: counts of units, calls and tokens are Long everywhere."""
    words = ("tokens", "units", "calls", "failures", "used", "maximum", "seq", "batchsize")
    short = [
        f"{type_.name}.{name}"
        for type_ in graphql().type_map.values()
        if isinstance(type_, GraphQLObjectType | GraphQLInputObjectType)
        for name, field in type_.fields.items()
        if str(field.type).startswith("Int") and any(word in name.lower() for word in words)
    ]
    assert not short


def test_every_field_of_a_filter_is_an_object_of_operators() -> None:
    for name, found in graphql().type_map.items():
        if not isinstance(found, GraphQLInputObjectType) or "and" not in found.fields:
            continue
        for field, declared in found.fields.items():
            if field in ("and", "or", "not"):
                continue
            operators = get_named_type(declared.type)
            assert isinstance(operators, GraphQLInputObjectType), f"{name}.{field}"
            assert set(operators.fields) >= set(VALUES.split()), f"{name}.{field}"
