"""Compiled inputs: variables of the bulk input types are decoded straight into structs.

A request's body is opened just far enough to see its document; the variables stay bytes until it is
known what they are. Where anything is not plainly as it should be, the answer is None, and the
stock path reads the same bytes again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass
from typing import Any, TypeVar

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
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import GraphQLRequest

T = TypeVar("T")


class Envelope(msgspec.Struct):
    """A GraphQL request whose variables are not read yet."""

    query: str
    variables: dict[str, msgspec.Raw] | None = None
    operationName: str | None = None  # noqa: N815  # the name on the wire
    extensions: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """The value of a variable, decoded and checked: the executor takes it as it is.

    ``document`` is that of the request without the variables that are decoded.
    """

    value: Any
    document: DocumentNode


@dataclass(frozen=True, slots=True)
class VariablePlan:
    """How the variables of one operation are read: those without a decoder as plain JSON."""

    decoders: Mapping[str, msgspec.json.Decoder[Any]]
    document: DocumentNode | None = None


NO_PLAN = VariablePlan({})
UNSEEN = 4_000
"""Bytes of a body that are not looked at here: names, space, escapes in the document, and members
that repeat or mean nothing. A number that is too long to be read at all has 4,301 digits."""


class CompiledInputs:
    """The codecs of one schema, put to use."""

    def __init__(self, schema: TrackstoreSchema, input_types: Iterable[type]) -> None:
        self._codecs = Codecs(schema)
        self._types = {t.__name__: t for t in input_types if accept_structs(self._codecs, t)}
        self._decoders: dict[tuple[str, bool], msgspec.json.Decoder[Any]] = {}
        self._envelope = msgspec.json.Decoder(Envelope)
        self._plain = msgspec.json.Decoder()
        pass_structs_on(schema, self._types.values())

    def open(self, body: bytes) -> Envelope | None:
        """The request without its variables, or None where it must be read closely."""
        envelope = decoded(body, self._envelope)
        if envelope is None:
            return None
        seen = sum(memoryview(raw).nbytes for raw in (envelope.variables or {}).values())
        if len(body) - seen - len(envelope.query) > UNSEEN:
            return None
        envelope.operationName = envelope.operationName or None
        return envelope if envelope.query.strip() else None

    def plan(self, document: DocumentNode, operation_name: str | None) -> VariablePlan:
        """How the variables of the named operation (or of the only one) are read."""
        operations = [
            d
            for d in document.definitions
            if isinstance(d, OperationDefinitionNode)
            and (operation_name is None or (d.name and d.name.value == operation_name))
        ]
        if len(operations) != 1:
            return NO_PLAN
        decoders = {
            variable.variable.name.value: decoder
            for variable in operations[0].variable_definitions or ()
            if (decoder := self._decoder(variable.type)) is not None
        }
        return VariablePlan(decoders, without_variables(document, frozenset(decoders)))

    def read(self, envelope: Envelope, plan: VariablePlan) -> GraphQLRequest | None:
        """The request with its variables, or None where they must be read closely."""
        given = envelope.variables
        if not plan.decoders.keys() <= (given or {}).keys():
            return None  # one is missing: the stock path says which
        variables: dict[str, Any] | None = None
        if given is not None:
            try:
                variables = {name: self._value(plan, name, raw) for name, raw in given.items()}
            except (msgspec.DecodeError, RecursionError):
                return None
        return GraphQLRequest(
            envelope.query, variables, envelope.operationName, envelope.extensions
        )

    def _value(self, plan: VariablePlan, name: str, raw: msgspec.Raw) -> Any:
        decoder = plan.decoders.get(name)
        if decoder is None or plan.document is None:
            return self._plain.decode(raw)
        return Decoded(decoder.decode(raw), plan.document)

    def _decoder(self, wanted: TypeNode) -> msgspec.json.Decoder[Any] | None:
        """The decoder of ``[T!]!`` or ``T!`` for a type that has one."""
        if not isinstance(wanted, NonNullTypeNode):
            return None
        inner: TypeNode = wanted.type
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


def decoded(body: bytes, decoder: msgspec.json.Decoder[T]) -> T | None:
    """What a decoder makes of a body, or None where it must be read closely."""
    try:
        if not body.isascii():
            body.decode()  # what is skipped is not checked to be UTF-8
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def accept_structs(codecs: Codecs, input_type: type) -> bool:
    """Let Strawberry pass a struct of this type on as it is; dicts become inputs as ever.

    False for a type that has no codec: its values take the stock path.
    """
    try:
        codecs.struct_of(input_type)
    except MissingCodecError:
        return False
    get_object_definition(input_type, strict=True).from_input = from_input
    return True


def from_input(type_: type, value: Any, context: InputContext) -> Any:
    """The struct itself; of anything else what Strawberry makes of it without this hook."""
    if isinstance(value, msgspec.Struct):
        return value
    definition = get_object_definition(type_, strict=True)
    given: dict[str, Any] = {f.python_name: None for f in definition.fields if not has_default(f)}
    for field in definition.fields:
        name = context.config.name_converter.from_field(field)
        if name in value:
            wanted = field.resolve_type(type_definition=definition)
            given[field.python_name] = context.convert(value[name], wanted, name)
    return type_(**given)


def has_default(field: StrawberryField) -> bool:
    """Whether the class itself knows what stands for a field that is left out."""
    return field.default_value is not MISSING or field.default_factory is not MISSING


def without_variables(document: DocumentNode, names: frozenset[str]) -> DocumentNode:
    """The document without the definitions of these variables, for the coercion of the others."""
    definitions: list[Any] = []
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and node.variable_definitions:
            kept = tuple(v for v in node.variable_definitions if v.variable.name.value not in names)
            node = copy_with(node, variable_definitions=kept)  # noqa: PLW2901
        definitions.append(node)
    copied: DocumentNode = copy_with(document, definitions=tuple(definitions))
    return copied


def copy_with(node: Any, **changes: Any) -> Any:
    """A node with other children."""
    values = {key: getattr(node, key, None) for key in node.keys}
    return type(node)(**{**values, **changes})
