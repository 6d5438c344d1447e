"""What live tests send."""

from uuid import UUID

from tests.support.api import Api

PROGRESS = """subscription Watch($id: UUID!, $afterSeq: Long) {
  requestProgress(id: $id, afterSeq: $afterSeq) {
    seq progress replayed etaSeconds request { status lastSeq } event { seq type message } }
}"""
EVENTS = """subscription Events($where: EventFilter, $after: String, $overflow: Overflow! = GAP) {
  requestEvents(where: $where, after: $after, overflow: $overflow) {
    __typename
    ... on Event { requestId seq type message replayed feedCursor }
    ... on Gap { missed fromCursor toCursor } }
}"""
OPERATIONS = """subscription Feed($where: OperationFilter, $after: String, $overflow: Overflow! = COALESCE) {
  operationFeed(where: $where, after: $after, overflow: $overflow) {
    __typename
    ... on Operation { name replayed feedCursor }
    ... on Gap { missed fromCursor toCursor } }
}"""
STATS = """subscription Stats($where: OperationFilter) {
  operationStatsLive(where: $where, groupBy: [{field: NAME}], minInterval: "PT0.1S") {
    rows { count key { name } } }
}"""
CREATE = """mutation($type: String!, $labels: LabelsInput) {
  createRequest(input: {type: $type, labels: $labels, stages: [{name: "one"}, {name: "two"}]}) {
    request { uuid } } }"""
START = "mutation($id: UUID!) { startRequest(input: {requestId: $id}) { status } }"
LOG = """mutation($id: UUID!, $message: String) {
  logEvent(input: {requestId: $id, type: "told", message: $message}) { event { seq } } }"""
LOGS = """mutation($entries: [EntryInput!]!) { ingest(entries: $entries) { accepted rejected } }"""
COMPLETE = "mutation($id: UUID!) { completeRequest(input: {requestId: $id}) { status } }"
FAIL = """mutation($id: UUID!) {
  failRequest(input: {requestId: $id, message: "broken"}) { status } }"""
RETRY = "mutation($id: UUID!) { retryRequest(input: {requestId: $id}) { status } }"
TRACK = """mutation($name: String!, $labels: LabelsInput) {
  trackOperation(input: {kind: API, name: $name, labels: $labels}) { status } }"""


async def new_request(api: Api, type: str = "video", organization: str | None = None) -> UUID:
    """A request that runs: its log has two events."""
    labels = {"organizationId": organization} if organization else None
    made = await api(CREATE, {"type": type, "labels": labels})
    id = UUID(made["createRequest"]["request"]["uuid"])
    await api(START, {"id": str(id)})
    return id


async def tell(api: Api, id: UUID, *messages: str) -> None:
    """Log events, all in one transaction."""
    entries = [
        {"logEvent": {"requestId": str(id), "type": "told", "message": message}}
        for message in messages
    ]
    payload = (await api(LOGS, {"entries": entries}))["ingest"]
    assert payload == {"accepted": len(messages), "rejected": 0}
