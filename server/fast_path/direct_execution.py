"""Call the single root field of an operation directly if its answer is plain.

Anything else is left to the executor: before the call what the caller sent, after it what the
resolver returned or raised, as an ``Outcome`` that replaces the call. So the same code as usual
finds, locates and words each error, and no resolver is called twice.
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

# The class that Strawberry passes to resolvers; it has no public name.
from strawberry.schema.schema import _OperationContextAwareGraphQLResolveInfo as ResolveInfo

from schema.context import RequestContext
from server.fast_path.compiled_writers import NeedsFullValidationError, Write, fields_of, writer_of
from server.fast_path.inputs import Decoded
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import GraphQLRequest


@dataclass(frozen=True, slots=True)
class Outcome:
    value: Any = None
    error: Exception | None = None


def take_outcome(resolve: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
    """Act as executor middleware: return an outcome instead of calling its resolver."""
    if type(source) is not Outcome:
        return resolve(source, info, **arguments)
    if source.error is not None:
        raise source.error
    return source.value


def typename_of(
    schema: TrackstoreSchema, operation: OperationDefinitionNode
) -> "TypenameExecution | None":
    """Return the execution of an operation that selects nothing but ``__typename``, under any names."""
    nodes = fields_of(operation.selection_set)
    if not nodes or operation.directives or operation.variable_definitions:
        return None
    if any(node.name.value != "__typename" for node in nodes.values()):
        return None
    root = root_type_of(schema, operation)
    return None if root is None else TypenameExecution(dict.fromkeys(nodes, root.name))


def root_type_of(
    schema: TrackstoreSchema, operation: OperationDefinitionNode
) -> GraphQLObjectType | None:
    core = schema._schema  # Strawberry has no public way to it
    roots = {OperationType.QUERY: core.query_type, OperationType.MUTATION: core.mutation_type}
    return roots.get(operation.operation)


class TypenameExecution:
    """Answer what clients send to see whether the server responds, which depends on nothing."""

    def __init__(self, data: dict[str, str]) -> None:
        self._data = data

    async def execute(self, request: GraphQLRequest, context: RequestContext) -> ExecutionResult:
        del request, context
        return ExecutionResult(dict(self._data), None)


def direct_of(
    schema: TrackstoreSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> "DirectExecution | None":
    """Return the direct execution of an operation; None if it needs the executor."""
    core = schema._schema  # Strawberry has no public way to it
    parent = root_type_of(schema, operation)
    nodes = fields_of(operation.selection_set)
    if parent is None or operation.directives or nodes is None or len(nodes) != 1:
        return None
    ((name, node),) = nodes.items()
    field = parent.fields.get(node.name.value)  # None for __typename and introspection
    if field is None or field.resolve is None:
        return None
    write = writer_of(core, field.type, node.selection_set)
    if write is None:
        return None
    return DirectExecution(schema, document, operation, parent, name, node, field, write)


class DirectExecution:
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
        # This is the only field, so no variable is read twice.
        self._hands_over = of is not None and 0 < len(of) == len(set(of.values()))
        self._write = write

    async def execute(
        self, request: GraphQLRequest, context: RequestContext
    ) -> ExecutionResult | Outcome | None:
        """Return the result, an outcome to complete, or None if the executor must do everything."""
        variables = self._coerced(request.variables or {})
        arguments = self._arguments(variables) if variables is not None else None
        if variables is None or arguments is None:
            return None
        info = self._info(variables.coerced, request, context)
        if self._hands_over:
            context.may_clear_arguments = True
        try:
            result = self._resolve(None, info, **arguments)
            if optimized_is_awaitable(result):
                result = await result
        except Exception as error:  # noqa: BLE001  # as the executor does
            return Outcome(error=error)
        try:
            return ExecutionResult({self._name: self._write(result)}, None)
        except (NeedsFullValidationError, AttributeError):
            return Outcome(result)

    def _coerced(self, raw_values: Mapping[str, Any]) -> VariableValues | None:
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        undecoded: list[VariableDefinitionNode] = []
        for name, (definition, signature) in self._variables.items():
            value = raw_values.get(name)
            if type(value) is not Decoded or isinstance(signature, GraphQLError):
                undecoded.append(definition)
                continue
            sources[name] = VariableValueSource(signature, value.value)
            coerced[name] = value.value
        if undecoded:
            coerced_values = get_variable_values(self._schema, undecoded, dict(raw_values))
            if isinstance(coerced_values, list):
                return None
            sources.update(coerced_values.sources)
            coerced.update(coerced_values.coerced)
        return VariableValues(sources, coerced)

    def _arguments(self, variables: VariableValues) -> dict[str, Any] | None:
        if self._variable_of is not None:
            coerced = variables.coerced
            values = {name: coerced.get(of) for name, of in self._variable_of.items()}
            if None not in values.values():
                return values
        try:
            return get_argument_values(self._field, self._node, variables)
        except GraphQLError:
            return None

    def _info(
        self, variables: dict[str, Any], request: GraphQLRequest, context: RequestContext
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
            async_helpers=None,  # belong to an executor; our resolvers do not use them
            operation_extensions=request.extensions or {},
        )


def variables_of(field: GraphQLField, node: FieldNode) -> dict[str, str] | None:
    argument_values = {argument.name.value: argument.value for argument in node.arguments or ()}
    variable_names: dict[str, str] = {}
    for name, definition in field.args.items():
        value = argument_values.get(name)
        if not isinstance(value, VariableNode):
            return None
        variable_names[definition.out_name or name] = value.name.value
    return variable_names
