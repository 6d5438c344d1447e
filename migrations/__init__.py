"""One Alembic tree for every supported database."""
