// Units of a month by a label.
import type { UsagePartsQuery } from "../../api/generated";
import { EmptyState } from "../../components/surfaces";
import { type Column, Table } from "../../components/table";
import { Id } from "../../components/values";
import { count } from "../../format";
import type { GroupName } from "./page";
import { writeJson } from "../../api/json";

type Parts = UsagePartsQuery["interactionStats"];
type Row = Parts["rows"][number];
const NO_LABEL = "(none)";

const ORGANIZATION = label("Organization", ({ key }) => key.organizationId);
const COLUMNS: Record<GroupName, Column<Row>[]> = {
  organization: [ORGANIZATION],
  namespace: [label("Namespace", ({ key }) => key.namespaceId), ORGANIZATION],
  key: [
    {
      ...label("API key", ({ key }) => key.apiKeyId),
      cell: ({ key }) => (key.apiKeyId ? <Id value={key.apiKeyId} short /> : NO_LABEL),
    },
    ORGANIZATION,
  ],
  workspace: [label("Workspace", ({ key }) => key.workspaceId), ORGANIZATION],
  user: [label("User", ({ key }) => key.userId), ORGANIZATION],
  operation: [label("Operation type", ({ key }) => key.operationType)],
};

function label(title: string, value: (row: Row) => string | null): Column<Row> {
  return { key: title, title, cell: (row) => value(row) ?? NO_LABEL, sort: value };
}

export function UnitsTable({ by, parts }: { by: GroupName; parts: Parts }) {
  if (parts.rows.length === 0) return <EmptyState title="No usage" />;
  const columns: Column<Row>[] = [
    ...COLUMNS[by],
    label("Interaction type", ({ key }) => key.interactionType),
    {
      key: "units",
      title: "Units",
      align: "right",
      cell: ({ units }) => count(units?.sum),
      sort: ({ units }) => units?.sum,
    },
  ];
  return (
    <>
      <Table
        key={by}
        caption="Units"
        columns={columns}
        rows={parts.rows}
        rowKey={({ key }) => writeJson(key)}
        sortedBy="-units"
      />
      {parts.truncated ? (
        <p className="padded muted small">Showing the first {parts.rows.length} rows.</p>
      ) : null}
    </>
  );
}
