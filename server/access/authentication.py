"""Finds out who calls: an API key, the cookie of a sign-in, or anybody where the server runs open."""

import logging
from collections.abc import Awaitable, Mapping

from server.access.admission import WrongKeys
from server.access.cookies import sent_cookie
from server.access.key_requirement import Access
from store.auth.access import Principal, open_principal
from store.auth.revocation import Changed, WatchedConnection
from store.database import DatabaseFailureError
from store.errors import OverloadedError, UnauthenticatedError
from store.store import Store

BEARER = "bearer "
KEY_HEADER = "x-api-key"
CREDENTIALS = frozenset(("authorization", KEY_HEADER))
"""The headers that a key may stand in."""
HOW = "send an API key as Authorization: Bearer KEY"

Client = tuple[str, int] | None

log = logging.getLogger("trackstore.server")


class Authenticator:
    """Recognises the callers of one server.

    Wrong keys and sign-ins that are over are counted apart: whoever left a page open for too long
    can still sign in.
    """

    def __init__(
        self, store: Store, access: Access, default_organization: str, max_wrong_keys: int
    ) -> None:
        self._store = store
        self.access = access
        self._wrong_keys = WrongKeys(max_wrong_keys)
        self._wrong_sign_ins = WrongKeys(max_wrong_keys)
        self._open = open_principal(default_organization)

    async def authenticate(self, headers: Mapping[str, str], client: Client = None) -> Principal:
        """The caller; raises ``UnauthenticatedError``, or ``TooMany`` to an address of many wrong keys.

        A key that is sent is always checked, also by an open server: whoever sends one wants to
        be held to its bounds. A cookie that is over is as good as none.
        """
        token = token_of(headers)
        if token is not None:
            return self._store.keys.remembered(token) or await self.recognise(token, client)
        principal = await self.signed_in(headers, client) if "cookie" in headers else None
        if principal is not None:
            return principal
        if self.access is Access.OPEN:
            return self._open
        raise UnauthenticatedError(f"there is no API key: {HOW}")

    async def renew(
        self, principal: Principal, headers: Mapping[str, str], client: Client
    ) -> Principal:
        """Authenticate a caller again that was taken a while ago; raises as ``authenticate`` does."""
        return principal if principal.key_id is None else await self.authenticate(headers, client)

    async def recognise(self, token: str, client: Client) -> Principal:
        """Whom a key speaks for."""
        principal = await self._look_up(self._store.keys.authenticate(token))
        if principal is None:
            self._wrong_keys.count(client[0] if client else "")
            raise UnauthenticatedError(f"the API key is unknown, expired or revoked: {HOW}")
        return principal

    async def _look_up(self, looking: Awaitable[Principal | None]) -> Principal | None:
        """The result of a look-up; one that failed is not a wrong key, but ``OverloadedError``."""
        try:
            return await looking
        except DatabaseFailureError:
            log.exception("an API key could not be looked up")
            raise OverloadedError("the API key cannot be checked right now: try again") from None

    def watch(self, principal: Principal, changed: Changed) -> WatchedConnection:
        """Call ``changed`` when what ``principal`` was authenticated by changes, until ``unwatch``."""
        return self._store.access_watch.open(principal, changed)

    def unwatch(self, watch: WatchedConnection) -> None:
        """Stop watching."""
        self._store.access_watch.close(watch)

    async def signed_in(self, headers: Mapping[str, str], client: Client) -> Principal | None:
        """Whom the cookie stands for, if there is one that counts."""
        token = sent_cookie(headers)
        if not token:
            return None
        known = self._store.sign_ins.remembered(token)
        if known is not None:
            return known
        principal = await self._look_up(self._store.sign_ins.authenticate(token))
        if principal is None:
            self._wrong_sign_ins.count(client[0] if client else "")
        return principal


def token_of(headers: Mapping[str, str]) -> str | None:
    """The key in ``Authorization: Bearer`` or ``X-API-Key``, if any."""
    authorization = headers.get("authorization", "")
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return headers.get(KEY_HEADER)
