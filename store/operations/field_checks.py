"""Validates the fields of a draft as ``models.operation_fields`` declares them."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from models.field_declarations import Check, OperationField, Part, Storage, ValueType
from models.operation_fields import OPERATION_FIELDS, fields_in
from store.validation import Checker, Path

PATHS: Mapping[str, Path] = {field.name: field.path for field in OPERATION_FIELDS}


def check_part(part: Part, draft: Any, values: dict[str, Any], check: Checker) -> None:
    """Put the checked values of a part into ``values`` by column, but for those checked by hand.

    Fields without a value are left out.
    """
    for name, draft_name, check_value, field in CHECKED_FIELDS[part]:
        value = getattr(draft, draft_name)
        if value is not None:
            values[name] = check_value(check, field, value)


def check_labels(labels: Mapping[str, str | None], check: Checker) -> dict[str, str | None]:
    return {
        name: None if value is None else check.name(value, *PATHS[name])
        for name, value in labels.items()
    }


def check_integer(check: Checker, field: OperationField, value: int | None) -> int | None:
    """Check a whole number against the bounds of its field."""
    return check.integer(
        value, *PATHS[field.name], minimum=field.minimum, maximum=int(field.maximum)
    )


def _name(check: Checker, field: OperationField, value: str | None) -> str | None:
    is_session = field.type is ValueType.SESSION_ID
    return (check.session_id if is_session else check.name)(value, *PATHS[field.name])


def _range(check: Checker, field: OperationField, value: Any) -> float | None:
    if field.type is not ValueType.MILLISECONDS:
        return check_integer(check, field, value)
    return check.number(value, *PATHS[field.name], minimum=field.minimum, maximum=field.maximum)


def _unchecked(_check: Checker, _field: OperationField, value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


CheckValue = Callable[[Checker, OperationField, Any], Any]
CHECKS: Mapping[Check, CheckValue] = {
    Check.NAME: _name,
    Check.TEXT: lambda check, field, value: check.text(value, *PATHS[field.name]),
    Check.TRUNCATED_TEXT: lambda check, _, value: check.cut_text(value),
    Check.TRUNCATED_LONG_TEXT: lambda check, _, value: check.cut_long_text(value),
    Check.RANGE: _range,
    Check.OBJECT: lambda check, field, value: check.json_object(value, *PATHS[field.name]),
    Check.NONE: _unchecked,
}
CHECKED_FIELDS: Mapping[Part, tuple[tuple[str, str, CheckValue, OperationField], ...]] = {
    part: tuple(
        (field.name, field.draft_name, CHECKS[field.check], field)
        for field in fields_in(part)
        if field.check is not Check.BY_HAND and field.storage is not Storage.NONE
    )
    for part in {field.part for field in OPERATION_FIELDS}
}
