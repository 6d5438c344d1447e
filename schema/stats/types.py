"""Create the query and answer types of one source from the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import BigInteger, Boolean, Integer, Uuid

from models.enums import (
    OperationKind,
    Outcome,
    PriceStatus,
    RequestStatus,
    Severity,
    StageStatus,
)
from models.types import SessionKey
from schema.arguments import about
from schema.enums import register
from schema.filter_operators import NumberFilter
from schema.hydration import described
from schema.scalars import JSON, Long
from schema.stats.descriptions import DIMENSIONS, noun_of
from schema.stats.fields import (
    AttributeField,
    CostAtField,
    DistinctField,
    MeasureField,
    NumberField,
    ValueField,
    measure_fields,
)
from schema.stats.having import (
    AttributeHaving,
    CostAtHaving,
    DistinctHaving,
    NumberHaving,
    SumHaving,
)
from schema.stats.shapes import AttributeStats, Bucket, StatsCoverage, StatsSpan
from schema.stats.vocabulary import MODEL_TEXT, PATH_TEXT
from store.aggregation.catalog import EVERY_STAT, Dimension, Source
from store.aggregation.sources import EVERY_LABEL
from store.query.filters import parse_path

VOCABULARIES: Mapping[str, Mapping[str, type[Enum]]] = {
    "operations": {"kind": OperationKind, "outcome": Outcome, "price_status": PriceStatus},
    "requests": {"status": RequestStatus},
    "stages": {"status": StageStatus, "request_status": RequestStatus},
    "events": {"severity": Severity, "request_status": RequestStatus},
    "interactions": {},
}
"""Enums of dimensions with a closed vocabulary, by source."""
PRIVATE: Any = strawberry.Private[object]
"""Annotation of an attribute that GraphQL does not show."""


@dataclass(frozen=True, slots=True)
class SourceTypes:
    source: Source
    fields: tuple[MeasureField, ...]
    dimension: Any
    group: Any
    key: Any
    measures: Any
    changes: Any
    totals: Any
    row: Any
    stats: Any
    having: Any


def types_of(source: Source, prefix: str) -> SourceTypes:
    """Create the types of ``source``; their names start with ``prefix``."""
    fields = measure_fields(source)
    dimension = _dimension_enum(source, prefix)
    noun = noun_of(source)
    measures = _measures(f"{prefix}Measures", f"Measures of {noun}.", fields, dimension, False)
    changes = _measures(
        f"{prefix}Changes", f"Changes of measures of {noun}.", fields, dimension, True
    )
    compared = {
        "previous": (
            measures | None,
            "The same measures in the compared time range; null without compare.",
        ),
        "delta": (changes | None, "Difference from the previous value."),
        "ratio": (changes | None, "Ratio to the previous value."),
    }
    own_values = _own(fields, dimension, False)
    totals = _made(f"{prefix}StatsTotals", f"Measures of all {noun}.", {**own_values, **compared})
    key = _key(source, prefix)
    keys = {
        "bucket": (Bucket | None, "Time bucket; null without bucket."),
        "key": (key, "The values that the row is grouped by."),
    }
    row = _made(
        f"{prefix}StatsRow",
        f"One group of {noun}.",
        {**keys, **own_values, **compared},
    )
    stats = _made(
        f"{prefix}Stats",
        f"Aggregated {noun}.",
        {
            "rows": (list_of(row), "Groups in the requested order."),
            "others": (
                totals | None,
                "The groups not included in top, combined; null without top or with others: false.",
            ),
            "totals": (totals, "Totals over all records that match where."),
            "span": (StatsSpan, "The requested time range."),
            "compared": (StatsSpan | None, "The time range compared with."),
            "truncated": (bool, "Whether limit removed rows."),
            "coverage": (StatsCoverage, "What the answer was computed from."),
        },
    )
    return SourceTypes(
        source, fields, dimension, _group(source, prefix, dimension), key, measures, changes,
        totals, row, stats, _having(source, prefix, fields),
    )  # fmt: skip


def list_of(item: Any) -> Any:
    return list[item]


Fields = Mapping[str, tuple[Any, str] | Any]


def _made(
    name: str, description: str, fields: Fields, is_input: bool = False, **options: Any
) -> Any:
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__, "__doc__": description}
    for field, definition in fields.items():
        if not isinstance(definition, tuple):
            body[field] = definition
            continue
        annotation, text, *default = definition
        body["__annotations__"][field] = annotation
        if text:
            body[field] = described(text, **({"default": default[0]} if default else {}))
    make = strawberry.input if is_input else strawberry.type
    return make(type(name, (), body), description=description, **options)


def _dimension_enum(source: Source, prefix: str) -> Any:
    members = {name.upper(): name for name in source.dimensions}
    texts = {name.upper(): DIMENSIONS[name] for name in source.dimensions}
    enum: Any = StrEnum(f"{prefix}Dimension", members)  # type: ignore[misc]
    return register(enum, f"Dimensions that {noun_of(source)} can be grouped by.", **texts)


def _group(source: Source, prefix: str, dimension: Any) -> Any:
    fields: dict[str, Any] = {
        "field": (dimension | None, "A dimension.", strawberry.UNSET),
    }
    if source.attributes is not None:
        text = f"A place in the attributes: {PATH_TEXT[0].lower()}{PATH_TEXT[1:]}"
        fields["attribute"] = (str | None, text, strawberry.UNSET)
    description = f"A dimension or attribute to group {noun_of(source)} by. Set exactly one field."
    return _made(f"{prefix}Group", description, fields, is_input=True, one_of=True)


def _key(source: Source, prefix: str) -> Any:
    vocabulary = VOCABULARIES[source.name]
    fields: dict[str, Any] = {
        name: (vocabulary.get(name, _type_of_key(name, dimension)) | None, DIMENSIONS[name], None)
        for name, dimension in source.dimensions.items()
    }
    if source.attributes is not None:
        fields["attributes"] = (PRIVATE, "", None)
        fields["attribute"] = strawberry.field(
            resolver=_key_attribute,
            description="The value at an attribute path that rows are grouped by.",
        )
    text = "The values that a row is grouped by. Other fields are null."
    return _made(f"{prefix}Key", text, fields)


def _key_attribute(
    root: strawberry.Parent[Any], path: Annotated[str, about(PATH_TEXT)]
) -> JSON | None:
    return (root.attributes or {}).get(parse_path(path))


def _type_of_key(name: str, dimension: Dimension) -> Any:
    if name in EVERY_LABEL:
        return strawberry.ID
    kind = dimension.column.type
    if isinstance(kind, SessionKey):
        return strawberry.ID
    if isinstance(kind, Uuid):
        return UUID
    if isinstance(kind, Boolean):
        return bool
    return Long if isinstance(kind, BigInteger | Integer) else str


# --- measures --------------------------------------------------------------------------------------


def _measures(
    name: str, text: str, fields: tuple[MeasureField, ...], dimension: Any, changes: bool
) -> Any:
    return _made(name, text, _own(fields, dimension, changes))


def _own(fields: tuple[MeasureField, ...], dimension: Any, changes: bool) -> dict[str, Any]:
    fields_by_name: dict[str, Any] = {}
    for field in fields:
        annotation = field.annotation(changes)
        match field:
            case DistinctField():
                fields_by_name["distinct_values"] = (PRIVATE, "")
                fields_by_name[field.name] = strawberry.field(
                    resolver=_distinct_of(dimension),
                    description=field.description,
                    graphql_type=annotation,
                )
            case CostAtField():
                fields_by_name["costs_at"] = (PRIVATE, "")
                fields_by_name[field.name] = strawberry.field(
                    resolver=_cost_at, description=field.description, graphql_type=annotation
                )
            case AttributeField():
                fields_by_name["attribute_values"] = (PRIVATE, "")
                fields_by_name[field.name] = strawberry.field(
                    resolver=_attribute, description=field.description
                )
            case _:
                fields_by_name[field.name] = (annotation, field.description)
    return fields_by_name


def _distinct_of(dimension: Any) -> Any:
    def distinct(root: strawberry.Parent[Any], field: Any) -> Any:
        return root.distinct_values[field.value]

    distinct.__annotations__["field"] = Annotated[dimension, about("Dimension.")]
    return distinct


def _attribute(
    root: strawberry.Parent[Any], path: Annotated[str, about(PATH_TEXT)]
) -> AttributeStats | None:
    folds: AttributeStats = root.attribute_values[parse_path(path)]
    return folds


def _cost_at(root: strawberry.Parent[Any], model: Annotated[str, about(MODEL_TEXT)]) -> Any:
    return root.costs_at[model]


# --- having ----------------------------------------------------------------------------------------


def _having(source: Source, prefix: str, fields: tuple[MeasureField, ...]) -> Any:
    fields_by_name: dict[str, Any] = {}
    for field in fields:
        match field:
            case ValueField():
                fields_by_name[field.name] = (
                    NumberFilter | None,
                    field.description,
                    strawberry.UNSET,
                )
            case NumberField():
                has_every_stat = field.number.stats == EVERY_STAT
                kind = NumberHaving if has_every_stat else SumHaving
                fields_by_name[field.name] = (kind | None, field.description, strawberry.UNSET)
            case CostAtField():
                fields_by_name[field.name] = (
                    list[CostAtHaving] | None,
                    field.description,
                    strawberry.UNSET,
                )
            case DistinctField():
                fields_by_name[field.name] = (
                    list[DistinctHaving] | None,
                    field.description,
                    strawberry.UNSET,
                )
            case AttributeField():
                fields_by_name[field.name] = (
                    list[AttributeHaving] | None,
                    field.description,
                    strawberry.UNSET,
                )
            case _:
                pass  # its parts are separate numbers
    text = f"Filters groups of {noun_of(source)}. Conditions are combined with AND."
    return _made(f"{prefix}Having", text, fields_by_name, is_input=True)
