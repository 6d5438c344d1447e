"""A tenant that has recorded everything, and strangers who know all of its ids and names."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from store.rollups.folding import Folding
from store.rollups.maintenance import Maintenance
from tests.api.isolation.documents import DEPTH, document
from tests.api.isolation.leaks import Secrets, disguised
from tests.api.isolation.tenant_queries import Known, known_by
from tests.api.isolation.tenants import Tenant
from tests.support.absent_arguments import without_absent_arguments
from tests.support.api import Api, Json, StartApi

ALL_SCOPES = ["INGEST", "READ", "MANAGE", "ADMIN"]
# Documents here select all there is; what they are bounded to is tested elsewhere.
SETTINGS = {"max_aliases": 10_000, "max_depth": 30, "max_tokens": 100_000}

CREATE_KEY = """mutation ($input: ApiKeyInput!) {
  createApiKey(input: $input) { secret apiKey { uuid } }
}"""


ONCE = pytest.mark.parametrize(
    "databases", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True
)
"""For what does not reach the database differently: scopes, and the tests of the tests."""


@dataclass
class Stranger:
    """A caller with every scope, who is bound to something else than the tenant."""

    name: str
    api: Api
    mark: str
    number: int
    shares_organization: bool

    def as_own(self, value: Any, tenant: Tenant) -> Any:
        """What the tenant sent with the stranger's own texts, but the tenant's ids."""
        keep = ("organizationId",) if self.shares_organization else ()
        return disguised(value, tenant, self.mark, self.number, keep)

    async def ask(self, name: str, variables: Json, depth: int = DEPTH) -> Json:
        """A query; the answer as it is, errors and all."""
        return await self._send("query", name, variables, depth)

    async def tell(self, name: str, variables: Json) -> Json:
        """A mutation; the answer as it is, errors and all."""
        return await self._send("mutation", name, variables, DEPTH)

    async def _send(self, kind: str, name: str, variables: Json, depth: int) -> Json:
        body = {
            "query": without_absent_arguments(document(kind, name, self.mark, depth), variables),
            "variables": variables,
        }
        answer: Json = (await self.api.raw(body)).json()
        return answer


async def key_of(api: Api, scopes: Iterable[str] = ALL_SCOPES, **bounds: str) -> Api:
    """A caller with a new key, made by an administrator."""
    key = {"name": "key", "scopes": list(scopes), **bounds}
    made = (await api(CREATE_KEY, {"input": key}))["createApiKey"]
    return api.as_key(made["secret"])


async def rest(_work: Maintenance | Folding) -> None:
    """Fold and merge nothing: what is stored is compared before and after."""
    await asyncio.Event().wait()


@pytest.fixture
async def administrator(start_api: StartApi, monkeypatch: pytest.MonkeyPatch) -> Api:
    """Somebody who may do everything everywhere."""
    monkeypatch.setattr(Maintenance, "run_once", rest)
    monkeypatch.setattr(Folding, "_work", rest)
    return await start_api(**SETTINGS)


@dataclass
class World:
    """The tenant, what it knows of itself, and strangers, each with what must stay secret to it."""

    tenant: Tenant
    known: Known
    strangers: list[Stranger]
    secrets: dict[str, Secrets]


BOUNDS = {
    "of another organization": {"organizationId": "beta-organizationId"},
    "of another namespace": {
        "organizationId": "alpha-organizationId", "namespaceId": "gamma-namespaceId",
    },
    "of another workspace": {
        "organizationId": "alpha-organizationId", "workspaceId": "delta-workspaceId",
    },
}  # fmt: skip


@pytest.fixture
async def tenant(administrator: Api) -> Tenant:
    """A tenant that has recorded everything."""
    tenant = Tenant("alpha", 777_001)
    await tenant.record_everything(await key_of(administrator, organizationId=tenant.organization))
    return tenant


@pytest.fixture
async def world(administrator: Api, tenant: Tenant) -> World:
    """That tenant, and strangers who may do everything, elsewhere."""
    known = await known_by(tenant)
    secrets = Secrets.of(tenant, [*known.nodes.values(), known.global_ids, *tenant.answers])
    strangers, kept = [], {}
    for (name, bounds), number in zip(BOUNDS.items(), (888_001, 999_001, 666_001), strict=True):
        mark = next(value for value in bounds.values() if "alpha" not in value).partition("-")[0]
        shares = bounds["organizationId"] == tenant.organization
        stranger = Stranger(name, await key_of(administrator, **bounds), mark, number, shares)
        strangers.append(stranger)
        kept[name] = secrets.without(await visible_to_all(stranger)) if shares else secrets
    return World(tenant, known, strangers, kept)


async def visible_to_all(stranger: Stranger) -> list[Json]:
    """What belongs to an organization as a whole: its breakers and prices, and its own limits."""
    whole = [await stranger.ask(name, {}) for name in ("circuitBreakers", "prices")]
    where = {"subject": {"in": ["ORGANIZATION"]}}
    return [*whole, await stranger.ask("limits", {"where": where})]
