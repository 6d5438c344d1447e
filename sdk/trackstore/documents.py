"""GraphQL documents of this package. A test validates them against the schema."""

INGEST = """\
mutation Ingest($entries: [EntryInput!]!) {
  ingest(entries: $entries) {
    truncated results(only: [REJECTED, DUPLICATE]) { index status code message path }
  }
}"""

TRACK = """\
mutation Track($operations: [OperationInput!]!) {
  trackOperations(operations: $operations) {
    truncated results(only: [REJECTED, DUPLICATE]) { index status code message path }
  }
}"""

ASK_CANCELLED = """\
mutation AskCancelled($input: ProgressStageInput!) {
  progressStage(input: $input) { cancelRequested }
}"""

DECISION = """\
allowed units reason retryAfterSeconds
    deniedBy { subject subjectId interactionType period mode maximum used remaining uncertain resetsAt }
    levels { subject subjectId interactionType period mode maximum used remaining uncertain resetsAt }"""

CONSUME = f"""\
mutation Consume($input: ConsumeInput!) {{
  consume(input: $input) {{
    {DECISION}
  }}
}}"""

RESERVE = f"""\
mutation Reserve($input: ReserveInput!) {{
  reserve(input: $input) {{
    {DECISION}
    reservation {{ uuid expiresAt }}
  }}
}}"""

COMMIT = f"""\
mutation Commit($id: UUID!, $units: Long!) {{
  commitReservation(input: {{reservationId: $id, units: $units}}) {{
    {DECISION}
  }}
}}"""

RELEASE = f"""\
mutation Release($id: UUID!) {{
  releaseReservation(input: {{reservationId: $id}}) {{
    {DECISION}
  }}
}}"""

PROGRESS_FIELDS = """\
progress etaSeconds replayed
    event { seq type severity stage attempt message data occurredAt }
    request {
      uuid type title status currentStage correlationId result errorStage cancelReason
      error { message details }
      stages { name status progress attempt message }
    }"""
EVENT_FIELDS = "requestId seq type severity stage attempt message data occurredAt"


def request_progress(fields: str) -> str:
    """Return the subscription to one request, with these fields of ``RequestProgress``."""
    return f"""\
subscription RequestProgress($id: UUID!, $afterSeq: Long) {{
  requestProgress(id: $id, afterSeq: $afterSeq) {{
    seq {fields}
  }}
}}"""


def request_events(fields: str) -> str:
    """Return the subscription to the events of many requests, with these fields of ``Event``."""
    return f"""\
subscription RequestEvents($where: EventFilter, $after: String) {{
  requestEvents(where: $where, after: $after) {{
    __typename
    ... on Event {{ {fields} feedCursor }}
    ... on Gap {{ missed fromCursor toCursor }}
  }}
}}"""


REQUEST_PROGRESS = request_progress(PROGRESS_FIELDS)
REQUEST_EVENTS = request_events(EVENT_FIELDS)

VIEWER = """\
query Viewer { viewer { name scopes organizationId homeOrganizationId } }"""

STATUS = """\
  uuid correlationId type title status progress currentStage errorStage attributes result
  cancelReason organizationId namespaceId workspaceId userId createdAt startedAt endedAt
  error { message stage details }
  stages {
    name status attempt maxAttempts progress retryable done total message output errorMessage error
    startedAt endedAt attempts { attempt status errorMessage error startedAt endedAt }
  }"""

REQUEST_STATUS = f"""\
query RequestStatus($id: UUID, $correlationId: String) {{
  request(id: $id, correlationId: $correlationId) {{
  {STATUS}
  }}
}}"""

RESUME = f"""\
mutation Resume($id: UUID!) {{
  startRequest(input: {{requestId: $id}}) {{ request {{
  {STATUS}
  }} }}
}}"""

RETRY_STAGE = f"""\
mutation RetryStage($input: RetryStageInput!) {{
  retryStage(input: $input) {{ request {{
  {STATUS}
  }} }}
}}"""

RETRY_REQUEST = f"""\
mutation RetryRequest($input: RetryRequestInput!) {{
  retryRequest(input: $input) {{ request {{
  {STATUS}
  }} }}
}}"""
