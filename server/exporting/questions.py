"""Convert a GraphQL document with one list into an export that is read page by page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    IntValueNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    is_list_type,
    parse,
    print_ast,
    validate,
    visit,
)
from graphql.execution.values import (
    VariableValues,
    get_argument_values,
    get_variable_values,
)

from server.exporting.columns import Column, Selections, unwrapped
from server.graphql.document_cost import CostMeter, PageBounds, Size
from server.graphql.document_limits import (
    NO_OPERATION,
    DocumentBounds,
    problems_of,
    problems_of_cost,
)
from server.graphql.operations import operation_named, problems_of_names
from server.http.bodies import GraphQLRequest
from server.http.variables import problem_of_shapes, shapes_of
from store.errors import Choices, InvalidInputError

SIZE_VARIABLE, CURSOR_VARIABLE = "exportSize", "exportPlace"
"""Variables that the export adds: the size of the next page, and the cursor before it."""
PAGES = "pageInfo"
TRUNCATED = "truncated"
EDGES = "edges"
EXAMPLE = "query { operations(where: {...}) { nodes { occurredAt name } } }"


def invalid_export(problem: str) -> Choices:
    return Choices(f"{problem}, for example: {EXAMPLE}", problem)


class ExportRefusedError(Exception):
    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class ExportQuestion:
    """Describe one list, as it is read from the schema.

    ``rows`` names the list below the root field; None if the root field is the list. ``limit`` is the
    number of requested rows, ``start`` the cursor to begin after. ``must_be_complete`` says that the
    caller set no limit, so that a truncated answer is an error.
    """

    name: str
    root: str
    variables: Mapping[str, Any]
    rows: str | None = None
    columns: tuple[Column, ...] = ()
    document: str = ""
    paged: bool = False
    limit: int | None = None
    start: str | None = None
    must_be_complete: bool = False

    def page(self, size: int, after: str | None) -> GraphQLRequest:
        page_variables = {SIZE_VARIABLE: size, CURSOR_VARIABLE: after} if self.paged else {}
        return GraphQLRequest(self.document, {**self.variables, **page_variables}, None, None)


class PageCostMeter(CostMeter):
    """Measure what one page of an export costs; ``first`` of its list may be far larger."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, pages: PageBounds, page_rows: int
    ) -> None:
        super().__init__(schema, document, pages)
        query = schema.query_type
        assert query is not None
        self._roots = query.fields
        self._page_rows = page_rows

    def _sizes(self, field: GraphQLField, node: FieldNode) -> list[Size]:
        is_exported = "after" in field.args and self._roots.get(node.name.value) is field
        return [self._page_rows] if is_exported else super()._sizes(field, node)


class Reader:
    def __init__(
        self, schema: GraphQLSchema, bounds: DocumentBounds, max_rows: int, page_rows: int
    ) -> None:
        self._schema = schema
        self._bounds = bounds
        self._max_rows = max_rows
        self._page_rows = page_rows

    def read(self, request: GraphQLRequest) -> ExportQuestion:
        document = self._parsed(request.query, request.operation_name)
        operation = self._operation(document, request.operation_name)
        raw_variables = request.variables or {}
        self._check_size(document, operation, raw_variables)
        if reserved := {SIZE_VARIABLE, CURSOR_VARIABLE}.intersection(
            node.variable.name.value for node in operation.variable_definitions or ()
        ):
            raise InvalidInputError(
                f"${reserved.pop()} is reserved for exports. Rename the variable."
            )
        variables = get_variable_values(
            self._schema, operation.variable_definitions or (), raw_variables
        )
        if isinstance(variables, list):
            raise ExportRefusedError(variables)
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        return _Plan(self, fragments, operation, variables).question(raw_variables)

    def _parsed(self, query: str, name: str | None) -> DocumentNode:
        try:
            document = parse(query, max_tokens=self._bounds.tokens)
        except GraphQLError as error:
            raise ExportRefusedError([error]) from None
        except RecursionError:
            raise InvalidInputError(
                "The document is nested too deeply. Split it into several requests."
            ) from None
        # Measured first, because validation is slow for documents that repeat too much.
        problems = (
            problems_of_names(document, name)
            or problems_of(document, self._bounds)
            or validate(self._schema, document, hide_suggestions=True)
        )
        if problems:
            raise ExportRefusedError(problems)
        return document

    def _operation(self, document: DocumentNode, name: str | None) -> OperationDefinitionNode:
        operation = operation_named(document, name)
        if operation is None:
            raise InvalidInputError(NO_OPERATION)
        if operation.operation is not OperationType.QUERY:
            raise InvalidInputError(invalid_export("Only a query can be exported"))
        return operation

    def _check_size(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        """Raise ``ExportRefusedError`` where a page is too expensive; variables are as sent.

        Coercion takes long for each object in the variables, so they are counted before it.
        """
        shapes = shapes_of(self._schema, operation)
        problem = problem_of_shapes(shapes, variables, self._bounds.objects)
        if problem is not None:
            raise ExportRefusedError([GraphQLError(problem)])
        cost = PageCostMeter(self._schema, document, self._bounds.pages, self._page_rows)
        problems = problems_of_cost(cost.measure(operation), self._bounds, variables)
        if problems:
            raise ExportRefusedError(problems)

    @property
    def schema(self) -> GraphQLSchema:
        return self._schema

    @property
    def max_rows(self) -> int:
        return self._max_rows


class _Plan:
    def __init__(
        self,
        reader: Reader,
        fragments: Mapping[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        variables: VariableValues,
    ) -> None:
        self._reader = reader
        self._fragments = fragments
        self._selections = Selections(reader.schema, fragments, variables)
        self._operation = operation
        self._variables = variables

    def question(self, raw_variables: Mapping[str, Any]) -> ExportQuestion:
        name, root, field = self._root()
        parent = unwrapped(field.type)
        values = get_argument_values(field, root, self._variables)
        arguments = {argument.name.value: argument for argument in root.arguments or ()}
        question = ExportQuestion(name, root.name.value, raw_variables)
        if is_list_type(parent):
            columns = self._columns(parent, [root])
            return replace(question, columns=columns, document=self._document(root, arguments))
        rows, nodes = self._rows(root, parent)
        assert isinstance(parent, GraphQLObjectType)
        question = replace(
            question, rows=rows, columns=self._columns(parent.fields[rows].type, nodes)
        )
        selected = [_without_alias(node) for node in nodes]
        if PAGES in parent.fields and "after" in field.args:
            _refuse_backward(values)
            arguments |= {
                "first": _argument("first", SIZE_VARIABLE),
                "after": _argument("after", CURSOR_VARIABLE),
            }
            selected.append(_field(PAGES, "hasNextPage", "endCursor"))
            limit, start = values.get("first"), values.get("after")
            question = replace(question, paged=True, limit=limit, start=start)
        elif TRUNCATED in parent.fields:
            selected.append(_field(TRUNCATED))
            if "limit" in field.args and "limit" not in arguments:
                most_rows = IntValueNode(value=str(self._reader.max_rows))
                arguments["limit"] = ArgumentNode(name=NameNode(value="limit"), value=most_rows)
                question = replace(question, must_be_complete=True)
        return replace(question, document=self._document(root, arguments, selected))

    def _root(self) -> tuple[str, FieldNode, GraphQLField]:
        root_fields = self._selections.fields(self._operation.selection_set)
        query = self._reader.schema.query_type
        assert query is not None
        if len(root_fields) == 1:
            ((name, nodes),) = root_fields.items()
            field = query.fields.get(nodes[0].name.value)
            if field is not None and len(nodes) == 1:
                return name, nodes[0], field
        raise InvalidInputError(
            invalid_export("An export needs a query with exactly one root field")
        )

    def _rows(self, root: FieldNode, parent: GraphQLOutputType) -> tuple[str, list[FieldNode]]:
        lists = [
            name
            for name, field in getattr(parent, "fields", {}).items()
            if name != EDGES
            and is_list_type(unwrapped(field.type))
            and isinstance(_item(field.type), GraphQLObjectType)
        ]
        of = root.name.value
        if not lists:
            raise InvalidInputError(invalid_export(f"{of} is not a list. Export a list"))
        selected = list(self._selections.fields(root.selection_set).values())
        if len(selected) != 1 or selected[0][0].name.value not in lists:
            options = " or ".join(f"{name} {{ ... }}" for name in lists)
            problem = "An export needs exactly one list"
            message = Choices(
                f"{problem}: select {of} {{ {options} }} and nothing else",
                f"{problem} and nothing else",
            )
            raise InvalidInputError(message)
        return selected[0][0].name.value, selected[0]

    def _columns(self, rows: GraphQLOutputType, nodes: list[FieldNode]) -> tuple[Column, ...]:
        item = _item(rows)
        if not isinstance(item, GraphQLObjectType):
            raise InvalidInputError(
                invalid_export(f"{nodes[0].name.value} has no columns. Export a list")
            )
        return tuple(self._selections.columns(item, nodes))

    def _document(
        self,
        root: FieldNode,
        arguments: Mapping[str, ArgumentNode],
        selected: list[FieldNode] | None = None,
    ) -> str:
        below = SelectionSetNode(selections=tuple(selected)) if selected else root.selection_set
        top = FieldNode(
            name=root.name,
            alias=root.alias,
            arguments=tuple(arguments.values()),
            selection_set=below,
        )
        names = _Names(self._fragments)
        visit(top, names)
        definitions = [
            node
            for node in self._operation.variable_definitions or ()
            if node.variable.name.value in names.variables
        ]
        for name, type_ in ((SIZE_VARIABLE, "Int"), (CURSOR_VARIABLE, "String")):
            if name in names.variables:
                definitions.append(_definition(name, type_))
        operation = OperationDefinitionNode(
            operation=OperationType.QUERY,
            variable_definitions=tuple(definitions),
            selection_set=SelectionSetNode(selections=(top,)),
        )
        used = [self._fragments[name] for name in names.fragments]
        return print_ast(DocumentNode(definitions=(operation, *used)))


class _Names(Visitor):
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self._fragments = fragments
        self.variables: set[str] = set()
        self.fragments: dict[str, None] = {}

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.variables.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        if node.name.value not in self.fragments:
            self.fragments[node.name.value] = None
            visit(self._fragments[node.name.value], self)


def _refuse_backward(values: Mapping[str, Any]) -> None:
    for name in ("last", "before"):
        if values.get(name) is not None:
            raise InvalidInputError("An export runs forward. Use first and after.", (name,))
    first_rows = values.get("first")
    if first_rows is not None and first_rows < 0:
        raise InvalidInputError(
            f"{first_rows} is not a valid number of rows. Use 0 or more.", ("first",)
        )


def _item(rows: GraphQLOutputType) -> GraphQLOutputType:
    list_type = unwrapped(rows)
    return unwrapped(list_type.of_type) if is_list_type(list_type) else list_type


def _without_alias(node: FieldNode) -> FieldNode:
    return FieldNode(name=node.name, arguments=node.arguments, selection_set=node.selection_set)


def _field(name: str, *below: str) -> FieldNode:
    selected = tuple(_field(name_below) for name_below in below)
    return FieldNode(
        name=NameNode(value=name),
        selection_set=SelectionSetNode(selections=selected) if selected else None,
    )


def _argument(name: str, variable: str) -> ArgumentNode:
    return ArgumentNode(
        name=NameNode(value=name), value=VariableNode(name=NameNode(value=variable))
    )


def _definition(name: str, type_: str) -> VariableDefinitionNode:
    return VariableDefinitionNode(
        variable=VariableNode(name=NameNode(value=name)),
        type=NamedTypeNode(name=NameNode(value=type_)),
    )
