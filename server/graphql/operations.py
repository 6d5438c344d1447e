"""Finds the operation of a document that a request names."""

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode


def operations_in(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def operation_named(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """Return the operation of that name, or the only one; None if there is none or several."""
    operations = [
        node
        for node in operations_in(document)
        if name is None or (node.name is not None and node.name.value == name)
    ]
    return operations[0] if len(operations) == 1 else None


def problems_of_names(document: DocumentNode, name: str | None) -> list[GraphQLError]:
    """Require operationName if there are several operations, as GraphQL does."""
    count = len(operations_in(document))
    if name is not None or count < 2:
        return []
    message = f"The document has {count} operations. Set operationName to one of them."
    return [GraphQLError(message)]
