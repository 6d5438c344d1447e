"""Answers of a server as clients with caches see them: all that can be selected, with its ids."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from server.graphql.schema import build_schema

Json = dict[str, Any]
CORE = build_schema()._schema
LEVELS = 5
"""Levels of fields that are selected."""
LEFT_OUT = {"edges", "delta", "ratio", "min", "p50", "p90", "p99"}
"""Fields that show what others show: an answer has its bounds."""
ID = "01a1f84a-95c0-7000-8000-0000000000"
REQUEST, OTHER, SESSION = f"{ID}c1", f"{ID}c2", f"{ID}c3"
SPAN = 'where: {occurredAt: {since: "2026-11-01T00:00:00Z", until: "2026-12-01T00:00:00Z"}}'
BUCKETS = "bucket: {unit: DAY, fill: false}, compare: {previous: PREVIOUS}"
QUERIES = {
    "operations": "(first: 20)",
    "requests": "(first: 20)",
    "request": f'(id: "{REQUEST}")',
    "sessions": "(first: 20)",
    "interactions": "(first: 20)",
    "limits": "",
    "usage": '(subject: {subject: USER, subjectId: "ana"})',
    "circuitBreakers": "",
    "apiKeys": "",
    "prices": "",
    "operationStats": f"({SPAN}, groupBy: [{{field: NAME}}, {{field: USER_ID}}], {BUCKETS})",
    "requestStats": "(groupBy: [{field: TYPE}, {field: STATUS}])",
    "stageStats": "(groupBy: [{field: NAME}, {field: STATUS}])",
    "eventStats": "(groupBy: [{field: TYPE}, {field: STAGE}])",
    "interactionStats": "(groupBy: [{field: INTERACTION_TYPE}, {field: USER_ID}])",
    "toolBreakdown": "(timeRange: ALL)",
    "apiSavings": "(timeRange: ALL)",
    "monitoringOverview": "(hours: 3)",
    "requestMetrics": "(hours: 3)",
    "stageDurations": "(hours: 744)",
    "organizationInteractions": '(organizationId: "default", year: 2026, month: 11)',
    "viewer": "",
    "about": "",
    "feedCursors": "",
}
"""Every query but those that take ids of others, and how it is asked."""
UNASKED = {"node", "nodes", "session", "namespaceInteractions", "apiKeyInteractions"}
SAME = f'id: "{ID}0a", kind: API, name: "a", occurredAt: "2026-11-20T09:30:00Z"'
MUTATIONS = {
    "trackOperations": f"""(operations: [
      {{{SAME}}} {{{SAME}}} {{kind: API, name: "b"}} {{kind: API, name: "c"}}
      {{kind: API, name: "d", durationMs: -1}} {{kind: API, name: "e", durationMs: -2}}
    ])""",
    "ingest": f"""(entries: [
      {{operation: {{{SAME}}}}} {{operation: {{{SAME}}}}}
      {{startStage: {{requestId: "{REQUEST}", stage: "script", eventId: "{ID}0b"}}}}
      {{startStage: {{requestId: "{REQUEST}", stage: "script", eventId: "{ID}0b"}}}}
      {{startStage: {{requestId: "{ID}ff", stage: "x"}}}}
      {{progressStage: {{requestId: "{REQUEST}", stage: "script", done: 5, total: 10}}}}
      {{progressStage: {{requestId: "{REQUEST}", stage: "script", done: 6, total: 10}}}}
    ])""",
    "consume": '(input: {interactionType: "mini", labels: {userId: "ana", companyId: "acme"}})',
}


def selection(type_: GraphQLNamedType, levels: int = LEVELS) -> str:
    """Everything below a type that needs no argument, with __typename; empty for a leaf."""
    if isinstance(type_, GraphQLInterfaceType):
        return "{ __typename id }"
    if not isinstance(type_, GraphQLObjectType):
        return ""
    parts = ["__typename"]
    for name, field in type_.fields.items():
        inner = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if is_leaf_type(inner) and name not in LEFT_OUT:
            parts.append(name)
        elif levels > 1 and name not in LEFT_OUT:
            pages = "(first: 5)" if "first" in field.args else ""
            parts.append(f"{name}{pages} {selection(inner, levels - 1)}")
    return f"{{ {' '.join(parts)} }}"


def documents() -> Iterator[tuple[str, str]]:
    """The documents that are asked, by the name of their field; mutations first."""
    assert CORE.mutation_type is not None
    assert CORE.query_type is not None
    assert set(QUERIES) | UNASKED == set(CORE.query_type.fields), "say how a new query is asked"
    for kind, root, asked in (
        ("mutation", CORE.mutation_type, MUTATIONS),
        ("query", CORE.query_type, QUERIES),
    ):
        for name, arguments in asked.items():
            below = selection(get_named_type(root.fields[name].type))
            yield name, f"{kind} {name} {{ {name}{arguments} {below} }}"


def scene() -> list[tuple[str, Json]]:
    """Calls that record some of everything before it is asked for."""
    entries = [
        {"createRequest": {"id": REQUEST, "type": "lesson", "correlationId": "same", "stages": [
            {"name": "script", "maxAttempts": 3}, {"name": "video"}]}},
        {"createRequest": {"id": OTHER, "type": "lesson", "correlationId": "same"}},
        {"session": {"id": SESSION, "name": "s"}},
        {"startStage": {"requestId": REQUEST, "stage": "script"}},
        {"failStage": {"requestId": REQUEST, "stage": "script", "message": "no"}},
        {"retryStage": {"requestId": REQUEST, "stage": "script"}},
        {"startStage": {"requestId": OTHER, "stage": "script"}},
        {"circuitBreaker": {"name": "mail", "state": "OPEN", "totalCalls": 9, "totalFailures": 5}},
        {"circuitBreaker": {"name": "chat", "state": "CLOSED", "totalCalls": 9}},
    ]  # fmt: skip
    entries += [
        {"operation": {
            "kind": ("API", "TOOL")[n % 2], "name": ("read", "search")[n % 3 == 0],
            "occurredAt": f"2026-11-2{n % 3}T09:30:0{n}Z", "requestId": REQUEST, "stage": "script",
            "sessionId": SESSION, "labels": {"userId": ("ana", "bob")[n % 2]},
            **({"tool": {"toolName": "read", "operationMode": ("full", "symbol")[n % 4 == 1],
                         "tokensOriginal": 100, "tokensActual": n}} if n % 2 else {}),
        }}
        for n in range(9)
    ]  # fmt: skip
    entries += [
        {"consume": {"interactionType": kind, "labels": {"userId": user}, "units": 2}}
        for kind in ("mini", "premium")
        for user in ("ana", "bob")
    ]
    limits = [
        {"subject": subject, "subjectId": id, "interactionType": kind, "maximum": 99}
        for subject, id in (("USER", "ana"), ("USER", "bob"), ("COMPANY", "acme"))
        for kind in ("mini", "premium")
    ]
    prices = [{"kind": "MODEL", "name": name, "inputPer1k": 1} for name in ("a", "b")]
    set_limit = "mutation ($v: LimitInput!) { setLimit(input: $v) { limit { uuid } } }"
    set_price = "mutation ($v: PriceInput!) { setPrice(input: $v) { price { name } } }"
    ingest = "mutation ($v: [EntryInput!]!) { ingest(entries: $v) { rejected } }"
    key = """mutation ($v: ApiKeyInput!) { createApiKey(input: $v) { apiKey { uuid } } }"""
    return [
        *((set_limit, {"v": limit}) for limit in limits),
        *((set_price, {"v": price}) for price in prices),
        *((key, {"v": {"name": name, "scopes": ["READ"]}}) for name in ("one", "two")),
        (ingest, {"v": entries}),
    ]
