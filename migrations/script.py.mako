"""${message}.

Revision ${up_revision} follows ${down_revision | comma,n}; drafted ${create_date.date()}.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
# The oldest revision whose servers work with these tables: ${repr(down_revision)} if this only adds
# what they need not know. Leave it out where they do not, and stop all servers for the migration.
# serves_from = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
