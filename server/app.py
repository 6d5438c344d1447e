"""Puts the server together: settings, store, schema, access, routes, in that order."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from server.access import decide_access
from server.authentication import Authenticator
from server.correlation import CorrelationMiddleware
from server.document_limits import DocumentBounds
from server.endpoint import HYDRATE, GraphQLEndpoint
from server.execution.fast_path import FastPath
from server.exporting.endpoint import ExportBounds, ExportEndpoint
from server.health import Health
from server.hosts import HostMiddleware
from server.lane import GraphQLLane, Sockets, Started
from server.live.metrics import LiveCollector
from server.live.server import LiveServer
from server.live.websocket import WebsocketConnection
from server.logs import configure_logging
from server.memory import settle
from server.metrics import Metrics, MetricsMiddleware
from server.pages import index, not_served
from server.schema import build_schema
from server.settings import Settings, load_settings
from server.stopping import StopSignals
from store.ids import Clock, utc_now
from store.store import Store

GRAPHQL_PATH = "/graphql"
EXPORT_PATH = "/export"
log = logging.getLogger("trackstore.server")


class Server:
    """The parts of one running server."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.store = Store(settings.store_config(), clock)
        bounds = self._bounds = DocumentBounds(
            depth=settings.max_depth,
            aliases=settings.max_aliases,
            root_fields=settings.max_root_fields,
            tokens=settings.max_tokens,
        )
        self._fast = FastPath(bounds, settings.introspection) if settings.fast_path else None
        self.schema = (
            self._fast.schema if self._fast else build_schema(bounds, settings.introspection)
        )
        self.health = Health(self.store)
        self.metrics = Metrics(self.store, settings.workers)
        self.live: LiveServer | None = None
        self._stops = StopSignals(self._drain)
        self._draining: asyncio.Task[None] | None = None
        self._endpoint: GraphQLEndpoint | None = None
        self._exports: ExportEndpoint | None = None

    async def start(self) -> None:
        """Open the store and find out whether callers need keys."""
        await self.store.start()
        settings = self.settings
        keys = await self.store.keys.any_active()
        access = decide_access(settings.access, settings.host, keys)
        authenticator = Authenticator(self.store, access, settings.default_organization)
        self.live = LiveServer(self.schema, self.store, authenticator, HYDRATE, settings.live())
        await self.live.start()
        self.metrics.add(partial(LiveCollector, self.live))
        self._stops.listen()
        self._endpoint = GraphQLEndpoint(
            self.schema,
            self.store,
            authenticator,
            int(settings.max_body_bytes),
            self.live,
            self._fast,
        )
        self._exports = ExportEndpoint(
            self.schema,
            self.store,
            authenticator,
            self._bounds,
            ExportBounds(
                at_once=settings.max_exports,
                rows=settings.max_export_rows,
                stall_seconds=settings.export_stall_seconds,
                page_rows=settings.max_page_size,
                answer_rows=settings.max_answer_rows,
            ),
            int(settings.max_body_bytes),
            self._fast,
        )

    async def stop(self) -> None:
        """Write what is queued; say what could not be."""
        self.health.start_draining()
        self._stops.leave()
        if self.live is not None:
            await self.live.close()
        left = await self.store.close(self.settings.shutdown_seconds)
        if left:
            log.error("entries were left unwritten; their callers were told", extra={"left": left})

    def _drain(self) -> None:
        """A stop was asked for: streams end now, so that it need not wait for them."""
        if self.live is not None and self._draining is None:
            self._draining = asyncio.create_task(self.live.drain(), name="live-drain")

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """GraphQL over a websocket."""
        assert self.live is not None
        await WebsocketConnection(self.live, scope, receive, send).run()

    def endpoint(self) -> GraphQLEndpoint:
        """The GraphQL route; there once the server has started."""
        assert self._endpoint is not None
        return self._endpoint

    def exports(self) -> ExportEndpoint:
        """The export route; there once the server has started."""
        assert self._exports is not None
        return self._exports


def create_app(settings: Settings, clock: Clock = utc_now) -> Starlette:
    """The ASGI application. The tables must be there when it starts."""
    server = Server(settings, clock)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        await server.start()
        try:
            yield
        finally:
            await server.stop()

    routes: list[Route | WebSocketRoute] = [
        Route("/", index),
        Route(GRAPHQL_PATH, Started(server.endpoint), methods=["GET", "POST"]),
        WebSocketRoute(GRAPHQL_PATH, Sockets(server.websocket)),
        Route(EXPORT_PATH, Started(server.exports), methods=["GET", "POST"]),
        Route("/livez", server.health.livez),
        Route("/readyz", server.health.readyz),
    ]
    if settings.metrics:
        routes.append(Route("/metrics", server.metrics.metrics_endpoint))
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={404: not_served, 405: not_served},
        middleware=[
            Middleware(CorrelationMiddleware),
            Middleware(MetricsMiddleware, metrics=server.metrics, routes=[r.path for r in routes]),
            Middleware(
                HostMiddleware, allowed=settings.answered_hosts, exempt=("/livez", "/readyz")
            ),
            Middleware(GraphQLLane, path=GRAPHQL_PATH, endpoint=server.endpoint),
        ],
    )
    app.state.server = server
    return app


def app_from_environment() -> Starlette:
    """The application of the settings in the environment, for processes that uvicorn starts."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    app = create_app(settings)
    settle()
    return app
