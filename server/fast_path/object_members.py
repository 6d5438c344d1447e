"""Find what an answer shows of each record of a page, where the database may write it as JSON."""

from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    SelectionSetNode,
    get_named_type,
)

from schema.context import MembersPlan
from schema.hydration import FromRow, type_of_rows
from schema.selection import Selection
from server.fast_path.columns import NONE, Field, field_of, origin_of
from store.database import Row
from store.dialects import Member
from store.pricing.prices import NANOS_PER_DOLLAR, to_dollars

BESIDE_NODES = frozenset({"pageInfo", "totalCount", "__typename"})
WRITTEN_LEAVES = frozenset({"String", "ID", "Boolean", "Float", "Long", "UUID", "DateTime"})
MAX_MEMBERS = 60
"""More than a record has plain fields: beyond it, the same values would be written several times."""


def shown_members(
    info: strawberry.Info[Any, Any], make: Callable[[Row], Any]
) -> MembersPlan | None:
    """Return the members under ``nodes``; None if anything else of the records is selected."""
    row_type = type_of_rows(make)
    connection = Selection.of(info)
    if row_type is None or not {"nodes"} <= connection.nodes.keys() <= {"nodes", *BESIDE_NODES}:
        return None
    connection_type = get_named_type(info._raw_info.return_type)
    assert isinstance(connection_type, GraphQLObjectType)
    object_type = get_named_type(connection_type.fields["nodes"].type)
    nodes = connection.nodes["nodes"]
    if not isinstance(object_type, GraphQLObjectType) or origin_of(object_type) is not row_type:
        return None
    if len({response_name(node) for node in nodes}) > 1:
        return None
    fragments = info._raw_info.fragments
    if not all(is_of(object_type, node.selection_set, fragments, set()) for node in nodes):
        return None
    members: list[Member] = []
    for name, selected in connection.below("nodes").nodes.items():
        names = {response_name(node) for node in selected}
        member = member_of(object_type, row_type, name, names.pop())
        if member is None or names:
            return None
        members.append(member)
    if not 0 < len(members) <= MAX_MEMBERS:
        return None
    return members, "pageInfo" in connection


def is_of(
    object_type: GraphQLObjectType,
    selected: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
    visited: set[str],
) -> bool:
    """Return whether all fragments are on this very type: one on an interface may hold others in turn."""
    for node in selected.selections if selected is not None else ():
        if isinstance(node, FieldNode):
            continue
        fragment: Any = node
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name in visited:
                continue
            visited.add(name)
            fragment = fragments[name]
        condition = fragment.type_condition
        if condition is not None and condition.name.value != object_type.name:
            return False
        if not is_of(object_type, fragment.selection_set, fragments, visited):
            return False
    return True


def response_name(node: Any) -> str:
    name: str = (node.alias or node.name).value
    return name


def member_of(
    object_type: GraphQLObjectType, row_type: type[FromRow], name: str, shown_as: str
) -> Member | None:
    if name == "__typename":
        return Member(shown_as, constant=object_type.name)
    field = field_of(object_type, name)
    if field is None or not is_written(field):
        return None
    convert = row_type.CONVERTED.get(field.attribute)
    if convert not in (None, to_dollars):
        return None
    return Member(
        shown_as,
        row_type.RENAMED.get(field.attribute, field.attribute),
        names=None if field.names is None else tuple(sorted(field.names)),
        divisor=None if convert is None else NANOS_PER_DOLLAR,
        is_required=NONE not in field.passed,
    )


def is_written(field: Field) -> bool:
    return field.names is not None or field.leaf in WRITTEN_LEAVES
