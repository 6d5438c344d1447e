"""Bounds the work that a document can ask for, in time linear in the document."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeAlias, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    parse,
)
from pydantic import Field
from strawberry.extensions import SchemaExtension

from server.graphql.document_cost import MOST, Cost, CostMeter, PageBounds, value_of
from server.http.bodies import GraphQLRequest
from server.http.variables import ObjectBounds, problem_of_shapes, shapes_of

NO_OPERATION = "the document has no operation of that name: name one in operationName"
Selected: TypeAlias = (
    OperationDefinitionNode | FieldNode | FragmentDefinitionNode | InlineFragmentNode
)


@dataclass(frozen=True, slots=True)
class DocumentBounds:
    """Bound what one document may ask for. ``pages`` follows from the bounds of pages."""

    depth: Annotated[
        int,
        Field(
            validation_alias="max_depth",
            ge=1,
            le=100,
            description="Levels of fields inside each other in a document.",
        ),
    ] = 12
    aliases: Annotated[
        int,
        Field(
            validation_alias="max_aliases", ge=0, le=10_000, description="Aliases in a document."
        ),
    ] = 30
    root_fields: Annotated[
        int,
        Field(
            validation_alias="max_root_fields",
            ge=1,
            le=10_000,
            description="Fields at the top of an operation.",
        ),
    ] = 20
    tokens: Annotated[
        int,
        Field(
            validation_alias="max_tokens",
            ge=1,
            le=1_000_000,
            description="Tokens of a document, variables aside.",
        ),
    ] = 10_000
    directives: Annotated[
        int,
        Field(
            validation_alias="max_directives",
            ge=0,
            le=10_000,
            description="Directives in a document, fragments spread out.",
        ),
    ] = 50
    fragments: Annotated[
        int,
        Field(
            validation_alias="max_fragments",
            ge=0,
            le=10_000,
            description="Fragments that a document defines.",
        ),
    ] = 100
    repeats: Annotated[
        int,
        Field(
            validation_alias="max_repeats",
            ge=1,
            le=10_000,
            description="Fields of one name beside each other in a document, fragments spread out.",
        ),
    ] = 50
    objects: ObjectBounds = ObjectBounds()  # noqa: RUF009  # it is immutable
    cost: Annotated[
        int,
        Field(
            validation_alias="max_cost",
            ge=1,
            le=10**12,
            description="Records that a document may ask for: page sizes multiplied along its nesting.",
        ),
    ] = 200_000
    pages: PageBounds = PageBounds()  # noqa: RUF009  # it is immutable


@dataclass(slots=True)
class Measure:
    """What a selection asks: levels below it, aliases and directives in it, fields at its top.

    ``repeats`` is how often one name stands beside itself where it does so most.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0
    objects: int = 0
    repeats: int = 0

    def add(self, inner: "Measure") -> None:
        """What stands beside this."""
        self.depth = max(self.depth, inner.depth)
        self.aliases += inner.aliases
        self.fields += inner.fields
        self.directives += inner.directives
        self.objects += inner.objects
        self.repeats = max(self.repeats, inner.repeats)


class Meter:
    """Measures selections; each fragment once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._known: dict[str, Measure] = {}

    def measure(self, node: Selected, names: dict[str, int] | None = None) -> Measure:
        """Of an operation, field or fragment; ``names`` counts those that stand beside each other."""
        names = {} if names is None else names
        found = Measure(directives=len(node.directives or ()))
        for inner in node.selection_set.selections if node.selection_set else ():
            if isinstance(inner, FieldNode):
                measure = self.measure(inner)
                measure.depth += 1
                measure.aliases += inner.alias is not None
                measure.fields = 1
                measure.objects += sum(objects_in(a.value) for a in inner.arguments or ())
                count(names, (inner.alias or inner.name).value, measure)
            elif isinstance(inner, InlineFragmentNode):
                measure = self.measure(inner, names)
            else:
                spread = cast("FragmentSpreadNode", inner)
                measure = replace(self._spread(spread.name.value))
                measure.directives += len(spread.directives or ())
                count(names, "..." + spread.name.value, measure)
            found.add(measure)
        return found

    def _spread(self, name: str) -> Measure:
        known = self._known.get(name)
        if known is None:
            self._known[name] = Measure()  # a fragment that spreads itself is refused elsewhere
            fragment = self._fragments.get(name)
            known = self.measure(fragment) if fragment else Measure()
            self._known[name] = known
        return known


def objects_in(value: ValueNode) -> int:
    """Objects in a literal: each one costs as many steps as its type has fields."""
    found, waiting = 0, [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ObjectValueNode):
            found += 1
            waiting += [field.value for field in node.fields]
        elif isinstance(node, ListValueNode):
            waiting += node.values
    return found


def count(names: dict[str, int], name: str, measure: Measure) -> None:
    """Once more this name; the measure remembers the most."""
    names[name] = names.get(name, 0) + 1
    measure.repeats = max(measure.repeats, names[name])


def problems_of(document: DocumentNode, bounds: DocumentBounds) -> list[GraphQLError]:
    """What is too much in any operation of the document, and how much is allowed."""
    fragments = sum(isinstance(d, FragmentDefinitionNode) for d in document.definitions)
    if fragments > bounds.fragments:
        return [too_much(fragments, "fragments", bounds.fragments)]
    meter = Meter(document)
    found = []
    for operation in document.definitions:
        if not isinstance(operation, OperationDefinitionNode):
            continue
        measure = meter.measure(operation)
        # Introspection of a whole schema is deep, and GraphQL itself bounds how it repeats.
        depth = 0 if asks_only_introspection(operation) else measure.depth
        for what, asked, allowed in (
            ("levels of fields", depth, bounds.depth),
            ("aliases", measure.aliases, bounds.aliases),
            ("root fields", measure.fields, bounds.root_fields),
            ("directives", measure.directives, bounds.directives),
            ("objects in arguments", measure.objects, bounds.objects.objects),
            ("fields of one name beside each other", measure.repeats, bounds.repeats),
        ):
            if asked > allowed:
                found.append(too_much(asked, what, allowed, operation))
    return found


def too_much(
    asked: int, what: str, allowed: int, operation: OperationDefinitionNode | None = None
) -> GraphQLError:
    """The refusal of a document for one of the reasons."""
    return GraphQLError(f"{asked} {what}, at most {allowed}: ask for less at once", operation)


def problems_of_cost(cost: Cost, bounds: DocumentBounds, variables: Any) -> list[GraphQLError]:
    """Whether the operation asks for more records than it may."""
    asked = value_of(cost, variables or {})
    if asked <= bounds.cost:
        return []
    more = "more than " if asked >= MOST else ""
    message = (
        f"{more}{asked:,} records requested, page sizes multiplied along the nesting, at most "
        f"{bounds.cost:,}: ask for smaller pages (first)"
    )
    return [GraphQLError(message)]


def operation_named(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that is to be executed, where that is plain."""
    found = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (name is None or (node.name is not None and node.name.value == name))
    ]
    return found[0] if len(found) == 1 else None


def problems_of_names(document: DocumentNode, name: str | None) -> list[GraphQLError]:
    """Which operation is meant must be said where there are several; GraphQL asks for it."""
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name is not None or len(operations) < 2:
        return []
    message = f"the document has {len(operations)} operations: name one in operationName"
    return [GraphQLError(message)]


def asks_only_introspection(operation: OperationDefinitionNode) -> bool:
    """Whether every root field is __schema, __type or __typename."""
    return all(
        isinstance(node, FieldNode) and node.name.value.startswith("__")
        for node in operation.selection_set.selections
    )


class Costs:
    """Tells callers what their documents cost."""

    def __init__(self, schema: GraphQLSchema, bounds: DocumentBounds) -> None:
        self._schema = schema
        self._bounds = bounds

    def explain(self, asked: GraphQLRequest) -> dict[str, int]:
        """The figures of a document that was executed, and what they may be."""
        document = parse(asked.query, max_tokens=self._bounds.tokens)
        operation = operation_named(document, asked.operation_name)
        assert operation is not None  # it was executed
        cost = CostMeter(self._schema, document, self._bounds.pages).measure(operation)
        measure = Meter(document).measure(operation)
        return {
            "records": value_of(cost, asked.variables or {}),
            "maxRecords": self._bounds.cost,
            "depth": measure.depth,
            "maxDepth": self._bounds.depth,
        }


class DocumentLimits(SchemaExtension):
    """Refuses a document before it is validated, when it asks for too much."""

    def __init__(self, bounds: DocumentBounds) -> None:
        self._bounds = bounds

    def on_operation(self) -> Iterator[None]:
        """The parser itself counts tokens."""
        self.execution_context.parse_options["max_tokens"] = self._bounds.tokens
        yield

    def on_validate(self) -> Iterator[None]:
        """Too much is an error of the request, like any other that validation finds."""
        context = self.execution_context
        document = context.graphql_document
        if document is not None:
            # The context's public name is that of the first operation where the caller gave none.
            name = context._provided_operation_name
            problems = (
                problems_of_names(document, name)
                or problems_of(document, self._bounds)
                or self._problems_of_cost(document, name)
            )
            context.pre_execution_errors = problems or context.pre_execution_errors
        yield

    def _problems_of_cost(self, document: DocumentNode, name: str | None) -> list[GraphQLError]:
        operation = operation_named(document, name)
        if operation is None:
            return []
        context = self.execution_context
        given = context.variables or {}
        shapes = shapes_of(context.schema._schema, operation)
        problem = problem_of_shapes(shapes, given, self._bounds.objects)
        if problem is not None:
            return [GraphQLError(problem)]
        meter = CostMeter(context.schema._schema, document, self._bounds.pages)
        return problems_of_cost(meter.measure(operation), self._bounds, given)
