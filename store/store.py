"""The tracking store as one object: wired explicitly, started, asked, and drained at the end."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from store.aggregation.engine import Aggregation
from store.api_key_list import ApiKeyList
from store.auth.access import Principal, TenantBounds
from store.auth.api_keys import ApiKeys
from store.auth.principal_cache import PrincipalCache
from store.auth.revocation import RevocationWatcher
from store.auth.sign_ins import SignIns
from store.circuit_breakers import BreakerApplier, CircuitBreakers
from store.commit_events import CommitEvents
from store.config import StoreConfig
from store.database import Database
from store.feeds.reading import FeedReader
from store.feeds.sources import EVENT_FEED, OPERATION_FEED
from store.ids import Clock, new_id, utc_now
from store.ingest.entries import Entry, ItemResult
from store.ingest.writer import Writer
from store.ingest_session import IngestSession
from store.installation import Installation
from store.interactions import InteractionApplier
from store.limits.apply import LimitApplier
from store.limits.direct import DirectConsumer
from store.limits.queries import Limits
from store.loaders import Loaders
from store.maintenance.housekeeping import Housekeeping
from store.maintenance.partitions import Partitions
from store.maintenance.periodic import PeriodicTask
from store.maintenance.readiness import WriteActivity, WriteProbe
from store.operations.apply import OperationApplier
from store.operations.bulk.batches import BatchResults, OperationBatch
from store.operations.repricing import Repricing
from store.operations.sources import OPERATIONS
from store.pricing.price_cache import PriceBookCache
from store.pricing.price_list import Prices
from store.query.records import Records
from store.requests.apply import RequestApplier
from store.requests.commands import StateFactory
from store.requests.direct import DirectRequestWriter
from store.requests.history import StageHistory
from store.requests.known import KnownRequests
from store.requests.logs import RequestLogs
from store.requests.sources import REQUESTS
from store.requests.stall_checker import StallChecker
from store.requests.statistics import RequestStats
from store.response_size import ReadBudget
from store.rollups.planner import RollupPlanner
from store.rollups.service import Rollups
from store.rollups.state import RollupStates
from store.scheduling.fair_queue import Tenant
from store.sessions import SessionApplier
from store.sources import INTERACTIONS, SESSIONS


class Store:
    def __init__(
        self,
        config: StoreConfig,
        clock: Clock = utc_now,
        make_id: Callable[[], UUID] = new_id,
    ) -> None:
        self.config = config
        self._clock = clock
        self._make_id = make_id
        self.database = Database(config.database_url, config.pool)
        self.partitions = Partitions(self.database.dialect, clock, config.maintenance)
        books = PriceBookCache(self.database, config.pricing.default_tool_nanos)
        self.activity, self.write_probe = WriteActivity(), WriteProbe(self.database)
        self.commit_events = CommitEvents()
        self.request_stats = RequestStats()
        self.writer = self._make_writer(OperationApplier(books, self.commit_events))
        self.installation = Installation(self.database, self.writer, clock, config.release)
        self._housekeeping = Housekeeping(
            self.database, self.partitions, clock, config.maintenance.idempotency
        )
        self.sweeper = StallChecker(self.database, self.writer, clock, config.stalls.sweep_seconds)
        self._stage_history = StageHistory(self.database, clock)
        states = RollupStates(self.database, clock, config.rollups.enabled)
        self.rollups = Rollups(self.database, states, clock, config.rollups.day_delay)
        self.aggregation = Aggregation(self.database, clock, config.answers, RollupPlanner(states))
        self.operations = Records(self.database, OPERATIONS, config.pages)
        self.requests = Records(self.database, REQUESTS, config.pages)
        self.sessions = Records(self.database, SESSIONS, config.pages)
        self.interactions = Records(self.database, INTERACTIONS, config.pages)
        self.limits = Limits(self.database, clock, config.inputs)
        self.prices = Prices(self.database, clock, config.inputs, books.invalidate)
        self.repricing = Repricing(self.database, config.pricing, config.rollups.enabled)
        self.breakers = CircuitBreakers(self.database)
        self.event_feed = FeedReader(self.database, EVENT_FEED)
        self.operation_feed = FeedReader(self.database, OPERATION_FEED)
        self.request_logs = RequestLogs(self.database)
        credentials = config.credentials
        seconds = credentials.key_cache_seconds
        principals = PrincipalCache(clock, seconds)
        self.access_watch = watch = RevocationWatcher(self.database, clock, principals, seconds)
        self.keys = ApiKeys(self.database, clock, config.inputs, principals, watch)
        self.key_list = ApiKeyList(self.database)
        self.sign_ins = SignIns(
            self.database, clock, principals, watch, credentials.sign_in_lifetime
        )

    def _make_writer(self, operations: OperationApplier) -> Writer:
        """Build the writer; the order of appliers is the order in which each flush takes locks."""
        config, events, stats = self.config, self.commit_events, self.request_stats
        known = KnownRequests()
        make_state = StateFactory(self._make_id, config.stalls.policy, config.inputs.request_stages)
        requests = RequestApplier(make_state, events, stats, known)
        commands = DirectRequestWriter(make_state, events, stats, known, self._clock)
        appliers = (
            operations,
            SessionApplier(),
            requests,
            LimitApplier(),
            InteractionApplier(),
            BreakerApplier(events),
        )
        return Writer(
            self.database,
            self.partitions,
            appliers,
            self._clock,
            config.writer,
            (
                operations.apply_alone,
                commands.apply_alone,
                DirectConsumer(self._clock).apply_alone,
            ),
        )

    async def start(self) -> None:
        """Make partitions ahead and start the writer; the schema must be there."""
        async with self.database.translated():
            await self.partitions.ensure_ahead()
        for feed in (self.event_feed, self.operation_feed):
            await feed.prepare()
        await self.rollups.prepare()
        self.writer.start()
        self.sweeper.start_listening()
        for task in self.background_tasks:
            task.start()

    @property
    def background_tasks(self) -> list[PeriodicTask]:
        """Return what runs in the background, as far as it is enabled."""
        tasks = [self._housekeeping.task, self.access_watch.task]
        if self.config.stalls.sweep_seconds:
            tasks.append(self.sweeper.task)
        if self.config.rollups.enabled:
            tasks += [self.rollups.folding.task, self.rollups.maintenance.task]
        return tasks

    async def close(self, timeout: float = 30.0) -> int:
        for task in self.background_tasks:
            await task.stop()
        left = await self.writer.close(timeout)
        await self.database.close()
        return left

    async def ping(self) -> None:
        async with self.database.read() as connection:
            await connection.execute(select(1))

    def now(self) -> datetime:
        return self._clock()

    def ingest_session(self, principal: Principal) -> IngestSession:
        return IngestSession(principal, self.config.inputs, self._clock, self._make_id)

    def loaders(self, bounds: TenantBounds, budget: ReadBudget | None = None) -> Loaders:
        return Loaders(
            self.database,
            bounds,
            self.config.pages,
            self.limits.levels,
            self._stage_history,
            budget,
        )

    async def write(self, entries: Sequence[Entry], tenant: Tenant = None) -> list[ItemResult]:
        """Write entries in one transaction; their results, in the same order, after the commit.

        ``tenant`` is the organization in whose turn they are written.
        """
        with self.activity.track():
            await self.writer.submit(entries, tenant)
        return [entry.result for entry in entries if entry.result is not None]

    async def write_operations(self, batch: OperationBatch, tenant: Tenant = None) -> BatchResults:
        """Write the operations of one call; their results, in order, after the commit."""
        with self.activity.track():
            await self.writer.submit([batch], tenant)
        return batch.results

    async def write_one(self, entry: Entry) -> ItemResult:
        """Write one entry; raises what it was rejected for."""
        (result,) = await self.write([entry])
        if result.error is not None:
            raise result.error
        return result
