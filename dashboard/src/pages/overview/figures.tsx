// The statistics at the top of the overview, compared with the previous period.
import type { OperationTotalsQuery, RequestTotalsQuery, BreakdownsQuery } from "../../api/generated";
import { relativeChange, Stat } from "../../components/surfaces";
import { compact, count, duration, money, perSecond, share, type Numeric } from "../../format";

/** Failure rates above this are highlighted; the same threshold as the server's warnings. */
export const HIGH_FAILURE_RATE = 0.1;

interface FiguresProps {
  requests: RequestTotalsQuery;
  operations: OperationTotalsQuery | undefined;
  breakers: BreakdownsQuery["circuitBreakers"] | undefined;
}

/** Show requests first: operations are many more and may take longer. */
export function Figures({ requests, operations, breakers }: FiguresProps) {
  return (
    <dl className="stats">
      <RequestFigures totals={requests.requestStats.totals} />
      {operations ? (
        <OperationFigures totals={operations.operationStats.totals} />
      ) : (
        ["Operations", "Tokens saved", "Cost saved"].map((label) => (
          <Stat key={label} label={label} value="…" detail="loading" />
        ))
      )}
      <BreakerFigure breakers={breakers} />
    </dl>
  );
}

/** Return failed / (completed + failed); null if none has ended. */
export function failureRate(
  counts: { errorCount: Numeric; completedCount: Numeric } | null | undefined,
): number | null {
  const endedCount = counts ? Number(counts.errorCount) + Number(counts.completedCount) : 0;
  return counts && endedCount > 0 ? Number(counts.errorCount) / endedCount : null;
}

function RequestFigures({ totals }: { totals: RequestTotalsQuery["requestStats"]["totals"] }) {
  const { previous } = totals;
  const failures = failureRate(totals);
  return (
    <>
      <Stat
        label="Requests"
        value={compact(totals.count)}
        change={relativeChange(totals.count, previous?.count)}
        detail={`${count(totals.activeCount)} active now`}
      />
      <Stat label="Throughput" value={perSecond(totals.perSecond)} detail="requests created" />
      <Stat
        label="Failure rate"
        value={share(failures)}
        change={relativeChange(failures, failureRate(previous))}
        goodWhen="less"
        {...(failures !== null && failures > HIGH_FAILURE_RATE ? { tone: "bad" as const } : {})}
        detail={`${count(totals.errorCount)} of ${count(Number(totals.errorCount) + Number(totals.completedCount))} ended`}
      />
      <Stat
        label="Median duration"
        value={duration(totals.durationMs?.p50)}
        change={relativeChange(totals.durationMs?.p50, previous?.durationMs?.p50)}
        goodWhen="less"
        detail="from start to end"
      />
      <Stat
        label="p95 duration"
        value={duration(totals.durationMs?.p95)}
        change={relativeChange(totals.durationMs?.p95, previous?.durationMs?.p95)}
        goodWhen="less"
        detail="of requests that ended"
      />
    </>
  );
}

function OperationFigures({ totals }: { totals: OperationTotalsQuery["operationStats"]["totals"] }) {
  const { previous, cost } = totals;
  const unpriced = cost?.unpricedCount ?? 0;
  return (
    <>
      <Stat
        label="Operations"
        value={compact(totals.count)}
        change={relativeChange(totals.count, previous?.count)}
        detail={`${share(totals.errorRate)} failed · p95 ${duration(totals.durationMs?.p95)}`}
      />
      <Stat
        label="Tokens saved"
        value={compact(totals.tokensPrevented?.sum ?? 0)}
        change={relativeChange(totals.tokensPrevented?.sum, previous?.tokensPrevented?.sum)}
        goodWhen="more"
        detail="saved by narrower tool modes"
      />
      <Stat
        label="Cost saved"
        value={money(cost?.saved ?? 0)}
        change={relativeChange(cost?.saved, previous?.cost?.saved)}
        goodWhen="more"
        detail={`${money(cost?.actual ?? 0)} spent${unpriced > 0 ? ` · ${count(unpriced)} without a price` : ""}`}
      />
    </>
  );
}

function BreakerFigure({ breakers }: { breakers: BreakdownsQuery["circuitBreakers"] | undefined }) {
  const open = breakers?.filter(({ state }) => state === "OPEN").length;
  const halfOpen = breakers?.filter(({ state }) => state === "HALF_OPEN").length ?? 0;
  return (
    <Stat
      label="Open breakers"
      value={count(open)}
      {...(open ? { tone: "bad" as const } : {})}
      detail={`of ${count(breakers?.length)} known${halfOpen > 0 ? `, ${halfOpen} half open` : ""}`}
    />
  );
}
