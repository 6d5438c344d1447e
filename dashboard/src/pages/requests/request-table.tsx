// The table of requests; a row opens its request.
import { type Column, Table } from "../../components/table";
import { Duration, Id, Instant, Progress, Running, StatusBadge } from "../../components/values";
import { Link, navigate, withContext } from "../../router";
import { useOrganization } from "../../state/viewer";
import type { RequestRow } from "./rows";

const COLUMNS: Column<RequestRow>[] = [
  {
    key: "title",
    title: "Request",
    cell: (row) => (
      <Link className="cut" to={`/requests/${row.uuid}`} title={row.title ?? row.type}>
        {row.title ?? row.type}
      </Link>
    ),
  },
  { key: "status", title: "Status", cell: (row) => <StatusBadge status={row.status} /> },
  { key: "progress", title: "Progress", cell: (row) => <Progress value={row.progress} label="Progress" /> },
  {
    key: "stage",
    title: "Stage",
    cell: (row) => row.currentStage ?? <span className="muted">–</span>,
    wide: true,
  },
  { key: "type", title: "Type", cell: (row) => row.type, wide: "very" },
  { key: "created", title: "Created", cell: (row) => <Instant value={row.createdAt} /> },
  {
    key: "duration",
    title: "Duration",
    cell: (row) =>
      row.startedAt && !row.endedAt ? <Running since={row.startedAt} /> : <Duration ms={row.durationMs} />,
    align: "right",
    wide: true,
  },
  { key: "id", title: "Id", cell: (row) => <Id value={row.uuid} short />, wide: true },
];
const ORGANIZATION_COLUMN: Column<RequestRow> = {
  key: "organization",
  title: "Organization",
  cell: (row) => row.organizationId,
  wide: true,
};
const COLUMNS_WITH_ORGANIZATION = [...COLUMNS.slice(0, 4), ORGANIZATION_COLUMN, ...COLUMNS.slice(4)];

export function RequestTable({ rows }: { rows: readonly RequestRow[] }) {
  const showsAllOrganizations = useOrganization() === null;
  return (
    <Table
      caption="Requests"
      columns={showsAllOrganizations ? COLUMNS_WITH_ORGANIZATION : COLUMNS}
      rows={rows}
      rowKey={(row) => row.uuid}
      onOpen={(row) => navigate(withContext(`/requests/${row.uuid}`))}
    />
  );
}
