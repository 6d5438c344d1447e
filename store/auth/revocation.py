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
    return min((at for at in instants if at is not None), default=None)


@dataclass(eq=False, slots=True)
class CredentialSubscription:
    principal: Principal
    changed: Changed


class RevocationWatcher:
    """Watches the keys and sign-ins of open connections.

    A change in this process ends them at once, one in another process as soon as its notification
    comes. Everything that is watched is read again every ``seconds`` in case one was lost, and
    when the next of them expires.
    """

    def __init__(
        self, database: Database, clock: Clock, principals: PrincipalCache, seconds: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._principals = principals
        self._seconds = min(MAX_CHECK_SECONDS, max(MIN_CHECK_SECONDS, seconds))
        self._subscriptions: dict[UUID, dict[CredentialSubscription, None]] = {}
        self._due: set[UUID] = set()
        self._next_expiry: datetime | None = None
        self._checked_at = time.monotonic()
        self.task = PeriodicTask(
            "access-watch",
            self._work,
            Schedule(self._seconds, retry=RETRY_SECONDS),
            FailureLog(log, "failed to check the API keys of open connections"),
        )

    def subscribe(self, principal: Principal, changed: Changed) -> CredentialSubscription:
        """Call ``changed`` when the principal's credential changes, until ``unsubscribe``.

        To be called without a pause after the principal was authenticated.
        """
        subscription = CredentialSubscription(principal, changed)
        if principal.key_id is not None:
            self._subscriptions.setdefault(principal.key_id, {})[subscription] = None
            if expiry_of(self._next_expiry, principal.expires_at) != self._next_expiry:
                self.task.wake()  # it is the next to expire
        return subscription

    def unsubscribe(self, subscription: CredentialSubscription) -> None:
        key_id = subscription.principal.key_id
        if key_id is None:
            return
        subscriptions = self._subscriptions.get(key_id, {})
        subscriptions.pop(subscription, None)
        if not subscriptions:
            self._subscriptions.pop(key_id, None)

    def key_ended(self, key_id: UUID) -> None:
        self._principals.invalidate_all()
        self._publish(self._subscriptions.get(key_id, ()), None)

    def sign_ins_ended(self, ids: Collection[UUID]) -> None:
        self._principals.invalidate_all()
        ended = [
            subscription
            for subscriptions in self._subscriptions.values()
            for subscription in subscriptions
            if subscription.principal.sign_in_id in ids
        ]
        self._publish(ended, None)

    def keys_changed(self, ids: Collection[UUID] | None) -> None:
        self._principals.invalidate_all()
        self._due.update(self._subscriptions if ids is None else ids)
        self.task.wake()

    async def _work(self) -> float:
        if time.monotonic() - self._checked_at >= self._seconds:
            self._due.update(self._subscriptions)
            self._checked_at = time.monotonic()
        self._due.update(self._expired())
        # As long as the database is away nothing can be read with these keys either.
        await self.check()
        return self._pause()

    def _pause(self) -> float:
        """Return the seconds until everything is read again, or until the next credential expires."""
        self._next_expiry = expiry_of(
            *(
                subscription.principal.expires_at
                for subscriptions in self._subscriptions.values()
                for subscription in subscriptions
            )
        )
        pause = self._checked_at + self._seconds - time.monotonic()
        if self._next_expiry is not None:
            pause = min(pause, (self._next_expiry - self._clock()).total_seconds())
        return max(0.0, pause)

    def _expired(self) -> list[UUID]:
        now = self._clock()
        return [
            id
            for id, subscriptions in self._subscriptions.items()
            if any(
                subscription.principal.expires_at is not None
                and subscription.principal.expires_at <= now
                for subscription in subscriptions
            )
        ]

    async def check(self) -> None:
        due = [id for id in self._due if id in self._subscriptions]
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
            for subscription in tuple(self._subscriptions.get(id, ())):
                principal = present(subscription.principal, keys.get(id), sign_ins, now)
                if principal != subscription.principal:
                    self._publish((subscription,), principal)

    def _sign_ins_of(self, key_ids: Iterable[UUID]) -> list[UUID]:
        sign_ins = {
            subscription.principal.sign_in_id
            for id in key_ids
            for subscription in self._subscriptions.get(id, ())
        }
        return [id for id in sign_ins if id is not None]

    def _publish(
        self, subscriptions: Iterable[CredentialSubscription], principal: Principal | None
    ) -> None:
        for subscription in tuple(subscriptions):
            if principal is None:
                self.unsubscribe(subscription)
            else:
                subscription.principal = principal
            subscription.changed(principal)


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
