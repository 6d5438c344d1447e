"""Answer GET / with where to go from here."""

from collections.abc import Collection
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from server.version import VERSION

QUERY_SAFE = "%/?:@!$&'()*+,;=~-._"
"""Characters that RFC 3986 allows in a query, and existing escapes."""
TEXT = f"""Trackstore {VERSION} is running.

GraphQL    POST /graphql
Health     GET /livez, GET /readyz
Metrics    GET /metrics
"""


async def index(request: Request) -> PlainTextResponse:
    del request
    return PlainTextResponse(TEXT)


async def not_found(request: Request, error: Exception, served: Collection[str]) -> Response:
    """Answer 404, or redirect a known path with a trailing slash to the path without it.

    The location is relative: it keeps the scheme, host and prefix of the caller, which a proxy may have
    changed, and cannot lead to another host.
    """
    path, query = request.scope["path"], request.scope["query_string"]
    if path.endswith("/") and path.removesuffix("/") in served:
        name = path.removesuffix("/").rpartition("/")[2]
        address = f"../{name}" + (f"?{quote(query, safe=QUERY_SAFE)}" if query else "")
        return Response(status_code=307, headers={"Location": address})
    return await not_served(request, error)


async def not_served(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    message = f"{request.method} is not served at this address. Send GraphQL by POST to /graphql."
    body = {"errors": [{"message": message, "extensions": {"code": "NOT_FOUND"}}]}
    return JSONResponse(body, error.status_code, headers=error.headers)
