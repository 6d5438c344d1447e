"""Leave no resolver running behind an answer."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class SettlingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Hand the fields that an error has made pointless to the context of the call.

    When a resolver raises before its siblings were awaited, graphql-core answers at once and lets them
    run on in the background, outside of the limits on concurrency and time.
    """

    def settle_in_background(self, awaitables: list[Awaitable[Any]]) -> None:
        self.context_value.pending += [asyncio.ensure_future(awaitable) for awaitable in awaitables]
