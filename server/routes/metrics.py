"""Serve ``/metrics`` behind an API key."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models.enums import AccessScope
from server.access.authentication import Authenticator
from server.graphql.errors import format_store_error
from server.http.headers import headers_of
from server.observability.metrics import Metrics
from server.routes.graphql import HEADERS_BY_STATUS, status_of
from store.auth.access import UNRESTRICTED
from store.errors import ForbiddenError, StoreError, TooManyRequestsError

FORBIDDEN = 403


class GuardedMetrics:
    """Answer callers whose key spans all organizations, as the metrics do."""

    def __init__(self, metrics: Metrics, authenticator: Authenticator) -> None:
        self._metrics = metrics
        self._authenticator = authenticator

    async def answer(self, request: Request) -> Response:
        scope = request.scope
        try:
            caller = await self._authenticator.authenticate(headers_of(scope), scope.get("client"))
            caller.require(AccessScope.READ)
            if caller.bounds != UNRESTRICTED:
                raise ForbiddenError(
                    "The metrics cover all organizations. Use a key that spans them "
                    "(`trackstore keys create NAME --all-organizations --scope read`)."
                )
        except StoreError as error:
            status = FORBIDDEN if isinstance(error, ForbiddenError) else status_of(error)
            extra_headers = {
                name.decode(): value.decode() for name, value in HEADERS_BY_STATUS.get(status, ())
            }
            if isinstance(error, TooManyRequestsError):
                extra_headers["Retry-After"] = str(error.retry_seconds)
            return JSONResponse({"errors": [format_store_error(error)]}, status, extra_headers)
        return await self._metrics.metrics_endpoint(request)
