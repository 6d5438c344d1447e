"""``/metrics`` behind a key: for servers whose numbers are nobody else's business."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models.enums import AccessScope
from server.access.authentication import Authenticator
from server.graphql.errors import format_store_error
from server.http.headers import headers_of
from server.observability.metrics import Metrics
from server.routes.graphql import MORE_HEADERS, status_of
from store.auth.access import UNRESTRICTED
from store.errors import ForbiddenError, StoreError, TooManyRequestsError

FORBIDDEN = 403


class GuardedMetrics:
    """Answers callers whose key may read the records of all organizations: the numbers are of all."""

    def __init__(self, metrics: Metrics, authenticator: Authenticator) -> None:
        self._metrics = metrics
        self._authenticator = authenticator

    async def answer(self, request: Request) -> Response:
        """GET /metrics."""
        scope = request.scope
        try:
            caller = await self._authenticator.authenticate(headers_of(scope), scope.get("client"))
            caller.require(AccessScope.READ)
            if caller.bounds != UNRESTRICTED:
                raise ForbiddenError(
                    "the metrics are of all organizations: use a key that spans them "
                    "(`trackstore keys create NAME --all-organizations --scope read`)"
                )
        except StoreError as error:
            status = FORBIDDEN if isinstance(error, ForbiddenError) else status_of(error)
            more = {name.decode(): value.decode() for name, value in MORE_HEADERS.get(status, ())}
            if isinstance(error, TooManyRequestsError):
                more["Retry-After"] = str(error.retry_seconds)
            return JSONResponse({"errors": [format_store_error(error)]}, status, more)
        return await self._metrics.metrics_endpoint(request)
