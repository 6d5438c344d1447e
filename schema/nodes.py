"""Define Relay nodes: one opaque id for every record that can be fetched again."""

import base64
import binascii
import json
from typing import Any, NamedTuple

import strawberry

from store.errors import InvalidInputError

MAX_ID_LENGTH = 40_000
"""Base64 of two labels of the longest allowed length, at six bytes per character."""


class GlobalId(NamedTuple):
    type: str
    key: tuple[Any, ...]

    def encode(self) -> strawberry.ID:
        text = json.dumps([self.type, *self.key], separators=(",", ":"), ensure_ascii=False)
        return strawberry.ID(base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))

    @classmethod
    def decode(cls, id: str) -> "GlobalId":
        """Decode a global id; raise ``InvalidInputError`` for any other text."""
        try:
            if len(id) > MAX_ID_LENGTH:
                raise ValueError("too long")
            padded = id.encode("ascii") + b"=" * (-len(id) % 4)
            type, *key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            if not isinstance(type, str) or not all(isinstance(k, str | int) for k in key):
                raise ValueError("other content")
        except (ValueError, TypeError, RecursionError, binascii.Error) as error:
            raise InvalidInputError(
                "Invalid global id. Pass the id of a record unchanged.", ("id",)
            ) from error
        return cls(type, tuple(key))


@strawberry.interface(description="A record that can be fetched by its global id.")
class Node:
    @strawberry.field(
        description="Opaque global id for use with node and nodes. The record's own id is uuid."
    )
    def id(self) -> strawberry.ID:
        return self.global_id().encode()

    def global_id(self) -> GlobalId:
        raise NotImplementedError
