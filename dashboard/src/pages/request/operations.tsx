// Operations of the request.
import { useEffect, useRef } from "react";
import { RequestOperationsDocument, type RequestOperationsQuery } from "../../api/generated";
import { useQuery } from "../../api/use-query";
import { Card, EmptyState, ErrorState, Loading } from "../../components/surfaces";
import { type Column, Table } from "../../components/table";
import { Duration, Id, Instant } from "../../components/values";
import { compact, count, money, sentenceCase } from "../../format";

type Operation = NonNullable<RequestOperationsQuery["request"]>["operations"]["nodes"][number];

const COLUMNS: Column<Operation>[] = [
  {
    key: "at",
    title: "At",
    cell: (row) => <Instant value={row.occurredAt} />,
    sort: (row) => row.occurredAt,
  },
  { key: "kind", title: "Kind", cell: (row) => row.kind, sort: (row) => row.kind },
  {
    key: "name",
    title: "Name",
    cell: (row) => row.toolName ?? row.model ?? row.name,
    sort: (row) => row.name,
  },
  { key: "stage", title: "Stage", cell: (row) => row.stage ?? "–", sort: (row) => row.stage, wide: true },
  {
    key: "outcome",
    title: "Outcome",
    cell: (row) => (
      <span className={row.outcome === "ERROR" ? "severity bad" : undefined} title={row.error ?? undefined}>
        {sentenceCase(row.outcome)}
      </span>
    ),
    sort: (row) => row.outcome,
  },
  {
    key: "ms",
    title: "Duration",
    cell: (row) => <Duration ms={row.durationMs} />,
    sort: (row) => row.durationMs,
    align: "right",
  },
  {
    key: "cost",
    title: "Cost",
    cell: (row) => money(row.costActual),
    sort: (row) => row.costActual,
    align: "right",
  },
  {
    key: "tokens",
    title: "Tokens saved",
    cell: (row) => compact(row.tokensPrevented),
    sort: (row) => row.tokensPrevented,
    align: "right",
    wide: true,
  },
  { key: "id", title: "Id", cell: (row) => <Id value={row.uuid} short />, wide: true },
];

const MIN_REFRESH_INTERVAL_MS = 3_000;

/** `lastSeq` is the last event of the request: when it changes, there may be new operations. */
export function OperationsCard({ id, lastSeq }: { id: string; lastSeq: number }) {
  const { data, problem, refresh } = useQuery(RequestOperationsDocument, { id });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      refresh();
    }, MIN_REFRESH_INTERVAL_MS);
  }, [lastSeq, refresh]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  const operations = data?.request?.operations;
  return (
    <Card title="Operations of this request" note={countText(operations)}>
      {problem ? <ErrorState problem={problem} retry={refresh} /> : null}
      {!operations ? (
        problem ? null : (
          <Loading />
        )
      ) : operations.nodes.length === 0 ? (
        <EmptyState title="No operations for this request">
          Operations with this request's id as <code>requestId</code> are listed here.
        </EmptyState>
      ) : (
        <Table
          caption="Operations of this request"
          columns={COLUMNS}
          rows={operations.nodes}
          rowKey={(row) => row.uuid}
        />
      )}
    </Card>
  );
}

function countText(
  operations: NonNullable<RequestOperationsQuery["request"]>["operations"] | undefined,
): string | null {
  if (!operations || operations.nodes.length === 0) return null;
  return operations.pageInfo.hasNextPage
    ? `newest ${count(operations.nodes.length)}`
    : count(operations.nodes.length);
}
