"""What can be asked of operations."""

from models import Operation, table_of
from store.pricing.token_counts import TOKEN_COLUMNS
from store.query.records import Order, Source

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
            *TOKEN_COLUMNS,
            "cost_actual",
            "cost_saved",
        }
    ),
)
