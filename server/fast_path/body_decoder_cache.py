"""Decode whole bodies in one step if their prefix identifies the document.

Clients repeat the same document before changing variables. A body with a known prefix is decoded as
its predecessors were; if decoding shows that it differs, its parts are read one by one as usual.
"""

from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from graphql import DocumentNode
from msgspec.structs import astuple

from server.fast_path.codecs import decode_scalar
from server.fast_path.inputs import Decoded, Envelope, VariablePlan, decode_body
from server.http.bodies import GraphQLRequest

VARIABLES_MARK = b'"variables":'
"""Ends the prefix: members of JSON may come in any order, but each client keeps to one."""
MAX_PREFIX_BYTES = 10_000
"""Together with the number of prefixes this bounds the memory."""
MAX_CACHED_PREFIXES = 500


@dataclass(frozen=True, slots=True)
class CachedDecoder:
    query: str
    operation_name: str | None
    names: tuple[str, ...]
    document: DocumentNode
    decoder: msgspec.json.Decoder[Any]

    @classmethod
    def of(cls, envelope: Envelope, plan: VariablePlan) -> "CachedDecoder | None":
        names = tuple(plan.decoders)
        if plan.document is None or set(names) != (envelope.variables or {}).keys():
            return None
        decoder = decoder_of([(name, plan.decoders[name].type) for name in names])
        return cls(envelope.query, envelope.operationName, names, plan.document, decoder)

    def matches(self, envelope: Envelope) -> bool:
        return (self.query, self.operation_name) == (envelope.query, envelope.operationName)

    def read(self, body: bytes) -> GraphQLRequest | None:
        envelope = decode_body(body, self.decoder)
        if envelope is None or not self.matches(envelope):
            return None
        variables = {
            name: Decoded(value, self.document)
            for name, value in zip(self.names, astuple(envelope.variables), strict=True)
        }
        return GraphQLRequest(
            envelope.query, variables, envelope.operationName, envelope.extensions
        )


class DecoderState(Enum):
    ONCE = "once"
    AMBIGUOUS = "ambiguous"
    """The prefix was followed by different documents."""


class BodyDecoderCache:
    def __init__(self, max_prefixes: int = MAX_CACHED_PREFIXES) -> None:
        self._max_prefixes = max_prefixes
        # Not cachetools.LRUCache, as in ``DocumentCache``: every body is looked up.
        self._by_prefix: OrderedDict[bytes, CachedDecoder | DecoderState] = OrderedDict()

    def find(self, body: bytes) -> CachedDecoder | None:
        prefix = prefix_of(body)
        decoder = self._by_prefix.get(prefix)
        if not isinstance(decoder, CachedDecoder):
            return None
        self._by_prefix.move_to_end(prefix)
        return decoder

    def learn(self, body: bytes, envelope: Envelope, plan: VariablePlan) -> None:
        """Store the decoder of a body that was read in parts, when its prefix appears a second time."""
        prefix = prefix_of(body)
        state = self._by_prefix.get(prefix)
        if not prefix or state is DecoderState.AMBIGUOUS:
            return
        if state is None:
            self._by_prefix[prefix] = DecoderState.ONCE
            if len(self._by_prefix) > self._max_prefixes:
                self._by_prefix.popitem(last=False)
        elif state is DecoderState.ONCE:
            self._by_prefix[prefix] = CachedDecoder.of(envelope, plan) or DecoderState.ONCE
        elif not state.matches(envelope):
            self._by_prefix[prefix] = DecoderState.AMBIGUOUS


def prefix_of(body: bytes) -> bytes:
    return body[: max(body.find(VARIABLES_MARK, 0, MAX_PREFIX_BYTES), 0)]


def decoder_of(variables: list[tuple[str, Any]]) -> msgspec.json.Decoder[Any]:
    """Return a decoder of bodies that hold exactly these variables, by name and type."""
    fields = [(f"v{n}", type) for n, (_, type) in enumerate(variables)]
    names = {f"v{n}": name for n, (name, _) in enumerate(variables)}
    variables_type = msgspec.defstruct(
        "Variables", fields, rename=names, forbid_unknown_fields=True
    )
    body_type = msgspec.defstruct(
        "Body",
        [("variables", variables_type)],
        bases=(Envelope,),
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return msgspec.json.Decoder(body_type, dec_hook=decode_scalar)
