// Savings per tool, or per tool and mode.
import type { SavingsRowFragment } from "../../api/generated";
import { Card, Loading } from "../../components/surfaces";
import { type Column, Table } from "../../components/table";
import { Duration } from "../../components/values";
import { compact, count, money, share, type Numeric } from "../../format";

type Row = SavingsRowFragment;
const NO_LABEL = "(none)";

const TOOL: Column<Row> = {
  key: "tool",
  title: "Tool",
  cell: ({ key }) => key.toolName ?? NO_LABEL,
  sort: ({ key }) => key.toolName,
};
const MODE: Column<Row> = {
  key: "mode",
  title: "Mode",
  cell: ({ key }) => key.operationMode ?? NO_LABEL,
  sort: ({ key }) => key.operationMode,
};

function figure<Value extends Numeric>(
  key: string,
  title: string,
  value: (row: Row) => Value | null | undefined,
  format: (value: Value | null | undefined) => string,
  wide = false,
): Column<Row> {
  return { key, title, align: "right", cell: (row) => format(value(row)), sort: value, wide };
}

const FIGURES: Column<Row>[] = [
  figure("count", "Operations", (row) => row.count, count),
  figure("original", "Original tokens", (row) => row.tokensOriginal?.sum, compact, true),
  figure("actual", "Actual tokens", (row) => row.tokensActual?.sum, compact, true),
  figure("prevented", "Tokens prevented", (row) => row.tokensPrevented?.sum, compact),
  figure("baseline", "Baseline", (row) => row.cost?.baseline, money, true),
  figure("spent", "Actual", (row) => row.cost?.actual, money, true),
  figure("saved", "Saved", (row) => row.cost?.saved, money),
  figure("rate", "Savings rate", (row) => row.savingsRate, share, true),
  {
    key: "mean",
    title: "Average duration",
    align: "right",
    wide: true,
    cell: (row) => <Duration ms={row.durationMs?.avg} />,
    sort: (row) => row.durationMs?.avg,
  },
];

interface PartsProps {
  title: string;
  rows: readonly Row[] | undefined;
  modes?: boolean;
}

export function PartsCard({ title, rows, modes = false }: PartsProps) {
  return (
    <Card title={title}>
      {rows ? (
        <Table
          caption={title}
          columns={modes ? [TOOL, MODE, ...FIGURES] : [TOOL, ...FIGURES]}
          rows={rows}
          rowKey={({ key }) => `${key.toolName} ${key.operationMode}`}
          sortedBy="-saved"
        />
      ) : (
        <Loading lines={4} />
      )}
    </Card>
  );
}
