"""Turns declarations of fields into lines of source code, one function for each kind of region."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from textwrap import wrap

from models.field_declarations import (
    INTEGERS,
    PLAIN_TYPES,
    Check,
    OperationField,
    Part,
    Role,
    Storage,
    ValueType,
)
from models.operation_fields import MAX_TOKENS

Fields = Sequence[OperationField]
Renderer = Callable[[Fields], Iterator[str]]
MAX_LITERAL_CHARS = 70

DRAFT_TYPES: Mapping[ValueType, str] = {
    ValueType.TEXT: "str",
    ValueType.ID: "str",
    ValueType.SESSION_ID: "str",
    ValueType.KIND: "OperationKind",
    ValueType.OUTCOME: "Outcome",
    ValueType.UUID: "UUID",
    ValueType.INSTANT: "datetime",
    ValueType.BOOLEAN: "bool",
    ValueType.MILLISECONDS: "float",
    ValueType.INTEGER: "int",
    ValueType.INT32: "int",
    ValueType.OBJECT: "Any",
}
INPUT_TYPES = {
    **DRAFT_TYPES,
    ValueType.ID: "strawberry.ID",
    ValueType.SESSION_ID: "strawberry.ID",
    ValueType.INTEGER: "Long",
    ValueType.OBJECT: "JSON",
}
OUTPUT_TYPES = {
    **INPUT_TYPES,
    ValueType.INT32: "Long",
    ValueType.MONEY: "float",
    ValueType.PRICE_STATUS: "PriceStatus",
}
FILTER_TYPES = {
    ValueType.TEXT: "StringFilter",
    ValueType.ID: "IDFilter",
    ValueType.SESSION_ID: "IDFilter",
    ValueType.KIND: "ValueFilter[OperationKind]",
    ValueType.OUTCOME: "ValueFilter[Outcome]",
    ValueType.PRICE_STATUS: "ValueFilter[PriceStatus]",
    ValueType.UUID: "UUIDFilter",
    ValueType.INSTANT: "DateTimeFilter",
    ValueType.BOOLEAN: "BooleanFilter",
    ValueType.MILLISECONDS: "FloatFilter",
    ValueType.INTEGER: "LongFilter",
    ValueType.INT32: "LongFilter",
}
COLUMN_TYPES = {
    **DRAFT_TYPES,
    ValueType.KIND: "str",
    ValueType.OUTCOME: "str",
    ValueType.PRICE_STATUS: "str",
    ValueType.INTEGER: "Long",
    ValueType.INT32: "Long",
    ValueType.MONEY: "Long",
    ValueType.OBJECT: "dict[str, Any]",
    ValueType.LIST: "list[Any]",
}
ENTRY_TYPES = {**DRAFT_TYPES, ValueType.KIND: "Kind", ValueType.OBJECT: "Json"}
ARGUMENT_TYPES = {
    **DRAFT_TYPES,
    ValueType.OUTCOME: "Outcome | str",
    ValueType.SESSION_ID: "UUID | str",
    ValueType.UUID: "UUID | str",
    ValueType.INSTANT: "datetime | float | str",
    ValueType.MILLISECONDS: "float | timedelta",
    ValueType.OBJECT: "Mapping[str, Any]",
}
"""What the recording methods of the client take: more than what is sent."""
ARGUMENT_TYPE_OF = {"error": "str | BaseException"}
OPEN_TYPES = ("Any",)
"""Types that hold None already."""


def drafts(fields: Fields) -> Iterator[str]:
    """Render attributes of a protocol; texts that GraphQL shows as ``ID`` may be of a subclass."""
    for field in sendable(fields):
        written = optional(DRAFT_TYPES[field.type], can_be_null(field))
        if field.type is ValueType.SESSION_ID:
            yield f"@property\ndef {field.draft_name}(self) -> {written}: ..."
        else:
            yield f"{field.draft_name}: {written}"


def inputs(fields: Fields) -> Iterator[str]:
    """Render fields of an input type."""
    for field in sendable(fields):
        written = optional(INPUT_TYPES[field.type], can_be_null(field))
        text = literal(" ".join(filter(None, (field.description, field.note))))
        default = field.default or ("" if field.is_required else "None")
        option = f", default={default}" if default else ""
        yield f"{field.draft_name}: {written} = described({text}{option})"


def columns(fields: Fields) -> Iterator[str]:
    """Render columns of the table."""
    for field in fields:
        if field.storage is Storage.COLUMN and field.part is not Part.LABELS:
            option = " = mapped_column(SessionKey())" if field.type is ValueType.SESSION_ID else ""
            written = optional(COLUMN_TYPES[field.type], is_nullable(field))
            yield f"{field.name}: Mapped[{written}]{option}"


def outputs(fields: Fields) -> Iterator[str]:
    """Render fields of the type that shows a record."""
    for field in sendable(fields):
        if field.storage is Storage.COLUMN and field.part is not Part.LABELS:
            written = optional(OUTPUT_TYPES[field.type], is_nullable(field))
            yield f"{field.name}: {written} = described({literal(field.description)})"


def filters(fields: Fields) -> Iterator[str]:
    """Render conditions of the filter."""
    for field in fields:
        if Role.FILTER in field.roles:
            text = literal(field.description)
            yield f"{field.name}: {FILTER_TYPES[field.type]} | None = condition({text})"


def positions(fields: Fields) -> Iterator[str]:
    """Render positions in a row, as constants."""
    for field in fields:
        if field.storage is Storage.COLUMN and field.part is not Part.LABELS:
            yield f'{field.name.upper()} = AT["{field.name}"]'


def order_members(fields: Fields) -> Iterator[str]:
    """Render members of the enum of fields that lists can be ordered by."""
    for field in fields:
        if Role.ORDER in field.roles:
            yield f'{field.name.upper()} = "{field.name}"'


def entries(fields: Fields) -> Iterator[str]:
    """Render fields of the client's entries."""
    for field in sendable(fields):
        default = field.default or ("" if field.is_required else "None")
        written = optional(ENTRY_TYPES[field.type], can_be_null(field))
        option = f" = {default}".replace("Outcome.OK", '"OK"') if default else ""
        yield f"{field.draft_name}: {written}{option}"


def arguments(fields: Fields) -> Iterator[str]:
    """Render keyword arguments of the client's recording methods."""
    for field in sendable(fields):
        written = ARGUMENT_TYPE_OF.get(field.name, ARGUMENT_TYPES[field.type])
        is_flag = field.type is ValueType.BOOLEAN and bool(field.default)
        yield f"{field.draft_name}: {optional(written, not is_flag)}"


def converters(fields: Fields) -> Iterator[str]:
    """Render converters of the client, for fields whose type does not tell what the server accepts."""
    for field in fields:
        low, high = f"{field.minimum:_}", f"{int(field.maximum):_}"
        if field.check in (Check.TEXT, Check.TRUNCATED_TEXT):
            yield f'"{field.draft_name}": _text,'
        elif field.type is ValueType.MILLISECONDS:
            yield f'"{field.draft_name}": milliseconds({high}),'
        elif field.type in INTEGERS and (field.minimum or 0 < field.maximum < MAX_TOKENS):
            yield f'"{field.draft_name}": whole_number({low}, {high}),'


def fast_path(fields: Fields) -> Iterator[str]:
    """Render statements that check the fields of ``draft`` and put them into ``row``."""
    stored = [field for field in fields if field.storage is Storage.COLUMN]
    texts = {
        "names": [f for f in stored if f.check is Check.NAME],
        "texts": [f for f in stored if f.check in (Check.TEXT, Check.TRUNCATED_TEXT)],
    }
    texts = {variable: group for variable, group in texts.items() if group}
    others = [f for f in stored if f.check in (Check.OBJECT, Check.RANGE)]
    for variable, group in texts.items():
        yield f"{variable} = {group_of([f'draft.{f.draft_name}' for f in group])}"
    yield from guard([f"self._are_{variable}({variable})" for variable in texts])
    yield from (f"{field.name} = draft.{field.draft_name}" for field in others)
    yield from guard([f"({f.name} is None or {fast_path_condition(f)})" for f in others])
    for variable, group in texts.items():
        yield f"{group_of([f'row[{f.name.upper()}]' for f in group])} = {variable}"
    for field in others:
        is_float = field.type is ValueType.MILLISECONDS
        value = f"None if {field.name} is None else float({field.name})" if is_float else field.name
        yield f"row[{field.name.upper()}] = {value}"
    for field in stored:
        if field.check is Check.NONE and field.type in PLAIN_TYPES:
            yield f"row[{field.name.upper()}] = draft.{field.draft_name}"


def guard(conditions: Sequence[str]) -> Iterator[str]:
    if conditions:
        yield f"if not ({' and '.join(conditions)}):\n    return False"


def fast_path_condition(field: OperationField) -> str:
    if field.check is Check.OBJECT:
        return f"self._is_on_fast_path({field.name})"
    return f"{field.minimum} <= {field.name} <= {field.maximum}"


def sendable(fields: Fields) -> list[OperationField]:
    return [field for field in fields if field.type is not ValueType.LIST]


def optional(written: str, is_optional: bool) -> str:
    return f"{written} | None" if is_optional and written not in OPEN_TYPES else written


def can_be_null(field: OperationField) -> bool:
    """Return whether a caller may send null."""
    return not (field.is_required or field.default)


def is_nullable(field: OperationField) -> bool:
    """Return whether a record may lack the field."""
    is_set = field.is_required or bool(field.default) or field.name in ("id", "occurred_at")
    return not (is_set and field.part in (Part.COMMON, Part.DERIVED))


def group_of(items: Sequence[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def literal(text: str) -> str:
    parts = wrap(text, MAX_LITERAL_CHARS, drop_whitespace=False)
    return "\n".join(json.dumps(part, ensure_ascii=False) for part in parts)


RENDERERS: Mapping[str, Renderer] = {
    renderer.__name__: renderer
    for renderer in (
        arguments, columns, converters, drafts, entries, fast_path, filters, inputs, order_members,
        outputs, positions,
    )
}  # fmt: skip
"""Renderers by the names that regions call them."""
