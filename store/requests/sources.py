"""What can be asked of requests and of their events."""

from models import Request, RequestEvent, table_of
from store.query.records import Order, Source

REQUESTS = Source(
    table=table_of(Request),
    default_order=(Order("id", descending=True),),
    unique=("id", "organization_id"),
    orders=frozenset({"id", "created_at", "updated_at", "started_at", "ended_at", "progress"}),
)
EVENTS = Source(
    table=table_of(RequestEvent),
    default_order=(Order("seq"),),
    unique=("request_id", "organization_id"),
    orders=frozenset({"seq"}),
)
