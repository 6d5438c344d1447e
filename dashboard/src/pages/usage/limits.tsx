// Limits with their usage in the current period.
import type { LimitsQuery } from "../../api/generated";
import { type Column, Table } from "../../components/table";
import { Instant } from "../../components/values";
import { count, share, sentenceCase } from "../../format";

type Limit = LimitsQuery["limits"][number];

/** Usage above this is highlighted. */
const HIGH_USAGE = 0.8;

export function usageRatio({ usage }: Pick<Limit, "usage">): number {
  const usedAndReserved = Number(usage.used) + Number(usage.reserved);
  if (usage.maximum > 0) return usedAndReserved / Number(usage.maximum);
  return usedAndReserved > 0 ? Infinity : 0;
}

function usageTone(ratio: number): "bad" | "warn" | "good" {
  return ratio >= 1 ? "bad" : ratio >= HIGH_USAGE ? "warn" : "good";
}

const COLUMNS: Column<Limit>[] = [
  {
    key: "subject",
    title: "Subject",
    cell: ({ subject, subjectId, organizationId }) => (
      <>
        {sentenceCase(subject)} <strong>{subjectId}</strong>
        {subject === "ORGANIZATION" ? null : <span className="muted"> in {organizationId}</span>}
      </>
    ),
    sort: ({ subjectId }) => subjectId,
  },
  {
    key: "full",
    title: "Usage",
    cell: (limit) => <UsageBar limit={limit} />,
    sort: usageRatio,
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
    // Usage that may belong to the previous period is not counted, hence "at least".
    cell: ({ usage }) =>
      `${usage.uncertain > 0 ? "at least " : ""}${count(usage.used)} of ${count(usage.maximum)}`,
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
    cell: ({ mode }) => (mode === "HARD" ? "denied" : "reported"),
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

function UsageBar({ limit }: { limit: Limit }) {
  const ratio = usageRatio(limit);
  const text = Number.isFinite(ratio) ? share(ratio) : "over";
  return (
    <span className="fullness">
      <progress
        className={usageTone(ratio)}
        max={1}
        value={Math.min(1, ratio)}
        aria-label={`${limit.subjectId} ${limit.interactionType}: ${text} used`}
      />
      <span className={ratio >= 1 ? "severity bad" : undefined}>{text}</span>
    </span>
  );
}

export function LimitsTable({ limits }: { limits: readonly Limit[] }) {
  return <Table caption="Limits" columns={COLUMNS} rows={limits} rowKey={({ id }) => id} sortedBy="-full" />;
}
