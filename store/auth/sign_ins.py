"""Sign-ins: sessions of people who sent an API key once, each with a token of its own."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, select

from models import ApiKey, SignIn, table_of
from store.auth.access import EVERY_ORGANIZATION, Principal
from store.auth.api_keys import LOOKUP_TRIES
from store.auth.principal_cache import PrincipalCache
from store.auth.revocation import KEY_COLUMNS, RevocationWatcher, is_live, of_sign_in, principal_of
from store.auth.tokens import format_token, generate_secret, hash_secret, parse_token
from store.database import Database
from store.ids import Clock, new_id
from store.lookups import RowLookup

TABLE, KEYS = table_of(SignIn), table_of(ApiKey)
PREFIX = "tss"
MAX_SIGN_INS_PER_KEY = 100
"""Sign-ins of one key at a time; with one more, the oldest ends."""


class SignIns:
    """Signing in, out, and authenticating who has.

    A sign-in holds as long as its key does: it is looked up together with the key, and whoever
    invalidates cached keys invalidates the sign-ins with them.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        principals: PrincipalCache,
        watch: RevocationWatcher,
        lifetime: timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._principals = principals
        self._watch = watch
        self._lifetime = lifetime
        self._lookup = RowLookup(database, with_keys)

    async def create(self, principal: Principal) -> str:
        """Sign in whoever showed a key; returns the token, which cannot be had again."""
        assert principal.key_id is not None
        now, id, secret = self._clock(), new_id(), generate_secret()
        organization = principal.bounds.organization_id or EVERY_ORGANIZATION
        of_key = TABLE.c.key_id == principal.key_id
        async with self._database.write() as connection:
            here = TABLE.c.organization_id == organization
            await connection.execute(delete(TABLE).where(here, TABLE.c.expires_at <= now))
            older = select(TABLE.c.id).where(here, of_key).order_by(TABLE.c.id.desc())
            surplus = older.offset(MAX_SIGN_INS_PER_KEY - 1)
            ended = delete(TABLE).where(here, TABLE.c.id.in_(surplus)).returning(TABLE.c.id)
            surplus_ids = list((await connection.execute(ended)).scalars())
            row = {
                "organization_id": organization,
                "id": id,
                "key_id": principal.key_id,
                "secret_hash": hash_secret(secret),
                "created_at": now,
                "expires_at": now + self._lifetime,
            }
            await connection.execute(TABLE.insert(), row)
        if surplus_ids:
            self._watch.sign_ins_ended(surplus_ids)
        return format_token(PREFIX, id, secret)

    def cached_principal(self, sent: str) -> Principal | None:
        return self._principals.get(sent)

    async def authenticate(self, sent: str) -> Principal | None:
        """Whom a token stands for; None where it is unknown or over, or its key is."""
        known = self._principals.get(sent)
        presented = parse_token(PREFIX, sent)
        if known is not None or presented is None:
            return known
        principal = None
        for _ in range(LOOKUP_TRIES):
            generation = self._principals.generation
            row = presented.match(await self._lookup.rows(presented.id))
            now = self._clock()
            if row is None or row["ends_at"] <= now:
                return None
            key = {**row, "id": row["key_id"]}
            if not is_live(key, now):
                return None
            principal = of_sign_in(principal_of(key), presented.id, row["ends_at"])
            if self._principals.put(sent, principal, generation):
                break
        return principal

    async def end(self, sent: str) -> None:
        presented = parse_token(PREFIX, sent)
        if presented is None:
            return
        matches = and_(TABLE.c.id == presented.id, TABLE.c.secret_hash == presented.digest)
        async with self._database.write() as connection:
            await connection.execute(delete(TABLE).where(matches))
        self._watch.sign_ins_ended((presented.id,))


def with_keys(ids: Sequence[UUID]) -> Select[Any]:
    same_key = and_(KEYS.c.organization_id == TABLE.c.organization_id, KEYS.c.id == TABLE.c.key_id)
    return (
        select(
            *(column for column in KEY_COLUMNS if column.name != "id"),
            TABLE.c.id,
            TABLE.c.key_id,
            TABLE.c.secret_hash,
            TABLE.c.expires_at.label("ends_at"),
        )
        .join_from(TABLE, KEYS, same_key)
        .where(TABLE.c.id.in_(ids))
    )
