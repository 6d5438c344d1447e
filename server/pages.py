"""The page at ``/``: where to go from here."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse

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
