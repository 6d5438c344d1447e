"""Every GraphQL document that this package sends; a test holds them against the server's schema."""

INGEST = """\
mutation Ingest($entries: [EntryInput!]!) {
  ingest(entries: $entries) {
    results(only: [REJECTED, DUPLICATE]) { index status code message path }
  }
}"""

TRACK = """\
mutation Track($operations: [OperationInput!]!) {
  trackOperations(operations: $operations) {
    results(only: [REJECTED, DUPLICATE]) { index status code message path }
  }
}"""

ASK_CANCELLED = """\
mutation AskCancelled($input: ProgressStageInput!) {
  progressStage(input: $input) { cancelRequested }
}"""

DECISION = """\
allowed units reason retryAfterSeconds
    deniedBy { subject subjectId interactionType period mode limit used remaining resetsAt }
    levels { subject subjectId interactionType period mode limit used remaining resetsAt }"""

CONSUME = f"""\
mutation Consume($input: ConsumeInput!) {{
  consume(input: $input) {{
    {DECISION}
  }}
}}"""

RESERVE = f"""\
mutation Reserve($input: ConsumeInput!, $ttl: Duration!) {{
  reserve(input: $input, ttl: $ttl) {{
    decision {{
    {DECISION}
    }}
    reservation {{ uuid expiresAt }}
  }}
}}"""

COMMIT = f"""\
mutation Commit($id: UUID!, $units: Long!) {{
  commitReservation(id: $id, units: $units) {{
    {DECISION}
  }}
}}"""

RELEASE = f"""\
mutation Release($id: UUID!) {{
  releaseReservation(id: $id) {{
    {DECISION}
  }}
}}"""

REQUEST_PROGRESS = """\
subscription RequestProgress($id: UUID!, $afterSeq: Long) {
  requestProgress(id: $id, afterSeq: $afterSeq) {
    seq progress etaSeconds replayed
    event { seq type severity stage attempt message data occurredAt }
    request {
      uuid type title status currentStage correlationId result errorStage cancelReason
      error { message details }
      stages { name status progress attempt message }
    }
  }
}"""
