"""The columns of an operation's row by position, and which of them each kind of call can fill."""

from models import Operation, table_of
from models.vocabulary import OperationKind

TABLE = table_of(Operation)
COLUMNS = tuple(column.name for column in TABLE.columns)
WIDTH = len(COLUMNS)
AT = {name: position for position, name in enumerate(COLUMNS)}
"""Position of each column in a row."""

OF_API = (
    "route",
    "method",
    "status_code",
    "ip_address",
    "user_agent",
    "batch_size",
    "resource_id",
)
OF_TOOL = (
    "tool_name",
    "operation_mode",
    "file_path",
    "parameters",
    "tokens_original",
    "tokens_actual",
    "tokens_prevented",
)
OF_LLM = ("provider", "model", "input_tokens", "output_tokens", "cached_input_tokens")
OF_COST = ("price_status", "cost_baseline", "cost_actual", "cost_saved")
FILLED = {
    OperationKind.API.value: frozenset(OF_API),
    OperationKind.TOOL.value: frozenset(OF_TOOL + OF_COST),
    OperationKind.LLM.value: frozenset(OF_LLM + OF_COST),
}
SPECIFIC = frozenset(OF_API + OF_TOOL + OF_LLM + OF_COST)


def columns_of(kinds: frozenset[str]) -> tuple[int, ...]:
    """Positions of the columns that operations of these kinds can fill; all others are null."""
    filled = frozenset[str]().union(*(FILLED[kind] for kind in kinds))
    return tuple(AT[name] for name in COLUMNS if name not in SPECIFIC or name in filled)
