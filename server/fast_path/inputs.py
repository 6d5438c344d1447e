"""Decode variables of the bulk input types straight into structs.

A body is opened just far enough to see its document; variables stay bytes until their types are
known. Wherever anything is unusual the result is None, and the stock path reads the same bytes again.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass
from typing import Any, TypeVar, get_origin

import msgspec
from graphql import (
    DocumentNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    TypeNode,
)
from strawberry.types.arguments import InputContext
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from server.fast_path.arguments import pass_structs_on
from server.fast_path.codecs import Codecs, MissingCodecError
from server.graphql.operations import operation_named
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import GraphQLRequest

T = TypeVar("T")


class Envelope(msgspec.Struct):
    query: str
    variables: dict[str, msgspec.Raw] | None = None
    operationName: str | None = None  # noqa: N815  # the name on the wire
    extensions: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """Hold a decoded and checked variable, which the executor takes as it is.

    ``document`` is that of the request without the decoded variables.
    """

    value: Any
    document: DocumentNode


@dataclass(frozen=True, slots=True)
class VariablePlan:
    decoders: Mapping[str, msgspec.json.Decoder[Any]]
    document: DocumentNode | None = None


NO_PLAN = VariablePlan({})
MAX_UNPARSED_BYTES = 4_000
"""Bytes outside of document and variables: names, space, escapes in the document, and members
that repeat or are unknown. A number too long to be parsed has 4,301 digits."""
MAX_BYTES_PER_TURN = 1 << 20
"""Bytes decoded, in a few milliseconds, before other calls get a turn."""


class CompiledInputs:
    def __init__(self, schema: TrackstoreSchema, input_types: Iterable[type]) -> None:
        self._codecs = Codecs(schema)
        self._types = {t.__name__: t for t in input_types if accept_structs(self._codecs, t)}
        self._decoders: dict[tuple[str, bool], msgspec.json.Decoder[Any]] = {}
        self._envelope = msgspec.json.Decoder(Envelope)
        self._json_decoder = msgspec.json.Decoder()
        self._raw_list = msgspec.json.Decoder(list[msgspec.Raw])
        pass_structs_on(schema, self._types.values())

    def open(self, body: bytes) -> Envelope | None:
        """Return the request with raw variables, or None if the stock path must read it."""
        envelope = decode_body(body, self._envelope)
        if envelope is None:
            return None
        variable_bytes = sum(memoryview(raw).nbytes for raw in (envelope.variables or {}).values())
        if len(body) - variable_bytes - len(envelope.query) > MAX_UNPARSED_BYTES:
            return None
        envelope.operationName = envelope.operationName or None
        return envelope if envelope.query.strip() else None

    def plan(self, document: DocumentNode, operation_name: str | None) -> VariablePlan:
        operation = operation_named(document, operation_name)
        if operation is None:
            return NO_PLAN
        decoders = {
            variable.variable.name.value: decoder
            for variable in operation.variable_definitions or ()
            if (decoder := self._decoder(variable.type)) is not None
        }
        return VariablePlan(decoders, without_variables(document, frozenset(decoders)))

    def read(self, envelope: Envelope, plan: VariablePlan) -> GraphQLRequest | None:
        raw_variables = envelope.variables
        if not plan.decoders.keys() <= (raw_variables or {}).keys():
            return None  # a variable is missing; the stock path names it
        variables: dict[str, Any] | None = None
        if raw_variables is not None:
            try:
                variables = {
                    name: self._value(plan, name, raw) for name, raw in raw_variables.items()
                }
            except (msgspec.DecodeError, RecursionError):
                return None
        return GraphQLRequest(
            envelope.query, variables, envelope.operationName, envelope.extensions
        )

    async def read_in_turns(self, envelope: Envelope, plan: VariablePlan) -> GraphQLRequest | None:
        """Return what ``read`` returns; lists of inputs are decoded in slices between other calls."""
        raw_variables = dict(envelope.variables or {})
        lists = {
            name: raw_variables.pop(name)
            for name, decoder in plan.decoders.items()
            if get_origin(decoder.type) is list and name in raw_variables
        }
        remaining = {name: d for name, d in plan.decoders.items() if name not in lists}
        small = Envelope(envelope.query, raw_variables, envelope.operationName, envelope.extensions)
        request = self.read(small, VariablePlan(remaining, plan.document))
        if request is None or plan.document is None or not lists:
            return request if not lists else None
        variables = dict(request.variables or {})
        try:
            for name, raw in lists.items():
                items: list[Any] = []
                for piece in pieces_of(self._raw_list.decode(raw)):
                    await asyncio.sleep(0)
                    items += plan.decoders[name].decode(piece)
                variables[name] = Decoded(items, plan.document)
        except (msgspec.DecodeError, RecursionError):
            return None
        return GraphQLRequest(
            envelope.query, variables, envelope.operationName, envelope.extensions
        )

    def _value(self, plan: VariablePlan, name: str, raw: msgspec.Raw) -> Any:
        decoder = plan.decoders.get(name)
        if decoder is None or plan.document is None:
            return self._json_decoder.decode(raw)
        return Decoded(decoder.decode(raw), plan.document)

    def _decoder(self, variable_type: TypeNode) -> msgspec.json.Decoder[Any] | None:
        if not isinstance(variable_type, NonNullTypeNode):
            return None
        inner: TypeNode = variable_type.type
        is_list = isinstance(inner, ListTypeNode)
        if isinstance(inner, ListTypeNode):
            if not isinstance(inner.type, NonNullTypeNode):
                return None
            inner = inner.type.type
        if not isinstance(inner, NamedTypeNode) or inner.name.value not in self._types:
            return None
        key = inner.name.value, is_list
        if key not in self._decoders:
            self._decoders[key] = self._codecs.decoder_of(self._types[key[0]], is_list)
        return self._decoders[key]


def pieces_of(items: Sequence[msgspec.Raw]) -> Iterator[bytes]:
    """Yield the items as JSON lists of about ``MAX_BYTES_PER_TURN``, in order."""
    first, size = 0, 0
    for position, item in enumerate(items, 1):
        size += memoryview(item).nbytes
        if size >= MAX_BYTES_PER_TURN or position == len(items):
            yield b"[" + b",".join(items[first:position]) + b"]"
            first, size = position, 0


def decode_body(body: bytes, decoder: msgspec.json.Decoder[T]) -> T | None:
    try:
        if not body.isascii():
            body.decode()  # msgspec does not check the encoding of skipped text
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def accept_structs(codecs: Codecs, input_type: type) -> bool:
    """Let Strawberry pass structs of this type on; return False for a type without a codec."""
    try:
        codecs.struct_of(input_type)
    except MissingCodecError:
        return False
    get_object_definition(input_type, strict=True).from_input = from_input
    return True


def from_input(type_: type, value: Any, context: InputContext) -> Any:
    if isinstance(value, msgspec.Struct):
        return value
    definition = get_object_definition(type_, strict=True)
    values: dict[str, Any] = {f.python_name: None for f in definition.fields if not has_default(f)}
    for field in definition.fields:
        name = context.config.name_converter.from_field(field)
        if name in value:
            field_type = field.resolve_type(type_definition=definition)
            values[field.python_name] = context.convert(value[name], field_type, name)
    return type_(**values)


def has_default(field: StrawberryField) -> bool:
    return field.default_value is not MISSING or field.default_factory is not MISSING


def without_variables(document: DocumentNode, names: frozenset[str]) -> DocumentNode:
    definitions: list[Any] = []
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and node.variable_definitions:
            remaining = tuple(
                v for v in node.variable_definitions if v.variable.name.value not in names
            )
            node = copy_with(node, variable_definitions=remaining)  # noqa: PLW2901
        definitions.append(node)
    copied: DocumentNode = copy_with(document, definitions=tuple(definitions))
    return copied


def copy_with(node: Any, **changes: Any) -> Any:
    values = {key: getattr(node, key, None) for key in node.keys}
    return type(node)(**{**values, **changes})
