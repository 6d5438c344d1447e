// The figures at the top of the overview, each vs. previous period.
import type { OperationTotalsQuery, RequestTotalsQuery, TroubleQuery } from "../../api/generated";
import { changeOf, Stat } from "../../components/surfaces";
import { compact, count, duration, money, perSecond, share, type Whole } from "../../format";

/** Above this share of failures something needs a look; the same bound as the server's warnings. */
export const TOO_MANY_FAILURES = 0.1;

interface FiguresProps {
  requests: RequestTotalsQuery;
  operations: OperationTotalsQuery | undefined;
  breakers: TroubleQuery["circuitBreakers"] | undefined;
}

/** Those of requests are there first: operations are many more, and not waited for. */
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

/** Of the requests that completed or failed, those that failed; null where none has ended. */
export function failureRate(
  part: { errorCount: Whole; completedCount: Whole } | null | undefined,
): number | null {
  const ended = part ? Number(part.errorCount) + Number(part.completedCount) : 0;
  return part && ended > 0 ? Number(part.errorCount) / ended : null;
}

function RequestFigures({ totals }: { totals: RequestTotalsQuery["requestStats"]["totals"] }) {
  const { previous } = totals;
  const failures = failureRate(totals);
  return (
    <>
      <Stat
        label="Requests"
        value={compact(totals.count)}
        change={changeOf(totals.count, previous?.count)}
        detail={`${count(totals.activeCount)} active now`}
      />
      <Stat label="Throughput" value={perSecond(totals.perSecond)} detail="requests created" />
      <Stat
        label="Failure rate"
        value={share(failures)}
        change={changeOf(failures, failureRate(previous))}
        better="less"
        {...(failures !== null && failures > TOO_MANY_FAILURES ? { tone: "bad" as const } : {})}
        detail={`${count(totals.errorCount)} of ${count(Number(totals.errorCount) + Number(totals.completedCount))} ended`}
      />
      <Stat
        label="Median duration"
        value={duration(totals.durationMs?.p50)}
        change={changeOf(totals.durationMs?.p50, previous?.durationMs?.p50)}
        better="less"
        detail="from start to end"
      />
      <Stat
        label="p95 duration"
        value={duration(totals.durationMs?.p95)}
        change={changeOf(totals.durationMs?.p95, previous?.durationMs?.p95)}
        better="less"
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
        change={changeOf(totals.count, previous?.count)}
        detail={`${share(totals.errorRate)} failed · p95 ${duration(totals.durationMs?.p95)}`}
      />
      <Stat
        label="Tokens saved"
        value={compact(totals.tokensPrevented?.sum ?? 0)}
        change={changeOf(totals.tokensPrevented?.sum, previous?.tokensPrevented?.sum)}
        better="more"
        detail="not read because of narrower modes"
      />
      <Stat
        label="Cost saved"
        value={money(cost?.saved ?? 0)}
        change={changeOf(cost?.saved, previous?.cost?.saved)}
        better="more"
        detail={`${money(cost?.actual ?? 0)} spent${unpriced > 0 ? ` · ${count(unpriced)} without a price` : ""}`}
      />
    </>
  );
}

function BreakerFigure({ breakers }: { breakers: TroubleQuery["circuitBreakers"] | undefined }) {
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
