"""Doubling what a mutation is called with at most doubles its work, for every mutation there is."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.api.scaling.cases import CASES, Case
from tests.api.scaling.linear import check_linear
from tests.api.scaling.work import Work, counted
from tests.support.api import Api, running_api

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(module_database_url: str) -> AsyncIterator[Api]:
    """One server for all cases; nothing of it works by itself meanwhile."""
    async with running_api(
        database_url=module_database_url,
        stall_sweep_seconds=0,
        rollups=False,
        max_depth=30,
        max_root_fields=100,
        max_aliases=100,
    ) as api:
        yield api


async def work_of(api: Api, case: Case, size: int) -> Work:
    document, variables = await case.prepare(api, size)
    with counted(api) as work:
        await api(document, variables)
    return work


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_doubling_the_input_at_most_doubles_the_work(api: Api, case: Case) -> None:
    for _ in range(2):  # what is compiled or loaded once is there now
        await work_of(api, case, case.sizes[0])
    works = [await work_of(api, case, size) for size in case.sizes]
    assert works[-1].steps > case.sizes[-1]
    check_linear(works)
