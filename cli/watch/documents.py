"""What is asked of the server while something is watched."""

EVENT = "uuid requestId seq type severity stage attempt message data occurredAt recordedAt"
OUTCOME = "status progress durationMs cancelReason error { message stage details }"
"""What is said when a request has ended."""
STATE = f"""
  uuid organizationId correlationId type title currentStage createdAt startedAt etaSeconds
  lastSeq {OUTCOME}
  stages {{
    name status attempt maxAttempts progress done total message errorMessage startedAt durationMs
  }}"""
"""What a screen shows of one request."""
ROW = """
  uuid organizationId type title correlationId status progress currentStage createdAt startedAt
  durationMs lastSeq"""
"""What a screen shows of one request among many."""

FIND = f"""query Find($id: UUID, $correlationId: String, $last: Int) {{
  request(id: $id, correlationId: $correlationId) {{
    {STATE} events(last: $last) {{ nodes {{ {EVENT} }} }}
  }}
}}"""
FOLLOW = f"""subscription Follow($id: UUID!, $afterSeq: Long) {{
  requestProgress(id: $id, afterSeq: $afterSeq) {{
    seq event {{ {EVENT} }} request {{ {OUTCOME} }}
  }}
}}"""
FOLLOW_STATE = f"""subscription FollowState($id: UUID!, $afterSeq: Long) {{
  requestProgress(id: $id, afterSeq: $afterSeq) {{
    seq event {{ {EVENT} }} request {{ {STATE} }}
  }}
}}"""

NOW = "query Now { feedCursors { requestEvents } }"
ACTIVE = f"""query Active($where: RequestFilter, $first: Int) {{
  requests(where: $where, first: $first) {{ nodes {{ {ROW} }} pageInfo {{ hasNextPage }} }}
}}"""
FEED = f"""subscription Feed($where: EventFilter, $after: String) {{
  requestEvents(where: $where, after: $after) {{
    __typename
    ... on Event {{ {EVENT} feedCursor }}
    ... on Gap {{ missed fromCursor toCursor }}
  }}
}}"""
