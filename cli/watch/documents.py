"""Fields and queries of the watched requests."""

EVENT_FIELDS = "uuid requestId seq type severity stage attempt message data occurredAt recordedAt"
OUTCOME_FIELDS = "status progress durationMs cancelReason error { message stage details }"
REQUEST_FIELDS = f"""
  uuid organizationId correlationId type title currentStage createdAt startedAt etaSeconds
  lastSeq {OUTCOME_FIELDS}
  stages {{
    name status attempt maxAttempts progress done total message errorMessage startedAt durationMs
  }}"""
"""Fields that the screen of one request shows."""
ROW_FIELDS = """
  uuid organizationId type title correlationId status progress currentStage createdAt startedAt
  durationMs lastSeq"""
"""Fields that the screen of many requests shows of each."""

REQUEST = f"""query Request($id: UUID, $correlationId: String, $last: Int) {{
  request(id: $id, correlationId: $correlationId) {{
    {REQUEST_FIELDS} events(last: $last) {{ nodes {{ {EVENT_FIELDS} }} }}
  }}
}}"""
CURSOR = "query Cursor { feedCursors { requestEvents } }"
REQUESTS = f"""query Requests($where: RequestFilter, $first: Int) {{
  requests(where: $where, first: $first) {{
    nodes {{ {ROW_FIELDS} }} pageInfo {{ hasNextPage }}
  }}
}}"""


def progress_fields(request_fields: str) -> str:
    """Return fields of ``RequestProgress``: the event, and these fields of its request."""
    return f"event {{ {EVENT_FIELDS} }} request {{ {request_fields} }}"
