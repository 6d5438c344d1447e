-- The table of operations with its key and indexes, and what a user of PostGraphile adds for bulk mutations.
CREATE SCHEMA peer;
CREATE TABLE peer.operations (LIKE public.operations INCLUDING ALL);
CREATE FUNCTION peer.record_operations(items json) RETURNS integer LANGUAGE sql VOLATILE AS $$
  WITH recorded AS (
    INSERT INTO peer.operations
    SELECT * FROM json_populate_recordset(NULL::peer.operations, items)
    RETURNING 1
  )
  SELECT count(*)::integer FROM recorded
$$;
-- By default it groups only by indexed columns, since it can order only by these.
COMMENT ON COLUMN peer.operations.tool_name IS '@behavior +orderBy';
COMMENT ON COLUMN peer.operations.operation_mode IS '@behavior +orderBy';
