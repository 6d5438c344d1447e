"""Documents without the arguments that a call gives no value."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from graphql import (
    REMOVE,
    ArgumentNode,
    DocumentNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)


class _RemoveAbsent(Visitor):
    """Removes variables without a value, and the arguments that pass nothing else."""

    def __init__(self, present: frozenset[str]) -> None:
        super().__init__()
        self._present = present

    def _is_absent(self, node: VariableNode) -> bool:
        return node.name.value not in self._present

    def leave_argument(self, node: ArgumentNode, *_: Any) -> Any:
        absent = isinstance(node.value, VariableNode) and self._is_absent(node.value)
        return REMOVE if absent else None

    def leave_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        return REMOVE if node.default_value is None and self._is_absent(node.variable) else None


def without_absent_arguments(document: str, variables: Mapping[str, Any]) -> str:
    """Return the document as a program writes it that passes these variables only."""
    return _reduced(document, frozenset(n for n, value in variables.items() if value is not None))


@cache
def _reduced(document: str, present: frozenset[str]) -> str:
    return print_ast(visit(_parsed(document), _RemoveAbsent(present)))


@cache
def _parsed(document: str) -> DocumentNode:
    return parse(document)
