"""JSON as it was sent: numbers keep their form.

Revision 0011. On PostgreSQL the columns become json in place of jsonb, which writes 1e16 as a whole
number and -0.0 as 0.0. Each table is written once, under a lock. SQLite has text already.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COLUMNS = {
    "api_keys": ("scopes",),
    "consumptions": ("levels",),
    "operations": ("attributes", "parameters"),
    "sessions": ("attributes",),
    "reservations": ("labels",),
    "requests": ("attributes", "result", "error"),
    "request_stages": ("output", "error"),
    "stage_attempts": ("output", "error"),
    "request_events": ("data",),
}


def upgrade() -> None:
    change("json")


def downgrade() -> None:
    change("jsonb")


def change(kind: str) -> None:
    """Give the columns of PostgreSQL another type of JSON."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in COLUMNS.items():
        changes = (f"ALTER COLUMN {name} TYPE {kind} USING {name}::{kind}" for name in columns)
        op.execute(f"ALTER TABLE {table} {', '.join(changes)}")
