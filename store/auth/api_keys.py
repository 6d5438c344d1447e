"""API keys: made once shown once, stored as a digest, compared in constant time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import func, literal, or_, select, update

from models import ApiKey, table_of
from models.enums import AccessScope
from store.auth.access import EVERY_ORGANIZATION, Principal
from store.auth.principal_cache import PrincipalCache
from store.auth.revocation import RevocationWatcher, is_live, principal_of
from store.auth.tokens import format_token, generate_secret, hash_secret, parse_token
from store.database import Database, Row
from store.errors import ForbiddenError, NotFoundError
from store.ids import Clock, new_id
from store.lookups import RowLookup
from store.validation import Checker, InputBounds

TABLE = table_of(ApiKey)
PREFIX = "tsk"
MAX_LISTED = 1_000
LOOKUP_TRIES = 3
"""How often a key is looked up where others change meanwhile."""


class KeyDraft(Protocol):
    name: str
    expires_at: datetime | None

    @property
    def scopes(self) -> Sequence[AccessScope]: ...

    @property
    def organization_id(self) -> str | None: ...
    @property
    def namespace_id(self) -> str | None: ...
    @property
    def workspace_id(self) -> str | None: ...


class ApiKeys:
    """Create, list, revoke and authenticate API keys.

    A key is cached for a while: for so long, a key revoked in another
    process may still be taken where its notification is lost; in this process it ends at once.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bounds: InputBounds,
        principals: PrincipalCache,
        watch: RevocationWatcher,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bounds = bounds
        self._principals = principals
        self._watch = watch
        self._lookup = RowLookup(database, lambda ids: select(TABLE).where(TABLE.c.id.in_(ids)))

    async def create(self, draft: KeyDraft, principal: Principal) -> tuple[Row, str]:
        """Make a key; returns its row and the token, which cannot be had again."""
        principal.require(AccessScope.ADMIN)
        now = self._clock()
        check = Checker(self._bounds, now)
        organization = self._organization(draft, principal)
        bounds = principal.bounds
        for name in ("namespace_id", "workspace_id"):
            bound = getattr(bounds, name)
            if bound is not None and getattr(draft, name) != bound:
                raise ForbiddenError(
                    f"a key made with this one is bound to {name} {bound!r} as well"
                )
        if not draft.scopes:
            check.refuse("must contain at least one scope.", "scopes")
        if draft.expires_at is not None and draft.expires_at <= now:
            check.refuse(
                f"must be in the future (got {draft.expires_at.isoformat()}).", "expiresAt"
            )
        secret = generate_secret()
        row: dict[str, Any] = {
            "organization_id": check.required_name(organization, "organizationId"),
            "id": new_id(),
            "name": check.required_name(draft.name, "name"),
            "namespace_id": check.name(draft.namespace_id, "namespaceId"),
            "workspace_id": check.name(draft.workspace_id, "workspaceId"),
            "scopes": sorted({scope.value for scope in draft.scopes}),
            "secret_hash": hash_secret(secret),
            "hint": secret[-4:],
            "created_at": now,
            "expires_at": draft.expires_at,
            "revoked_at": None,
        }
        check.raise_if_any()
        async with self._database.write() as connection:
            await connection.execute(TABLE.insert(), row)
        return row, format_token(PREFIX, row["id"], secret)

    def _organization(self, draft: KeyDraft, principal: Principal) -> str:
        if draft.organization_id != EVERY_ORGANIZATION:
            return principal.organization(draft.organization_id)
        if principal.bounds.organization_id is not None:
            raise ForbiddenError("Such keys require an administrator of all organizations.")
        return EVERY_ORGANIZATION

    async def revoke(self, id: UUID, principal: Principal) -> tuple[Row, bool]:
        """Revoke a key for good; return it, and whether it was valid until now."""
        principal.require(AccessScope.ADMIN)
        conditions = principal.bounds.conditions(TABLE)
        clock = self._clock()
        now = literal(clock, TABLE.c.revoked_at.type)
        statement = (
            update(TABLE)
            .where(TABLE.c.id == id, *conditions)
            .values(revoked_at=func.coalesce(TABLE.c.revoked_at, now))
            .returning(*TABLE.columns)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(statement)).mappings().first()
        if row is None:
            raise NotFoundError(f"API key {id} not found.", ("keyId",))
        self._watch.key_ended(id)
        return row, row["revoked_at"] == clock

    async def any_active(self) -> bool:
        live = or_(TABLE.c.expires_at.is_(None), TABLE.c.expires_at > self._clock())
        statement = select(TABLE.c.id).where(TABLE.c.revoked_at.is_(None), live).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(statement)).first() is not None

    def cached_principal(self, sent: str) -> Principal | None:
        return self._principals.get(sent)

    async def authenticate(self, sent: str) -> Principal | None:
        """Return the caller a token speaks for; None where it is unknown, revoked or expired."""
        known = self._principals.get(sent)
        if known is not None:
            return known
        principal = None
        for _ in range(LOOKUP_TRIES):
            generation = self._principals.generation
            row = await self._find(sent)
            if row is None or not is_live(row, self._clock()):
                return None
            principal = principal_of(row)
            if self._principals.put(sent, principal, generation):
                break
        return principal

    async def _find(self, sent: str) -> Row | None:
        presented = parse_token(PREFIX, sent)
        return presented.match(await self._lookup.rows(presented.id)) if presented else None
