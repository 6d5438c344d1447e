"""Reading and setting prices."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Double, cast, delete, select, tuple_

from models.enums import AccessScope
from store.auth.access import EVERY_ORGANIZATION, Principal, TenantBounds
from store.database import Database, Row
from store.errors import ForbiddenError
from store.ids import Clock
from store.pricing.price_rows import PriceDraft, price_rows
from store.pricing.prices import NANOS_PER_DOLLAR, PRICE_KEY, RATES, TABLE, by_date
from store.query.filters import Condition, ConditionCompiler
from store.validation import Checker, InputBounds

FILTER_FIELDS: dict[str, ColumnElement[Any]] = {
    **{name: TABLE.c[name] for name in (*PRICE_KEY, "created_at")},
    **{
        f"{name}_per_1k": cast(TABLE.c[f"{name}_nanos"], Double) / NANOS_PER_DOLLAR
        for name in RATES
    },
}
"""What prices are filtered by; rates in US dollars per 1,000 tokens, exactly as they are shown."""


class Prices:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        bounds: InputBounds,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bounds = bounds
        self._changed = changed

    async def list_prices(self, bounds: TenantBounds, where: Condition | None = None) -> list[Row]:
        """Return the prices that match, each with all of its tiers."""
        statement = select(TABLE).order_by(*TABLE.primary_key.columns)
        if where is not None:
            key = [TABLE.c[name] for name in PRICE_KEY]
            compiler = ConditionCompiler(FILTER_FIELDS, self._database.dialect)
            matching = select(*key).where(TABLE.c.from_input_tokens == 0, compiler.compile(where))
            statement = statement.where(tuple_(*key).in_(matching))
        if bounds.organization_id is not None:
            owners = (bounds.organization_id, EVERY_ORGANIZATION)
            statement = statement.where(TABLE.c.organization_id.in_(owners))
        async with self._database.read_for(bounds.organization_id) as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [{**price, "tiers": tiers} for price, *tiers in by_date(rows).values()]

    async def set_price(self, draft: PriceDraft, principal: Principal) -> Row:
        """Set a price from a date on; the same key and date again replaces it and its tiers.

        Costs of operations that are already recorded stay as they are.
        """
        principal.require(AccessScope.MANAGE)
        if principal.bounds.is_partial:
            raise ForbiddenError("Keys bound to a namespace or workspace must not set prices.")
        check = Checker(self._bounds, self._clock())
        organization = self._owner(draft, principal)
        price, *tiers = price_rows(draft, organization, self._clock(), check)
        async with self._database.write() as connection:
            # Whoever sets the same price waits for this row, and finds these tiers.
            await self._database.dialect.rows.upsert(connection, TABLE, [price])
            same = (TABLE.c[name] == price[name] for name in PRICE_KEY)
            await connection.execute(delete(TABLE).where(*same, TABLE.c.from_input_tokens > 0))
            await self._database.dialect.rows.upsert(connection, TABLE, tiers)
        self._changed()
        return price | {"tiers": tiers}

    def _owner(self, draft: PriceDraft, principal: Principal) -> str:
        if draft.organization_id == EVERY_ORGANIZATION:
            if principal.bounds.organization_id is not None:
                raise ForbiddenError(
                    "only an administrator of all organizations sets the installation's prices",
                    ("organizationId",),
                )
            return EVERY_ORGANIZATION
        return principal.organization(draft.organization_id)
