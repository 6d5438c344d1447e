"""PostgreSQL: engine, COPY, connection guard, LISTEN and NOTIFY, SQLSTATEs."""
