"""The page at ``/``: where to go from here."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse

from server.version import VERSION

TEXT = f"""Trackstore {VERSION} is running.

GraphQL    POST /graphql
Health     GET /livez, GET /readyz
Metrics    GET /metrics
"""


async def index(request: Request) -> PlainTextResponse:
    """GET /: plain text, for people and for curl."""
    del request
    return PlainTextResponse(TEXT)


async def not_served(request: Request, error: Exception) -> JSONResponse:
    """What is not here, or not by this method, and where GraphQL is."""
    assert isinstance(error, HTTPException)
    message = f"{request.method} is not served at this address: send GraphQL by POST to /graphql"
    body = {"errors": [{"message": message, "extensions": {"code": "NOT_FOUND"}}]}
    return JSONResponse(body, error.status_code, headers=error.headers)
