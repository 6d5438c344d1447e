"""Fields of an operation, each declared once: its type, its part, what can be asked of it, its meaning.

Import fields, dimensions and numbers of aggregations, their descriptions and the bound of large values
follow from this table. Tables, inputs and client types are written out, for type checkers and
editors: ``tests/unit/schema/test_operation_fields.py`` holds each of them against the table.
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
    OperationField("name", _COMMON, _TEXT, _FG, "Name."),
    OperationField("id", _COMMON, ValueType.UUID, _F),
    OperationField("operation_type", _COMMON, _TEXT, _FG, "Operation type, such as add_memory."),
    OperationField("outcome", _COMMON, ValueType.OUTCOME, _FG, "Outcome."),
    OperationField("error", _COMMON, _TEXT, _FG, "Error text.", large=True),
    OperationField("duration_ms", _COMMON, ValueType.NUMBER, _FAO, "Duration in milliseconds."),
    OperationField("organization_id", _LABELS, _TEXT, _FG, "Organization id."),
    OperationField("namespace_id", _LABELS, _TEXT, _FG, "Namespace id."),
    OperationField("workspace_id", _LABELS, _TEXT, _FG, "Workspace id."),
    OperationField("user_id", _LABELS, _TEXT, _FG, "User id."),
    OperationField("developer_id", _LABELS, _TEXT, _FG, "Developer id."),
    OperationField("api_key_id", _LABELS, _TEXT, _FG, "API key label."),
    OperationField("company_id", _LABELS, _TEXT, _FG, "Company id."),
    OperationField("subscription_id", _LABELS, _TEXT, _FG, "Subscription id."),
    OperationField("session_id", _COMMON, _TEXT, _FG, "Session id."),
    OperationField("request_id", _COMMON, ValueType.UUID, _FG, "Request id."),
    OperationField("stage", _COMMON, _TEXT, _FG, "Stage of the request."),
    OperationField("correlation_id", _COMMON, _TEXT, _FG, "Correlation id."),
    OperationField("trace_id", _COMMON, _TEXT, _FG, "Trace id."),
    OperationField("client", _COMMON, _TEXT, _FG, "Client program."),
    OperationField("route", _API, _TEXT, _FG, "Route.", large=True),
    OperationField("method", _API, _TEXT, _FG, "HTTP method."),
    OperationField("status_code", _API, ValueType.INT32, _FG | _AO, "HTTP status code."),
    OperationField("ip_address", _API, _TEXT, _FG, "IP address of the caller."),
    OperationField("user_agent", _API, _TEXT, _FG, "User agent of the caller.", large=True),
    OperationField("batch_size", _API, _INTEGER, _FA, "Number of items in a call."),
    OperationField(
        "resource_id", _API, _TEXT, _FG, "The resource that the call concerned.", large=True
    ),
    OperationField("tool_name", _TOOL, _TEXT, _FG, "Tool name."),
    OperationField("operation_mode", _TOOL, _TEXT, _FG, "Mode of use of the tool."),
    OperationField("file_path", _TOOL, _TEXT, _FG, "File path.", large=True),
    OperationField("parameters", _TOOL, ValueType.OBJECT, large=True),
    OperationField("tokens_original", _TOOL, _INTEGER, _FAO, "Tokens without the tool's savings."),
    OperationField("tokens_actual", _TOOL, _INTEGER, _FAO, "Tokens actually used."),
    OperationField("tokens_prevented", _TOOL, _INTEGER, _FAO, "Original minus actual tokens."),
    OperationField("provider", _LLM, _TEXT, _FG, "Provider of the model."),
    OperationField("model", _LLM, _TEXT, _FG, "Model name."),
    OperationField("input_tokens", _LLM, _INTEGER, _FAO, "Input tokens."),
    OperationField("output_tokens", _LLM, _INTEGER, _FAO, "Output tokens."),
    OperationField(
        "cached_input_tokens", _LLM, _INTEGER, _FAO, "Input tokens read from the provider's cache."
    ),
    OperationField(
        "cache_write_input_tokens",
        _LLM,
        _INTEGER,
        _FAO,
        "Input tokens written to the provider's cache.",
    ),
    OperationField(
        "reasoning_tokens", _LLM, _INTEGER, _FAO, "Reasoning tokens, part of the output."
    ),
    OperationField("audio_input_tokens", _LLM, _INTEGER, _FAO, "Audio tokens, part of the input."),
    OperationField(
        "audio_output_tokens", _LLM, _INTEGER, _FAO, "Audio tokens, part of the output."
    ),
    OperationField("input_tokens_exclude_cache", _LLM, ValueType.BOOLEAN, storage=Storage.NONE),
    OperationField("message", _LLM, _TEXT, large=True, storage=Storage.TEXT_TABLE),
    OperationField("response", _LLM, _TEXT, large=True, storage=Storage.TEXT_TABLE),
    OperationField(
        "price_status",
        _DERIVED,
        ValueType.PRICE_STATUS,
        _FG,
        "Whether a price was found for the tokens.",
    ),
    OperationField(
        "cache_hit", _COMMON, ValueType.BOOLEAN, _FG, "Whether the response came from a cache."
    ),
    OperationField(
        "interaction_type",
        _INTERACTION,
        _TEXT,
        _FG,
        "Interaction type, such as mini or premium.",
        input_name="type",
    ),
    OperationField("units", _INTERACTION, _INTEGER, _FA, "Counted units."),
    OperationField(
        "counts_against_limits",
        _INTERACTION,
        ValueType.BOOLEAN,
        _FG,
        "Whether limits count it; null if nothing is counted.",
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
        "Cost without savings and caches, in US dollars.",
    ),
    OperationField("cost_actual", _DERIVED, _INTEGER, _AO, "Actual cost in US dollars."),
    OperationField("cost_saved", _DERIVED, _INTEGER, _AO, "Savings in US dollars."),
    OperationField("attributes", _COMMON, ValueType.OBJECT, _F, large=True),
    OperationField("feed_position", _DERIVED, _INTEGER),
)
"""Every field, in the order in which dimensions and numbers are listed."""
OPERATION_FIELD = {field.name: field for field in OPERATION_FIELDS}


def fields_with(role: Role) -> tuple[OperationField, ...]:
    return tuple(field for field in OPERATION_FIELDS if role in field.roles)
