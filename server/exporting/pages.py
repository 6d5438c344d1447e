"""Read the pages of an export from the schema, one after the other."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
from strawberry.types.graphql import OperationType

from schema.context import RequestContext
from server.exporting.questions import PAGES, TRUNCATED, ExportQuestion, ExportRefusedError
from server.fast_path.pipeline import FastPath
from server.graphql.encoding import encode_answer
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import GraphQLRequest
from store.errors import InvalidInputError
from store.response_size import ResponseTooLargeError

DEFAULT_PAGE_ROWS = 1_000
"""A page is a few hundred kilobytes and takes some ten milliseconds."""
PAGE_SHRINK_FACTOR = 8
"""Divides the page size when a page exceeds the size of an answer."""
READ_ONLY = {OperationType.QUERY}
ROWS_DECODER = msgspec.json.Decoder(list[msgspec.Raw])
OBJECT_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])

MakeContext = Callable[[], Awaitable[RequestContext]]


class PageInfo(msgspec.Struct):
    hasNextPage: bool  # noqa: N815  # as GraphQL spells it
    endCursor: str | None = None  # noqa: N815


class ExportExecutor:
    def __init__(self, schema: TrackstoreSchema, fast: FastPath | None) -> None:
        self._schema = schema
        self._fast = fast

    async def execute(self, request: GraphQLRequest, context: RequestContext) -> bytes:
        """Return the answer's data as JSON; raise ``ExportRefusedError`` if it contains any error.

        Raises ``ResponseTooLargeError`` where it exceeds the size of an answer.
        """
        result: Any = None
        try:
            if self._fast is not None:
                result = await self._fast.execute(request, context, READ_ONLY)
            if result is None:
                result = await self._schema.execute(
                    request.query,
                    variable_values=request.variables,
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
    def __init__(
        self,
        executor: ExportExecutor,
        question: ExportQuestion,
        make_context: MakeContext,
        page_rows: int,
    ) -> None:
        """Call ``make_context`` for every page, since the caller may lose access meanwhile."""
        self._executor = executor
        self._question = question
        self._make_context = make_context
        self._page_rows = min(page_rows, DEFAULT_PAGE_ROWS)
        self.truncated = False
        """Whether the caller's limit cut rows off."""

    async def each(self) -> AsyncGenerator[tuple[bytes, int]]:
        question, after = self._question, self._question.start
        rows_left = question.limit
        while rows_left is None or rows_left >= 0:
            size = self._page_rows if rows_left is None else min(rows_left, self._page_rows)
            try:
                data = await self._executor.execute(
                    question.page(size, after), await self._make_context()
                )
            except ResponseTooLargeError:
                if not question.paged or size <= 1:
                    raise
                self._page_rows = max(1, size // PAGE_SHRINK_FACTOR)  # long rows need smaller pages
                continue
            rows, page_info = self._split_page(data)
            row_count = len(ROWS_DECODER.decode(rows))
            yield rows, row_count
            rows_left = None if rows_left is None else rows_left - row_count
            if page_info is None or not page_info.hasNextPage or rows_left == 0:
                return
            after = page_info.endCursor

    def _split_page(self, data: bytes) -> tuple[bytes, PageInfo | None]:
        question = self._question
        root_value = OBJECT_DECODER.decode(data)[question.name]
        if question.rows is None:
            return bytes(root_value), None
        parts = OBJECT_DECODER.decode(root_value)
        if TRUNCATED in parts and bytes(parts[TRUNCATED]) == b"true":
            self.truncated = True
            if question.must_be_complete:
                raise InvalidInputError(
                    "The aggregation has more rows than its maximum. Filter, use wider buckets, or "
                    "set limit to export only the first rows.",
                    ("limit",),
                )
        page_info = parts.get(PAGES)
        info = msgspec.json.decode(page_info, type=PageInfo) if page_info is not None else None
        return bytes(parts[question.rows]), info
