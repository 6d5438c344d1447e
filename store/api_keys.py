"""API keys: made once shown once, stored as a digest, compared in constant time."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import func, literal, or_, select, update

from models import ApiKey, table_of
from models.vocabulary import AccessScope
from store.access import EVERY_ORGANIZATION, Bounds, Principal
from store.database import Database, Row
from store.errors import Forbidden, NotFound
from store.ids import Clock, new_id
from store.validation import Checker, InputBounds

TABLE = table_of(ApiKey)
PREFIX = "tsk"
SECRET_BYTES = 32
MAX_LISTED = 1_000
MAX_TOKEN_LENGTH = 200
TOKEN_PARTS = 3
CACHE_KEYS = 10_000
"""Keys remembered at most; a key is 300 bytes."""


class KeyDraft(Protocol):
    """A key as a caller asks for it. ``organization_id`` is ``*`` for all organizations."""

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


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    expires_at: datetime | None
    until: datetime


def digest(secret: str) -> bytes:
    """SHA-256 of a secret of 256 random bits: nothing slower is needed, it cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def principal_of(row: Row) -> Principal:
    """The caller that a key speaks for."""
    spans_all = row["organization_id"] == EVERY_ORGANIZATION
    organization = None if spans_all else row["organization_id"]
    return Principal(
        name=row["name"],
        scopes=frozenset(AccessScope(scope) for scope in row["scopes"]),
        bounds=Bounds(organization, row["namespace_id"], row["workspace_id"]),
        home_organization=organization,
        key_id=row["id"],
    )


class ApiKeys:
    """Making, listing, revoking and recognising keys.

    A key that was recognised is remembered for ``cache_seconds``: that long a key revoked in
    another process may still be taken; in this process it ends at once.
    """

    def __init__(
        self, database: Database, clock: Clock, bounds: InputBounds, cache_seconds: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._bounds = bounds
        self._remember = timedelta(seconds=cache_seconds)
        self._cache: dict[bytes, _Known] = {}
        self._revocations = 0

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
                raise Forbidden(f"a key made with this one is bound to {name} {bound!r} as well")
        if not draft.scopes:
            check.refuse("name at least one scope", "scopes")
        if draft.expires_at is not None and draft.expires_at <= now:
            check.refuse("lies in the past", "expiresAt")
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row: dict[str, Any] = {
            "organization_id": check.required_name(organization, "organizationId"),
            "id": new_id(),
            "name": check.required_name(draft.name, "name"),
            "namespace_id": check.name(draft.namespace_id, "namespaceId"),
            "workspace_id": check.name(draft.workspace_id, "workspaceId"),
            "scopes": sorted({scope.value for scope in draft.scopes}),
            "secret_hash": digest(secret),
            "hint": secret[-4:],
            "created_at": now,
            "expires_at": draft.expires_at,
            "revoked_at": None,
        }
        check.raise_if_any()
        async with self._database.write() as connection:
            await connection.execute(TABLE.insert(), row)
        return row, f"{PREFIX}_{row['id'].hex}_{secret}"

    def _organization(self, draft: KeyDraft, principal: Principal) -> str:
        if draft.organization_id != EVERY_ORGANIZATION:
            return principal.organization(draft.organization_id)
        if principal.bounds.organization_id is not None:
            raise Forbidden("only an administrator of all organizations makes such a key")
        return EVERY_ORGANIZATION

    async def list_keys(self, bounds: Bounds) -> list[Row]:
        """The keys within the bounds, newest first."""
        statement = bounds.restrict(select(TABLE), TABLE).order_by(TABLE.c.id.desc())
        async with self._database.read() as connection:
            return list((await connection.execute(statement.limit(MAX_LISTED))).mappings())

    async def revoke(self, id: UUID, principal: Principal) -> Row:
        """End a key for good; revoking it again changes nothing."""
        principal.require(AccessScope.ADMIN)
        conditions = principal.bounds.conditions(TABLE)
        now = literal(self._clock(), TABLE.c.revoked_at.type)
        statement = (
            update(TABLE)
            .where(TABLE.c.id == id, *conditions)
            .values(revoked_at=func.coalesce(TABLE.c.revoked_at, now))
            .returning(*TABLE.columns)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(statement)).mappings().first()
        if row is None:
            raise NotFound(f"there is no API key {id}", ("id",))
        self._revocations += 1
        self._cache.clear()
        return row

    async def any_active(self) -> bool:
        """Whether there is a key that would be taken now."""
        live = or_(TABLE.c.expires_at.is_(None), TABLE.c.expires_at > self._clock())
        statement = select(TABLE.c.id).where(TABLE.c.revoked_at.is_(None), live).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(statement)).first() is not None

    def remembered(self, token: str) -> Principal | None:
        """The caller a token speaks for, where it was recognised a moment ago."""
        known = self._cache.get(hashlib.sha256(token.encode(errors="replace")).digest())
        if known is None:
            return None
        now = self._clock()
        expired = known.expires_at is not None and known.expires_at <= now
        return None if expired or now >= known.until else known.principal

    async def authenticate(self, token: str) -> Principal | None:
        """The caller a token speaks for; None where it is unknown, revoked or expired."""
        principal = self.remembered(token)
        if principal is not None:
            return principal
        now = self._clock()
        revocations = self._revocations
        row = await self._find(token)
        if row is None or row["revoked_at"] is not None:
            return None
        if row["expires_at"] is not None and row["expires_at"] <= now:
            return None
        if len(self._cache) >= CACHE_KEYS:
            self._cache.clear()
        principal = principal_of(row)
        if revocations != self._revocations:  # it may have been read before it was revoked
            return principal
        fingerprint = hashlib.sha256(token.encode(errors="replace")).digest()
        self._cache[fingerprint] = _Known(principal, row["expires_at"], now + self._remember)
        return principal

    async def _find(self, token: str) -> Row | None:
        parts = token.split("_", TOKEN_PARTS - 1)
        if len(token) > MAX_TOKEN_LENGTH or len(parts) != TOKEN_PARTS or parts[0] != PREFIX:
            return None
        try:
            id = UUID(hex=parts[1])
        except ValueError:
            return None
        statement = select(TABLE).where(TABLE.c.id == id)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        presented = digest(parts[2].encode(errors="replace").decode())
        for row in rows:
            if hmac.compare_digest(row["secret_hash"], presented):
                return row
        return None
