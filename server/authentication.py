"""Finds out who calls: an API key in the headers, or anybody where the server runs open."""

from collections.abc import Mapping

from server.access import Access
from server.admission import WrongKeys
from store.access import Principal, open_principal
from store.errors import Unauthenticated
from store.store import Store

BEARER = "bearer "
KEY_HEADER = "x-api-key"
HOW = "send an API key as Authorization: Bearer KEY"


class Authenticator:
    """Recognises the callers of one server."""

    def __init__(
        self,
        store: Store,
        access: Access,
        default_organization: str,
        wrong_keys: WrongKeys | None = None,
    ) -> None:
        self._store = store
        self._access = access
        self._wrong_keys = wrong_keys
        self._open = open_principal(default_organization)

    async def authenticate(
        self, headers: Mapping[str, str], client: tuple[str, int] | None = None
    ) -> Principal:
        """The caller; raises ``Unauthenticated``, or ``TooMany`` to an address of many wrong keys.

        A key that is sent is always checked, also by an open server: whoever sends one wants to
        be held to its bounds.
        """
        token = token_of(headers)
        if token is None:
            if self._access is Access.OPEN:
                return self._open
            raise Unauthenticated(f"there is no API key: {HOW}")
        return self._store.keys.remembered(token) or await self._look_up(
            token, client[0] if client else ""
        )

    async def _look_up(self, token: str, address: str) -> Principal:
        if self._wrong_keys is not None:
            self._wrong_keys.look(address)
        principal = await self._store.keys.authenticate(token)
        if principal is None:
            raise Unauthenticated(f"the API key is unknown, expired or revoked: {HOW}")
        if self._wrong_keys is not None:
            self._wrong_keys.forgive(address)
        return principal


def token_of(headers: Mapping[str, str]) -> str | None:
    """The key in ``Authorization: Bearer`` or ``X-API-Key``, if any."""
    authorization = headers.get("authorization", "")
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return headers.get(KEY_HEADER)
