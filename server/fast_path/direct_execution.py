"""Calls the one root field of an operation directly where its answer is plain, past the executor.

Whatever is not plain is left to the executor: what the caller sent before the resolver is called,
what the resolver returned or raised after that, as an ``Outcome`` in the resolver's place. So each
error is found, located and worded by the same code as ever, and no resolver is called twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    VariableDefinitionNode,
    VariableNode,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import (
    VariableValues,
    VariableValueSource,
    get_argument_values,
    get_variable_values,
)
from graphql.pyutils import Path
from strawberry.execution import optimized_is_awaitable

# The class of what Strawberry hands to resolvers; there is no public name for it.
from strawberry.schema.schema import _OperationContextAwareGraphQLResolveInfo as ResolveInfo

from schema.context import RequestContext
from server.fast_path.compiled_writers import NeedsFullValidationError, Write, fields_of, writer_of
from server.fast_path.inputs import Decoded
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import GraphQLRequest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a resolver has returned or raised, for an executor that is to complete it."""

    value: Any = None
    error: Exception | None = None


def take_outcome(resolve: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
    """Middleware of an executor: an outcome stands for the call of its resolver."""
    if type(source) is not Outcome:
        return resolve(source, info, **arguments)
    if source.error is not None:
        raise source.error
    return source.value


def direct_of(
    schema: TrackstoreSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> "DirectExecution | None":
    """How the operation is executed directly; None for one that needs the executor."""
    core = schema._schema  # Strawberry has no public way to it
    roots = {OperationType.QUERY: core.query_type, OperationType.MUTATION: core.mutation_type}
    parent = roots.get(operation.operation)
    nodes = fields_of(operation.selection_set)
    if parent is None or operation.directives or nodes is None or len(nodes) != 1:
        return None
    ((name, node),) = nodes.items()
    field = parent.fields.get(node.name.value)  # none: that is __typename or introspection
    if field is None or field.resolve is None:
        return None
    write = writer_of(core, field.type, node.selection_set)
    if write is None:
        return None
    return DirectExecution(schema, document, operation, parent, name, node, field, write)


class DirectExecution:
    """One operation with one root field, prepared."""

    def __init__(
        self,
        schema: TrackstoreSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        parent: GraphQLObjectType,
        name: str,
        node: FieldNode,
        field: GraphQLField,
        write: Write,
    ) -> None:
        assert field.resolve is not None
        self._schema = schema._schema
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._operation = operation
        self._variables = {
            definition.variable.name.value: (
                definition,
                get_variable_signature(self._schema, definition),
            )
            for definition in operation.variable_definitions or ()
        }
        self._parent = parent
        self._name = name
        self._path = Path(None, name, parent.name)
        self._node = node
        self._field = field
        self._resolve = field.resolve
        self._variable_of = of = variables_of(field, node)
        # No variable is read twice: this is the operation's one field.
        self._hands_over = of is not None and 0 < len(of) == len(set(of.values()))
        self._write = write

    async def execute(
        self, asked: GraphQLRequest, context: RequestContext
    ) -> ExecutionResult | Outcome | None:
        """The result; the outcome where that must be completed; None where nothing was done."""
        variables = self._coerced(asked.variables or {})
        arguments = self._arguments(variables) if variables is not None else None
        if variables is None or arguments is None:
            return None
        info = self._info(variables.coerced, asked, context)
        if self._hands_over:
            context.may_clear_arguments = True
        try:
            found = self._resolve(None, info, **arguments)
            if optimized_is_awaitable(found):
                found = await found
        except Exception as error:  # noqa: BLE001  # as the executor does
            return Outcome(error=error)
        try:
            return ExecutionResult({self._name: self._write(found)}, None)
        except (NeedsFullValidationError, AttributeError):
            return Outcome(found)

    def _coerced(self, given: Mapping[str, Any]) -> VariableValues | None:
        """The variables' values; None where one of them is wrong."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        others: list[VariableDefinitionNode] = []
        for name, (definition, signature) in self._variables.items():
            value = given.get(name)
            if type(value) is not Decoded or isinstance(signature, GraphQLError):
                others.append(definition)
                continue
            sources[name] = VariableValueSource(signature, value.value)
            coerced[name] = value.value
        if others:
            found = get_variable_values(self._schema, others, dict(given))
            if isinstance(found, list):
                return None
            sources.update(found.sources)
            coerced.update(found.coerced)
        return VariableValues(sources, coerced)

    def _arguments(self, variables: VariableValues) -> dict[str, Any] | None:
        """The arguments' values; None where one of them is wrong."""
        if self._variable_of is not None:
            coerced = variables.coerced
            found = {name: coerced.get(of) for name, of in self._variable_of.items()}
            if None not in found.values():
                return found
        try:
            return get_argument_values(self._field, self._node, variables)
        except GraphQLError:
            return None

    def _info(
        self, variables: dict[str, Any], asked: GraphQLRequest, context: RequestContext
    ) -> ResolveInfo:
        return ResolveInfo(
            field_name=self._node.name.value,
            field_nodes=[self._node],
            return_type=self._field.type,
            parent_type=self._parent,
            path=self._path,
            schema=self._schema,
            fragments=self._fragments,
            root_value=None,
            operation=self._operation,
            variable_values=variables,
            context=context,
            is_awaitable=optimized_is_awaitable,
            abort_signal=None,
            async_helpers=None,  # those of an executor; no resolver of ours asks for them
            operation_extensions=asked.extensions or {},
        )


def variables_of(field: GraphQLField, node: FieldNode) -> dict[str, str] | None:
    """The variable behind each argument, where there is one behind every one of them."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    found: dict[str, str] = {}
    for name, definition in field.args.items():
        value = given.get(name)
        if not isinstance(value, VariableNode):
            return None
        found[definition.out_name or name] = value.name.value
    return found
