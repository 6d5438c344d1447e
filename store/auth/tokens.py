"""Secrets that callers show: made once, stored as a digest, compared in constant time."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from store.database import Row

SECRET_BYTES = 32
MAX_TOKEN_LENGTH = 200
TOKEN_PARTS = 3


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A token taken apart: the id it names, and the digest of its secret."""

    id: UUID
    digest: bytes

    def match(self, rows: Iterable[Row]) -> Row | None:
        matching_row = None
        for row in rows:
            if hmac.compare_digest(row["secret_hash"], self.digest):
                matching_row = row
        return matching_row


def generate_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> bytes:
    """SHA-256 of a secret of 256 random bits: nothing slower is needed, it cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def format_token(prefix: str, id: UUID, secret: str) -> str:
    return f"{prefix}_{id.hex}_{secret}"


def parse_token(prefix: str, sent: str) -> PresentedToken | None:
    parts = sent.split("_", TOKEN_PARTS - 1)
    if len(sent) > MAX_TOKEN_LENGTH or len(parts) != TOKEN_PARTS or parts[0] != prefix:
        return None
    try:
        id = UUID(hex=parts[1])
    except ValueError:
        return None
    return PresentedToken(id, hash_secret(parts[2].encode(errors="replace").decode()))
