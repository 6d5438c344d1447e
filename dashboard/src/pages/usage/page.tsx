// What counts against a plan: units of a month, apart as one likes, and limits with how full they are.
import { useMemo } from "react";
import {
  type InteractionFilter,
  LimitsDocument,
  UsagePartsDocument,
  type UsagePartsQuery,
  UsageTotalsDocument,
  type UsageTotalsQuery,
} from "../../api/generated";
import { useRefetchOnOperations } from "../../api/use-refetch-on-operations";
import { useQuery } from "../../api/use-query";
import { usePolling } from "../../api/use-polling";
import { Choice, Segments } from "../../components/choice";
import { Card, EmptyState, ErrorState, Loading, PageTitle, Stat } from "../../components/surfaces";
import { count } from "../../format";
import { setQuery, useQueryString } from "../../router";
import { useOrganization } from "../../state/viewer";
import { LimitsTable } from "./limits";
import { UnitsTable } from "./units";

const ASK_MS = 5_000;
const MONTHS_SHOWN = 12;
const GROUPS = {
  organization: ["ORGANIZATION_ID"],
  namespace: ["ORGANIZATION_ID", "NAMESPACE_ID"],
  key: ["ORGANIZATION_ID", "API_KEY_ID"],
  workspace: ["ORGANIZATION_ID", "WORKSPACE_ID"],
  user: ["ORGANIZATION_ID", "USER_ID"],
  operation: ["OPERATION_TYPE"],
} as const;
export type GroupName = keyof typeof GROUPS;
const GROUP_OPTIONS = [
  { value: "organization", text: "Organization" },
  { value: "namespace", text: "Namespace" },
  { value: "key", text: "API key" },
  { value: "workspace", text: "Workspace" },
  { value: "user", text: "User" },
  { value: "operation", text: "Operation type" },
] as const;
const CONSUME = `mutation {
  setLimit(input: { subject: WORKSPACE, subjectId: "website", interactionType: "mini",
                    period: MONTH, maximum: 1000 }) { limit { id } }
  consume(input: { interactionType: "mini",
                   labels: { workspaceId: "website", userId: "ana" } }) { allowed }
}`;

/** Months in UTC, this one first: 2026-11. */
function lastMonths(now = new Date()): string[] {
  return Array.from({ length: MONTHS_SHOWN }, (_, back) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7),
  );
}

const monthName = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric", timeZone: "UTC" });

/** What the address asks about. */
function useQuestion() {
  const query = useQueryString();
  const months = useMemo(lastMonths, []);
  const month = months.find((name) => name === query.get("month")) ?? months[0] ?? "";
  const by = GROUP_OPTIONS.find(({ value }) => value === query.get("by"))?.value ?? "organization";
  const organization = useOrganization();
  return useMemo(() => {
    const [year = 0, number = 0] = month.split("-").map(Number);
    const of = organization === null ? {} : { organizationId: { eq: organization } };
    const where: InteractionFilter = { ...of, year, month: number };
    const groupBy = [...GROUPS[by], "INTERACTION_TYPE" as const].map((field) => ({ field }));
    return { months, month, by, of, where, groupBy };
  }, [months, month, by, organization]);
}

export default function UsagePage() {
  const { months, month, by, of, where, groupBy } = useQuestion();
  const totals = useQuery(UsageTotalsDocument, { where });
  const parts = useQuery(UsagePartsDocument, { where, groupBy });
  const limits = useQuery(LimitsDocument, { where: of });
  const all = [totals, parts, limits];
  const refresh = () => all.forEach((each) => each.refresh());
  useRefetchOnOperations({ ...of, occurredAt: { last: "PT1H" } }, refresh);
  usePolling(refresh, ASK_MS);
  const problem = all.find((each) => each.problem)?.problem;
  const found = totals.data?.interactionStats;
  const known = limits.data?.limits;
  const nothing = found?.rows.length === 0 && known?.length === 0;
  return (
    <>
      <PageTitle title="Usage" sub="Units per calendar month (UTC)">
        <Choice
          label="Month"
          options={months.map((value) => ({ value, text: monthName.format(new Date(`${value}-01`)) }))}
          value={month}
          onChoose={(value) => setQuery({ month: value === months[0] ? null : value })}
        />
      </PageTitle>
      {problem ? <ErrorState problem={problem} retry={refresh} /> : null}
      {nothing ? (
        <EmptyState title="No usage in this month" command={CONSUME}>
          Set a limit and consume from it, or send sample traffic with trackstore demo:
        </EmptyState>
      ) : null}
      {found && !nothing ? <Figures stats={found} /> : null}
      {known && known.length > 0 ? (
        <Card title="Limits" note="highest usage first">
          <LimitsTable limits={known} />
        </Card>
      ) : null}
      {nothing ? null : (
        <UnitsCard by={by} parts={parts.loading ? undefined : parts.data?.interactionStats} />
      )}
    </>
  );
}

function Figures({ stats }: { stats: UsageTotalsQuery["interactionStats"] }) {
  const { rows, totals } = stats;
  return (
    <dl className="stats">
      <Stat label="Units" value={count(totals.units?.sum ?? 0)} />
      {rows.map(({ key, units }) => (
        <Stat
          key={key.interactionType ?? ""}
          label={key.interactionType ?? "no type"}
          value={count(units?.sum)}
        />
      ))}
      <Stat label="Workspaces" value={count(totals.workspaces)} detail="with usage" />
      <Stat label="Users" value={count(totals.users)} detail="with usage" />
    </dl>
  );
}

function UnitsCard({ by, parts }: { by: GroupName; parts: UsagePartsQuery["interactionStats"] | undefined }) {
  const choice = (
    <Segments
      label="Group by"
      options={GROUP_OPTIONS}
      value={by}
      onChoose={(value) => setQuery({ by: value === "organization" ? null : value })}
    />
  );
  return (
    <Card title="Units" actions={choice}>
      {parts ? <UnitsTable by={by} parts={parts} /> : <Loading lines={6} />}
    </Card>
  );
}
