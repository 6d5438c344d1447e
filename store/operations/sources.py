"""What can be asked of operations."""

from models import Operation, table_of
from store.records import Order, Source

OPERATIONS = Source(
    table=table_of(Operation),
    default_order=(Order("occurred_at", descending=True),),
    unique=("occurred_at", "id", "organization_id"),
    orders=frozenset(
        {
            "occurred_at",
            "duration_ms",
            "status_code",
            "tokens_original",
            "tokens_actual",
            "tokens_prevented",
            "input_tokens",
            "output_tokens",
            "cost_actual",
            "cost_saved",
        }
    ),
)
