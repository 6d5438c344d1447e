"""Servers are notified when an API key or a sign-in changes, whoever changes it.

Revision 0017. Only PostgreSQL has notifications. The payload is a hint as servers send it to each other
(``subscriptions.bridge``), with the key's id.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NOTIFY = """CREATE OR REPLACE FUNCTION trackstore_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  key uuid;
BEGIN
  IF TG_TABLE_NAME = 'sign_ins' THEN
    key := OLD.key_id;
  ELSE
    key := OLD.id;
  END IF;
  PERFORM pg_notify('trackstore_live', '["",[],[],[],["' || key || '"]]');
  RETURN NULL;
END
$$"""

TRIGGER = """CREATE TRIGGER trackstore_{0}_changed AFTER UPDATE OR DELETE ON {0} FOR EACH ROW
EXECUTE FUNCTION trackstore_key_changed()"""

TABLES = ("api_keys", "sign_ins")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(NOTIFY)
        for table in TABLES:
            op.execute(TRIGGER.format(table))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"DROP TRIGGER trackstore_{table}_changed ON {table}")
        op.execute("DROP FUNCTION trackstore_key_changed()")
