// Requests as lines of a table; a line opens its request.
import { type Column, Table } from "../../components/table";
import { Duration, Id, Instant, Progress, Running, StatusBadge } from "../../components/values";
import { Link, navigate, withContext } from "../../router";
import { useOrganization } from "../../state/viewer";
import type { Line } from "./lines";

const COLUMNS: Column<Line>[] = [
  {
    key: "title",
    title: "Request",
    cell: (line) => (
      <Link className="cut" to={`/requests/${line.uuid}`} title={line.title ?? line.type}>
        {line.title ?? line.type}
      </Link>
    ),
  },
  { key: "status", title: "Status", cell: (line) => <StatusBadge status={line.status} /> },
  { key: "progress", title: "Progress", cell: (line) => <Progress value={line.progress} label="Progress" /> },
  {
    key: "stage",
    title: "Stage",
    cell: (line) => line.currentStage ?? <span className="muted">–</span>,
    wide: true,
  },
  { key: "type", title: "Type", cell: (line) => line.type, wide: "very" },
  { key: "created", title: "Created", cell: (line) => <Instant value={line.createdAt} /> },
  {
    key: "duration",
    title: "Duration",
    cell: (line) =>
      line.startedAt && !line.endedAt ? (
        <Running since={line.startedAt} />
      ) : (
        <Duration ms={line.durationMs} />
      ),
    align: "right",
    wide: true,
  },
  { key: "id", title: "Id", cell: (line) => <Id value={line.uuid} short />, wide: true },
];
const ORGANIZATION: Column<Line> = {
  key: "organization",
  title: "Organization",
  cell: (line) => line.organizationId,
  wide: true,
};
const WITH_ORGANIZATION = [...COLUMNS.slice(0, 4), ORGANIZATION, ...COLUMNS.slice(4)];

export function RequestTable({ lines }: { lines: readonly Line[] }) {
  const all = useOrganization() === null;
  return (
    <Table
      caption="Requests"
      columns={all ? WITH_ORGANIZATION : COLUMNS}
      rows={lines}
      rowKey={(line) => line.uuid}
      onOpen={(line) => navigate(withContext(`/requests/${line.uuid}`))}
    />
  );
}
