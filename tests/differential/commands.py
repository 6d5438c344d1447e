"""Every mutation and query of the schema, as one story that is told in order.

``@name`` in variables stands for a text that an earlier answer held (``keep`` says where), ``#name``
for an id that the story chooses: another one each time it is told.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.differential.selections import everything

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One call; ``keep`` names texts of its answer by their path."""

    document: str
    variables: Json = field(default_factory=dict)
    keep: dict[str, tuple[str, ...]] = field(default_factory=dict)


def taking(name: str, input_type: str, payload: str, given: Json, **keep: tuple[str, ...]) -> Step:
    """The call of a mutation that takes one ``input``."""
    document = f"mutation ($input: {input_type}!) {{ {name}(input: $input) {{ {payload} }} }}"
    return Step(document, {"input": given}, keep)


OPERATION = everything("OperationPayload", 1)
REQUEST = everything("RequestPayload", 2)
STAGE = everything("StagePayload", 2)
CONSUMED = everything("ConsumePayload", 1)
LABELS = {"userId": "u", "workspaceId": "w"}

RECORDING = (
    taking("trackOperation", "OperationInput", OPERATION, {"kind": "API", "name": "a", "id": "#op"}),
    taking(
        "trackApiOperation", "ApiOperationInput", OPERATION,
        {"route": "v1/x", "method": "GET", "statusCode": 500, "countsAgainstPlan": True},
    ),
    taking(
        "trackToolOperation", "ToolOperationInput", OPERATION,
        {"tool": "read", "mode": "overview", "tokensOriginal": 9, "tokensActual": 3, "labels": LABELS},
    ),
    taking(
        "trackChat", "ChatInput", OPERATION,
        {"message": "m\u0000", "response": "r", "model": "m", "tokens": 3, "email": "a@b.c"},
    ),
    taking("trackChat", "ChatInput", OPERATION, {"userId": "u", "labels": {"companyId": "c"}}),
    taking("trackChat", "ChatInput", OPERATION, {"userId": "u", "tokens": 1, "inputTokens": 2}),
    Step(
        f"""mutation ($v: [OperationInput!]!) {{
        trackOperations(operations: $v) {{ {everything("TrackPayload", 2)} }} }}""",
        {"v": [{"kind": "LLM", "name": "l", "id": "#op"}, {"kind": "API", "name": ""}]},
    ),
    Step(
        f"mutation ($v: [EntryInput!]!) {{ ingest(entries: $v) {{ {everything('TrackPayload', 2)} }} }}",
        {"v": [
            {"session": {"id": "#session", "name": "s", "labels": LABELS}},
            {"createRequest": {"id": "#request", "type": "t", "labels": LABELS,
                               "stages": [{"name": "one"}, {"name": "two", "weight": 3}]}},
            {"startRequest": {"requestId": "#request"}},
            {"startStage": {"requestId": "#request", "stage": "one"}},
            {"progressStage": {"requestId": "#request", "stage": "one", "done": 1, "total": 2.0}},
            {"failStage": {"requestId": "#request", "stage": "one", "message": "no"}},
            {"retryStage": {"requestId": "#request", "stage": "one"}},
            {"completeStage": {"requestId": "#request", "stage": "one", "output": {"a": 1}}},
            {"logEvent": {"requestId": "#request", "type": "e", "severity": "WARNING"}},
            {"operation": {"kind": "API", "name": "o", "requestId": "#request", "stage": "one",
                           "sessionId": "#session"}},
            {"consume": {"interactionType": "t", "labels": LABELS}},
            {"circuitBreaker": {"name": "b", "state": "HALF_OPEN", "totalCalls": 3}},
            {"completeRequest": {"requestId": "#request", "result": {"a": []}}},
            {"failRequest": {"requestId": "#request", "message": "late"}},
            {"cancelRequest": {"requestId": "#op", "reason": "nobody"}},
        ]},
    ),
    taking("startSession", "SessionInput", everything("SessionPayload", 1), {"id": "#sitting"}),
    Step(f"mutation ($id: ID!) {{ endSession(input: {{sessionId: $id}}) {{ "
         f"{everything('SessionPayload', 1)} }} }}",
         {"id": "#sitting"}),
)  # fmt: skip

WORKING = (
    taking("createRequest", "CreateRequestInput", REQUEST,
           {"type": "t", "id": "#work", "correlationId": "c", "stages": [{"name": "one"}]},
           node=("createRequest", "request", "id")),
    Step(f"mutation ($id: UUID!) {{ startRequest(input: {{requestId: $id}}) {{ {REQUEST} }} }}",
         {"id": "#work"}),
    taking("startStage", "StartStageInput", STAGE, {"requestId": "#work", "stage": "one"}),
    taking("progressStage", "ProgressStageInput", STAGE,
           {"requestId": "#work", "stage": "one", "fraction": 0.5, "data": {"a": 1.0}}),
    taking("failStage", "FailStageInput", STAGE,
           {"requestId": "#work", "stage": "one", "message": "no", "details": {"a": None}}),
    Step(f"""mutation ($id: UUID!, $stage: String!) {{
         retryStage(input: {{requestId: $id, stage: $stage}}) {{ {STAGE} }} }}""",
         {"id": "#work", "stage": "one"}),
    taking("completeStage", "CompleteStageInput", STAGE, {"requestId": "#work", "stage": "one"}),
    taking("logEvent", "LogEventInput", everything("EventPayload", 1),
           {"requestId": "#work", "type": "e", "data": {"n": 2**40}, "message": "\ud800"}),
    taking("completeRequest", "CompleteRequestInput", REQUEST, {"requestId": "#work"}),
    taking("failRequest", "FailRequestInput", REQUEST, {"requestId": "#work", "message": "late"}),
    taking("startStage", "StartStageInput", STAGE, {"requestId": "#work", "stage": "late"}),
    taking("createRequest", "CreateRequestInput", REQUEST, {"type": "t", "id": "#other"}),
    Step(f"mutation ($id: UUID!) {{ cancelRequest(input: {{requestId: $id, reason: \"enough\"}}) {{ "
         f"{REQUEST} }} }}",
         {"id": "#other"}),
    Step(f"mutation ($id: UUID!) {{ startRequest(input: {{requestId: $id}}) {{ {REQUEST} }} }}",
         {"id": "#op"}),
    taking("createRequest", "CreateRequestInput", REQUEST,
           {"type": "t", "id": "#again", "stages": [{"name": "one"}, {"name": "two"}]}),
    taking("startStage", "StartStageInput", STAGE, {"requestId": "#again", "stage": "one"}),
    taking("failRequest", "FailRequestInput", REQUEST,
           {"requestId": "#again", "stage": "one", "message": "no"}),
    *[Step(f"""mutation ($id: UUID!, $force: Boolean) {{
           retryRequest(input: {{requestId: $id, force: $force}}) {{ {REQUEST} }} }}""",
           {"id": id, "force": force})
      for id, force in (("#again", False), ("#again", None), ("#other", True), ("#op", False))],
)  # fmt: skip

MANAGING = (
    taking("setLimit", "LimitInput", everything("LimitPayload", 2),
           {"subject": "USER", "subjectId": "u", "interactionType": "t", "maximum": 4},
           limit=("setLimit", "limit", "uuid")),
    *[taking("consume", "ConsumeInput", CONSUMED,
             {"interactionType": "t", "units": 2, "labels": {"userId": "u"}})] * 3,
    taking("consume", "ConsumeInput", CONSUMED, {"interactionType": "free", "id": "#use"}),
    taking("consume", "ConsumeInput", CONSUMED, {"interactionType": "free", "id": "#use"}),
    Step(f"""mutation ($input: ReserveInput!) {{
        reserve(input: $input) {{ {everything("ReservationPayload", 1)} }} }}""",
         {"input": {"interactionType": "free", "units": 5, "ttl": "PT60S"}},
         {"held": ("reserve", "reservation", "uuid")}),
    Step(f"mutation ($id: UUID!) {{ commitReservation(input: {{reservationId: $id, units: 3}}) {{ "
         f"{CONSUMED} }} }}",
         {"id": "@held"}),
    Step(f"mutation ($id: UUID!) {{ releaseReservation(input: {{reservationId: $id}}) {{ "
         f"{CONSUMED} }} }}", {"id": "@held"}),
    Step(f"query ($s: SubjectInput!) {{ usage(subject: $s) {{ {everything('LimitLevel')} }} }}",
         {"s": {"subject": "USER", "subjectId": "u"}}),
    Step(f"{{ limits {{ {everything('Limit', 1)} }} }}"),
    Step("mutation ($id: UUID!) { deleteLimit(input: {limitId: $id}) { status limit "
         "{ uuid } } }", {"id": "@limit"}),
    Step("mutation ($id: UUID!) { deleteLimit(input: {limitId: $id}) { status limit "
         "{ uuid } } }", {"id": "@limit"}),
    taking("setPrice", "PriceInput", everything("PricePayload", 1),
           {"kind": "MODEL", "name": "m", "inputPer1k": 0.25, "effectiveFrom": "2026-01-01T00:00:00Z"}),
    Step(f"""mutation ($w: OperationFilter, $dry: Boolean! = true, $after: String) {{
        reprice(input: {{where: $w, dryRun: $dry, after: $after}}) {{
          {everything("RepricePayload", 2)} }} }}""",
         {"w": {"kind": {"in": ["LLM"]}}, "dry": False}),
    taking("reportCircuitBreaker", "CircuitBreakerInput", everything("CircuitBreakerPayload", 1),
           {"name": "b", "state": "OPEN", "totalCalls": 9, "totalFailures": 8, "message": "hot"}),
    taking("createApiKey", "ApiKeyInput", everything("CreatedApiKeyPayload", 1),
           {"name": "k", "scopes": ["READ", "INGEST"]}, key=("createApiKey", "apiKey", "uuid")),
    Step(f"mutation ($id: UUID!) {{ revokeApiKey(input: {{keyId: $id}}) {{ "
         f"{everything('ApiKeyPayload', 1)} }} }}",
         {"id": "@key"}),
    taking("createApiKey", "ApiKeyInput", "secret", {"name": "k", "scopes": []}),
)  # fmt: skip

ASKING = (
    Step("query ($id: ID!) { node(id: $id) { __typename id ... on Request { type } } }", {"id": "@node"}),
    Step('{ nodes(ids: ["x"]) { id } }'),
    Step("""query ($ids: [ID!]!) {
        nodes(ids: $ids) { __typename id ... on Labelled { userId } ... on Request { uuid } } }""",
         {"ids": ["@node", "@node", "@node", "@node", "@node", "@node", "@node", "@node", "@node"]}),
    Step("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": "@node"}),
    Step(f"query ($id: UUID!) {{ request(id: $id) {{ {everything('Request', 3)} }} }}", {"id": "#work"}),
    Step('{ request(correlationId: "c") { uuid } none: request(correlationId: "z") { uuid } }'),
    Step(f"query ($id: ID!) {{ session(id: $id) {{ {everything('Session', 3)} }} }}",
         {"id": "#session"}),
    *(Step(f"query ($n: Int) {{ {name}(last: $n) {{ {everything(kind, 2)} }} }}", {"n": 9})
      for name, kind in (("operations", "OperationConnection"), ("requests", "RequestConnection"),
                         ("sessions", "SessionConnection"), ("interactions", "InteractionConnection"))),
    Step(f"{{ circuitBreakers {{ {everything('CircuitBreaker', 1)} }} }}"),
    Step(f"{{ prices {{ {everything('Price')} }} viewer {{ {everything('Viewer')} }} "
         f"feedCursors {{ {everything('FeedCursors')} }} "
         f"about {{ version database {{ {everything('AboutDatabase')} }} }} }}"),
    Step(f"{{ apiKeys {{ {everything('ApiKey')} }} }}"),
)  # fmt: skip

NUMBER = "sum avg min max p50 quantile(q: 0.25)"
GROUPED = {
    "operationStats": (
        'groupBy: [{field: KIND}, {attribute: "a.b"}]',
        f"""key {{ {everything("OperationKey")} attribute(path: "a.b") }} count errorRate perSecond
        durationMs {{ {NUMBER} }} tokensPrevented {{ {NUMBER} }} savingsRate cacheHitRate
        cost {{ {everything("CostStats")} }} distinct(field: NAME) attribute(path: "n") {{ sum }}""",
    ),
    "requestStats": (
        "groupBy: [{field: STATUS}]",
        f"key {{ {everything('RequestKey')} }} count completedRate durationMs {{ {NUMBER} }}",
    ),
    "stageStats": (
        "groupBy: [{field: NAME}, {field: REQUEST_TYPE}]",
        f"key {{ {everything('StageKey')} }} count errorCount attempt {{ {NUMBER} }}",
    ),
    "eventStats": (
        "groupBy: [{field: TYPE}]",
        f"key {{ {everything('EventKey')} }} count warningCount distinct(field: REQUEST_ID)",
    ),
    "interactionStats": (
        "groupBy: [{field: INTERACTION_TYPE}]",
        f"key {{ {everything('InteractionKey')} }} count units {{ sum avg }}",
    ),
}
BESIDE = "truncated span { since until } coverage { source quantileError asOf }"
COUNTING = (
    *(Step(f"""query ($n: Int! = 9) {{ {name}({groups}, limit: $n) {{
         rows {{ __typename {row} }} totals {{ count }} {BESIDE} }} }}""")
      for name, (groups, row) in GROUPED.items()),
    Step("""query ($w: OperationFilter = {occurredAt: {last: "P1D"}}, $yes: Boolean! = true) {
        operationStats(where: $w, bucket: {unit: HOUR, zone: "Asia/Kathmandu"}, compare: {previous: PREVIOUS},
          groupBy: [{field: KIND}], top: {n: 1, by: {number: {field: DURATION_MS, stat: P95}}}) {
          rows { bucket { start end } key { kind } ...M @include(if: $yes) previous { count }
            delta { count } ratio { count } }
          others { count previous { count } } compared { since until } } }
        fragment M on OperationStatsRow { n: count durationMs { p95 } }"""),
    Step("{ operationStats(limit: 0, bucket: {unit: DAY, zone: \"Mars\"}) { rows { count } } }"),
)  # fmt: skip

REPORTING = (
    Step(f"{{ toolBreakdown(timeRange: ALL) {{ {everything('ToolBreakdown', 2)} }} }}"),
    Step(f"{{ apiSavings {{ {everything('ApiSavings', 2)} }} }}"),
    Step(f"{{ monitoringOverview(hours: 2) {{ {everything('MonitoringOverview', 2)} }} }}"),
    Step(f"{{ requestMetrics(hours: 40) {{ {everything('RequestHour', 1)} }} }}"),
    Step(f"{{ stageDurations {{ {everything('StageNumbers')} }} }}"),
    *(Step(f"""{{ {name}(organizationId: "default", {label} year: 2026, month: 11) {{
         {everything('InteractionTotals', 1)} }} }}""")
      for name, label in (("organizationInteractions", ""), ("namespaceInteractions", 'namespaceId: "n",'),
                          ("apiKeyInteractions", 'apiKeyId: "k",'))),
    Step("{ monitoringOverview(hours: 0) { since } }"),
)  # fmt: skip

STORY = RECORDING + WORKING + MANAGING + ASKING + COUNTING + REPORTING
