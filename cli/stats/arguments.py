"""Converts command-line arguments to one GraphQL query, with suggestions for unknown names."""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from strawberry.types.base import StrawberryOptional, get_object_definition
from strawberry.utils.str_converters import to_camel_case

from schema.filter_operators import (
    BooleanFilter,
    DateTimeFilter,
    OrderedFilter,
    TextFilter,
    UUIDFilter,
    ValueFilter,
)
from schema.interactions import InteractionFilter
from schema.operation_filters import OperationFilter
from schema.request_filters import RequestFilter
from schema.stage_filters import EventFilter, StageFilter
from schema.stats.fields import (
    COSTS,
    AttributeField,
    CostAtField,
    CostField,
    DistinctField,
    NumberField,
)
from schema.stats.shapes import QUANTILES, STATS
from schema.stats.sources import (
    EVENT_STATS,
    INTERACTION_STATS,
    OPERATION_STATS,
    REQUEST_STATS,
    STAGE_STATS,
)
from schema.stats.types import SourceTypes
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import EVERY_STAT, BucketUnit
from store.aggregation.measures import CostPart
from store.time_ranges import ALL, parse_time_range


class SourceName(StrEnum):
    OPERATIONS = "operations"
    REQUESTS = "requests"
    STAGES = "stages"
    EVENTS = "events"
    INTERACTIONS = "interactions"


TYPES: dict[SourceName, tuple[SourceTypes, type[Any]]] = {
    SourceName.OPERATIONS: (OPERATION_STATS, OperationFilter),
    SourceName.REQUESTS: (REQUEST_STATS, RequestFilter),
    SourceName.STAGES: (STAGE_STATS, StageFilter),
    SourceName.EVENTS: (EVENT_STATS, EventFilter),
    SourceName.INTERACTIONS: (INTERACTION_STATS, InteractionFilter),
}
BUCKET = re.compile(r"(\d{1,4})?\s*([a-z]+?)s?", re.ASCII | re.IGNORECASE)
COST_PARTS = {to_camel_case(part.value): part.name for part in CostPart}
STATISTICS = (*STATS, *QUANTILES)


class UsageError(Exception):
    """An argument is invalid; ``option`` is its name."""

    def __init__(self, option: str, text: str) -> None:
        super().__init__(text)
        self.option = option


@dataclass(frozen=True, slots=True)
class StatsArguments:
    source: SourceName
    groups: list[str]
    measures: list[str]
    bucket: str | None
    last: str | None
    where: list[str]
    top: int | None
    zone: str
    limit: int


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    path: tuple[str, ...]


@dataclass(slots=True)
class QueryPlan:
    document: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    keys: list[Column] = field(default_factory=list)
    measures: list[Column] = field(default_factory=list)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    bucket: Bucket | None = None
    has_others: bool = False


def plan_query(arguments: StatsArguments) -> QueryPlan:
    """Return the query of a command line; raise ``UsageError`` for its first invalid argument."""
    types, filter = TYPES[arguments.source]
    query = QueryPlan(zone=_zone(arguments.zone))
    selected = []
    by: list[dict[str, Any]] = []
    for i, name in enumerate(arguments.measures):
        text, path, measure = _measure(types, name, f"m{i}")
        selected.append(text)
        query.measures.append(Column(name, path))
        by.append(measure)
    keys = []
    for i, name in enumerate(arguments.groups):
        text, column = _key(types, name, f"k{i}")
        keys.append(text)
        query.keys.append(Column(name, ("key", column)))
    query.variables = _variables(arguments, types, filter, by[0])
    if bucket := query.variables.get("bucket"):
        query.bucket = Bucket(BucketUnit(bucket["unit"]), bucket["every"], bucket["zone"])
    query.has_others = arguments.top is not None
    prefix = types.stats.__name__.removesuffix("Stats")
    measures = " ".join(selected)
    rows = f"bucket {{ start end }} {'key {' + ' '.join(keys) + '}' if keys else ''} {measures}"
    others = f"others {{ {measures} }}" if query.has_others else ""
    # Omit unused variables: null would be refused.
    types_of_variables = {
        "where": f"{prefix}Filter",
        "groupBy": f"[{prefix}Group!]",
        "bucket": "BucketInput",
        "orderBy": "[StatsOrder!]",
        "top": "TopInput",
        "limit": "Int",
    }
    declared = ", ".join(f"${name}: {types_of_variables[name]}" for name in query.variables)
    passed = ", ".join(f"{name}: ${name}" for name in query.variables)
    query.document = (
        f"query Stats({declared}) {{ stats: {prefix.lower()}Stats({passed}) "
        f"{{ rows {{ {rows} }} {others} truncated }} }}"
    )
    return query


def _variables(
    arguments: StatsArguments, types: SourceTypes, filter: type[Any], by: dict[str, Any]
) -> dict[str, Any]:
    groups = [_group(types, name) for name in arguments.groups]
    if arguments.top is not None and not groups:
        raise UsageError("--top", "requires --group-by")
    orders = groups and arguments.bucket is None
    variables = {
        "where": _where(arguments, types, filter),
        "groupBy": groups,
        "bucket": _bucket(arguments) if arguments.bucket is not None else None,
        "orderBy": [{"by": by, "direction": "DESC"}] if orders else None,
        "top": {"n": arguments.top, "by": by} if arguments.top is not None else None,
        "limit": arguments.limit,
    }
    return {name: value for name, value in variables.items() if value is not None}


# --- names ---------------------------------------------------------------------------------------


def _dimension(types: SourceTypes, name: str, option: str) -> str:
    choices = {to_camel_case(n): n.upper() for n in types.source.dimensions}
    if name not in choices:
        raise UsageError(option, _unknown(name, choices, types))
    return choices[name]


def _group(types: SourceTypes, name: str) -> dict[str, str]:
    path = _attribute_path(types, name)
    if path is not None:
        return {"attribute": path}
    return {"field": _dimension(types, name, "--group-by")}


def _attribute_path(types: SourceTypes, name: str) -> str | None:
    """Return the path of a name such as attributes.plan, or data.plan of events; None for a field."""
    prefix = f"{types.source.attributes}."
    if types.source.attributes is None or not name.startswith(prefix):
        return None
    return name.removeprefix(prefix)


def _key(types: SourceTypes, name: str, alias: str) -> tuple[str, str]:
    group = _group(types, name)
    if "attribute" in group:
        return f"{alias}: attribute(path: {json.dumps(group['attribute'])})", alias
    return name, name


def _measure(
    types: SourceTypes, name: str, alias: str
) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """Return the selection, the path of its value, and the measure as an order."""
    field_name, _, argument = name.partition(".")
    fields = {f.graphql_name: f for f in types.fields}
    if field_name == types.source.attributes:
        path, _, statistic = argument.rpartition(".")
        statistic = _one_of(statistic, STATISTICS, name, types)
        text = f"{alias}: attribute(path: {json.dumps(path)}) {{ {statistic} }}"
        return text, (alias, statistic), {"attribute": {"path": path, "stat": statistic.upper()}}
    measure = fields.get(field_name)
    match measure:
        case None | AttributeField():
            raise UsageError("--measure", _unknown(name, _examples(types), types))
        case CostAtField():
            model, _, part = argument.rpartition(".")
            if not model:
                examples = [f"{field_name}.MODEL.{part}" for part in COST_PARTS]
                raise UsageError("--measure", _unknown(name, examples, types))
            part = _one_of(part, COST_PARTS, name, types)
            text = f"{alias}: {field_name}(model: {json.dumps(model)}) {{ {part} }}"
            return text, (alias, part), {"costAt": {"model": model, "part": COST_PARTS[part]}}
        case DistinctField():
            enum = _dimension(types, argument, "--measure")
            return f"{alias}: distinct(field: {enum})", (alias,), {"distinct": enum}
        case NumberField(number=number):
            choices = STATISTICS if number.stats == EVERY_STAT else ("sum", "avg")
            statistic = _one_of(argument, choices, name, types)
            order = {"number": {"field": number.name.upper(), "stat": statistic.upper()}}
            return f"{alias}: {field_name} {{ {statistic} }}", (alias, statistic), order
        case CostField():
            part = _one_of(argument, COSTS, name, types)
            order = {"number": {"field": COSTS[part].upper(), "stat": "SUM"}}
            return f"{alias}: cost {{ {part} }}", (alias, part), order
        case _ if argument:
            raise UsageError("--measure", f"{field_name} has no parts. Use {field_name}.")
        case _:
            return f"{alias}: {field_name}", (alias,), {"measure": measure.name.upper()}


def _one_of(part: str, choices: Iterable[str], name: str, types: SourceTypes) -> str:
    if part in choices:
        return part
    head = name.removesuffix(f".{part}") if part else name
    raise UsageError("--measure", _unknown(name, [f"{head}.{choice}" for choice in choices], types))


def _examples(types: SourceTypes) -> list[str]:
    """Return every measure, with one example if it takes parts."""
    examples = []
    for measure in types.fields:
        match measure:
            case NumberField():
                examples.append(f"{measure.graphql_name}.sum")
            case CostField():
                examples += [f"cost.{part}" for part in COSTS]
            case CostAtField():
                examples += [f"{measure.graphql_name}.MODEL.{part}" for part in COST_PARTS]
            case DistinctField():
                examples.append("distinct.FIELD")
            case AttributeField():
                examples.append(f"{types.source.attributes}.PATH.sum")
            case _:
                examples.append(measure.graphql_name)
    return examples


def _unknown(name: str, choices: Iterable[str], types: SourceTypes) -> str:
    names = list(choices)
    near = difflib.get_close_matches(name, names, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return f"{types.source.name} have no {name!r}. {hint}Available: {', '.join(names)}"


# --- times and filters ---------------------------------------------------------------------------


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError("--zone", f"{name!r} is not a zone such as UTC or Europe/Berlin") from None


def _bucket(arguments: StatsArguments) -> dict[str, Any]:
    match = BUCKET.fullmatch((arguments.bucket or "").strip())
    units = [unit.value for unit in BucketUnit]
    if match is None or match[2].upper() not in units:
        raise UsageError(
            "--bucket",
            f"{arguments.bucket!r} is not one of {', '.join(units).lower()}, or 15minute",
        )
    # Without a time range, empty buckets would continue to the present.
    return {
        "unit": match[2].upper(),
        "every": int(match[1] or 1),
        "zone": arguments.zone,
        "fill": arguments.last is not None and _last(arguments.last) != ALL,
    }


def _where(arguments: StatsArguments, types: SourceTypes, filter: type[Any]) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = []
    if arguments.last is not None:
        if arguments.source is SourceName.INTERACTIONS:
            raise UsageError("--last", "interactions are counted per month. Use --where year=2026.")
        conditions.append({to_camel_case(types.source.time): {"last": _last(arguments.last)}})
    for text in arguments.where:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError("--where", f"{text!r} is not FIELD=VALUE")
        conditions.append(_condition(name.strip(), value, types, filter))
    names = [name for condition in conditions for name in condition]
    if arguments.source is SourceName.INTERACTIONS and len(set(names)) == len(names):
        # A month beside its year is a time range, which can be compared with an earlier one.
        return {name: value for condition in conditions for name, value in condition.items()}
    return {"and": conditions}


def _last(text: str) -> str:
    try:
        return parse_time_range(text.strip()).name
    except ValueError as error:
        raise UsageError("--last", str(error)) from None


def _condition(name: str, value: str, types: SourceTypes, filter: type[Any]) -> dict[str, Any]:
    definition = get_object_definition(filter, strict=True)
    fields = {to_camel_case(f.python_name): f.type for f in definition.fields}
    path = _attribute_path(types, name)
    if path is not None:
        return {types.source.attributes or "": [{"path": path, "eq": _leaf(value)}]}
    kind: Any = fields.get(name)
    kind = kind.of_type if isinstance(kind, StrawberryOptional) else kind
    if _is_usable(kind):
        return {name: _operator(name, value, kind)}
    usable = [n for n, t in fields.items() if _is_usable(getattr(t, "of_type", t))]
    usable += [f"{types.source.attributes}.PATH"] if types.source.attributes else []
    raise UsageError("--where", _unknown(name, usable, types))


def _is_usable(kind: Any) -> bool:
    return (
        isinstance(kind, type)
        and issubclass(kind, ValueFilter)
        and not issubclass(kind, DateTimeFilter)
    )


def _operator(name: str, value: str, kind: type[ValueFilter[Any]]) -> dict[str, Any]:
    if issubclass(kind, TextFilter | UUIDFilter):
        return {"eq": value}
    if issubclass(kind, OrderedFilter):
        return {"eq": _number(name, value)}
    if issubclass(kind, BooleanFilter):
        return {"eq": _flag(name, value)}
    return {"in": [item.strip().upper() for item in value.split(",")]}


def _flag(name: str, value: str) -> bool:
    choices = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if value.strip().lower() not in choices:
        raise UsageError("--where", f"{name} must be true or false, not {value!r}")
    return choices[value.strip().lower()]


def _number(name: str, value: str) -> int | float:
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        raise UsageError("--where", f"{name} must be a number, not {value!r}") from None


def _leaf(value: str) -> Any:
    try:
        leaf = json.loads(value)
    except ValueError:
        return value
    return leaf if isinstance(leaf, int | float | bool) else value
