// Tokens and money saved by narrower tool modes.
import { useMemo } from "react";
import {
  SavingsPartsDocument,
  SavingsTotalsDocument,
  type SavingsTotalsQuery,
  SavingsTrendDocument,
  type SavingsTrendQuery,
} from "../../api/generated";
import { useRefetchOnOperations } from "../../api/use-refetch-on-operations";
import { useQuery } from "../../api/use-query";
import {
  Card,
  relativeChange,
  EmptyState,
  ErrorState,
  Loading,
  PageTitle,
  Stat,
} from "../../components/surfaces";
import { type Series, TimeChart } from "../../components/time-chart";
import { compact, count, money, share } from "../../format";
import { RANGE_BUCKET, RANGE_LABELS, useRange, ZONE } from "../../state/range";
import { useScope } from "../../state/scope";
import { PartsCard } from "./parts";

const RECORD_EXAMPLE = `mutation {
  trackToolOperation(input: {
    tool: read, mode: overview, filePath: "src/app.py",
    tokensOriginal: 5000, tokensActual: 500
  }) { status }
}`;

export default function SavingsPage() {
  const range = useRange();
  const { operations } = useScope();
  const where = useMemo(() => ({ ...operations, kind: { eq: "TOOL" as const } }), [operations]);
  const totals = useQuery(SavingsTotalsDocument, { where });
  const parts = useQuery(SavingsPartsDocument, { where });
  const trend = useQuery(SavingsTrendDocument, { where, bucket: { ...RANGE_BUCKET[range], zone: ZONE } });
  const queries = [totals, parts, trend];
  useRefetchOnOperations(where, () => queries.forEach(({ refresh }) => refresh()));
  const problem = queries.find((query) => query.problem)?.problem;
  const summary = totals.data?.operationStats.totals;
  return (
    <>
      <PageTitle
        title="Savings"
        sub={`Tool operations, ${RANGE_LABELS[range].toLowerCase()}, compared with the previous period`}
      />
      {problem ? (
        <ErrorState problem={problem} retry={() => queries.forEach(({ refresh }) => refresh())} />
      ) : null}
      {summary === undefined ? (
        problem ? null : (
          <Loading lines={8} />
        )
      ) : summary.count === 0 ? (
        <EmptyState title="No tool operations in this range" command={RECORD_EXAMPLE}>
          Record the tokens a tool used and those it would have used without savings with this mutation, or
          send sample traffic with trackstore demo.
        </EmptyState>
      ) : (
        <>
          <Figures totals={summary} />
          <TrendCharts trend={trend.data} />
          <PartsCard title="By tool" rows={parts.data?.tools.rows} />
          <PartsCard title="By tool and mode" rows={parts.data?.modes.rows} modes />
        </>
      )}
    </>
  );
}

function Figures({ totals }: { totals: SavingsTotalsQuery["operationStats"]["totals"] }) {
  const { cost, previous } = totals;
  return (
    <dl className="stats">
      <Stat
        label="Cost saved"
        value={money(cost?.saved)}
        change={relativeChange(cost?.saved, previous?.cost?.saved)}
        goodWhen="more"
        detail={
          cost?.unpricedCount ? `${count(cost.unpricedCount)} without a price` : "baseline minus actual"
        }
      />
      <Stat
        label="Baseline"
        value={money(cost?.baseline)}
        change={relativeChange(cost?.baseline, previous?.cost?.baseline)}
        detail="cost without savings"
      />
      <Stat
        label="Actual"
        value={money(cost?.actual)}
        change={relativeChange(cost?.actual, previous?.cost?.actual)}
        detail="amount spent"
      />
      <Stat
        label="Savings rate"
        value={share(totals.savingsRate)}
        change={relativeChange(totals.savingsRate, previous?.savingsRate)}
        goodWhen="more"
      />
      <Stat
        label="Tokens prevented"
        value={compact(totals.tokensPrevented?.sum ?? 0)}
        change={relativeChange(totals.tokensPrevented?.sum, previous?.tokensPrevented?.sum)}
        goodWhen="more"
        detail={`${compact(totals.tokensActual?.sum ?? 0)} used of ${compact(totals.tokensOriginal?.sum ?? 0)}`}
      />
      <Stat
        label="Operations"
        value={compact(totals.count)}
        change={relativeChange(totals.count, previous?.count)}
        detail={`${share(totals.cacheHitRate)} from a cache`}
      />
    </dl>
  );
}

function TrendCharts({ trend }: { trend: SavingsTrendQuery | undefined }) {
  const charts = useMemo(() => {
    const rows = trend?.operationStats.rows ?? [];
    const cost: Series[] = [
      { label: "spent", hue: "c2", values: rows.map(({ cost }) => cost?.actual ?? 0) },
      { label: "saved", hue: "good", values: rows.map(({ cost }) => Math.max(0, cost?.saved ?? 0)) },
    ];
    const tokens: Series[] = [
      {
        label: "tokens prevented",
        hue: "c1",
        values: rows.map(({ tokensPrevented }) => Number(tokensPrevented?.sum ?? 0)),
      },
    ];
    return { times: rows.map(({ bucket }) => Date.parse(bucket?.start ?? "")), cost, tokens };
  }, [trend]);
  return (
    <div className="grid">
      <Card title="Cost over time">
        {trend ? (
          <TimeChart
            title="Cost over time"
            kind="bars"
            format={money}
            times={charts.times}
            series={charts.cost}
          />
        ) : (
          <Loading lines={6} />
        )}
      </Card>
      <Card title="Tokens prevented over time">
        {trend ? (
          <TimeChart
            title="Tokens prevented over time"
            kind="bars"
            format={compact}
            times={charts.times}
            series={charts.tokens}
          />
        ) : (
          <Loading lines={6} />
        )}
      </Card>
    </div>
  );
}
