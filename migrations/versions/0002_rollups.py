"""Rollups: sums of operations by hour and day, and since when they are right.

Revision 0002. What is recorded already is summed up by the servers, once they have started.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from models.types import CleanText, Instant, PackedSketch, SketchBins

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Column = sa.Column[Any]
Type = sa.types.TypeEngine[Any]
TEXT, LONG = CleanText(), sa.BigInteger()
REAL: Type = sa.Double()
DIMENSIONS = (
    "kind", "outcome", "client", "name", "operation_type", "provider", "model", "tool_name",
    "operation_mode", "route", "method",
)  # fmt: skip
LABELS = ("namespace_id", "workspace_id", "api_key_id")
WHOLE = (
    "tokens_original", "tokens_actual", "tokens_prevented", "input_tokens", "output_tokens",
    "cached_input_tokens", "cost_baseline", "cost_actual", "cost_saved",
)  # fmt: skip
WITH_EXTREMES = frozenset({"input_tokens", "output_tokens"})

LANES = """CREATE FUNCTION trackstore_histogram(packed numeric, lanes smallint[]) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN lanes IS NULL THEN packed ELSE coalesce(packed, 0) + (
    SELECT sum(('1e' || 12 * lane)::numeric) FROM unnest(lanes) lane) END
$$"""
LANE = """CREATE FUNCTION trackstore_lane(value double precision) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN value >= 0.001 THEN
    greatest(ceil(ln(value) / ln(1.01::float8 / 0.99::float8))::int + 345, 0)::smallint
  END
$$"""
SINGLE = """CREATE FUNCTION trackstore_single(value double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ('1e' || 12 * trackstore_lane(value)::int)::numeric
$$"""
JOIN = """CREATE AGGREGATE trackstore_join(smallint[]) (
  sfunc = array_cat, stype = smallint[], combinefunc = array_cat, parallel = safe
)"""
QUANTILE = """CREATE FUNCTION trackstore_quantile(
  histogram numeric, present bigint, q double precision
) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  WITH written AS MATERIALIZED (
    SELECT coalesce(histogram, 0)::text AS digits, q * (present - 1) AS place
  ), bytes AS MATERIALIZED (
    SELECT convert_to(repeat('0', (12 - length(digits) % 12) % 12) || digits, 'UTF8') AS digits,
      (length(digits) + 11) / 12 - 1 AS last,
      (length(digits) - length(rtrim(digits, '0'))) / 12 AS first,
      floor(place) AS below, place - floor(place) AS share
    FROM written
  ), found AS MATERIALIZED (
    SELECT lane, convert_from(substr(digits, 12 * (last - lane) + 1, 12), 'UTF8')::float8 AS n
    FROM bytes, generate_series(first, last) lane
  ), ranked AS MATERIALIZED (
    SELECT lane, present - sum(n) OVER () AS zeros, sum(n) OVER (ORDER BY lane) AS passed
    FROM found WHERE n > 0
  ), ends AS (
    SELECT share,
      CASE WHEN below < coalesce((SELECT max(zeros) FROM ranked), present) THEN 0
        ELSE (SELECT min(lane) FROM ranked WHERE zeros + passed > below) END AS low,
      below < coalesce((SELECT max(zeros) FROM ranked), present) AS low_is_zero,
      (SELECT min(lane) FROM ranked WHERE zeros + passed > below + 1) AS high,
      below + 1 < coalesce((SELECT max(zeros) FROM ranked), present) AS high_is_zero
    FROM bytes
  ), found_values AS (
    SELECT share,
      CASE WHEN low_is_zero THEN 0 ELSE 0.99::float8
        * power(1.01::float8 / 0.99::float8, low - 345) END AS low,
      CASE WHEN high_is_zero THEN 0 ELSE 0.99::float8
        * power(1.01::float8 / 0.99::float8, high - 345) END AS high
    FROM ends
  )
  SELECT CASE WHEN present > 0 THEN
    CASE WHEN share > 0 THEN low + (high - low) * share ELSE low END END
  FROM found_values
$$"""


def upgrade() -> None:
    op.create_table(
        "operation_rollups",
        sa.Column("rollup", sa.SmallInteger(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("batch", LONG),
        sa.Column("organization_id", TEXT, nullable=False),
        *(sa.Column(name, TEXT) for name in DIMENSIONS),
        sa.Column("status_code", LONG),
        *(sa.Column(name, TEXT) for name in LABELS),
        sa.Column("row_count", LONG, nullable=False),
        *(sa.Column(name, LONG) for name in ("error_set", "cache_hit_set", "cache_hit_known")),
        *(sa.Column(name, LONG) for name in ("unpriced_set", "unpriced_known")),
        *number("duration_ms", REAL, extremes=True),
        *(c for name in WHOLE for c in number(name, LONG, extremes=name in WITH_EXTREMES)),
        *histogram("duration_ms"),
        *histogram("input_tokens"),
        *histogram("output_tokens"),
    )
    op.create_index(
        "ix_operation_rollups_reading",
        "operation_rollups",
        ["rollup", "tier", "starts_at", "organization_id"],
    )
    op.create_table(
        "rollup_states",
        sa.Column("source", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("valid_from", Instant()),
        sa.Column("leased_until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_rollup_states"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for function in (LANES, LANE, SINGLE, JOIN, QUANTILE):
            op.execute(function)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION trackstore_histogram(numeric, smallint[])")
        op.execute("DROP AGGREGATE trackstore_join(smallint[])")
        op.execute("DROP FUNCTION trackstore_single(double precision)")
        op.execute("DROP FUNCTION trackstore_lane(double precision)")
        op.execute("DROP FUNCTION trackstore_quantile(numeric, bigint, double precision)")
    op.drop_table("rollup_states")
    op.drop_table("operation_rollups")


def number(name: str, kind: Type, extremes: bool) -> list[Column]:
    """How many operations have a number, its sum, and its least and greatest value."""
    columns = [sa.Column(f"{name}_present", LONG), sa.Column(f"{name}_sum", kind)]
    if extremes:
        columns += [sa.Column(f"{name}_min", kind), sa.Column(f"{name}_max", kind)]
    return columns


def histogram(name: str) -> list[Column]:
    """The lanes of single values, and a merged histogram."""
    return [sa.Column(f"{name}_lanes", SketchBins), sa.Column(f"{name}_packed", PackedSketch)]
