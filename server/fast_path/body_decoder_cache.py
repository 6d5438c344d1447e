"""Whole bodies in one step, where the document can be told from how a body begins.

A client sends the same document before its variables again and again. Where a body begins as
others did, it is decoded as what those were, variables and all; whether it really is that shows when
it is decoded. Whatever it is else, its parts are read one after the other, as ever.
"""

from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from graphql import DocumentNode
from msgspec.structs import astuple

from server.fast_path.codecs import read_own
from server.fast_path.inputs import Decoded, Envelope, VariablePlan, decoded
from server.http.bodies import GraphQLRequest

MARK = b'"variables":'
"""Where the beginning ends: members of JSON may come in any order, but clients keep to one."""
LONGEST = 10_000
"""Bytes of a beginning worth keeping: with ``KEPT`` this bounds the memory."""
KEPT = 500


@dataclass(frozen=True, slots=True)
class CachedDecoder:
    """What a body is that begins so, and what decodes it."""

    query: str
    operation_name: str | None
    names: tuple[str, ...]
    document: DocumentNode
    decoder: msgspec.json.Decoder[Any]

    @classmethod
    def of(cls, envelope: Envelope, plan: VariablePlan) -> "CachedDecoder | None":
        """What another body of the same document and variables is; None where some are not
        decoded."""
        names = tuple(plan.decoders)
        if plan.document is None or set(names) != (envelope.variables or {}).keys():
            return None
        decoder = decoder_of([(name, plan.decoders[name].type) for name in names])
        return cls(envelope.query, envelope.operationName, names, plan.document, decoder)

    def is_of(self, envelope: Envelope) -> bool:
        """Whether a request is of the guessed operation."""
        return (self.query, self.operation_name) == (envelope.query, envelope.operationName)

    def read(self, body: bytes) -> GraphQLRequest | None:
        """The request in a body, if it is what was guessed and nothing is wrong with it."""
        found = decoded(body, self.decoder)
        if found is None or not self.is_of(found):
            return None
        variables = {
            name: Decoded(value, self.document)
            for name, value in zip(self.names, astuple(found.variables), strict=True)
        }
        return GraphQLRequest(found.query, variables, found.operationName, found.extensions)


class DecoderState(Enum):
    """A beginning without a guess."""

    ONCE = "once"
    AMBIGUOUS = "ambiguous"
    """Different documents came after it."""


class BodyDecoderCache:
    """Cache decoders by the beginning of a body, least recently used first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        # Not cachetools.LRUCache, as in ``DocumentCache``: every body is looked up.
        self._by_beginning: OrderedDict[bytes, CachedDecoder | DecoderState] = OrderedDict()

    def find(self, body: bytes) -> CachedDecoder | None:
        """What a body is, to go by its beginning."""
        beginning = beginning_of(body)
        found = self._by_beginning.get(beginning)
        if not isinstance(found, CachedDecoder):
            return None
        self._by_beginning.move_to_end(beginning)
        return found

    def learn(self, body: bytes, envelope: Envelope, plan: VariablePlan) -> None:
        """Remember what a body was that had to be read in parts.

        Only the second time, so that a beginning that never comes again costs little.
        """
        beginning = beginning_of(body)
        known = self._by_beginning.get(beginning)
        if not beginning or known is DecoderState.AMBIGUOUS:
            return
        if known is None:
            self._by_beginning[beginning] = DecoderState.ONCE
            if len(self._by_beginning) > self._kept:
                self._by_beginning.popitem(last=False)
        elif known is DecoderState.ONCE:
            self._by_beginning[beginning] = CachedDecoder.of(envelope, plan) or DecoderState.ONCE
        elif not known.is_of(envelope):
            self._by_beginning[beginning] = DecoderState.AMBIGUOUS


def beginning_of(body: bytes) -> bytes:
    """Everything before the variables; nothing where that is too much."""
    return body[: max(body.find(MARK, 0, LONGEST), 0)]


def decoder_of(variables: list[tuple[str, Any]]) -> msgspec.json.Decoder[Any]:
    """Decodes bodies that hold exactly these variables, by name and type, and nothing unknown."""
    fields = [(f"v{n}", type) for n, (_, type) in enumerate(variables)]
    names = {f"v{n}": name for n, (name, _) in enumerate(variables)}
    held = msgspec.defstruct("Variables", fields, rename=names, forbid_unknown_fields=True)
    whole = msgspec.defstruct(
        "Body", [("variables", held)], bases=(Envelope,), kw_only=True, forbid_unknown_fields=True
    )
    return msgspec.json.Decoder(whole, dec_hook=read_own)
