"""Tells open connections when the API key or the sign-in that they were authorized by changes."""

import logging
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from models import ApiKey, SignIn, table_of
from models.enums import AccessScope
from store.auth.access import EVERY_ORGANIZATION, Principal, TenantBounds
from store.auth.principal_cache import PrincipalCache
from store.database import Database, Row
from store.ids import Clock
from store.lookups import MAX_IDS_PER_STATEMENT
from store.maintenance.failure_log import FailureLog
from store.maintenance.periodic import PeriodicTask, Schedule

KEYS, SIGN_INS = table_of(ApiKey), table_of(SignIn)
KEY_COLUMNS = [column for column in KEYS.columns if column.name != "secret_hash"]
MIN_CHECK_SECONDS, MAX_CHECK_SECONDS = 1.0, 30.0
"""Between two checks of everything that is watched, whatever is set."""
RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)
Changed = Callable[[Principal | None], None]
"""Called with what the credential grants from now on; None: it grants nothing any more."""


def principal_of(row: Row) -> Principal:
    spans_all = row["organization_id"] == EVERY_ORGANIZATION
    organization = None if spans_all else row["organization_id"]
    return Principal(
        name=row["name"],
        scopes=frozenset(scope for scope in AccessScope if scope.value in (row["scopes"] or ())),
        bounds=TenantBounds(organization, row["namespace_id"], row["workspace_id"]),
        home_organization=organization,
        key_id=row["id"],
        expires_at=row["expires_at"],
    )


def is_live(row: Row, now: datetime) -> bool:
    return row["revoked_at"] is None and (row["expires_at"] is None or row["expires_at"] > now)


def expiry_of(*instants: datetime | None) -> datetime | None:
    """Return the earliest of the instants; None where there is none."""
    return min((at for at in instants if at is not None), default=None)


@dataclass(eq=False, slots=True)
class WatchedConnection:
    principal: Principal
    changed: Changed


class RevocationWatcher:
    """Watches the keys and sign-ins of open connections.

    A change in this process ends them at once, one in another process as soon as its notification
    comes. Everything that is watched is read again every ``seconds`` in case one was lost, and
    when the next of them expires.
    """

    def __init__(
        self, database: Database, clock: Clock, recognised: PrincipalCache, seconds: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._recognised = recognised
        self._seconds = min(MAX_CHECK_SECONDS, max(MIN_CHECK_SECONDS, seconds))
        self._watches: dict[UUID, dict[WatchedConnection, None]] = {}
        self._due: set[UUID] = set()
        self._next_expiry: datetime | None = None
        self._checked_at = time.monotonic()
        self.task = PeriodicTask(
            "access-watch",
            self._work,
            Schedule(self._seconds, retry=RETRY_SECONDS),
            FailureLog(log, "failed to check the API keys of open connections"),
        )

    def open(self, principal: Principal, changed: Changed) -> WatchedConnection:
        """Call ``changed`` when the principal's credential changes, until ``close``.

        To be called without a pause after the principal was authenticated.
        """
        watch = WatchedConnection(principal, changed)
        if principal.key_id is not None:
            self._watches.setdefault(principal.key_id, {})[watch] = None
            if expiry_of(self._next_expiry, principal.expires_at) != self._next_expiry:
                self.task.wake()  # it is the next to expire
        return watch

    def close(self, watch: WatchedConnection) -> None:
        key_id = watch.principal.key_id
        if key_id is None:
            return
        watches = self._watches.get(key_id, {})
        watches.pop(watch, None)
        if not watches:
            self._watches.pop(key_id, None)

    def key_ended(self, key_id: UUID) -> None:
        self._recognised.forget()
        self._tell(self._watches.get(key_id, ()), None)

    def sign_ins_ended(self, ids: Collection[UUID]) -> None:
        self._recognised.forget()
        ended = [
            watch
            for watches in self._watches.values()
            for watch in watches
            if watch.principal.sign_in_id in ids
        ]
        self._tell(ended, None)

    def keys_changed(self, ids: Collection[UUID] | None) -> None:
        self._recognised.forget()
        self._due.update(self._watches if ids is None else ids)
        self.task.wake()

    async def _work(self) -> float:
        if time.monotonic() - self._checked_at >= self._seconds:
            self._due.update(self._watches)
            self._checked_at = time.monotonic()
        self._due.update(self._expired())
        # As long as the database is away nothing can be read with these keys either.
        await self.check()
        return self._pause()

    def _pause(self) -> float:
        """Return the seconds until everything is read again, or until the next credential expires."""
        self._next_expiry = expiry_of(
            *(watch.principal.expires_at for watches in self._watches.values() for watch in watches)
        )
        pause = self._checked_at + self._seconds - time.monotonic()
        if self._next_expiry is not None:
            pause = min(pause, (self._next_expiry - self._clock()).total_seconds())
        return max(0.0, pause)

    def _expired(self) -> list[UUID]:
        now = self._clock()
        return [
            id
            for id, watches in self._watches.items()
            if any(
                watch.principal.expires_at is not None and watch.principal.expires_at <= now
                for watch in watches
            )
        ]

    async def check(self) -> None:
        due = [id for id in self._due if id in self._watches]
        self._due.clear()
        for start in range(0, len(due), MAX_IDS_PER_STATEMENT):
            ids = due[start : start + MAX_IDS_PER_STATEMENT]
            try:
                await self._check(ids)
            except BaseException:
                self._due.update(due[start:])
                raise

    async def _check(self, ids: list[UUID]) -> None:
        key_rows = select(*KEY_COLUMNS).where(KEYS.c.id.in_(ids))
        signed_in = select(SIGN_INS.c.id, SIGN_INS.c.organization_id, SIGN_INS.c.expires_at)
        async with self._database.read() as connection:
            keys = {row["id"]: row for row in (await connection.execute(key_rows)).mappings()}
            sign_ins: dict[UUID, Row] = {}
            of_sign_ins = self._sign_ins_of(ids)
            for start in range(0, len(of_sign_ins), MAX_IDS_PER_STATEMENT):
                batch = of_sign_ins[start : start + MAX_IDS_PER_STATEMENT]
                rows = await connection.execute(signed_in.where(SIGN_INS.c.id.in_(batch)))
                sign_ins.update((row["id"], row) for row in rows.mappings())
        now = self._clock()
        for id in ids:
            for watch in tuple(self._watches.get(id, ())):
                principal = present(watch.principal, keys.get(id), sign_ins, now)
                if principal != watch.principal:
                    self._tell((watch,), principal)

    def _sign_ins_of(self, key_ids: Iterable[UUID]) -> list[UUID]:
        sign_ins = {
            watch.principal.sign_in_id for id in key_ids for watch in self._watches.get(id, ())
        }
        return [id for id in sign_ins if id is not None]

    def _tell(self, watches: Iterable[WatchedConnection], principal: Principal | None) -> None:
        for watch in tuple(watches):
            if principal is None:
                self.close(watch)
            else:
                watch.principal = principal
            watch.changed(principal)


def present(
    principal: Principal, key: Row | None, sign_ins: dict[UUID, Row], now: datetime
) -> Principal | None:
    if key is None or not is_live(key, now):
        return None
    current = principal_of(key)
    if principal.sign_in_id is None:
        return current
    sign_in = sign_ins.get(principal.sign_in_id)
    if (
        sign_in is None
        or sign_in["expires_at"] <= now
        or sign_in["organization_id"] != key["organization_id"]
    ):
        return None
    return of_sign_in(current, principal.sign_in_id, sign_in["expires_at"])


def of_sign_in(principal: Principal, id: UUID, ends_at: datetime) -> Principal:
    return replace(principal, sign_in_id=id, expires_at=expiry_of(principal.expires_at, ends_at))
