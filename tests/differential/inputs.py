"""Inputs of bulk mutations in every way a document can hand them over."""

import json

Json = dict[str, object]

CALL: Json = {"kind": "API", "name": "a call", "api": {"statusCode": 200}}
OTHER: Json = {"kind": "TOOL", "name": "another", "tool": {"tokensOriginal": 9, "tokensActual": 1}}
LITERAL = (
    '{kind: LLM, name: "literal", llm: {model: "m", inputTokens: 3}, attributes: {a: [1, null]}}'
)
MADE: Json = {"createRequest": {"type": "made", "stages": [{"name": "one"}]}}
ANSWER = "accepted rejected repaired results { index status code message path }"

MANY = f"mutation ($v: [OperationInput!]!) {{ trackOperations(operations: $v) {{ {ANSWER} }} }}"
ENTRIES = f"mutation ($v: [EntryInput!]!) {{ ingest(entries: $v) {{ {ANSWER} }} }}"

LISTS: dict[str, object] = {
    "empty": [],
    "one": [CALL],
    "several": [CALL, OTHER] * 20,
    "one without its list": CALL,
    "null": None,
    "null within": [CALL, None],
    "a list within": [[CALL]],
    "a text": "x",
    "a number": 1,
    "texts": ["x"],
    "an object without anything": {},
    "something wrong in the last": [CALL] * 30 + [{**CALL, "durationMs": "long"}],
    "much wrong": [{**CALL, "durationMs": "long"}] * 60,
    "everything wrong": [{"kind": 1, "nam": 2, "api": [], "labels": {"userId": {}}, "id": "x"}] * 3,
    "without what is needed": [{"name": "x"}, {"kind": "API"}, {}],
    "an unknown field": [{**CALL, "surprise": 1}],
    "an unknown field at depth": [{**CALL, "api": {"surprise": None}}],
    "a list where an object belongs": [{**CALL, "api": [{"statusCode": 1}]}],
    "null in everything": [{**CALL, "id": None, "labels": None, "api": None, "attributes": None}],
    "null for a default": [{**CALL, "outcome": None}],
    "null for the units": [{**CALL, "interaction": {"type": "t", "units": None}}],
    "the kind of another": [{**CALL, "kind": "LLM"}, {**OTHER, "kind": "API"}],
    "an entry": [{"operation": CALL}],
}
"""Values of ``[OperationInput!]!``."""

ENTRY_LISTS: dict[str, object] = {
    "empty": [],
    "one": [{"operation": CALL}],
    "one without its list": {"operation": CALL},
    "several": [{"operation": CALL}, MADE, {"session": {"name": "s"}}] * 5,
    "none given": [{}],
    "two given": [{"operation": CALL, "session": {}}],
    "two given, one null": [{"operation": CALL, "session": None}],
    "null given": [{"operation": None}],
    "two nulls": [{"operation": None, "session": None}],
    "unknown": [{"surprise": 1}],
    "unknown beside": [{"operation": CALL, "surprise": 1}],
    "wrong within": [{"operation": {"kind": "API"}}],
    "null within": [None],
    "an operation": [CALL],
    "stages without their list": [{"createRequest": {"type": "t", "stages": {"name": "one"}}}],
    "stages with nulls": [{"createRequest": {"type": "t", "stages": [None]}}],
    "no stages": [{"createRequest": {"type": "t", "stages": []}}],
    "stages null": [{"createRequest": {"type": "t", "stages": None}}],
    "a weight null": [{"createRequest": {"type": "t", "stages": [{"name": "a", "weight": None}]}}],
    "attempts": [{"createRequest": {"type": "t", "stages": [{"name": "a", "maxAttempts": 2.0}]}}],
    "attempts too many": [
        {"createRequest": {"type": "t", "stages": [{"name": "a", "maxAttempts": 2**31}]}}
    ],
    "a progress": [
        MADE,
        {"progressStage": {"requestId": "00000000-0000-0000-0000-000000000000", "stage": "s"}},
    ],
    "a severity": [{"logEvent": {"requestId": "x", "type": "t", "severity": "LOUD"}}],
    "a breaker": [{"circuitBreaker": {"name": "b", "state": "OPEN", "totalCalls": 1.0}}],
    "a breaker, null": [{"circuitBreaker": {"name": "b", "state": "OPEN", "totalCalls": None}}],
    "a use": [{"consume": {"interactionType": "t", "units": 2, "labels": {"userId": 7}}}],
}
"""Values of ``[EntryInput!]!``."""

Handed = tuple[str, Json]
HANDED: dict[str, Handed] = {
    "a literal": ("mutation { trackOperations(operations: [LITERAL]) { ANSWER } }", {}),
    "a literal without its list": (
        "mutation { trackOperations(operations: LITERAL) { ANSWER } }", {},
    ),
    "a literal of entries": (
        "mutation { ingest(entries: [{operation: LITERAL}]) { ANSWER } }", {},
    ),
    "a literal with two given": (
        "mutation { ingest(entries: [{operation: LITERAL, session: {}}]) { accepted } }", {},
    ),
    "a literal with a bad value": (
        'mutation { trackOperations(operations: [{kind: API, name: 1, id: "x"}]) { accepted } }', {},
    ),
    "a variable in a list": (
        "mutation ($v: OperationInput!) { trackOperations(operations: [$v]) { ANSWER } }",
        {"v": CALL},
    ),
    "a variable twice in a list": (
        "mutation ($v: OperationInput!) { trackOperations(operations: [$v, $v]) { ANSWER } }",
        {"v": CALL},
    ),
    "a variable before a literal": (
        "mutation ($v: OperationInput!) { trackOperations(operations: [$v, LITERAL]) { ANSWER } }",
        {"v": CALL},
    ),
    "a variable after a literal": (
        "mutation ($v: OperationInput!) { trackOperations(operations: [LITERAL, $v]) { ANSWER } }",
        {"v": CALL},
    ),
    "two variables in a list": (
        """mutation ($v: OperationInput!, $w: OperationInput) {
        trackOperations(operations: [$v, $v]) { ANSWER } one: trackOperation(input: $v) { status } }""",
        {"v": CALL, "w": OTHER},
    ),
    "a nullable variable in a list": (
        "mutation ($v: OperationInput) { trackOperations(operations: [$v]) { accepted } }",
        {"v": CALL},
    ),
    "a variable in an entry": (
        "mutation ($v: OperationInput!) { ingest(entries: [{operation: $v}]) { ANSWER } }",
        {"v": CALL},
    ),
    "a nullable variable in an entry": (
        "mutation ($v: OperationInput) { ingest(entries: [{operation: $v}]) { ANSWER } }",
        {"v": CALL},
    ),
    "an entry before a literal one": (
        """mutation ($v: EntryInput!) {
        ingest(entries: [$v, {operation: LITERAL}, {session: {}}]) { ANSWER } }""",
        {"v": MADE},
    ),
    "an entry within": (
        """mutation ($v: OperationInput!, $w: EntryInput!) {
        ingest(entries: [$w, {operation: $v}]) { ANSWER } }""",
        {"v": CALL, "w": {"operation": OTHER}},
    ),
    "variables inside an object": (
        """mutation ($name: String!, $ms: Float, $ok: Outcome! = ERROR, $id: UUID, $json: JSON) {
        trackOperations(operations: [{kind: API, name: $name, durationMs: $ms, outcome: $ok, id: $id,
        attributes: {a: $json, b: [$name]}}]) { ANSWER } }""",
        {"name": "n", "ms": 1, "json": {"x": 1.0}},
    ),
    "parts inside an object": (
        """mutation ($api: ApiCallInput, $labels: LabelsInput, $use: InteractionUseInput) {
        trackOperations(operations: {kind: API, name: "n", api: $api, labels: $labels,
        interaction: $use}) { ANSWER } }""",
        {"api": {"statusCode": 200.0}, "labels": {"userId": 7}, "use": {"type": "t"}},
    ),
    "parts left out": (
        """mutation ($api: ApiCallInput, $labels: LabelsInput = {userId: "d"}) {
        trackOperations(operations: {kind: API, name: "n", api: $api, labels: $labels}) { ANSWER } }""",
        {},
    ),
    "the same list twice": (
        """mutation ($v: [OperationInput!]!) { a: trackOperations(operations: $v) { ANSWER }
        b: trackOperations(operations: $v) { accepted } }""", {"v": [CALL, OTHER]},
    ),
    "two lists": (
        """mutation ($v: [OperationInput!]!, $w: [EntryInput!]!, $only: [ItemStatus!]) {
        trackOperations(operations: $v) { accepted } ingest(entries: $w) {
        accepted results(only: $only) { index } } }""",
        {"v": [CALL], "w": [MADE, {"operation": OTHER}], "only": "ACCEPTED"},
    ),
    "two lists, one wrong": (
        """mutation ($v: [OperationInput!]!, $w: [EntryInput!]!) {
        trackOperations(operations: $v) { accepted } ingest(entries: $w) { accepted } }""",
        {"v": [CALL], "w": [{}]},
    ),
    "two lists, one missing": (
        """mutation ($v: [OperationInput!]!, $w: [EntryInput!]!) {
        trackOperations(operations: $v) { accepted } ingest(entries: $w) { accepted } }""",
        {"v": [CALL]},
    ),
    "two lists, one default": (
        """mutation ($v: [OperationInput!]!, $w: [EntryInput!]! = [{session: {name: "d"}}]) {
        trackOperations(operations: $v) { accepted } ingest(entries: $w) { accepted } }""",
        {"v": [CALL]},
    ),
    "a nullable list": (
        "mutation ($v: [OperationInput!]) { trackOperations(operations: $v) { accepted } }",
        {"v": [CALL]},
    ),
    "a nullable list with a default": (
        "mutation ($v: [OperationInput!] = []) { trackOperations(operations: $v) { accepted } }",
        {"v": [CALL]},
    ),
    "a nullable list with a default, null": (
        "mutation ($v: [OperationInput!] = []) { trackOperations(operations: $v) { accepted } }",
        {"v": None},
    ),
    "a list with a default": (
        "mutation ($v: [OperationInput!]! = [LITERAL]) { trackOperations(operations: $v) { ANSWER } }",
        {},
    ),
    "a list with a default replaced": (
        "mutation ($v: [OperationInput!]! = [LITERAL]) { trackOperations(operations: $v) { ANSWER } }",
        {"v": [CALL, CALL]},
    ),
    "a list of nullable items": (
        "mutation ($v: [OperationInput]!) { trackOperations(operations: $v) { accepted } }",
        {"v": [CALL]},
    ),
    "a list of the wrong type": (
        "mutation ($v: [EntryInput!]!) { trackOperations(operations: $v) { accepted } }",
        {"v": [CALL]},
    ),
    "a list that is skipped": (
        """mutation ($v: [OperationInput!]!, $no: Boolean!) {
        trackOperations(operations: $v) @include(if: $no) { accepted }
        startSession(input: {name: "s"}) { status } }""", {"v": [CALL], "no": False},
    ),
    "a fragment of a mutation": (
        """mutation ($v: [OperationInput!]!, $only: [ItemStatus!]! = REJECTED) { ...M }
        fragment M on Mutation { made: trackOperations(operations: $v) { ...P } }
        fragment P on TrackPayload { __typename accepted results(only: $only) { uuid } }""",
        {"v": [CALL, {**CALL, "name": ""}]},
    ),
}  # fmt: skip
"""Documents with their variables, by how they hand the inputs over; see ``written``."""


def written(document: str) -> str:
    """The document with the literal and the selection that stand for these words in it."""
    return document.replace("LITERAL", LITERAL).replace("ANSWER", ANSWER)


def asked(document: str, variables: object) -> str:
    """The body of a request."""
    return json.dumps({"query": document, "variables": variables})
