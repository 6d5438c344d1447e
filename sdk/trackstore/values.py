"""Lenient converters of single values: what is clear is converted, the rest is a problem.

A converter receives a value that is not None and a list of problems, and returns the value as the
server accepts it, or None. It never calls ``==``, ``bool()`` or ``isinstance`` on a value of an
unknown type: any of them may run the caller's code, and may raise.
"""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from msgspec import Struct

from trackstore.failures import message_of

Problems = list[tuple[str, str]]
"""Path and message of each problem; converters leave the path empty."""
Converter = Callable[[Any, Problems], Any]
Accepts = Callable[[Any], bool]
ACCEPTS: dict[Converter, Accepts] = {}
"""Fast checks of converters for values that they return unchanged: most values, at a third of the time."""

NAME_CHARS = 200
TEXT_CHARS = 8_192
LONG_TEXT_CHARS = 262_144
"""Default limits of the server for names and labels, texts, and chat messages."""
LONG_MAX = 2**63 - 1
MAX_SHOWN_CHARS = 60
MAX_DIGITS = 40
"""Characters of a number passed as text."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
NO_TEXTS = (dict, list, tuple, set, frozenset, Struct)
SHORT_KINDS = frozenset(
    {bool, int, float, complex, Decimal, datetime, date, timedelta, UUID, type(None)}
)
NUMBERS = frozenset({int, float})
TRUE, FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


def describe_value(value: Any) -> str:
    """Return a value for a message, shortened."""
    kind = type(value)
    if kind is str or kind is bytes:
        value = value[:MAX_SHOWN_CHARS]
    elif kind not in SHORT_KINDS and not issubclass(kind, Enum):
        return f"<{kind.__name__}>"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a number with too many digits, or an enum of the caller's
        return f"<{kind.__name__}>"
    text = clean(text)
    return text if len(text) <= MAX_SHOWN_CHARS else text[: MAX_SHOWN_CHARS - 1] + ELLIPSIS


def clean(value: str) -> str:
    """Return text that every database can store; itself if nothing is replaced."""
    if "\0" in value:
        value = value.replace("\0", REPLACEMENT)
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return "".join(REPLACEMENT if "\ud800" <= char <= "\udfff" else char for char in value)
    return value


def unwrapped(value: Any) -> Any:
    kind = type(value)
    if issubclass(kind, Enum):
        return value.value
    if hasattr(kind, "item") and hasattr(kind, "dtype"):
        return value.item()
    return value


def read_text(value: Any, problems: Problems) -> str | None:
    try:
        value = unwrapped(value)
        text = _text_of(value)
    except Exception as error:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
        name = type(value).__name__
        problems.append(("", f"The text of a {name} cannot be read ({type(error).__name__})."))
        return None
    if text is None:
        problems.append(("", f"{describe_value(value)} is not a text. Pass a string."))
        return None
    cleaned = clean(text)
    if cleaned is not text:
        problems.append(("", "NUL characters and lone surrogates are replaced by U+FFFD."))
    return cleaned


def _text_of(value: Any) -> str | None:
    kind = type(value)
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "surrogateescape")
    if issubclass(kind, datetime):
        return str(value.isoformat())
    if issubclass(kind, BaseException):
        return message_of(value)
    if issubclass(kind, NO_TEXTS) or is_dataclass(kind):
        return None
    return str.__str__(str(value))


def key_of(name: Any) -> str:
    if type(name) is str:
        return name[:NAME_CHARS]
    return (read_text(name, []) or f"<{type(name).__name__}>")[:NAME_CHARS]


def text(limit: int, *, may_cut: bool = True, may_be_empty: bool = True) -> Converter:
    """Make a converter to text of up to ``limit`` characters.

    A longer text is cut and marked, or rejected if a part of it would be another name.
    """
    shortest = 0 if may_be_empty else 1

    def accepts(value: Any) -> bool:
        return (
            type(value) is str
            and shortest <= len(value) <= limit
            and value.isascii()
            and "\0" not in value
        )

    def convert(value: Any, problems: Problems) -> str | None:
        if accepts(value):
            return value  # type: ignore[no-any-return]  # its type was looked at
        content = read_text(value, problems)
        if not content:
            return content if may_be_empty else None
        if len(content) <= limit:
            return content
        if not may_cut:
            problems.append(("", f"{len(content):,} characters exceed the limit of {limit:,}."))
            return None
        problems.append(("", f"The text is cut from {len(content):,} to {limit:,} characters."))
        return content[: limit - 1] + ELLIPSIS

    ACCEPTS[convert] = accepts
    return convert


def read_number(value: Any) -> int | float | None:
    value = unwrapped(value)
    kind = type(value)
    if kind is int or kind is float:
        return value  # type: ignore[no-any-return]  # its type was looked at
    if issubclass(kind, bool):
        return None
    if issubclass(kind, str):
        return _number_in(str.__str__(value).strip())
    if issubclass(kind, Decimal):
        return (
            int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
        )
    if hasattr(kind, "__index__"):
        return operator.index(value)
    if hasattr(kind, "__float__"):
        return float(value)
    return None


def _number_in(digits: str) -> int | float | None:
    if len(digits) > MAX_DIGITS:
        return None
    try:
        return int(digits)
    except ValueError:
        pass
    try:
        return float(digits)
    except ValueError:
        return None


def number(minimum: float, maximum: float) -> Converter:
    def accepts(value: Any) -> bool:
        return type(value) in NUMBERS and minimum <= value <= maximum

    def convert(value: Any, problems: Problems) -> float | None:
        if accepts(value):
            return value  # type: ignore[no-any-return]  # its type was looked at
        try:
            parsed = read_number(value)
        except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
            parsed = None
        if parsed is None or not minimum <= parsed <= maximum:
            problems.append(("", _not_from(value, minimum, maximum)))
            return None
        return parsed

    ACCEPTS[convert] = accepts
    return convert


def whole_number(minimum: int = 0, maximum: int = LONG_MAX) -> Converter:
    def accepts(value: Any) -> bool:
        return type(value) is int and minimum <= value <= maximum

    def convert(value: Any, problems: Problems) -> int | None:
        if accepts(value):
            return value  # type: ignore[no-any-return]  # its type was looked at
        try:
            parsed = read_number(value)
        except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
            parsed = None
        if type(parsed) is float:
            parsed = int(parsed) if math.isfinite(parsed) and parsed.is_integer() else None
        if parsed is None or not minimum <= parsed <= maximum:
            problems.append(("", _not_from(value, minimum, maximum, "an integer")))
            return None
        return int(parsed)

    ACCEPTS[convert] = accepts
    return convert


def _not_from(value: Any, minimum: float, maximum: float, noun: str = "a number") -> str:
    if maximum == math.inf:
        return f"must be {noun} of at least {minimum:,} (got {describe_value(value)})."
    return f"must be {noun} from {minimum:,.0f} to {maximum:,.0f} (got {describe_value(value)})."


def milliseconds(maximum: float) -> Converter:
    plain = number(0, maximum)

    def convert(value: Any, problems: Problems) -> float | None:
        if type(value) is not float and issubclass(type(value), timedelta):
            value = value / timedelta(milliseconds=1)
        parsed: float | None = plain(value, problems)
        return parsed

    ACCEPTS[convert] = ACCEPTS[plain]
    return convert


def flag(value: Any, problems: Problems) -> bool | None:
    if value is True or value is False:
        return bool(value)
    try:
        plain = unwrapped(value)
        if plain is True or plain is False:
            return bool(plain)
        word = str.__str__(str(plain)).strip().lower() if type(plain) in (str, int) else ""
    except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
        word = ""
    if word in TRUE | FALSE:
        return word in TRUE
    problems.append(("", f"{describe_value(value)} is neither true nor false."))
    return None


def read_uuid(value: Any) -> UUID | None:
    kind = type(value)
    if kind is UUID:
        return value  # type: ignore[no-any-return]  # its type was looked at
    try:
        if issubclass(kind, UUID):
            return UUID(int=value.int)
        if issubclass(kind, bytes) and len(value) == 16:
            return UUID(bytes=bytes(value))
        if issubclass(kind, str):
            return UUID(str.__str__(value).strip())
        if hasattr(kind, "hex") and hasattr(kind, "int"):  # UUIDs of other libraries
            return UUID(str(value))
    except Exception:  # noqa: BLE001 - no UUID
        return None
    return None


def uuid(value: Any, problems: Problems) -> UUID | None:
    parsed = read_uuid(value)
    if parsed is None:
        problems.append(("", f"{describe_value(value)} is not a UUID."))
    return parsed


ACCEPTS[flag] = lambda value: value is True or value is False
ACCEPTS[uuid] = lambda value: type(value) is UUID


def vocabulary(words: Mapping[str, str], levels: Mapping[int, str] | None = None) -> Converter:
    """Make a converter to a word of a closed list in any case; ``levels`` maps numbers to words.

    ``words`` maps the accepted words, in upper case, to their meaning.
    """
    known = frozenset(words.values())

    def accepts(value: Any) -> bool:
        return type(value) is str and value in known

    def convert(value: Any, problems: Problems) -> str | None:
        if accepts(value):
            return value  # type: ignore[no-any-return]  # its type was looked at
        word = spelling(value)
        if word in words:
            return words[word]
        if levels is not None and word.isdecimal() and len(word) <= MAX_DIGITS:
            return next(
                (word_of_level for bound, word_of_level in levels.items() if int(word) >= bound),
                None,
            )
        problems.append(("", f"{describe_value(value)} is not one of {', '.join(sorted(known))}."))
        return None

    ACCEPTS[convert] = accepts
    return convert


def spelling(value: Any) -> str:
    """Return a word in upper case with underscores; empty if it is not a word."""
    try:
        if issubclass(type(value), Enum):
            plain = value.value if issubclass(type(value.value), str) else value.name
        else:
            plain = unwrapped(value)
        kind = type(plain)
        if not issubclass(kind, str) and kind is not int:
            return ""
        text = str.__str__(str(plain))
    except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
        return ""
    return text.strip().upper().replace("-", "_").replace(" ", "_")
