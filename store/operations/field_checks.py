"""Validates the fields of a draft as ``models.operation_fields`` declares them."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from models.field_declarations import Check, OperationField, Part, Storage, ValueType
from models.operation_fields import OPERATION_FIELDS, fields_in
from store.validation import Checker


def check_part(part: Part, draft: Any, values: dict[str, Any], check: Checker) -> None:
    """Put the checked values of a part into ``values`` by column, but for those checked by hand."""
    for field in CHECKED_FIELDS[part]:
        values[field.name] = CHECKS[field.check](check, field, getattr(draft, field.draft_name))


def check_labels(labels: Mapping[str, str | None], check: Checker) -> dict[str, str | None]:
    paths = LABEL_PATHS
    return {name: check.name(value, *paths[name]) for name, value in labels.items()}


def check_integer(check: Checker, field: OperationField, value: int | None) -> int | None:
    """Check a whole number against the bounds of its field."""
    return check.integer(value, *field.path, minimum=field.minimum, maximum=int(field.maximum))


def _name(check: Checker, field: OperationField, value: str | None) -> str | None:
    is_session = field.type is ValueType.SESSION_ID
    return (check.session_id if is_session else check.name)(value, *field.path)


def _range(check: Checker, field: OperationField, value: Any) -> float | None:
    if field.type is not ValueType.MILLISECONDS:
        return check_integer(check, field, value)
    return check.number(value, *field.path, minimum=field.minimum, maximum=field.maximum)


def _unchecked(_check: Checker, _field: OperationField, value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


CHECKS: Mapping[Check, Callable[[Checker, OperationField, Any], Any]] = {
    Check.NAME: _name,
    Check.TEXT: lambda check, field, value: check.text(value, *field.path),
    Check.TRUNCATED_TEXT: lambda check, _, value: check.cut_text(value),
    Check.TRUNCATED_LONG_TEXT: lambda check, _, value: check.cut_long_text(value),
    Check.RANGE: _range,
    Check.OBJECT: lambda check, field, value: check.json_object(value, *field.path),
    Check.NONE: _unchecked,
}
CHECKED_FIELDS: Mapping[Part, tuple[OperationField, ...]] = {
    part: tuple(
        field
        for field in fields_in(part)
        if field.check is not Check.BY_HAND and field.storage is not Storage.NONE
    )
    for part in {field.part for field in OPERATION_FIELDS}
}
LABEL_PATHS = {field.name: field.path for field in fields_in(Part.LABELS)}
