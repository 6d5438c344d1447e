"""The page at ``/``: where to go from here."""

from collections.abc import Collection
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from server.version import VERSION

QUERY_SAFE = "%/?:@!$&'()*+,;=~-._"
"""What RFC 3986 allows in a query, and escapes that are there already."""
TEXT = f"""Trackstore {VERSION} is running.

GraphQL    POST /graphql
Health     GET /livez, GET /readyz
Metrics    GET /metrics
"""


async def index(request: Request) -> PlainTextResponse:
    """GET /: plain text, for people and for curl."""
    del request
    return PlainTextResponse(TEXT)


async def not_found(request: Request, error: Exception, served: Collection[str]) -> Response:
    """What is not here; a path of ours with a slash too many is named without it.

    The address is relative: it keeps the scheme, the host and the prefix by which the caller came,
    which a proxy may have changed on the way, and cannot lead to another host.
    """
    path, query = request.scope["path"], request.scope["query_string"]
    if path.endswith("/") and path.removesuffix("/") in served:
        name = path.removesuffix("/").rpartition("/")[2]
        address = f"../{name}" + (f"?{quote(query, safe=QUERY_SAFE)}" if query else "")
        return Response(status_code=307, headers={"Location": address})
    return await not_served(request, error)


async def not_served(request: Request, error: Exception) -> JSONResponse:
    """What is not here, or not by this method, and where GraphQL is."""
    assert isinstance(error, HTTPException)
    message = f"{request.method} is not served at this address: send GraphQL by POST to /graphql"
    body = {"errors": [{"message": message, "extensions": {"code": "NOT_FOUND"}}]}
    return JSONResponse(body, error.status_code, headers=error.headers)
