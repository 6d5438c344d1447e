// Limits as a table, with how full each is in its present period.
import type { LimitsQuery } from "../../api/generated";
import { type Column, Table } from "../../components/table";
import { Instant } from "../../components/values";
import { count, share, words } from "../../format";

type Limit = LimitsQuery["limits"][number];

/** Above this share a limit deserves a look. */
const NEARLY_FULL = 0.8;

export function fullness({ usage }: Pick<Limit, "usage">): number {
  const taken = Number(usage.used) + Number(usage.reserved);
  if (usage.limit > 0) return taken / Number(usage.limit);
  return taken > 0 ? Infinity : 0;
}

function tone(full: number): "bad" | "warn" | "good" {
  return full >= 1 ? "bad" : full >= NEARLY_FULL ? "warn" : "good";
}

const COLUMNS: Column<Limit>[] = [
  {
    key: "subject",
    title: "Subject",
    cell: ({ subject, subjectId, organizationId }) => (
      <>
        {words(subject)} <strong>{subjectId}</strong>
        {subject === "ORGANIZATION" ? null : <span className="muted"> in {organizationId}</span>}
      </>
    ),
    sort: ({ subjectId }) => subjectId,
  },
  {
    key: "full",
    title: "Used %",
    cell: (limit) => <Fullness limit={limit} />,
    sort: fullness,
  },
  {
    key: "type",
    title: "Interaction type",
    cell: ({ interactionType }) => interactionType,
    sort: ({ interactionType }) => interactionType,
  },
  {
    key: "used",
    title: "Used",
    align: "right",
    // What may lie before the period is not part of what was used: the limit says "at least" then.
    cell: ({ usage }) =>
      `${usage.uncertain > 0 ? "at least " : ""}${count(usage.used)} of ${count(usage.limit)}`,
    sort: ({ usage }) => usage.used,
  },
  {
    key: "reserved",
    title: "Reserved",
    align: "right",
    wide: true,
    cell: ({ usage }) => count(usage.reserved),
    sort: ({ usage }) => usage.reserved,
  },
  {
    key: "mode",
    title: "When exceeded",
    wide: true,
    cell: ({ mode }) => (mode === "HARD" ? "rejected" : "reported"),
    sort: ({ mode }) => mode,
  },
  {
    key: "period",
    title: "Period",
    wide: true,
    cell: ({ period }) => period.toLowerCase(),
    sort: ({ period }) => period,
  },
  {
    key: "resets",
    title: "Resets",
    wide: true,
    cell: ({ usage }) => <Instant value={usage.resetsAt} relative />,
    sort: ({ usage }) => usage.resetsAt,
  },
];

function Fullness({ limit }: { limit: Limit }) {
  const full = fullness(limit);
  const text = Number.isFinite(full) ? share(full) : "over";
  return (
    <span className="fullness">
      <progress
        className={tone(full)}
        max={1}
        value={Math.min(1, full)}
        aria-label={`${limit.subjectId} ${limit.interactionType}: ${text} full`}
      />
      <span className={full >= 1 ? "severity bad" : undefined}>{text}</span>
    </span>
  );
}

export function LimitsTable({ limits }: { limits: readonly Limit[] }) {
  return <Table caption="Limits" columns={COLUMNS} rows={limits} rowKey={({ id }) => id} sortedBy="-full" />;
}
