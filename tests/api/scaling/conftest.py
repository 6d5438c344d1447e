"""A database for all cases of a module: each counts its own work."""

from collections.abc import Iterator

import pytest

from tests.support.databases import Databases


@pytest.fixture(scope="module")
def module_database_url(databases: Databases) -> Iterator[str]:
    with databases.prepared() as url:
        yield url
