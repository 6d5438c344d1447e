"""Bounds the work that a document can ask for, in time linear in the document."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension


@dataclass(frozen=True, slots=True)
class DocumentBounds:
    """How much one document may ask; each is a setting."""

    depth: int = 12
    aliases: int = 30
    root_fields: int = 20
    tokens: int = 10_000


@dataclass(slots=True)
class Measure:
    """What a selection asks: levels below it, aliases in it, fields at its top."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0


class Meter:
    """Measures selections; each fragment once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._known: dict[str, Measure] = {}

    def measure(self, selections: SelectionSetNode | None) -> Measure:
        """Depth, aliases and top fields, fragments spread out."""
        found = Measure()
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                inner = self.measure(node.selection_set)
                found.depth = max(found.depth, inner.depth + 1)
                found.aliases += inner.aliases + (node.alias is not None)
                found.fields += 1
                continue
            inner = (
                self.measure(node.selection_set)
                if isinstance(node, InlineFragmentNode)
                else self._spread(cast("FragmentSpreadNode", node).name.value)
            )
            found.depth = max(found.depth, inner.depth)
            found.aliases += inner.aliases
            found.fields += inner.fields
        return found

    def _spread(self, name: str) -> Measure:
        known = self._known.get(name)
        if known is None:
            self._known[name] = Measure()  # a fragment that spreads itself is refused elsewhere
            fragment = self._fragments.get(name)
            known = self.measure(fragment.selection_set) if fragment else Measure()
            self._known[name] = known
        return known


def problems_of(document: DocumentNode, bounds: DocumentBounds) -> list[GraphQLError]:
    """What is too much in any operation of the document, and how much is allowed."""
    meter = Meter(document)
    found = []
    for operation in document.definitions:
        if not isinstance(operation, OperationDefinitionNode):
            continue
        measure = meter.measure(operation.selection_set)
        # Introspection of a whole schema is deep, and GraphQL itself bounds how it repeats.
        depth = 0 if asks_only_introspection(operation) else measure.depth
        for what, asked, allowed in (
            ("levels of fields", depth, bounds.depth),
            ("aliases", measure.aliases, bounds.aliases),
            ("root fields", measure.fields, bounds.root_fields),
        ):
            if asked > allowed:
                message = f"{asked} {what}, at most {allowed}: ask for less at once"
                found.append(GraphQLError(message, operation))
    return found


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
            problems = problems_of_names(document, name) or problems_of(document, self._bounds)
            context.pre_execution_errors = problems or context.pre_execution_errors
        yield
