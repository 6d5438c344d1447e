"""Documents without the arguments that a call gives no value."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    REMOVE,
    ArgumentNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)


class _Leave(Visitor):
    """Takes variables without a value out of a document, and the arguments that are nothing else."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__()
        self._given = given

    def _is_absent(self, node: VariableNode) -> bool:
        return self._given.get(node.name.value) is None

    def leave_argument(self, node: ArgumentNode, *_: Any) -> Any:
        """An argument."""
        absent = isinstance(node.value, VariableNode) and self._is_absent(node.value)
        return REMOVE if absent else None

    def leave_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        """A declaration."""
        return REMOVE if node.default_value is None and self._is_absent(node.variable) else None


def without_absent_arguments(document: str, variables: Mapping[str, Any]) -> str:
    """The document as a program writes it that leaves out what it does not ask."""
    return print_ast(visit(parse(document), _Leave(variables)))
