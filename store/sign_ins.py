"""Sign-ins: somebody who showed an API key once and is recognised by a token of its own from then on."""

from datetime import timedelta

from sqlalchemy import and_, delete, select

from models import ApiKey, SignIn, table_of
from store.access import EVERY_ORGANIZATION, Principal
from store.api_keys import is_live, principal_of
from store.database import Database
from store.ids import Clock, new_id
from store.recognised import Recognised
from store.tokens import digest, make_secret, read_token, token

TABLE, KEYS = table_of(SignIn), table_of(ApiKey)
PREFIX = "tss"
MOST_OF_A_KEY = 100
"""Sign-ins of one key at a time; with one more, the oldest ends."""


class SignIns:
    """Signing in, out, and recognising who has.

    A sign-in holds as long as its key does: it is looked up together with the key, and whoever
    forgets recognised keys forgets the sign-ins with them.
    """

    def __init__(
        self, database: Database, clock: Clock, recognised: Recognised, lifetime: timedelta
    ) -> None:
        self._database = database
        self._clock = clock
        self._recognised = recognised
        self._lifetime = lifetime

    async def create(self, principal: Principal) -> str:
        """Sign in whoever showed a key; returns the token, which cannot be had again."""
        assert principal.key_id is not None
        now, id, secret = self._clock(), new_id(), make_secret()
        organization = principal.bounds.organization_id or EVERY_ORGANIZATION
        of_key = TABLE.c.key_id == principal.key_id
        async with self._database.write() as connection:
            here = TABLE.c.organization_id == organization
            await connection.execute(delete(TABLE).where(here, TABLE.c.expires_at <= now))
            older = select(TABLE.c.id).where(here, of_key).order_by(TABLE.c.id.desc())
            surplus = older.offset(MOST_OF_A_KEY - 1)
            await connection.execute(delete(TABLE).where(here, TABLE.c.id.in_(surplus)))
            row = {
                "organization_id": organization,
                "id": id,
                "key_id": principal.key_id,
                "secret_hash": digest(secret),
                "created_at": now,
                "expires_at": now + self._lifetime,
            }
            await connection.execute(TABLE.insert(), row)
        return token(PREFIX, id, secret)

    def remembered(self, sent: str) -> Principal | None:
        """Whom a token stands for, where it was recognised a moment ago."""
        return self._recognised.find(sent)

    async def authenticate(self, sent: str) -> Principal | None:
        """Whom a token stands for; None where it is unknown or over, or its key is."""
        known = self._recognised.find(sent)
        presented = read_token(PREFIX, sent)
        if known is not None or presented is None:
            return known
        now, generation = self._clock(), self._recognised.generation
        same_key = and_(
            KEYS.c.organization_id == TABLE.c.organization_id, KEYS.c.id == TABLE.c.key_id
        )
        statement = (
            select(
                *(column for column in KEYS.columns if column.name != "secret_hash"),
                TABLE.c.secret_hash,
                TABLE.c.expires_at.label("ends_at"),
            )
            .join_from(TABLE, KEYS, same_key)
            .where(TABLE.c.id == presented.id)
        )
        async with self._database.read() as connection:
            row = presented.match((await connection.execute(statement)).mappings().all())
        if row is None or row["ends_at"] <= now or not is_live(row, now):
            return None
        principal = principal_of(row)
        ends = [at for at in (row["ends_at"], row["expires_at"]) if at is not None]
        self._recognised.keep(sent, principal, min(ends), generation)
        return principal

    async def end(self, sent: str) -> None:
        """Sign out; a token that is none changes nothing."""
        presented = read_token(PREFIX, sent)
        if presented is None:
            return
        matches = and_(TABLE.c.id == presented.id, TABLE.c.secret_hash == presented.digest)
        async with self._database.write() as connection:
            await connection.execute(delete(TABLE).where(matches))
        self._recognised.forget()
