"""Authenticate callers: by API key, by sign-in cookie, or as anyone where the server is open."""

import logging
from collections.abc import Awaitable, Mapping

from server.access.admission import WrongKeys
from server.access.cookies import sent_cookie
from server.access.key_requirement import Access
from store.auth.access import Principal, open_principal
from store.auth.revocation import Changed, CredentialSubscription
from store.database import DatabaseFailureError
from store.errors import OverloadedError, UnauthenticatedError
from store.store import Store

BEARER = "bearer "
KEY_HEADER = "x-api-key"
CREDENTIALS = frozenset(("authorization", KEY_HEADER))
"""Headers that may carry a key."""
KEY_HINT = "Send an API key as Authorization: Bearer KEY."

Client = tuple[str, int] | None

log = logging.getLogger("trackstore.server")


class Authenticator:
    """Authenticate the callers of one server.

    Wrong keys and expired sign-ins are counted separately, so that a page left open for too long does
    not lock its user out.
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
        """Return the caller; raise ``UnauthenticatedError`` or ``TooManyRequestsError``.

        A key that is sent is always checked, even by an open server, because its bounds apply. An expired
        cookie is ignored. Addresses that sent many wrong keys are refused for a while.
        """
        token = token_of(headers)
        if token is not None:
            return self._store.keys.cached_principal(token) or await self.authenticate_key(
                token, client
            )
        principal = await self.signed_in(headers, client) if "cookie" in headers else None
        if principal is not None:
            return principal
        if self.access is Access.OPEN:
            return self._open
        raise UnauthenticatedError(f"No API key was sent. {KEY_HINT}")

    async def renew(
        self, principal: Principal, headers: Mapping[str, str], client: Client
    ) -> Principal:
        return principal if principal.key_id is None else await self.authenticate(headers, client)

    async def authenticate_key(self, token: str, client: Client) -> Principal:
        principal = await self._look_up(self._store.keys.authenticate(token))
        if principal is None:
            self._wrong_keys.count(client[0] if client else "")
            raise UnauthenticatedError(f"The API key is unknown, expired or revoked. {KEY_HINT}")
        return principal

    async def _look_up(self, lookup: Awaitable[Principal | None]) -> Principal | None:
        """Await a lookup; one that fails raises ``OverloadedError`` and does not count as a wrong key."""
        try:
            return await lookup
        except DatabaseFailureError:
            log.exception("API key lookup failed")
            raise OverloadedError("The API key cannot be checked right now. Try again.") from None

    def subscribe(self, principal: Principal, changed: Changed) -> CredentialSubscription:
        return self._store.access_watch.subscribe(principal, changed)

    def unsubscribe(self, subscription: CredentialSubscription) -> None:
        self._store.access_watch.unsubscribe(subscription)

    async def signed_in(self, headers: Mapping[str, str], client: Client) -> Principal | None:
        token = sent_cookie(headers)
        if not token:
            return None
        cached_principal = self._store.sign_ins.cached_principal(token)
        if cached_principal is not None:
            return cached_principal
        principal = await self._look_up(self._store.sign_ins.authenticate(token))
        if principal is None:
            self._wrong_sign_ins.count(client[0] if client else "")
        return principal


def token_of(headers: Mapping[str, str]) -> str | None:
    authorization = headers.get("authorization", "")
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return headers.get(KEY_HEADER)
