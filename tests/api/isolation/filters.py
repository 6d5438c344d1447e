"""Every filter that the schema knows, aimed at the records of a tenant."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    get_named_type,
)

from tests.api.isolation.documents import root
from tests.api.isolation.tenant_queries import Known
from tests.support.api import Json

FAR = 10**15
NOBODY = "00000000-0000-7000-8000-000000000000"
FILTERED = [name for name, field in root("query").items() if "where" in field.args]
SEVERAL = {"and", "or"}


def type_of(name: str) -> GraphQLInputObjectType:
    """The filter of a query."""
    found = get_named_type(root("query")[name].args["where"].type)
    assert isinstance(found, GraphQLInputObjectType)
    return found


def filters(name: str, known: Known) -> dict[str, list[Json]]:
    """For every field of the filter of a query, what may be asked of the tenant by it."""
    return {
        field: [{field: condition} for condition in _conditions(name, field, known)]
        for field in type_of(name).fields
    }


def _conditions(name: str, field: str, known: Known) -> list[Any]:
    mine = {"organizationId": {"eq": known.tenant.organization}}
    everybody = {"organizationId": {"ne": "nobody"}}
    if field in SEVERAL:
        return [[mine, everybody], [mine]]
    if field == "not":
        return [{"organizationId": {"eq": "nobody"}}, {"not": mine}]
    type = get_named_type(type_of(name).fields[field].type)
    assert isinstance(type, GraphQLInputObjectType)
    if type.name == "AttributeFilter":
        conditions = list(_of_attributes(known))
        _check_all_tried(type, conditions)
        return [[condition] for condition in conditions]
    operand = get_named_type(type.fields["eq"].type)
    if isinstance(operand, GraphQLEnumType):
        conditions = list(_of_enum(list(operand.values)))
    else:
        conditions = list(_operators(type.name, known.tenant.mark, _values(name, field, known)))
    _check_all_tried(type, conditions)
    return conditions


def _check_all_tried(type: GraphQLInputObjectType, conditions: list[Json]) -> None:
    tried = {operator for condition in conditions for operator in condition}
    assert tried == set(type.fields), f"say how {type.name} may be asked"


def _of_enum(values: list[str]) -> Iterator[Json]:
    for value in values:
        yield from ({"eq": value}, {"ne": value})
    yield from ({"in": values}, {"notIn": values[:1]}, {"isNull": False}, {"isNull": True})


def _values(name: str, field: str, known: Known) -> list[Any]:
    """What the tenant's records hold in a field of that name."""
    column = "uuid" if field == "id" else field
    if field == "organizationId":
        return [known.tenant.organization]
    found = [node[column] for node in known.records(name) if node.get(column) is not None]
    assert found, f"no record of the tenant has {name}.{field}: it cannot be asked for"
    return list(dict.fromkeys(found))


def _operators(type: str, mark: str, values: list[Any]) -> Iterator[Json]:
    yield from ({"in": values}, {"isNull": False}, {"isNull": True}, {"eq": values[0]})
    match type:
        case "StringFilter" | "IDFilter":
            yield from ({"startsWith": mark}, {"contains": mark[1:]}, {"ne": "x"}, {"notIn": ["x"]})
            yield from ({"endsWith": values[0][-3:]}, {"eqIgnoreCase": values[0].upper()})
            yield from (
                {"startsWithIgnoreCase": mark.upper()},
                {"containsIgnoreCase": mark.upper()},
            )
            yield {"endsWithIgnoreCase": values[0][-3:].upper()}
            yield from ({"gt": ""}, {"gte": values[0]}, {"lt": "\uffff"}, {"lte": values[0]})
        case "LongFilter" | "FloatFilter" | "NumberFilter":
            yield from ({"gte": values[0]}, {"lte": values[0]}, {"gt": -1}, {"lt": FAR})
            yield from ({"ne": FAR}, {"notIn": [FAR]})
        case "IntFilter":
            yield from ({"gte": values[0]}, {"lte": values[0]}, {"gt": 1}, {"lt": 12})
            yield from ({"ne": 1}, {"notIn": [1]})
        case "DateTimeFilter":
            early, late = "2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
            yield from ({"since": early}, {"until": late}, {"last": "P365D"}, {"gt": early})
            yield from (
                {"gte": early},
                {"lt": late},
                {"lte": late},
                {"ne": early},
                {"notIn": [early]},
            )
        case "BooleanFilter":
            yield from ({"ne": values[0]}, {"notIn": values[:1]})
        case "UUIDFilter":
            yield from ({"ne": NOBODY}, {"notIn": [NOBODY]})
        case _:
            raise AssertionError(f"say how {type} may be asked")


def _of_attributes(known: Known) -> Iterator[Json]:
    tenant = known.tenant
    text = f"{tenant.mark}-attributes"
    yield from ({"path": "mark", "eq": text}, {"path": "mark", "in": [text]})
    yield from ({"path": "number", "gte": tenant.number}, {"path": "number", "lte": tenant.number})
    yield from ({"path": "number", "gt": 0}, {"path": "number", "lt": FAR})
    yield from ({"path": "mark", "exists": True}, {"path": "nothing", "exists": False})
    yield from ({"path": "nothing", "ne": 1}, {"path": "nothing", "notIn": [1]})
    yield from ({"path": "mark", "isNull": False}, {"path": "mark", "startsWith": tenant.mark})
    yield from ({"path": "mark", "endsWith": "attributes"}, {"path": "mark", "contains": "-"})
    yield from ({"path": "mark", "eqIgnoreCase": text.upper()},)
    yield from ({"path": "mark", f"{place}IgnoreCase": "A"} for place in ("startsWith", "endsWith"))
    yield {"path": "mark", "containsIgnoreCase": "ATTRIBUTES"}
