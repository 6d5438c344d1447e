"""Doubling what is read at most doubles the work, and a page takes as many statements as a quarter of it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.api.scaling.linear import check_linear
from tests.api.scaling.read_cases import READ_CASES, ReadCase, Records, record
from tests.api.scaling.work import counted
from tests.support.api import Api, running_api

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(module_database_url: str) -> AsyncIterator[Api]:
    """One server for all cases; nothing of it works by itself meanwhile."""
    async with running_api(
        database_url=module_database_url,
        stall_sweep_seconds=0,
        rollups=False,
        max_root_fields=100,
        max_aliases=100,
        max_cost=1_000_000,
    ) as api:
        yield api


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def records(api: Api) -> Records:
    return await record(api)


@pytest.mark.parametrize("case", READ_CASES, ids=str)
async def test_doubling_what_is_read_at_most_doubles_the_work(
    api: Api, records: Records, case: ReadCase
) -> None:
    works = []
    for _ in range(2):  # what is compiled or loaded once is there now
        await api(*case.call(records, case.sizes[0]))
    for size in case.sizes:
        document, variables = case.call(records, size)
        data = await api(document, variables)
        assert case.count(data) == size
        with counted(api) as work:
            await api(document, variables)
        works.append(work)
    assert works[-1].steps > case.sizes[-1]
    check_linear(works)
    if case.is_constant:
        assert works[-1].statements <= works[0].statements + 1, works
