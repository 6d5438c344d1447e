"""A multi-tenant API on FastAPI that checks its monthly interaction limits before it works.

Run it with ``uvicorn examples.interaction_limits:app``; TRACKSTORE_URL is the server's address.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse

from trackstore import AsyncClient, get_tracker

COUNTS = "{ total: units breakdown: byOperationType { name units } }"
QUERIES = {
    "organization": f"""query ($o: ID!, $y: Int!, $m: Int!) {{
      found: organizationInteractions(organizationId: $o, year: $y, month: $m) {COUNTS} }}""",
    "namespace": f"""query ($o: ID!, $id: ID!, $y: Int!, $m: Int!) {{
      found: namespaceInteractions(organizationId: $o, namespaceId: $id, year: $y, month: $m)
      {COUNTS} }}""",
    "api_key": f"""query ($o: ID!, $id: ID!, $y: Int!, $m: Int!) {{
      found: apiKeyInteractions(organizationId: $o, apiKeyId: $id, year: $y, month: $m)
      {COUNTS} }}""",
}


class MemoryOperationType(StrEnum):
    ADD_MEMORY = "add_memory_v1"
    ADD_MEMORY_BATCH = "add_memory_batch_v1"
    SEARCH = "search_v1"


@dataclass(frozen=True)
class AuthResponse:
    user_id: str
    workspace_id: str
    api_key_id: str
    organization_id: str
    namespace_id: str


KEYS = {
    "APIKey acme-1": AuthResponse("ana", "ws_1", "key_def456", "org_abc123", "ns_xyz789"),
    "APIKey acme-2": AuthResponse("bob", "ws_1", "key_2", "org_abc123", "ns_2"),
    "APIKey other": AuthResponse("eve", "ws_9", "key_9", "org_other", "ns_9"),
}


def authenticate(authorization: Annotated[str, Header()]) -> AuthResponse:
    if authorization not in KEYS:
        raise HTTPException(401, "Unknown API key")
    return KEYS[authorization]


Auth = Annotated[AuthResponse, Depends(authenticate)]


class User:
    def __init__(self, auth: AuthResponse) -> None:
        self.id, self.workspace_id = auth.user_id, auth.workspace_id

    async def check_interaction_limits_fast(
        self,
        interaction_type: str = "mini",
        operation: MemoryOperationType | None = None,
        batch_size: int | None = None,
        *,
        api_key_id: str,
        organization_id: str,
        namespace_id: str,
    ) -> tuple[dict[str, Any], int, bool] | None:
        """Check and count all limits in one call; return None, or body, status and error."""
        answer = await get_tracker().aconsume(
            interaction_type,
            operation=operation,
            batch_size=1 if batch_size is None else batch_size,
            user_id=self.id,
            workspace_id=self.workspace_id,
            api_key_id=api_key_id,
            organization_id=organization_id,
            namespace_id=namespace_id,
        )
        if answer.allowed:
            return None
        body = {"error": answer.reason, "retry_after": answer.retry_after_seconds}
        return body, 403 if answer.retry_after_seconds is None else 429, True


app = FastAPI()


async def handle(
    auth: AuthResponse, interaction_type: str, operation: MemoryOperationType, batch_size: int = 1
) -> JSONResponse:
    limit_check = await User(auth).check_interaction_limits_fast(
        interaction_type=interaction_type,
        operation=operation,
        batch_size=batch_size,
        api_key_id=auth.api_key_id,
        organization_id=auth.organization_id,
        namespace_id=auth.namespace_id,
    )
    if limit_check is None:
        return JSONResponse({"done": operation})
    body, status, _ = limit_check
    headers = {"Retry-After": str(body["retry_after"])} if body["retry_after"] else None
    return JSONResponse(body, status, headers)


@app.post("/v1/memory")
async def add_memory_v1(auth: Auth) -> JSONResponse:
    return await handle(auth, "mini", MemoryOperationType.ADD_MEMORY)


@app.post("/v1/memory/batch")
async def add_memory_batch_v1(auth: Auth, contents: list[str]) -> JSONResponse:
    """Add many memories: a mini interaction for each, all or none."""
    return await handle(auth, "mini", MemoryOperationType.ADD_MEMORY_BATCH, len(contents))


@app.post("/v1/memory/search")
async def search_v1(auth: Auth) -> JSONResponse:
    return await handle(auth, "premium", MemoryOperationType.SEARCH)


@app.get("/v1/interactions/{by}/{id}")
async def interactions(auth: Auth, by: str, id: str, year: int, month: int) -> dict[str, Any]:
    variables = {"o": auth.organization_id, "y": year, "m": month}
    if by != "organization":
        variables["id"] = id
    elif id != auth.organization_id:
        raise HTTPException(403, "Not your organization")
    async with AsyncClient() as client:
        usage = (await client.query(QUERIES[by], variables))["found"]
    breakdown = {part["name"] or "unknown": part["units"] for part in usage["breakdown"]}
    return {"total": usage["total"], "breakdown": breakdown}
