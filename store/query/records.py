"""Listing records of any kind: filtered, within bounds, ordered, paged, counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Table,
    Text,
    column,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from store.auth.access import TenantBounds
from store.database import Database, Row
from store.dialects import LARGE_COLUMNS, Member
from store.query.filters import Condition, ConditionCompiler, Fields
from store.query.paging import (
    OrderTerm,
    Page,
    PageRequest,
    PageSize,
    cut,
    make_page,
    order_by,
    page_statement,
)
from store.query.per_organization import (
    MAX_ORGANIZATIONS,
    follows_key,
    organizations_in,
    organizations_named,
    per_organization_page,
)

OBJECT: Column[Any] = Column("object", Text())
"""The column of a page with the text of each record's JSON object."""


@dataclass(frozen=True, slots=True)
class Order:
    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What can be asked of one table: fields to filter by, fields to order by, the default order.

    The columns of ``unique`` end every order, so that it is total and cursors are exact.
    """

    table: Table
    default_order: tuple[Order, ...]
    unique: tuple[str, ...]
    orders: frozenset[str]
    extra_fields: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)

    @property
    def fields(self) -> Fields:
        return {column.name: column for column in self.table.columns} | dict(self.extra_fields)

    def terms(self, order: Sequence[Order]) -> list[OrderTerm]:
        requested = list(order) or list(self.default_order)
        named = {o.field for o in requested}
        # Ties run the way of the first column, so that "newest first" holds among them too.
        way = requested[0].descending
        requested += [Order(name, way) for name in self.unique if name not in named]
        seen: set[str] = set()
        terms = []
        for requested_term in requested:
            if requested_term.field in seen:
                continue
            seen.add(requested_term.field)
            column = self.table.columns[requested_term.field]
            terms.append(
                OrderTerm(
                    requested_term.field, column, requested_term.descending, bool(column.nullable)
                )
            )
        return terms


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Which records of a source, in which order."""

    where: Condition | None = None
    order: tuple[Order, ...] = ()


class Records:
    """Lists and counts the records of one source."""

    def __init__(self, database: Database, source: Source, sizes: PageSize) -> None:
        self._database = database
        self.source = source
        self._sizes = sizes

    def statement(
        self, bounds: TenantBounds, question: RecordQuery, extra: Sequence[ColumnElement[bool]] = ()
    ) -> Select[Any]:
        table = self.source.table
        statement = bounds.restrict(select(table), table).where(*extra)
        if question.where is not None:
            compiler = ConditionCompiler(self.source.fields, self._database.dialect)
            statement = statement.where(compiler.compile(question.where))
        return statement

    async def list_page(
        self,
        bounds: TenantBounds,
        question: RecordQuery,
        request: PageRequest,
        columns: frozenset[str] | None = None,
    ) -> Page:
        """Return one page; of ``columns`` only (and those of the order), where they are named."""
        size = request.size(self._sizes)
        terms = self.source.terms(question.order)
        statement = page_statement(self.statement(bounds, question), terms, request, size)
        chosen = list(self.source.table.columns)
        if columns is not None:
            read_columns = columns | {term.name for term in terms}
            chosen = [column for column in chosen if column.name in read_columns]
            statement = statement.with_only_columns(*chosen, maintain_column_froms=True)
        async with self._database.read_for(bounds.organization_id) as connection:
            statement = await self._by_organization(
                connection, bounds, question, request, terms, statement
            )
            fetched = await self._database.dialect.rows.fetch(connection, statement, chosen)
        return make_page(fetched, terms, request, size)

    async def list_objects(
        self,
        bounds: TenantBounds,
        question: RecordQuery,
        request: PageRequest,
        members: Sequence[Member],
        with_cursors: bool,
    ) -> Page | None:
        """Return one page with each record as the text of a JSON object, written by the database.

        The text is the column ``OBJECT`` of the page, beside it those of the order where
        ``with_cursors``. None if the database would write one of the values otherwise.
        """
        table, dialect = self.source.table, self._database.dialect
        columns = [None if m.column is None else table.columns[m.column] for m in members]
        text = dialect.json_objects.write(members, columns)
        if text is None or any(m.column in LARGE_COLUMNS for m in members):
            return None
        size = request.size(self._sizes)
        terms = self.source.terms(question.order)
        statement = page_statement(self.statement(bounds, question), terms, request, size)
        in_order = [table.columns[term.name] for term in terms]
        read_columns = dict.fromkeys([*(c for c in columns if c is not None), *in_order])
        statement = statement.with_only_columns(*read_columns, maintain_column_froms=True)
        async with self._database.read_for(bounds.organization_id) as connection:
            statement = await self._by_organization(
                connection, bounds, question, request, terms, statement
            )
            # Objects are written of the page alone. Its order is known, and is not sorted again.
            page = statement.subquery("page")
            steps = [
                OrderTerm(t.name, column(t.name, t.column.type), t.descending, t.nullable)
                for t in terms
            ]
            selected = [OBJECT, *(in_order if with_cursors else ())]
            written = select(
                literal_column(text), *(column(c.name, c.type) for c in selected[1:])
            ).select_from(page)
            written = written.order_by(*order_by(steps, request.backward))
            fetched = await dialect.rows.fetch(connection, written, selected)
        objects = make_page(fetched, terms if with_cursors else (), request, size)
        return None if None in objects.columns[OBJECT.name] else objects

    async def _by_organization(
        self,
        connection: AsyncConnection,
        bounds: TenantBounds,
        question: RecordQuery,
        request: PageRequest,
        terms: Sequence[OrderTerm],
        statement: Select[Any],
    ) -> Select[Any]:
        """Return the statement, put together by organization where that is how the index is ordered."""
        table = self.source.table
        if bounds.organization_id is not None or not follows_key(table, terms):
            return statement
        names: Sequence[str] | None = organizations_named(question.where)
        if names is None:
            names = await organizations_in(connection, table)
        if not names or len(names) > MAX_ORGANIZATIONS:
            return statement
        limit = request.size(self._sizes) + 1
        return per_organization_page(statement, table, names, terms, request.backward, limit)

    async def count(self, bounds: TenantBounds, question: RecordQuery) -> int:
        inner = self.statement(bounds, question)
        inner = inner.with_only_columns(func.count(), maintain_column_froms=True)
        async with self._database.read_for(bounds.organization_id) as connection:
            total: int = (await connection.execute(inner)).scalar_one()
            return total

    async def find_by(self, bounds: TenantBounds, values: Mapping[str, Any]) -> Row | None:
        """Return the newest record within the bounds whose columns have these values, or None."""
        table = self.source.table
        conditions = [table.columns[name] == value for name, value in values.items()]
        statement = self.statement(bounds, RecordQuery(), conditions).limit(1)
        statement = statement.order_by(*order_by(self.source.terms(())))
        async with self._database.read_for(bounds.organization_id) as connection:
            row: Row | None = (await connection.execute(statement)).mappings().first()
            return row

    async def each_key(
        self,
        connection: AsyncConnection,
        bounds: TenantBounds,
        key: Sequence[ColumnElement[Any]],
        keys: Sequence[tuple[Any, ...]],
        request: PageRequest,
    ) -> dict[tuple[Any, ...], Page]:
        """Return one page per key, in one statement.

        Each is read from its own place in an index of the columns of ``key``: a page costs the
        same, however long its list is.
        """
        size = request.size(self._sizes)
        terms = self.source.terms(())
        page = page_statement(self.statement(bounds, RecordQuery()), terms, request, size)
        columns = list(self.source.table.columns)
        pages = [
            page.where(*(column == value for column, value in zip(key, values, strict=True)))
            for values in keys
        ]
        statement = pages[0]
        if len(pages) > 1:
            merged = union_all(*(select(each.subquery()) for each in pages)).subquery()
            ordered = [
                OrderTerm(term.name, merged.c[term.name], term.descending, term.nullable)
                for term in terms
            ]
            statement = select(*(merged.c[column.name] for column in columns))
            statement = statement.order_by(*order_by(ordered, request.backward))
        fetched = await self._database.dialect.rows.fetch(connection, statement, columns)
        groups = fetched.by([column.name for column in key])
        return {
            group_rows: make_page(rows, terms, request, size) for group_rows, rows in groups.items()
        }

    async def each(
        self,
        connection: AsyncConnection,
        bounds: TenantBounds,
        key: Sequence[ColumnElement[Any]],
        conditions: Sequence[ColumnElement[bool]],
        request: PageRequest,
    ) -> dict[tuple[Any, ...], Page]:
        """Return one page per value of ``key`` among the rows that satisfy ``conditions``, in one statement.

        It ranks all of these rows: ``conditions`` have to keep them few.
        """
        size = request.size(self._sizes)
        terms = self.source.terms(())
        inner = cut(self.statement(bounds, RecordQuery(), conditions), terms, request)
        order = order_by(terms, request.backward)
        rank = func.row_number().over(partition_by=list(key), order_by=order).label("rank_")
        ranked = inner.add_columns(rank).subquery()
        columns = list(self.source.table.columns)
        statement = select(*(ranked.c[column.name] for column in columns))
        statement = statement.where(ranked.c.rank_ <= size + 1).order_by(ranked.c.rank_)
        fetched = await self._database.dialect.rows.fetch(connection, statement, columns)
        groups = fetched.by([column.name for column in key])
        return {
            group_rows: make_page(rows, terms, request, size) for group_rows, rows in groups.items()
        }
