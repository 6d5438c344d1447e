"""The fields of a part by how they are checked: their names in a draft, their positions in a row."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.field_declarations import INTEGERS, PLAIN_TYPES, Check, OperationField, Part, Storage
from models.operation_fields import OPERATION_FIELDS, fields_in
from store.operations.columns import AT

NESTED_PARTS = ("labels", "api", "tool", "llm", "interaction")
"""Attributes of a draft that hold the other parts."""
Place = tuple[str, int]
"""The name of a field in a draft, and its position in a row."""
BoundedPlace = tuple[str, int, int, float]
"""The same, with the least and the greatest value."""


@dataclass(frozen=True, slots=True)
class PartGroups:
    """The fields of one part; those with ``Check.BY_HAND`` and enums are in ``draft_names`` only."""

    draft_names: tuple[str, ...]
    names: tuple[Place, ...]
    texts: tuple[Place, ...]
    objects: tuple[Place, ...]
    plain: tuple[Place, ...]
    integers: tuple[BoundedPlace, ...]
    durations: tuple[BoundedPlace, ...]

    @classmethod
    def of(cls, part: Part) -> "PartGroups":
        fields = fields_in(part)
        columns = [field for field in fields if field.storage is Storage.COLUMN]
        numbers = [f for f in columns if f.check is Check.RANGE]
        nested = NESTED_PARTS if part is Part.COMMON else ()
        return cls(
            draft_names=(*(field.draft_name for field in fields), *nested),
            names=tuple(map(place, (f for f in columns if f.check is Check.NAME))),
            texts=tuple(
                map(place, (f for f in columns if f.check in (Check.TEXT, Check.TRUNCATED_TEXT)))
            ),
            objects=tuple(map(place, (f for f in columns if f.check is Check.OBJECT))),
            plain=tuple(
                map(place, (f for f in columns if f.check is Check.NONE and f.type in PLAIN_TYPES))
            ),
            integers=tuple(map(bounded, (f for f in numbers if f.type in INTEGERS))),
            durations=tuple(map(bounded, (f for f in numbers if f.type not in INTEGERS))),
        )


def place(field: OperationField) -> Place:
    return field.draft_name, AT[field.name]


def bounded(field: OperationField) -> BoundedPlace:
    return *place(field), field.minimum, field.maximum


GROUPS: Mapping[Part, PartGroups] = {
    part: PartGroups.of(part) for part in {field.part for field in OPERATION_FIELDS}
}
