"""From a GraphQL document with one list in it to the question that an export asks page by page."""

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
    operation_named,
    problems_of,
    problems_of_cost,
    problems_of_names,
)
from server.http.bodies import GraphQLRequest
from server.http.variables import problem_of_shapes, shapes_of
from store.errors import Choices, InvalidInputError

SIZE, PLACE = "exportSize", "exportPlace"
"""Variables that the export adds: how many rows the next page has, and what it comes after."""
PAGES = "pageInfo"
CUT = "truncated"
EDGES = "edges"
EXAMPLE = "query { operations(where: {...}) { nodes { occurredAt name } } }"


def with_example(wrong: str) -> Choices:
    """Return a message with a document that can be exported."""
    return Choices(f"{wrong}, such as {EXAMPLE}", wrong)


class ExportRefusedError(Exception):
    """GraphQL itself refuses the document; the errors say why."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class ExportQuestion:
    """One list, as the schema is asked for it.

    ``rows`` names the list below the root field; None where the root field is the list. ``most``
    is how many rows the caller wants, ``start`` the cursor to begin after. ``whole`` says that the
    caller set no limit, so that an answer which is cut is no answer.
    """

    name: str
    root: str
    variables: Mapping[str, Any]
    rows: str | None = None
    columns: tuple[Column, ...] = ()
    document: str = ""
    paged: bool = False
    most: int | None = None
    start: str | None = None
    whole: bool = False

    def page(self, size: int, after: str | None) -> GraphQLRequest:
        """The request for one page; there is but one where the list has no pages."""
        given = {SIZE: size, PLACE: after} if self.paged else {}
        return GraphQLRequest(self.document, {**self.variables, **given}, None, None)


class PageCostMeter(CostMeter):
    """Works out what one page of an export costs: ``first`` of its list may be far more."""

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
    """Reads the documents of exports."""

    def __init__(
        self, schema: GraphQLSchema, bounds: DocumentBounds, most_rows: int, page_rows: int
    ) -> None:
        """``most_rows`` is the largest limit of a list that has no pages."""
        self._schema = schema
        self._bounds = bounds
        self._most_rows = most_rows
        self._page_rows = page_rows

    def read(self, asked: GraphQLRequest) -> ExportQuestion:
        """The question; raises ``ExportRefusedError`` or ``InvalidInputError``."""
        document = self._parsed(asked.query, asked.operation_name)
        operation = self._operation(document, asked.operation_name)
        given = asked.variables or {}
        self._check_size(document, operation, given)
        if taken := {SIZE, PLACE}.intersection(
            node.variable.name.value for node in operation.variable_definitions or ()
        ):
            raise InvalidInputError(
                f"${taken.pop()} is a variable of exports: name yours differently"
            )
        variables = get_variable_values(self._schema, operation.variable_definitions or (), given)
        if isinstance(variables, list):
            raise ExportRefusedError(variables)
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        return _Plan(self, fragments, operation, variables).question(given)

    def _parsed(self, query: str, name: str | None) -> DocumentNode:
        try:
            document = parse(query, max_tokens=self._bounds.tokens)
        except GraphQLError as error:
            raise ExportRefusedError([error]) from None
        except RecursionError:
            raise InvalidInputError(
                "the document is nested too deeply: ask for less at once"
            ) from None
        # Measured first: validation itself takes long for documents that repeat too much.
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
            raise InvalidInputError(with_example("an export is of a query"))
        return operation

    def _check_size(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        """Raise ``ExportRefusedError`` where a page asks for too much; variables are as they were sent.

        To coerce the variables takes long for each object in them, so they are counted first.
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
        """The schema that is asked."""
        return self._schema

    @property
    def most_rows(self) -> int:
        """The largest limit of a list that has no pages."""
        return self._most_rows


class _Plan:
    """How one operation becomes a question."""

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

    def question(self, given: Mapping[str, Any]) -> ExportQuestion:
        name, root, field = self._root()
        parent = unwrapped(field.type)
        values = get_argument_values(field, root, self._variables)
        arguments = {argument.name.value: argument for argument in root.arguments or ()}
        found = ExportQuestion(name, root.name.value, given)
        if is_list_type(parent):
            columns = self._columns(parent, [root])
            return replace(found, columns=columns, document=self._document(root, arguments))
        rows, nodes = self._rows(root, parent)
        assert isinstance(parent, GraphQLObjectType)
        found = replace(found, rows=rows, columns=self._columns(parent.fields[rows].type, nodes))
        selected = [_without_alias(node) for node in nodes]
        if PAGES in parent.fields and "after" in field.args:
            _refuse_backward(values)
            arguments |= {"first": _argument("first", SIZE), "after": _argument("after", PLACE)}
            selected.append(_field(PAGES, "hasNextPage", "endCursor"))
            most, start = values.get("first"), values.get("after")
            found = replace(found, paged=True, most=most, start=start)
        elif CUT in parent.fields:
            selected.append(_field(CUT))
            if "limit" in field.args and "limit" not in arguments:
                most_rows = IntValueNode(value=str(self._reader.most_rows))
                arguments["limit"] = ArgumentNode(name=NameNode(value="limit"), value=most_rows)
                found = replace(found, whole=True)
        return replace(found, document=self._document(root, arguments, selected))

    def _root(self) -> tuple[str, FieldNode, GraphQLField]:
        found = self._selections.fields(self._operation.selection_set)
        query = self._reader.schema.query_type
        assert query is not None
        if len(found) == 1:
            ((name, nodes),) = found.items()
            field = query.fields.get(nodes[0].name.value)
            if field is not None and len(nodes) == 1:
                return name, nodes[0], field
        raise InvalidInputError(with_example("an export takes a query with one field at its top"))

    def _rows(self, root: FieldNode, parent: GraphQLOutputType) -> tuple[str, list[FieldNode]]:
        """The list below the root field, and how it is selected."""
        lists = [
            name
            for name, field in getattr(parent, "fields", {}).items()
            if name != EDGES
            and is_list_type(unwrapped(field.type))
            and isinstance(_item(field.type), GraphQLObjectType)
        ]
        of = root.name.value
        if not lists:
            raise InvalidInputError(with_example(f"{of} is no list: export one"))
        selected = list(self._selections.fields(root.selection_set).values())
        if len(selected) != 1 or selected[0][0].name.value not in lists:
            options = " or ".join(f"{name} {{ ... }}" for name in lists)
            wrong = "an export takes one list"
            message = Choices(
                f"{wrong}: select {of} {{ {options} }}, nothing beside", f"{wrong}, nothing beside"
            )
            raise InvalidInputError(message)
        return selected[0][0].name.value, selected[0]

    def _columns(self, rows: GraphQLOutputType, nodes: list[FieldNode]) -> tuple[Column, ...]:
        item = _item(rows)
        if not isinstance(item, GraphQLObjectType):
            raise InvalidInputError(
                with_example(f"{nodes[0].name.value} has no columns: export a list")
            )
        return tuple(self._selections.columns(item, nodes))

    def _document(
        self,
        root: FieldNode,
        arguments: Mapping[str, ArgumentNode],
        selected: list[FieldNode] | None = None,
    ) -> str:
        """The document of a page: what nothing in it uses any more is left out."""
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
        for name, type_ in ((SIZE, "Int"), (PLACE, "String")):
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
    """Gathers the names of the variables and fragments that are used."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self._all = fragments
        self.variables: set[str] = set()
        self.fragments: dict[str, None] = {}

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        """A variable."""
        self.variables.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        """A fragment, and what it uses."""
        if node.name.value not in self.fragments:
            self.fragments[node.name.value] = None
            visit(self._all[node.name.value], self)


def _refuse_backward(values: Mapping[str, Any]) -> None:
    for name in ("last", "before"):
        if values.get(name) is not None:
            raise InvalidInputError("an export runs forward: use first and after", (name,))
    first = values.get("first")
    if first is not None and first < 0:
        raise InvalidInputError(f"{first} rows asked: ask for 0 or more", ("first",))


def _item(rows: GraphQLOutputType) -> GraphQLOutputType:
    """The type of a list's items."""
    found = unwrapped(rows)
    return unwrapped(found.of_type) if is_list_type(found) else found


def _without_alias(node: FieldNode) -> FieldNode:
    return FieldNode(name=node.name, arguments=node.arguments, selection_set=node.selection_set)


def _field(name: str, *below: str) -> FieldNode:
    selected = tuple(_field(one) for one in below)
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
