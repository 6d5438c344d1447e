// Usage: units per month by various groups, and limits.
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

const POLL_INTERVAL_MS = 5_000;
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
const CONSUME_EXAMPLE = `mutation {
  setLimit(input: { subject: WORKSPACE, subjectId: "website", interactionType: "mini",
                    period: MONTH, maximum: 1000 }) { limit { id } }
  consume(input: { interactionType: "mini",
                   labels: { workspaceId: "website", userId: "ana" } }) { allowed }
}`;

/** Return the last months in UTC, such as 2026-11, newest first. */
function lastMonths(now = new Date()): string[] {
  return Array.from({ length: MONTHS_SHOWN }, (_, monthsAgo) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAgo, 1)).toISOString().slice(0, 7),
  );
}

const monthName = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric", timeZone: "UTC" });

/** Read the month and group from the address. */
function useUsageQuery() {
  const query = useQueryString();
  const months = useMemo(lastMonths, []);
  const month = months.find((name) => name === query.get("month")) ?? months[0] ?? "";
  const by = GROUP_OPTIONS.find(({ value }) => value === query.get("by"))?.value ?? "organization";
  const organization = useOrganization();
  return useMemo(() => {
    const [year = 0, number = 0] = month.split("-").map(Number);
    const of = organization === null ? {} : { organizationId: { eq: organization } };
    const where: InteractionFilter = { ...of, year: { eq: year }, month: { eq: number } };
    const groupBy = [...GROUPS[by], "INTERACTION_TYPE" as const].map((field) => ({ field }));
    return { months, month, by, of, where, groupBy };
  }, [months, month, by, organization]);
}

export default function UsagePage() {
  const { months, month, by, of, where, groupBy } = useUsageQuery();
  const totals = useQuery(UsageTotalsDocument, { where });
  const parts = useQuery(UsagePartsDocument, { where, groupBy });
  const limits = useQuery(LimitsDocument, { where: of });
  const all = [totals, parts, limits];
  const refresh = () => all.forEach((each) => each.refresh());
  useRefetchOnOperations({ ...of, occurredAt: { last: "PT1H" } }, refresh);
  usePolling(refresh, POLL_INTERVAL_MS);
  const problem = all.find((each) => each.problem)?.problem;
  const stats = totals.data?.interactionStats;
  const limitList = limits.data?.limits;
  const isEmpty = stats?.rows.length === 0 && limitList?.length === 0;
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
      {isEmpty ? (
        <EmptyState title="No usage in this month" command={CONSUME_EXAMPLE}>
          Set a limit and consume from it with this mutation, or send sample traffic with trackstore demo.
        </EmptyState>
      ) : null}
      {stats && !isEmpty ? <Figures stats={stats} /> : null}
      {limitList && limitList.length > 0 ? (
        <Card title="Limits" note="highest usage first">
          <LimitsTable limits={limitList} />
        </Card>
      ) : null}
      {isEmpty ? null : (
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
