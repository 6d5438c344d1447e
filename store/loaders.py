"""Edges between records, each loaded for many records at once; rebuilt for every GraphQL call."""

from asyncio import gather
from collections.abc import Callable, Coroutine, Sequence
from functools import cached_property
from typing import Any

from aiodataloader import DataLoader
from sqlalchemy import ColumnElement, Table, func, select, tuple_

from models import (
    ApiKey,
    CircuitBreaker,
    CircuitBreakerInstance,
    CircuitBreakerTransition,
    InteractionCounter,
    Limit,
    Operation,
    OperationText,
    Request,
    RequestEvent,
    RequestStage,
    Reservation,
    Session,
    StageAttempt,
    table_of,
)
from store.auth.access import TenantBounds
from store.database import Database, Row
from store.dialects import chunks
from store.limits.decide import Level
from store.limits.queries import visible
from store.operations.sources import OPERATIONS
from store.query.paging import Page, PageRequest, PageSize
from store.query.records import Records, Source
from store.requests.forecast import RequestSnapshot, TimelineInterval, Typical, eta, timeline
from store.requests.history import Kind, StageHistory
from store.requests.logs import KEYS_AT_ONCE, log_reach
from store.requests.sources import EVENTS
from store.response_size import ReadBudget

Key = tuple[Any, ...]
OPERATIONS_TABLE, EVENTS_TABLE = table_of(Operation), table_of(RequestEvent)
TEXTS = table_of(OperationText)
EMPTY = Page({}, False, False)
LISTS_PER_STATEMENT = 50
"""Pages of different lists that one statement reads; SQLite takes 500 parts of a UNION at most."""
LONG_TEXTS_AT_ONCE = 100
RECORDS_AT_ONCE = 500
ROWS_AT_ONCE = 5_000
"""Rows that one statement reads before their size is looked at: of messages of chats, each of which
may be as long as half a megabyte, of other records by their keys, and of lists below records."""


class Loaders:
    def __init__(
        self,
        database: Database,
        bounds: TenantBounds,
        sizes: PageSize,
        levels: Callable[[list[Any]], Coroutine[Any, Any, list[Level]]],
        history: StageHistory,
        budget: ReadBudget | None = None,
    ) -> None:
        self._database = database
        self._bounds = bounds
        self._sizes = sizes
        self._paged: dict[tuple[str, PageRequest], DataLoader[Key, Page]] = {}
        self._counts: dict[str, DataLoader[Key, int]] = {}
        self._levels = levels
        self._history = history
        self._budget = budget

    @cached_property
    def operation(self) -> DataLoader[Key, Row | None]:
        return self._one(table_of(Operation))

    @cached_property
    def text(self) -> DataLoader[Key, Row | None]:
        return self._one(table_of(OperationText), free=True)

    @cached_property
    def request(self) -> DataLoader[Key, Row | None]:
        return self._one(table_of(Request))

    @cached_property
    def session(self) -> DataLoader[Key, Row | None]:
        return self._one(table_of(Session))

    @cached_property
    def stages(self) -> DataLoader[Key, list[Row]]:
        return self._many(
            table_of(RequestStage), ("organization_id", "request_id"), ("position", "name")
        )

    @cached_property
    def stage(self) -> DataLoader[Key, Row | None]:
        return self._one(table_of(RequestStage), free=True)

    @cached_property
    def attempts(self) -> DataLoader[Key, list[Row]]:
        return self._many(
            table_of(StageAttempt), ("organization_id", "request_id"), ("stage", "attempt")
        )

    @cached_property
    def attempts_by_stage(self) -> DataLoader[Key, dict[str, list[Row]]]:
        async def load(keys: list[Key]) -> list[dict[str, list[Row]]]:
            attempts = []
            for rows in await self.attempts.load_many(keys):
                stages: dict[str, list[Row]] = {}
                for row in rows:
                    stages.setdefault(row["stage"], []).append(row)
                attempts.append(stages)
            return attempts

        return _loader(load)

    @cached_property
    def typical(self) -> DataLoader[Kind, Typical]:
        """Return seconds that stages usually take, by (organization, type of request)."""

        async def load(kinds: list[Kind]) -> list[Typical]:
            durations = await self._history.typical(self._bounds, kinds)
            return [durations[kind] for kind in kinds]

        return _loader(load)

    @cached_property
    def eta(self) -> DataLoader[RequestSnapshot, float | None]:
        """Return seconds left of requests: ``eta.load(RequestSnapshot.of(row))``; None if unknown."""

        async def load(works: list[RequestSnapshot]) -> list[float | None]:
            forecastable = [work for work in works if work.foreseeable]
            stages, typical = await self._past(forecastable)
            now = self._history.now()
            etas = {
                work: eta(work.status, stages[work.key], typical[work.kind], now)
                for work in forecastable
            }
            return [etas.get(work) for work in works]

        return _loader(load)

    @cached_property
    def timeline(self) -> DataLoader[RequestSnapshot, list[TimelineInterval]]:
        async def load(works: list[RequestSnapshot]) -> list[list[TimelineInterval]]:
            stages, typical = await self._past(works)
            attempts = await self.attempts.load_many([work.key for work in works])
            now = self._history.now()
            return [
                timeline(work, stages[work.key], tries, typical.get(work.kind, {}), now)
                for work, tries in zip(works, attempts, strict=True)
            ]

        return _loader(load)

    async def _past(
        self, works: Sequence[RequestSnapshot]
    ) -> tuple[dict[Key, list[Row]], dict[Kind, Typical]]:
        if not works:
            return {}, {}
        kinds = list(dict.fromkeys(work.kind for work in works if work.foreseeable))
        keys = [work.key for work in works]
        stages, typical = await gather(self.stages.load_many(keys), self.typical.load_many(kinds))
        return dict(zip(keys, stages, strict=True)), dict(zip(kinds, typical, strict=True))

    @cached_property
    def event(self) -> DataLoader[Key, Row | None]:
        return self._one(EVENTS_TABLE, free=True, key=("organization_id", "request_id", "id"))

    @cached_property
    def event_by_seq(self) -> DataLoader[Key, Row | None]:
        return self._one(EVENTS_TABLE, free=True)

    @cached_property
    def reservation(self) -> DataLoader[Key, Row | None]:
        return self._one(table_of(Reservation), free=True)

    @cached_property
    def limit(self) -> DataLoader[Key, Row | None]:
        return self._one(table_of(Limit), conditions=visible(self._bounds))

    @cached_property
    def interaction(self) -> DataLoader[Key, Row | None]:
        return self._one(table_of(InteractionCounter))

    @cached_property
    def breaker(self) -> DataLoader[Key, Row | None]:
        return self._one(table_of(CircuitBreaker))

    @cached_property
    def breaker_instances(self) -> DataLoader[Key, list[Row]]:
        return self._many(
            table_of(CircuitBreakerInstance), ("organization_id", "name"), ("instance",)
        )

    @cached_property
    def transitions(self) -> DataLoader[Key, list[Row]]:
        return self._many(
            table_of(CircuitBreakerTransition), ("organization_id", "name"), ("occurred_at", "id")
        )

    @cached_property
    def api_key(self) -> DataLoader[Key, Row | None]:
        return self._one(table_of(ApiKey))

    @cached_property
    def level(self) -> DataLoader[Any, Level]:
        return _loader(self._levels)

    def events(self, request: PageRequest) -> DataLoader[Key, Page]:
        key = (EVENTS_TABLE.c.organization_id, EVENTS_TABLE.c.request_id)
        reach = log_reach(request, request.size(self._sizes))
        return self._pages("events", EVENTS, key, TenantBounds(), request, reach)

    def operations_of(self, edge: str, request: PageRequest) -> DataLoader[Key, Page]:
        key = (OPERATIONS_TABLE.c.organization_id, OPERATIONS_TABLE.c[f"{edge}_id"])
        return self._pages(edge, OPERATIONS, key, self._bounds, request)

    def operation_count_of(self, edge: str) -> DataLoader[Key, int]:
        if edge not in self._counts:
            columns = (OPERATIONS_TABLE.c.organization_id, OPERATIONS_TABLE.c[f"{edge}_id"])

            async def load(keys: list[Key]) -> list[int]:
                counts: dict[Key, int] = {}
                async with self._database.read_for(self._bounds.organization_id) as connection:
                    for batch in chunks(keys, RECORDS_AT_ONCE):
                        counted = select(*columns, func.count()).where(tuple_(*columns).in_(batch))
                        counted = self._bounds.restrict(counted, OPERATIONS_TABLE)
                        rows = await connection.execute(counted.group_by(*columns))
                        counts |= {tuple(key): count for *key, count in rows}
                return [counts.get(key, 0) for key in keys]

            self._counts[edge] = _loader(load)
        return self._counts[edge]

    def _one(
        self,
        table: Table,
        free: bool = False,
        key: tuple[str, ...] = (),
        conditions: Sequence[ColumnElement[bool]] = (),
    ) -> DataLoader[Key, Any]:
        """Return a record by its primary key, or by another unique ``key``.

        ``free``: it is reached only through a record that lies within the bounds.
        """
        columns = [table.columns[name] for name in key] or list(table.primary_key.columns)
        bounds = TenantBounds() if free else self._bounds

        async def load(keys: list[Key]) -> list[Row | None]:
            rows = await self._rows(table, columns, keys, bounds, (), conditions)
            rows_by_key = {tuple(row[c.name] for c in columns): row for row in rows}
            return [rows_by_key.get(k) for k in keys]

        return _loader(load)

    def _many(
        self, table: Table, key: tuple[str, ...], order: tuple[str, ...]
    ) -> DataLoader[Key, list[Row]]:
        columns = [table.columns[name] for name in key]

        async def load(keys: list[Key]) -> list[list[Row]]:
            rows = await self._rows(table, columns, keys, TenantBounds(), order)
            groups: dict[Key, list[Row]] = {}
            for row in rows:
                groups.setdefault(tuple(row[name] for name in key), []).append(row)
            return [groups.get(k, []) for k in keys]

        return _loader(load)

    def _pages(
        self,
        name: str,
        source: Source,
        key: Sequence[ColumnElement[Any]],
        bounds: TenantBounds,
        request: PageRequest,
        reach: Callable[[Sequence[Key]], ColumnElement[bool]] | None = None,
    ) -> DataLoader[Key, Page]:
        cached_loader = self._paged.get((name, request))
        if cached_loader is not None:
            return cached_loader
        records = Records(self._database, source, self._sizes)
        most = max(1, ROWS_AT_ONCE // (request.size(self._sizes) + 1))
        at_once = min(most, LISTS_PER_STATEMENT if reach is None else KEYS_AT_ONCE)

        async def load(keys: list[Key]) -> list[Page]:
            pages: dict[Key, Page] = {}
            async with self._database.read_for(self._bounds.organization_id) as connection:
                for batch in chunks(keys, at_once):
                    self._check()
                    read = (
                        await records.each_key(connection, bounds, key, batch, request)
                        if reach is None
                        else await records.each(connection, bounds, key, [reach(batch)], request)
                    )
                    pages |= read
                    self._spend(sum(page.size for page in read.values()))
            return [pages.get(k, EMPTY) for k in keys]

        new_loader = self._paged[name, request] = _loader(load)
        return new_loader

    def _check(self) -> None:
        if self._budget is not None:
            self._budget.check()

    def _spend(self, size: int) -> None:
        if self._budget is not None:
            self._budget.spend(size)

    async def _rows(
        self,
        table: Table,
        columns: Sequence[ColumnElement[Any]],
        keys: list[Key],
        bounds: TenantBounds,
        order: tuple[str, ...],
        conditions: Sequence[ColumnElement[bool]] = (),
    ) -> list[Row]:
        rows: list[Row] = []
        dialect = self._database.dialect
        async with self._database.read_for(self._bounds.organization_id) as connection:
            for batch in chunks(keys, LONG_TEXTS_AT_ONCE if table is TEXTS else RECORDS_AT_ONCE):
                self._check()
                statement = bounds.restrict(select(table), table).where(*conditions)
                statement = statement.where(tuple_(*columns).in_(batch))
                statement = statement.order_by(*(table.columns[name] for name in order))
                fetched = await dialect.rows.fetch(connection, statement, list(table.columns))
                rows += fetched.rows()
                self._spend(fetched.size)
        return rows


def _loader(load: Callable[[list[Any]], Coroutine[Any, Any, list[Any]]]) -> DataLoader[Any, Any]:
    return DataLoader(batch_load_fn=load)
