"""Every GraphQL document that this package sends; a test holds them against the server's schema."""

INGEST = """\
mutation Ingest($entries: [EntryInput!]!) {
  ingest(entries: $entries) {
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
