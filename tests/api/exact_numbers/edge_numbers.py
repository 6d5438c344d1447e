"""Numbers that are lost easily, as the JSON text that a client sends."""

import json
from typing import Any

LONGS = (
    "0", "1", "2147483648", "4294967297", "9007199254740991", "9007199254740992",
    "9007199254740993", "9007199254740995", "9223372036854775806", "9223372036854775807",
)  # fmt: skip
"""Whole numbers of 64 bits that a column takes."""
ATTRIBUTES = (
    *LONGS, "-1", "-9007199254740993", "-9223372036854775807", "-9223372036854775808",
    "0.0", "-0.0", "1.0", "1.5", "1e2", "1e3", "0.1", "0.30000000000000004", "1e15", "1e16", "1e17",
    "9007199254740992.0", "1.2345678901234567e18", "1e19", "1.8446744073709552e19", "1e22", "1e23",
    "1.7976931348623157e308", "-1.7976931348623157e308", "2.2250738585072014e-308", "5e-324",
    "123456789.12345679",
)  # fmt: skip
"""Numbers that an attribute takes."""
REFUSED = ("9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e400", "-1e400")
"""Numbers that neither takes."""


def value_of(text: str) -> Any:
    """The number as Python reads JSON: whole or float, as it is written."""
    return json.loads(text)


def same(found: Any, text: str) -> bool:
    """Whether it is the number, of the same kind and sign."""
    value = value_of(text)
    return type(found) is type(value) and repr(found) == repr(value)
