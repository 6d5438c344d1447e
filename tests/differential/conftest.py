"""The pair of servers that the tests of one module share."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.differential.pair import Pair, running_pair
from tests.differential.records import INGEST, entries
from tests.support.databases import Databases


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_pair(databases: Databases) -> AsyncIterator[Pair]:
    """A fast and a plain server over fresh databases of one dialect."""
    async with running_pair(databases) as pair:
        yield pair


@pytest_asyncio.fixture(loop_scope="module")
async def pair(shared_pair: Pair) -> Pair:
    """The same, alike again whatever an earlier test has found."""
    await shared_pair.forget_operations()
    return shared_pair


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seeded(shared_pair: Pair) -> AsyncIterator[Pair]:
    """A pair with the same records in both."""
    answer = await shared_pair.call(INGEST, {"v": entries()})
    assert not answer["ingest"]["results"]
    yield shared_pair
    await shared_pair.same_rows()
