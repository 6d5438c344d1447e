"""Fields of an operation, each declared once: its type, its part, what can be asked of it, its meaning.

Import fields, dimensions and numbers of aggregations, their descriptions and the bound of large values
follow from this table. Tables, inputs and client types are written out, for type checkers and
editors: ``tests/schema/test_operation_fields.py`` holds each of them against the table.
"""

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
    KIND = auto()
    OUTCOME = auto()
    PRICE_STATUS = auto()
    UUID = auto()
    INSTANT = auto()
    BOOLEAN = auto()
    NUMBER = auto()
    INTEGER = auto()
    INT32 = auto()
    OBJECT = auto()
    LIST = auto()


class Role(Flag):
    """What a field is for, beside being recorded."""

    NONE = 0
    FILTER = auto()
    GROUP = auto()
    AGGREGATE = auto()
    ORDER = auto()


class Storage(Enum):
    COLUMN = auto()
    TEXT_TABLE = auto()
    """A column of ``operation_texts``."""
    NONE = auto()
    """Changes how the others are stored."""


@dataclass(frozen=True, slots=True)
class OperationField:
    """A field; ``large`` means that a value can be longer than a name.

    ``description`` is what dimensions and numbers of aggregations say. ``input_name`` is given where
    the field has another name in its part than its column.
    """

    name: str
    part: Part
    type: ValueType
    roles: Role = Role.NONE
    description: str = ""
    large: bool = False
    storage: Storage = Storage.COLUMN
    input_name: str = ""

    @property
    def draft_name(self) -> str:
        return self.input_name or self.name

    @property
    def import_name(self) -> str:
        """The path in ``OperationInput``, which is also the name of a field of an import."""
        head, *rest = self.draft_name.split("_")
        name = head + "".join(word.title() for word in rest)
        return f"{self.part.value}.{name}" if self.part.value else name


_COMMON, _LABELS, _API = Part.COMMON, Part.LABELS, Part.API
_TOOL, _LLM, _INTERACTION, _DERIVED = Part.TOOL, Part.LLM, Part.INTERACTION, Part.DERIVED
_TEXT, _INTEGER = ValueType.TEXT, ValueType.INTEGER
_F = Role.FILTER
_FG, _FA, _FAO = _F | Role.GROUP, _F | Role.AGGREGATE, _F | Role.AGGREGATE | Role.ORDER
_AO = Role.AGGREGATE | Role.ORDER

OPERATION_FIELDS = (
    OperationField("occurred_at", _COMMON, ValueType.INSTANT, _F | Role.ORDER),
    OperationField("recorded_at", _DERIVED, ValueType.INSTANT, _F),
    OperationField("kind", _COMMON, ValueType.KIND, _FG, "API, TOOL or LLM."),
    OperationField("name", _COMMON, _TEXT, _FG, "The name."),
    OperationField("id", _COMMON, ValueType.UUID, _F),
    OperationField("operation_type", _COMMON, _TEXT, _FG, "What it was for, such as add_memory."),
    OperationField("outcome", _COMMON, ValueType.OUTCOME, _FG, "Whether it succeeded."),
    OperationField("error", _COMMON, _TEXT, _FG, "The error text.", large=True),
    OperationField(
        "duration_ms", _COMMON, ValueType.NUMBER, _FAO, "How long it took, in milliseconds."
    ),
    OperationField("organization_id", _LABELS, _TEXT, _FG, "The tenant."),
    OperationField("namespace_id", _LABELS, _TEXT, _FG, "A part of the organization."),
    OperationField("workspace_id", _LABELS, _TEXT, _FG, "A workspace."),
    OperationField("user_id", _LABELS, _TEXT, _FG, "Who used it."),
    OperationField("developer_id", _LABELS, _TEXT, _FG, "Whose integration made the call."),
    OperationField("api_key_id", _LABELS, _TEXT, _FG, "The key it was made with."),
    OperationField("company_id", _LABELS, _TEXT, _FG, "The company that pays."),
    OperationField("subscription_id", _LABELS, _TEXT, _FG, "The plan it belongs to."),
    OperationField("session_id", _COMMON, _TEXT, _FG, "The session it belongs to."),
    OperationField("request_id", _COMMON, ValueType.UUID, _FG, "The request it belongs to."),
    OperationField("stage", _COMMON, _TEXT, _FG, "The stage of the request."),
    OperationField("correlation_id", _COMMON, _TEXT, _FG, "The correlation id."),
    OperationField("trace_id", _COMMON, _TEXT, _FG, "The trace it is part of."),
    OperationField("client", _COMMON, _TEXT, _FG, "The program that called."),
    OperationField("route", _API, _TEXT, _FG, "The route.", large=True),
    OperationField("method", _API, _TEXT, _FG, "The HTTP method."),
    OperationField("status_code", _API, ValueType.INT32, _FG | _AO, "The HTTP status."),
    OperationField("ip_address", _API, _TEXT, _FG, "The caller's address."),
    OperationField("user_agent", _API, _TEXT, _FG, "The caller's user agent.", large=True),
    OperationField("batch_size", _API, _INTEGER, _FA, "How many items a call carried."),
    OperationField(
        "resource_id", _API, _TEXT, _FG, "The record that the call was about.", large=True
    ),
    OperationField("tool_name", _TOOL, _TEXT, _FG, "The tool."),
    OperationField("operation_mode", _TOOL, _TEXT, _FG, "How the tool was used."),
    OperationField("file_path", _TOOL, _TEXT, _FG, "The file.", large=True),
    OperationField("parameters", _TOOL, ValueType.OBJECT, large=True),
    OperationField(
        "tokens_original", _TOOL, _INTEGER, _FAO, "Tokens that the plain way would have used."
    ),
    OperationField("tokens_actual", _TOOL, _INTEGER, _FAO, "Tokens that were used."),
    OperationField(
        "tokens_prevented", _TOOL, _INTEGER, _FAO, "The difference, original minus actual."
    ),
    OperationField("provider", _LLM, _TEXT, _FG, "The provider of the model."),
    OperationField("model", _LLM, _TEXT, _FG, "The model."),
    OperationField("input_tokens", _LLM, _INTEGER, _FAO, "Tokens that went in."),
    OperationField("output_tokens", _LLM, _INTEGER, _FAO, "Tokens that came out."),
    OperationField(
        "cached_input_tokens", _LLM, _INTEGER, _FAO, "Input tokens out of the provider's cache."
    ),
    OperationField(
        "cache_write_input_tokens",
        _LLM,
        _INTEGER,
        _FAO,
        "Input tokens written to the provider's cache.",
    ),
    OperationField(
        "reasoning_tokens", _LLM, _INTEGER, _FAO, "Output tokens of the model's reasoning."
    ),
    OperationField("audio_input_tokens", _LLM, _INTEGER, _FAO, "Input tokens of audio."),
    OperationField("audio_output_tokens", _LLM, _INTEGER, _FAO, "Output tokens of audio."),
    OperationField("input_tokens_exclude_cache", _LLM, ValueType.BOOLEAN, storage=Storage.NONE),
    OperationField("message", _LLM, _TEXT, large=True, storage=Storage.TEXT_TABLE),
    OperationField("response", _LLM, _TEXT, large=True, storage=Storage.TEXT_TABLE),
    OperationField(
        "price_status", _DERIVED, ValueType.PRICE_STATUS, _FG, "Whether its tokens had a price."
    ),
    OperationField("cache_hit", _COMMON, ValueType.BOOLEAN, _FG, "Whether a cache answered."),
    OperationField(
        "interaction_type",
        _INTERACTION,
        _TEXT,
        _FG,
        "What was used, such as mini or premium.",
        input_name="type",
    ),
    OperationField("units", _INTERACTION, _INTEGER, _FA, "Units that were counted."),
    OperationField(
        "counts_against_limits",
        _INTERACTION,
        ValueType.BOOLEAN,
        _FG,
        "Whether limits count it, too; null where nothing is counted.",
    ),
    OperationField(
        "further_interactions",
        _COMMON,
        ValueType.LIST,
        large=True,
        input_name="interactions",
    ),
    OperationField(
        "cost_baseline",
        _DERIVED,
        _INTEGER,
        Role.AGGREGATE,
        "What it would have cost, in US dollars.",
    ),
    OperationField("cost_actual", _DERIVED, _INTEGER, _AO, "What it cost, in US dollars."),
    OperationField("cost_saved", _DERIVED, _INTEGER, _AO, "The difference, in US dollars."),
    OperationField("attributes", _COMMON, ValueType.OBJECT, _F, large=True),
    OperationField("feed_position", _DERIVED, _INTEGER),
)
"""Every field, in the order in which dimensions and numbers are listed."""
OPERATION_FIELD = {field.name: field for field in OPERATION_FIELDS}


def fields_with(role: Role) -> tuple[OperationField, ...]:
    return tuple(field for field in OPERATION_FIELDS if role in field.roles)
