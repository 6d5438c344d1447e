"""Assemble the server: settings, store, schema, access, routes, in that order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from migrations.revision import NEWEST
from models.private_files import exposed_files_of, is_exposed
from server.access.admission import Admission
from server.access.authentication import Authenticator
from server.access.hosts import HostMiddleware
from server.access.key_requirement import decide_access
from server.access.origins import OriginCheck
from server.dashboard.assets import ASSETS_FOLDER, Assets
from server.dashboard.pages import Explorer, PageRoute, Pages, wants_page
from server.exporting.endpoint import ExportEndpoint
from server.fast_path.pipeline import FastPath
from server.graphql.call_scheduler import CallScheduler
from server.graphql.deadlines import Deadlines
from server.graphql.document_limits import Costs
from server.graphql.execution_limits import ExecutionLimits
from server.graphql.persisted_documents import (
    NoPersistedQueries,
    PersistedQueries,
    TrustedDocuments,
)
from server.graphql.schema import build_schema
from server.http.bodies import DocumentKeeper, RequestReader
from server.live.engine import LiveEngine
from server.live.metrics import LiveCollector
from server.live.server import LiveServer
from server.live.websocket import WebsocketConnection
from server.observability.background_metrics import BackgroundCollector
from server.observability.call_scheduler_metrics import Bounded, CallSchedulerCollector
from server.observability.clients import ClientDrops, ClientMiddleware
from server.observability.correlation import CorrelationMiddleware
from server.observability.logs import configure_logging
from server.observability.metrics import Metrics, MetricsMiddleware
from server.process.database_lock import lock_database
from server.process.garbage_collection import freeze_gc
from server.process.startup import Application, Startup
from server.process.stopping import StopSignals, end_with_parent
from server.routes.graphql import HYDRATE, GraphQLEndpoint
from server.routes.health import Health
from server.routes.home import index, not_found, not_served
from server.routes.metrics import GuardedMetrics
from server.routes.shortcut import GraphQLShortcutMiddleware, StartedApp
from server.routes.sign_in import SignInEndpoint
from server.settings.errors import ENV_FILE
from server.settings.groups import ApiSettings
from server.settings.model import Settings, load_settings
from server.transport.connections import STATE, Connections
from server.version import VERSION
from store.ids import Clock, utc_now
from store.installation import Release
from store.store import Store
from subscriptions.hub import Hub

GRAPHQL_PATH = "/graphql"
EXPORT_PATH = "/export"
SIGN_IN_PATH = "/sign-in"
log = logging.getLogger("trackstore.server")


class Server:
    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self.settings = settings
        release = Release(VERSION, NEWEST)
        self.store = Store(replace(settings.store_config(), release=release), clock)
        bounds = self._bounds = settings.document_bounds()
        self._reader = RequestReader(settings.requests, document_keeper(settings.api))
        self._fast = (
            FastPath(bounds, settings.api.introspection) if settings.api.fast_path else None
        )
        self.schema = (
            self._fast.schema if self._fast else build_schema(bounds, settings.api.introspection)
        )
        self.health = Health(self.store)
        self.metrics = Metrics(self.store, settings.listen.workers)
        self.client_drops = ClientDrops(self.metrics.registry, self.metrics.labels)
        execution = settings.execution
        self.scheduler = CallScheduler(
            Admission(execution.operations, execution.operations_per_organization),
            settings.pool.waiting,
            settings.pool.turn_seconds,
        )
        self.live: LiveServer | None = None
        self._stops = StopSignals(self._drain)
        self._draining: asyncio.Task[None] | None = None
        self._endpoint: GraphQLEndpoint | None = None
        self._exports: ExportEndpoint | None = None
        self._signing_in: SignInEndpoint | None = None
        self._guarded_metrics: GuardedMetrics | None = None

    async def start(self) -> None:
        await self.store.start()
        settings = self.settings
        warn_of_exposed_files(settings)
        keys = await self.store.keys.any_active()
        access = settings.access
        authenticator = Authenticator(
            self.store,
            decide_access(access.policy, settings.listen.host, keys),
            access.default_organization,
            access.max_wrong_keys,
        )
        self._guarded_metrics = GuardedMetrics(self.metrics, authenticator)
        work = ExecutionLimits(
            self.scheduler,
            Costs(self.schema._schema, self._bounds),
            Deadlines(settings.execution.operation_seconds),
        )
        self._signing_in = SignInEndpoint(
            authenticator, self.store.sign_ins, settings.credentials.sign_in_lifetime
        )
        self.live = await self._start_live(authenticator, work)
        self._endpoint = GraphQLEndpoint(
            self.schema,
            self.store,
            authenticator,
            self._reader,
            work,
            self.live,
            self._fast,
        )
        self._exports = ExportEndpoint(
            self.schema,
            self.store,
            authenticator,
            self._bounds,
            settings.exports,
            self._reader,
            self._fast,
        )
        self._register_scheduler_metrics(self._exports, self.live)

    def _register_scheduler_metrics(self, exports: ExportEndpoint, live: LiveServer) -> None:
        bounded: dict[str, Bounded] = {
            "read": self.store.database.records_gate,
            "question": self.store.database.question_gate,
            "bulk": self.scheduler.bulk,
            "operation": self.scheduler.admission,
            "export": exports,
            "stream": live,
        }
        self.metrics.add(partial(CallSchedulerCollector, bounded))

    async def _start_live(
        self, authenticator: Authenticator, limits: ExecutionLimits
    ) -> LiveServer:
        bounds = self.settings.live
        hub = Hub(self.store, bounds.poll_seconds)
        engine = LiveEngine(self.schema, self.store, hub, HYDRATE, limits, shares=bounds.shares)
        live = LiveServer(engine, hub, authenticator, self._reader, bounds)
        await live.start()
        self.metrics.add(partial(LiveCollector, live))
        tasks = lambda: [*self.store.background_tasks, *hub.background_tasks]  # noqa: E731
        self.metrics.add(partial(BackgroundCollector, tasks))
        self._stops.install()
        return live

    async def stop(self) -> None:
        self.health.start_draining()
        self._stops.uninstall()
        if self.live is not None:
            await self.live.close()
        unwritten = await self.store.close(self.settings.listen.shutdown_seconds)
        if unwritten:
            log.error(
                "entries could not be written; their callers received an error",
                extra={"left": unwritten},
            )

    def _drain(self) -> None:
        """End streams at once when a stop is requested, so that it need not wait for them."""
        if self.live is not None and self._draining is None:
            self._draining = asyncio.create_task(self.live.drain(), name="live-drain")

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.live is not None
        await WebsocketConnection(self.live, scope, receive, send).run()

    def endpoint(self) -> GraphQLEndpoint:
        assert self._endpoint is not None
        return self._endpoint

    def exports(self) -> ExportEndpoint:
        assert self._exports is not None
        return self._exports

    async def read_metrics(self, request: Request) -> Response:
        if not self.settings.metrics.requires_key:
            return await self.metrics.metrics_endpoint(request)
        assert self._guarded_metrics is not None
        return await self._guarded_metrics.answer(request)

    async def sign_in(self, request: Request) -> Response:
        assert self._signing_in is not None
        return await self._signing_in(request)


def warn_of_exposed_files(settings: Settings) -> None:
    database = settings.database.file
    files = [*exposed_files_of(database)] if database is not None else []
    for file in (*files, *filter(is_exposed, (Path(ENV_FILE),))):
        log.warning("%s is accessible to other accounts; run `chmod 600 %s`", file, file)


def document_keeper(settings: ApiSettings) -> DocumentKeeper:
    """Return which documents may be executed, and which by id only; raise ``ManifestError``."""
    if settings.trusted_documents:
        return TrustedDocuments.read(Path(settings.trusted_documents))
    return PersistedQueries() if settings.persisted_queries else NoPersistedQueries()


def create_app(settings: Settings, clock: Clock = utc_now) -> Starlette:
    """Return the ASGI application. The tables must exist when it starts."""
    server = Server(settings, clock)
    startup = Startup()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        del app
        with startup.watched():
            await server.start()
        try:
            yield {STATE: Connections(settings.connections.within_file_limit())}
        finally:
            await server.stop()

    routes = routes_of(server)
    app = Application(
        startup,
        routes=routes,
        lifespan=lifespan,
        exception_handlers={404: partial(not_found, served=static_paths(routes)), 405: not_served},
        middleware=middleware_of(server, [route.path for route in routes]),
    )
    # Starlette's redirects use the scheme and host seen here, which a proxy may have changed.
    app.router.redirect_slashes = False
    app.state.server = server
    return app


def routes_of(server: Server) -> list[Route]:
    """Return the routes, the pages last because they match all remaining paths."""
    settings = server.settings
    pages = Pages(Assets(), dashboard=settings.api.dashboard)
    graphql: ASGIApp = StartedApp(server.endpoint)
    if settings.shows_explorer:
        graphql = Explorer(graphql, pages)
    routes = [
        Route(GRAPHQL_PATH, graphql, methods=["GET", "POST"]),
        Route(EXPORT_PATH, StartedApp(server.exports), methods=["GET", "POST"]),
        Route("/livez", server.health.livez),
        Route("/readyz", server.health.readyz),
    ]
    if settings.metrics.enabled:
        routes.append(Route("/metrics", server.read_metrics))
    if settings.api.dashboard or settings.shows_explorer:
        routes.append(Route(SIGN_IN_PATH, server.sign_in, methods=["GET", "POST", "DELETE"]))
        routes.append(Route(f"/{ASSETS_FOLDER}/{{name:path}}", pages.asset))
    routes.append(Route("/", partial(front_page, pages)))
    routes.append(PageRoute("/{path:path}", pages.page))
    return routes


def static_paths(routes: Sequence[Route]) -> frozenset[str]:
    return frozenset(route.path for route in routes if "{" not in route.path)


async def front_page(pages: Pages, request: Request) -> Response:
    if pages.has_dashboard and wants_page(request.scope):
        return await pages.page(request)
    return await index(request)


def middleware_of(server: Server, routes: Sequence[str]) -> list[Middleware]:
    settings = server.settings
    return [
        Middleware(CorrelationMiddleware),
        Middleware(MetricsMiddleware, metrics=server.metrics, routes=routes),
        Middleware(
            HostMiddleware,
            allowed=settings.answered_hosts,
            exempt=("/livez", "/readyz"),
            browsers=partial(
                OriginCheck,
                allowed=settings.access.allowed_origins,
                guarded=(GRAPHQL_PATH, EXPORT_PATH),
            ),
        ),
        Middleware(ClientMiddleware, drops=server.client_drops),
        Middleware(
            GraphQLShortcutMiddleware,
            path=GRAPHQL_PATH,
            endpoint=server.endpoint,
            socket=server.websocket,
        ),
    ]


def app_from_environment() -> Starlette:
    settings = load_settings()
    configure_logging(settings.logging.level, settings.logging.format)
    lock_database(settings.database.file)
    app = create_app(settings)
    freeze_gc()
    end_with_parent()
    return app
