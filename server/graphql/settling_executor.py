"""Executor that leaves no resolver running behind an answer."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class SettlingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Hands the fields that an error has made pointless to the context of the call.

    Where a resolver raises before its siblings were awaited, graphql-core answers at once and lets
    them go on in the background, outside the limits on running operations and on their time.
    """

    def settle_in_background(self, awaitables: list[Awaitable[Any]]) -> None:
        """Begin the awaitables as tasks, for ``RequestContext.settle`` to cancel."""
        self.context_value.pending += [asyncio.ensure_future(each) for each in awaitables]
