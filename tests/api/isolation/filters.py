"""Every filter that the schema knows, aimed at the records of a tenant."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
)

from tests.api.isolation.documents import root
from tests.api.isolation.tenant_queries import Known
from tests.support.api import Json

FAR = 10**15
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
        field: [
            {field: condition, **_beside(name, field, known)}
            for condition in _conditions(name, field, known)
        ]
        for field in type_of(name).fields
    }


def _beside(name: str, field: str, known: Known) -> Json:
    """What a field is not asked without: a month stands in a year."""
    return {"year": _values(name, "year", known)[0]} if field == "month" else {}


def _conditions(name: str, field: str, known: Known) -> list[Any]:
    mine = {"organizationId": {"eq": known.tenant.organization}}
    everybody = {"organizationId": {"ne": "nobody"}}
    if field in SEVERAL:
        return [[mine, everybody], [mine]]
    if field == "not":
        return [{"organizationId": {"eq": "nobody"}}, {"not": mine}]
    declared = type_of(name).fields[field].type
    type = get_named_type(declared)
    many = isinstance(get_nullable_type(declared), GraphQLList)
    if isinstance(type, GraphQLEnumType):
        return [[value] for value in type.values] + [list(type.values)]
    if type.name == "AttributeFilter":
        return [[condition] for condition in _of_attributes(known)]
    values = _values(name, field, known)
    if type.name in {"UUID", "ID", "Int", "Boolean"}:
        return [values] if many else values
    conditions = list(_operators(type.name, known.tenant.mark, values))
    tried = {operator for condition in conditions for operator in condition}
    assert isinstance(type, GraphQLInputObjectType)
    assert tried == set(type.fields), f"say how {type.name} may be asked"
    return conditions


def _values(name: str, field: str, known: Known) -> list[Any]:
    """What the tenant's records hold in a field of that name."""
    column = "uuid" if field == "id" else field
    if field == "organizationId":
        return [known.tenant.organization]
    found = [node[column] for node in known.records(name) if node.get(column) is not None]
    assert found, f"no record of the tenant has {name}.{field}: it cannot be asked for"
    return list(dict.fromkeys(found))


def _operators(type: str, mark: str, values: list[Any]) -> Iterator[Json]:
    match type:
        case "StringFilter" | "IDFilter":
            yield from ({"eq": values[0]}, {"in": values}, {"startsWith": mark})
            yield from ({"contains": mark[1:]}, {"ne": "x"}, {"notIn": ["x"]})
            yield from ({"endsWith": values[0][-3:]}, {"eqIgnoreCase": values[0].upper()})
            yield from (
                {"startsWithIgnoreCase": mark.upper()},
                {"containsIgnoreCase": mark.upper()},
            )
            yield {"endsWithIgnoreCase": values[0][-3:].upper()}
        case "LongFilter" | "FloatFilter":
            yield from ({"eq": values[0]}, {"gte": values[0]}, {"lte": values[0]})
            yield from ({"gt": -1}, {"lt": FAR})
            yield from ({"in": values}, {"ne": FAR}, {"notIn": [FAR]})
        case "TimeFilter":
            yield from ({"since": "2000-01-01T00:00:00Z"}, {"until": "2999-01-01T00:00:00Z"})
            yield {"last": "P365D"}
            return
        case _:
            raise AssertionError(f"say how {type} may be asked")
    yield from ({"isNull": False}, {"isNull": True})


def _of_attributes(known: Known) -> Iterator[Json]:
    tenant = known.tenant
    text = f"{tenant.mark}-attributes"
    yield from ({"path": "mark", "eq": text}, {"path": "mark", "in": [text]})
    yield from ({"path": "number", "gte": tenant.number}, {"path": "number", "lte": tenant.number})
    yield from ({"path": "number", "gt": 0}, {"path": "number", "lt": FAR})
    yield from ({"path": "mark", "exists": True}, {"path": "nothing", "exists": False})
