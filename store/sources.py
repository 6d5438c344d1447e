"""What can be asked of sessions and interaction counters."""

from models import InteractionCounter, Session, table_of
from store.calendar import calendar_fields
from store.query.records import Order, Source

SESSIONS = Source(
    table=table_of(Session),
    default_order=(Order("started_at", descending=True),),
    unique=("started_at", "id", "organization_id"),
    orders=frozenset({"id", "started_at", "ended_at"}),
)
COUNTER = table_of(InteractionCounter)
INTERACTIONS = Source(
    table=COUNTER,
    default_order=(Order("month", descending=True),),
    unique=("month", "organization_id", "key"),
    orders=frozenset({"month", "units", "calls", "last_at"}),
    extra_fields=calendar_fields(COUNTER.columns["month"]),
)
