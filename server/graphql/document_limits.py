"""Bound the work that a document can request, in time linear in the document."""

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

from server.graphql.document_cost import MAX_COST, Cost, CostMeter, PageBounds, value_of
from server.graphql.operations import operation_named, operations_in, problems_of_names
from server.http.bodies import GraphQLRequest
from server.http.variables import ObjectBounds, problem_of_shapes, shapes_of

NO_OPERATION = (
    "The document has no operation of that name. Set operationName to one of its operations."
)
Selected: TypeAlias = (
    OperationDefinitionNode | FieldNode | FragmentDefinitionNode | InlineFragmentNode
)


@dataclass(frozen=True, slots=True)
class DocumentBounds:
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
    """Measure a selection: its depth, aliases, directives, root fields and input objects.

    ``repeats`` is the largest number of siblings with one name.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0
    objects: int = 0
    repeats: int = 0

    def add(self, selection: "Measure") -> None:
        self.depth = max(self.depth, selection.depth)
        self.aliases += selection.aliases
        self.fields += selection.fields
        self.directives += selection.directives
        self.objects += selection.objects
        self.repeats = max(self.repeats, selection.repeats)


class Meter:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._fragment_measures: dict[str, Measure] = {}

    def measure(self, node: Selected, names: dict[str, int] | None = None) -> Measure:
        """Measure an operation, field or fragment; ``names`` counts siblings by name."""
        names = {} if names is None else names
        total = Measure(directives=len(node.directives or ()))
        for selection in node.selection_set.selections if node.selection_set else ():
            if isinstance(selection, FieldNode):
                measure = self.measure(selection)
                measure.depth += 1
                measure.aliases += selection.alias is not None
                measure.fields = 1
                measure.objects += sum(objects_in(a.value) for a in selection.arguments or ())
                count(names, (selection.alias or selection.name).value, measure)
            elif isinstance(selection, InlineFragmentNode):
                measure = self.measure(selection, names)
            else:
                spread = cast("FragmentSpreadNode", selection)
                measure = replace(self._spread(spread.name.value))
                measure.directives += len(spread.directives or ())
                count(names, "..." + spread.name.value, measure)
            total.add(measure)
        return total

    def _spread(self, name: str) -> Measure:
        fragment_measure = self._fragment_measures.get(name)
        if fragment_measure is None:
            self._fragment_measures[name] = Measure()  # a recursive fragment is refused elsewhere
            fragment = self._fragments.get(name)
            fragment_measure = self.measure(fragment) if fragment else Measure()
            self._fragment_measures[name] = fragment_measure
        return fragment_measure


def objects_in(value: ValueNode) -> int:
    """Count the objects in a literal; each costs as many steps as its type has fields."""
    count, waiting = 0, [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ObjectValueNode):
            count += 1
            waiting += [field.value for field in node.fields]
        elif isinstance(node, ListValueNode):
            waiting += node.values
    return count


def count(names: dict[str, int], name: str, measure: Measure) -> None:
    names[name] = names.get(name, 0) + 1
    measure.repeats = max(measure.repeats, names[name])


def problems_of(document: DocumentNode, bounds: DocumentBounds) -> list[GraphQLError]:
    fragments = sum(isinstance(d, FragmentDefinitionNode) for d in document.definitions)
    if fragments > bounds.fragments:
        return [too_much(fragments, "fragments", bounds.fragments)]
    meter = Meter(document)
    problems = []
    for operation in operations_in(document):
        measure = meter.measure(operation)
        # Introspection of a schema is deep, and GraphQL itself bounds its repetition.
        depth = 0 if asks_only_introspection(operation) else measure.depth
        for noun, actual, maximum in (
            ("levels of fields", depth, bounds.depth),
            ("aliases", measure.aliases, bounds.aliases),
            ("root fields", measure.fields, bounds.root_fields),
            ("directives", measure.directives, bounds.directives),
            ("objects in arguments", measure.objects, bounds.objects.objects),
            ("sibling fields with the same name", measure.repeats, bounds.repeats),
        ):
            if actual > maximum:
                problems.append(too_much(actual, noun, maximum, operation))
    return problems


def too_much(
    actual: int, noun: str, maximum: int, operation: OperationDefinitionNode | None = None
) -> GraphQLError:
    return GraphQLError(
        f"The document has {actual:,} {noun} (maximum {maximum:,}). Split it into several requests.",
        operation,
    )


def problems_of_cost(cost: Cost, bounds: DocumentBounds, variables: Any) -> list[GraphQLError]:
    requested = value_of(cost, variables or {})
    if requested <= bounds.cost:
        return []
    prefix = "more than " if requested >= MAX_COST else ""
    message = (
        f"{prefix}{requested:,} records requested (page sizes multiplied along the nesting; maximum "
        f"{bounds.cost:,}). Request smaller pages with first."
    )
    return [GraphQLError(message)]


def asks_only_introspection(operation: OperationDefinitionNode) -> bool:
    return all(
        isinstance(node, FieldNode) and node.name.value.startswith("__")
        for node in operation.selection_set.selections
    )


class Costs:
    def __init__(self, schema: GraphQLSchema, bounds: DocumentBounds) -> None:
        self._schema = schema
        self._bounds = bounds

    def explain(self, request: GraphQLRequest) -> dict[str, int]:
        document = parse(request.query, max_tokens=self._bounds.tokens)
        operation = operation_named(document, request.operation_name)
        assert operation is not None  # it was executed
        cost = CostMeter(self._schema, document, self._bounds.pages).measure(operation)
        measure = Meter(document).measure(operation)
        return {
            "records": value_of(cost, request.variables or {}),
            "maxRecords": self._bounds.cost,
            "depth": measure.depth,
            "maxDepth": self._bounds.depth,
        }


class DocumentLimits(SchemaExtension):
    def __init__(self, bounds: DocumentBounds) -> None:
        self._bounds = bounds

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = self._bounds.tokens
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        document = context.graphql_document
        if document is not None:
            # The public name of the context is that of the first operation if the caller set none.
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
        raw_variables = context.variables or {}
        shapes = shapes_of(context.schema._schema, operation)
        problem = problem_of_shapes(shapes, raw_variables, self._bounds.objects)
        if problem is not None:
            return [GraphQLError(problem)]
        meter = CostMeter(context.schema._schema, document, self._bounds.pages)
        return problems_of_cost(meter.measure(operation), self._bounds, raw_variables)
