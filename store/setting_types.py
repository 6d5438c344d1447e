"""Types of configuration fields that an operator sets."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ByteSize, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

KIB, MIB, GIB = 2**10, 2**20, 2**30
HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400
YEAR_HOURS = 8_784
BYTE_SIZE = TypeAdapter(ByteSize)


def parse_byte_size(value: Any) -> int:
    """Parse a number of bytes or a size such as ``32MiB``."""
    try:
        return int(BYTE_SIZE.validate_python(value))
    except ValidationError:
        raise PydanticCustomError("byte_size", "not a size in bytes") from None


PARSES_BYTE_SIZE = BeforeValidator(parse_byte_size)
ByteCount = Annotated[int, PARSES_BYTE_SIZE]
