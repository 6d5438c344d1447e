"""Operations and prices for tests of repricing, and what each operation should cost."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from models import Operation, table_of
from store.operations.repricing import COSTS, priced
from store.pricing.prices import TABLE as PRICES
from store.pricing.prices import PriceBook
from tests.support.api import Api

TABLE = table_of(Operation)
NOW = datetime.now(UTC).replace(microsecond=0)
TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted results { message } }
}"""
SET = "mutation ($price: PriceInput!) { setPrice(input: $price) { price { name } } }"
REPRICE = """mutation ($where: OperationFilter, $dryRun: Boolean! = true, $after: String) {
  reprice(input: {where: $where, dryRun: $dryRun, after: $after}) {
    dryRun operations changed newlyPriced newlyUnpriced hasMore endCursor
    before { baseline actual saved } after { baseline actual saved }
    groups { kind name operations changed newlyPriced newlyUnpriced
      before { actual } after { actual } }
  }
}"""


def operations(count: int, seed: int = 1, organization: str | None = None) -> list[dict[str, Any]]:
    """Calls of tools, models and an API over four days, some without tokens."""
    dice = random.Random(seed)
    found: list[dict[str, Any]] = []
    for number in range(count):
        kind = dice.choice(("TOOL", "TOOL", "LLM", "LLM", "API"))
        at = NOW - timedelta(hours=dice.uniform(0, 96))
        item: dict[str, Any] = {
            "kind": kind,
            "name": f"{kind.lower()}-{number % 3}",
            "occurredAt": at.isoformat(),
        }
        if kind == "TOOL":
            item["tool"] = {"toolName": dice.choice(("read", "search", None))}
            if dice.random() < 0.9:
                item["tool"] |= {"tokensOriginal": dice.randrange(9_000), "tokensActual": 77}
        if kind == "LLM":
            item["llm"] = {"model": dice.choice(("opus", "haiku", "unheard-of"))}
            if dice.random() < 0.9:
                item["llm"] |= {"inputTokens": dice.randrange(1, 9_000), "outputTokens": 300}
        if organization is not None:
            item["labels"] = {"organizationId": organization}
        found.append(item)
    return found


async def send(api: Api, items: list[dict[str, Any]]) -> None:
    """Record operations."""
    told = (await api(TRACK, {"items": items}))["trackOperations"]
    assert told["accepted"] == len(items), told


async def set_price(api: Api, kind: str, name: str, dollars: float, **more: Any) -> None:
    """Set a price."""
    await api(SET, {"price": {"kind": kind, "name": name, "inputPer1k": dollars} | more})


async def new_prices(api: Api) -> None:
    """Prices that change in the middle of the four days."""
    await set_price(api, "MODEL", "opus", 0.015, outputPer1k=0.075)
    day = (NOW - timedelta(hours=40)).isoformat()
    await set_price(api, "MODEL", "opus", 0.005, outputPer1k=0.025, effectiveFrom=day)
    await set_price(api, "MODEL", "haiku", 0.001, effectiveFrom=day)
    await set_price(api, "TOOL", "read", 0.02)


async def wrongly_priced(api: Api) -> list[Any]:
    """The keys of operations whose costs are not those of the prices in force."""
    async with api.server.store.database.read() as connection:
        prices = (await connection.execute(select(PRICES))).mappings().all()
        rows = (await connection.execute(select(TABLE))).all()
    book = PriceBook(prices, 15_000_000)
    return [row.id for row in rows if (change := priced(book, row)).old != change.new]


async def costs(api: Api) -> list[tuple[Any, ...]]:
    """The cost columns of all operations, by id."""
    statement = select(TABLE.c.id, *(TABLE.c[name] for name in COSTS)).order_by(TABLE.c.id)
    async with api.server.store.database.read() as connection:
        return [tuple(row) for row in await connection.execute(statement)]
