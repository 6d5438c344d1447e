"""Asks the schema for the pages of an export, one after the other."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
from strawberry.types.graphql import OperationType

from schema.context import RequestContext
from server.exporting.questions import CUT, PAGES, ExportQuestion, ExportRefusedError
from server.fast_path.pipeline import FastPath
from server.graphql.encoding import encode_answer
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import GraphQLRequest
from store.errors import InvalidInputError
from store.response_size import ResponseTooLargeError

PAGE_ROWS = 1_000
"""Rows of a page: a page is a few hundred kilobytes and some ten milliseconds."""
SMALLER = 8
"""How much smaller a page is tried where its rows are longer than an answer may be."""
READ_ONLY = {OperationType.QUERY}
COUNT = msgspec.json.Decoder(list[msgspec.Raw])
OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])

MakeContext = Callable[[], Awaitable[RequestContext]]


class PageInfo(msgspec.Struct):
    """Where a page stands."""

    hasNextPage: bool  # noqa: N815  # as GraphQL spells it
    endCursor: str | None = None  # noqa: N815


class ExportCaller:
    """Executes requests as the GraphQL route does."""

    def __init__(self, schema: TrackstoreSchema, fast: FastPath | None) -> None:
        self._schema = schema
        self._fast = fast

    async def ask(self, asked: GraphQLRequest, context: RequestContext) -> bytes:
        """The answer's data as JSON; raises ``ExportRefusedError`` where there is any error in it.

        Raises ``ResponseTooLargeError`` where it is larger than an answer may be.
        """
        result: Any = None
        try:
            if self._fast is not None:
                result = await self._fast.execute(asked, context, READ_ONLY)
            if result is None:
                result = await self._schema.execute(
                    asked.query,
                    variable_values=asked.variables,
                    context_value=context,
                    allowed_operation_types=READ_ONLY,
                )
        finally:
            await context.settle()
        context.budget.check()
        if result.errors:
            raise ExportRefusedError(list(result.errors))
        return encode_answer(result.data, context.store.config.answers.bytes)


class Pages:
    """The pages of one question: each as JSON rows, with how many they are."""

    def __init__(
        self,
        asker: ExportCaller,
        question: ExportQuestion,
        make_context: MakeContext,
        page_rows: int,
    ) -> None:
        """``make_context`` is called for every page: a caller may lose its access meanwhile."""
        self._asker = asker
        self._question = question
        self._make_context = make_context
        self._page_rows = min(page_rows, PAGE_ROWS)
        self.truncated = False
        """Whether the caller's own limit cut rows off."""

    async def each(self) -> AsyncGenerator[tuple[bytes, int]]:
        """The rows of each page, until there are no more or there are as many as were asked for."""
        question, after = self._question, self._question.start
        left = question.most
        while left is None or left >= 0:
            size = self._page_rows if left is None else min(left, self._page_rows)
            try:
                data = await self._asker.ask(question.page(size, after), await self._make_context())
            except ResponseTooLargeError:
                if not question.paged or size <= 1:
                    raise
                self._page_rows = max(1, size // SMALLER)  # of long rows fewer make a page
                continue
            rows, place = self._taken_apart(data)
            found = len(COUNT.decode(rows))
            yield rows, found
            left = None if left is None else left - found
            if place is None or not place.hasNextPage or left == 0:
                return
            after = place.endCursor

    def _taken_apart(self, data: bytes) -> tuple[bytes, PageInfo | None]:
        question = self._question
        answer = OBJECT.decode(data)[question.name]
        if question.rows is None:
            return bytes(answer), None
        parts = OBJECT.decode(answer)
        if CUT in parts and bytes(parts[CUT]) == b"true":
            self.truncated = True
            if question.whole:
                raise InvalidInputError(
                    "there are more rows than one aggregation has: filter, take wider buckets, or "
                    "set limit to have the first ones only",
                    ("limit",),
                )
        place = parts.get(PAGES)
        info = msgspec.json.decode(place, type=PageInfo) if place is not None else None
        return bytes(parts[question.rows]), info
