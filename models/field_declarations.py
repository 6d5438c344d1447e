"""What the declaration of a field says: its part, type, check, roles and storage."""

from dataclasses import dataclass
from enum import Enum, Flag, auto


class Part(Enum):
    """The object of ``OperationInput`` that a field is sent in."""

    COMMON = ""
    LABELS = "labels"
    API = "api"
    TOOL = "tool"
    LLM = "llm"
    INTERACTION = "interaction"
    DERIVED = "derived"
    """Computed by the server, never sent."""


class ValueType(Enum):
    TEXT = auto()
    ID = auto()
    """Text that GraphQL shows as ``ID``."""
    SESSION_ID = auto()
    """An ``ID`` whose UUIDs are stored in lower case."""
    KIND = auto()
    OUTCOME = auto()
    PRICE_STATUS = auto()
    UUID = auto()
    INSTANT = auto()
    BOOLEAN = auto()
    MILLISECONDS = auto()
    INTEGER = auto()
    INT32 = auto()
    MONEY = auto()
    """Stored in whole nano-dollars, shown in US dollars."""
    OBJECT = auto()
    LIST = auto()


INTEGERS = (ValueType.INTEGER, ValueType.INT32)
PLAIN_TYPES = (ValueType.UUID, ValueType.BOOLEAN)
"""Types whose values are stored as they were sent."""


class Check(Enum):
    """What a value must satisfy; the lengths are settings, see ``store.validation.InputBounds``."""

    NAME = auto()
    """At least one character, at most ``label_length``."""
    TEXT = auto()
    """At most ``text_length`` characters."""
    TRUNCATED_TEXT = auto()
    """Cut at ``text_length`` characters."""
    TRUNCATED_LONG_TEXT = auto()
    """Cut at ``long_text_length`` characters."""
    RANGE = auto()
    """From ``minimum`` to ``maximum``."""
    OBJECT = auto()
    """A JSON object within ``json_bytes`` and ``json_depth``."""
    NONE = auto()
    """Any value of its type."""
    BY_HAND = auto()
    """Checked together with other fields in ``store.operations.prepare``."""


class Role(Flag):
    """What a field is for, beside being recorded."""

    NONE = 0
    FILTER = auto()
    GROUP = auto()
    AGGREGATE = auto()
    ORDER = auto()
    EXPORT = auto()
    """A column of an export that names none."""


class Storage(Enum):
    COLUMN = auto()
    TEXT_TABLE = auto()
    """A column of ``operation_texts``."""
    NONE = auto()
    """Changes how the others are stored."""


@dataclass(frozen=True, slots=True)
class OperationField:
    """A field of an operation.

    ``description`` is shown wherever the field appears, ``note`` follows it in inputs.
    ``default`` is Python source, for fields that are never null but may be left out. ``large``
    means that a value can be longer than a name. ``input_name`` is given where the field has
    another name in its part than its column.
    """

    name: str
    part: Part
    type: ValueType
    check: Check
    description: str
    roles: Role = Role.NONE
    note: str = ""
    minimum: int = 0
    maximum: float = 0
    is_required: bool = False
    default: str = ""
    large: bool = False
    storage: Storage = Storage.COLUMN
    input_name: str = ""

    @property
    def draft_name(self) -> str:
        return self.input_name or self.name

    @property
    def api_name(self) -> str:
        head, *tail = self.draft_name.split("_")
        return head + "".join(word.title() for word in tail)

    @property
    def path(self) -> tuple[str, ...]:
        return (self.part.value, self.api_name) if self.part.value else (self.api_name,)

    @property
    def import_name(self) -> str:
        return ".".join(self.path)
