// Tables by request type, stage and circuit breaker.
import type { BreakdownsQuery } from "../../api/generated";
import { Card, EmptyState, Loading } from "../../components/surfaces";
import { type Column, Table } from "../../components/table";
import { Duration, Instant, StatusBadge } from "../../components/values";
import { count, share, type Numeric } from "../../format";
import { Link } from "../../router";
import { useOrganization } from "../../state/viewer";
import { failureRate, HIGH_FAILURE_RATE } from "./figures";

interface Props {
  breakdowns: BreakdownsQuery | undefined;
}

type TypeRow = BreakdownsQuery["types"]["rows"][number];
type StageRow = BreakdownsQuery["stages"]["rows"][number];
type BreakerRow = BreakdownsQuery["circuitBreakers"][number];

function Failures({ rate }: { rate: number | null }) {
  return (
    <span className={rate !== null && rate > HIGH_FAILURE_RATE ? "severity bad" : undefined}>
      {share(rate)}
    </span>
  );
}

const TYPE_COLUMNS: Column<TypeRow>[] = [
  {
    key: "type",
    title: "Type",
    cell: (row) => (
      <Link to={`/requests?type=${encodeURIComponent(row.key.type ?? "")}`}>{row.key.type}</Link>
    ),
    sort: (row) => row.key.type,
  },
  {
    key: "count",
    title: "Requests",
    cell: (row) => count(row.count),
    sort: (row) => row.count,
    align: "right",
  },
  {
    key: "active",
    title: "Active",
    cell: (row) => count(row.activeCount),
    sort: (row) => row.activeCount,
    align: "right",
  },
  {
    key: "completed",
    title: "Completed",
    cell: (row) => count(row.completedCount),
    sort: (row) => row.completedCount,
    align: "right",
    wide: true,
  },
  ...failureColumns<TypeRow>(),
  ...durationColumns<TypeRow>(),
];

const STAGE_COLUMNS: Column<StageRow>[] = [
  { key: "name", title: "Stage", cell: (row) => row.key.name, sort: (row) => row.key.name },
  { key: "count", title: "Runs", cell: (row) => count(row.count), sort: (row) => row.count, align: "right" },
  ...failureColumns<StageRow>(),
  {
    key: "retried",
    title: "Retries",
    cell: (row) => count(row.retriedCount),
    sort: (row) => row.retriedCount,
    align: "right",
    wide: true,
  },
  ...durationColumns<StageRow>(),
];

function failureColumns<Row extends { errorCount: Numeric; completedCount: Numeric }>(): Column<Row>[] {
  return [
    {
      key: "failed",
      title: "Failed",
      cell: (row) => count(row.errorCount),
      sort: (row) => row.errorCount,
      align: "right",
    },
    {
      key: "rate",
      title: "Failure rate",
      cell: (row) => <Failures rate={failureRate(row)} />,
      sort: failureRate,
      align: "right",
    },
  ];
}

function durationColumns<
  Row extends { durationMs: { p50: number | null; p95: number | null } | null },
>(): Column<Row>[] {
  return [
    {
      key: "p50",
      title: "Median",
      cell: (row) => <Duration ms={row.durationMs?.p50} />,
      sort: (row) => row.durationMs?.p50,
      align: "right",
      wide: true,
    },
    {
      key: "p95",
      title: "p95",
      cell: (row) => <Duration ms={row.durationMs?.p95} />,
      sort: (row) => row.durationMs?.p95,
      align: "right",
      wide: true,
    },
  ];
}

export function TypesCard({ breakdowns }: Props) {
  if (!breakdowns) return <Pending title="Request types" />;
  if (breakdowns.types.rows.length === 0) return null;
  return (
    <Card title="Request types">
      <Table
        caption="Request types"
        columns={TYPE_COLUMNS}
        rows={breakdowns.types.rows}
        rowKey={(row) => row.key.type ?? ""}
        sortedBy="-count"
      />
    </Card>
  );
}

export function StagesCard({ breakdowns }: Props) {
  if (!breakdowns) return <Pending title="Stages" />;
  if (breakdowns.stages.rows.length === 0) return null;
  return (
    <Card title="Stages" note="started in this time range">
      <Table
        caption="Stages"
        columns={STAGE_COLUMNS}
        rows={breakdowns.stages.rows}
        rowKey={(row) => row.key.name ?? ""}
        sortedBy="-count"
      />
    </Card>
  );
}

const BREAKER_COLUMNS: Column<BreakerRow>[] = [
  { key: "name", title: "Breaker", cell: (row) => row.name, sort: (row) => row.name },
  {
    key: "state",
    title: "State",
    cell: (row) => <StatusBadge status={row.state} />,
    sort: (row) => row.state,
  },
  {
    key: "rate",
    title: "Failure rate",
    cell: (row) => <Failures rate={row.failureRate} />,
    sort: (row) => row.failureRate,
    align: "right",
  },
  {
    key: "changed",
    title: "Since",
    cell: (row) => <Instant value={row.changedAt} relative />,
    sort: (row) => row.changedAt,
  },
];
const ORGANIZATION_COLUMN: Column<BreakerRow> = {
  key: "organization",
  title: "Organization",
  cell: (row) => row.organizationId,
  sort: (row) => row.organizationId,
  wide: true,
};

export function BreakersCard({ breakdowns }: Props) {
  const showsAllOrganizations = useOrganization() === null;
  if (!breakdowns) return <Pending title="Circuit breakers" />;
  return (
    <Card title="Circuit breakers">
      {breakdowns.circuitBreakers.length === 0 ? (
        <EmptyState title="No circuit breakers reported yet">
          Report one with the mutation reportCircuitBreaker or with the Python client to see its state and
          failures.
        </EmptyState>
      ) : (
        <Table
          caption="Circuit breakers"
          columns={
            showsAllOrganizations
              ? [...BREAKER_COLUMNS.slice(0, 1), ORGANIZATION_COLUMN, ...BREAKER_COLUMNS.slice(1)]
              : BREAKER_COLUMNS
          }
          rows={breakdowns.circuitBreakers}
          rowKey={(row) => `${row.organizationId} ${row.name}`}
        />
      )}
    </Card>
  );
}

function Pending({ title }: { title: string }) {
  return (
    <Card title={title}>
      <Loading lines={4} />
    </Card>
  );
}
