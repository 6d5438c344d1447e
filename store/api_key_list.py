"""List API keys by conditions; a module of its own, as the compiler of conditions knows access."""

from sqlalchemy import select

from store.auth.access import TenantBounds
from store.auth.api_keys import MAX_LISTED, TABLE
from store.database import Database, Row
from store.query.filters import Condition, ConditionCompiler

FILTER_FIELDS = {column.name: column for column in TABLE.columns if column.name != "secret_hash"}


class ApiKeyList:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_keys(self, bounds: TenantBounds, where: Condition | None = None) -> list[Row]:
        """Return the keys that match, newest first; at most ``MAX_LISTED``."""
        statement = bounds.restrict(select(TABLE), TABLE).order_by(TABLE.c.id.desc())
        if where is not None:
            compiler = ConditionCompiler(FILTER_FIELDS, self._database.dialect)
            statement = statement.where(compiler.compile(where))
        async with self._database.read_for(bounds.organization_id) as connection:
            return list((await connection.execute(statement.limit(MAX_LISTED))).mappings())
