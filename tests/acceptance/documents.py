"""GraphQL documents that the acceptance tests send, with every field of what they read back."""

LABELS = (
    "organizationId namespaceId workspaceId userId developerId apiKeyId companyId subscriptionId"
)
OPERATION = f"""
    uuid occurredAt recordedAt kind name operationType outcome error durationMs {LABELS}
    sessionId requestId stage correlationId traceId client
    route method statusCode ipAddress userAgent batchSize resourceId
    toolName operationMode filePath parameters tokensOriginal tokensActual tokensPrevented
    provider model inputTokens outputTokens cachedInputTokens
    priceStatus costBaseline costActual costSaved cacheHit
    interactionType units countsAgainstLimits attributes message response
"""
STAGE = """
    requestId name position weight maxAttempts attempt status progress done total message
    output error errorMessage retryable startedAt endedAt lastHeartbeatAt durationMs
    attempts { attempt status progress output error errorMessage retryable startedAt endedAt
      durationMs }
"""
EVENT = "uuid requestId seq type severity stage attempt message data occurredAt recordedAt"
REQUEST = f"""
    uuid correlationId type title status progress currentStage attributes result errorStage
    cancelReason lastSeq createdAt startedAt endedAt updatedAt durationMs {LABELS}
    error {{ message stage details }}
    stages {{ {STAGE} }}
    events {{ totalCount nodes {{ {EVENT} }} }}
"""
LEVEL = """
    limitId subject subjectId interactionType period mode maximum used reserved remaining exceeded
    periodStart resetsAt
"""

TRACK_API = f"""mutation ($input: ApiOperationInput!) {{
    trackApiOperation(input: $input) {{ status uuid operation {{ {OPERATION} }} }} }}"""
TRACK_TOOL = f"""mutation ($input: ToolOperationInput!) {{
    trackToolOperation(input: $input) {{ status uuid operation {{ {OPERATION} }} }} }}"""
TRACK = f"""mutation ($input: OperationInput!) {{
    trackOperation(input: $input) {{ status uuid operation {{ {OPERATION} }} }} }}"""
TRACK_MANY = """mutation ($operations: [OperationInput!]!) {
    trackOperations(operations: $operations) { accepted duplicates rejected repaired
      results { index uuid status code message path } } }"""
OPERATIONS = f"""query ($where: OperationFilter, $first: Int, $after: String) {{
    operations(where: $where, first: $first, after: $after) {{
      totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
      nodes {{ {OPERATION} }} }} }}"""

INTERACTIONS = f"""query ($where: InteractionFilter) {{
    interactions(where: $where) {{ totalCount nodes {{
      {LABELS} interactionType operationType route method
      countsAgainstLimits units calls firstAt lastAt year month
    }} }} }}"""
SET_LIMIT = """mutation ($input: LimitInput!) { setLimit(input: $input) { limit {
    uuid organizationId subject subjectId interactionType period zone maximum mode } } }"""
USAGE = f"""query ($subject: SubjectInput!, $type: String) {{
    usage(subject: $subject, interactionType: $type) {{ {LEVEL} }} }}"""
CONSUME = f"""mutation ($input: ConsumeInput!) {{ consume(input: $input) {{
    status uuid allowed units deniedBy {{ {LEVEL} }} reason retryAfterSeconds
    levels {{ {LEVEL} }} }} }}"""

CREATE_REQUEST = f"""mutation ($input: CreateRequestInput!) {{
    createRequest(input: $input) {{ status request {{ {REQUEST} }} }} }}"""
START_REQUEST = f"""mutation ($id: UUID!) {{
    startRequest(input: {{requestId: $id}}) {{ status request {{ {REQUEST} }} }} }}"""
COMPLETE_REQUEST = f"""mutation ($input: CompleteRequestInput!) {{
    completeRequest(input: $input) {{ status request {{ {REQUEST} }} }} }}"""
FAIL_REQUEST = f"""mutation ($input: FailRequestInput!) {{
    failRequest(input: $input) {{ status request {{ {REQUEST} }} }} }}"""
STAGE_ANSWER = f"status cancelRequested stage {{ {STAGE} }} request {{ status progress }}"
START_STAGE = f"""mutation ($input: StartStageInput!) {{
    startStage(input: $input) {{ {STAGE_ANSWER} }} }}"""
PROGRESS_STAGE = f"""mutation ($input: ProgressStageInput!) {{
    progressStage(input: $input) {{ {STAGE_ANSWER} }} }}"""
COMPLETE_STAGE = f"""mutation ($input: CompleteStageInput!) {{
    completeStage(input: $input) {{ {STAGE_ANSWER} }} }}"""
FAIL_STAGE = f"""mutation ($input: FailStageInput!) {{
    failStage(input: $input) {{ {STAGE_ANSWER} }} }}"""
RETRY_STAGE = f"""mutation ($requestId: UUID!, $stage: String!) {{
    retryStage(input: {{requestId: $requestId, stage: $stage}}) {{ {STAGE_ANSWER} }} }}"""
LOG_EVENT = f"""mutation ($input: LogEventInput!) {{
    logEvent(input: $input) {{ status event {{ {EVENT} }} request {{ lastSeq }} }} }}"""
REQUEST_BY_ID = f"query ($id: UUID!) {{ request(id: $id) {{ {REQUEST} }} }}"

CREATE_KEY = "mutation ($input: ApiKeyInput!) { createApiKey(input: $input) { secret } }"
