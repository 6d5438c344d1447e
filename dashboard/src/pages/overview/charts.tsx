// Requests, durations and operations over time.
import { useEffect, useMemo, useState } from "react";
import { subscribe } from "../../api/subscribe";
import {
  type BucketInput,
  type OperationFilter,
  OperationsLiveDocument,
  type OperationsLiveSubscription,
  type RequestsOverTimeQuery,
} from "../../api/generated";
import { Card, Loading } from "../../components/surfaces";
import { type Series, TimeChart } from "../../components/time-chart";
import { count, duration } from "../../format";
import { parseJson, writeJson } from "../../api/json";

const startTime = (row: { bucket: { start: string } | null }) => Date.parse(row.bucket?.start ?? "");

interface ChartProps {
  data: RequestsOverTimeQuery | undefined;
}

export function RequestsChart({ data }: ChartProps) {
  const chart = useMemo(() => {
    const rows = data?.requestStats.rows ?? [];
    const series: Series[] = [
      { label: "completed", hue: "good", values: rows.map((row) => Number(row.completedCount)) },
      { label: "failed", hue: "bad", values: rows.map((row) => Number(row.errorCount)) },
      { label: "cancelled", hue: "calm", values: rows.map((row) => Number(row.cancelledCount)) },
      {
        label: "active",
        hue: "active",
        values: rows.map((row) =>
          [row.completedCount, row.errorCount, row.cancelledCount].reduce<number>(
            (total, ended) => total - Number(ended),
            Number(row.count),
          ),
        ),
      },
    ];
    return { times: rows.map(startTime), series };
  }, [data]);
  return (
    <Card title="Requests over time">
      {data ? (
        <TimeChart title="Requests over time" kind="bars" format={count} {...chart} />
      ) : (
        <Loading lines={6} />
      )}
    </Card>
  );
}

export function DurationsChart({ data }: ChartProps) {
  const chart = useMemo(() => {
    const rows = data?.requestStats.rows ?? [];
    const series: Series[] = [
      { label: "median", hue: "c1", values: rows.map((row) => row.durationMs?.p50 ?? null) },
      { label: "p95", hue: "c2", values: rows.map((row) => row.durationMs?.p95 ?? null) },
    ];
    return { times: rows.map(startTime), series };
  }, [data]);
  return (
    <Card title="Request duration">
      {data ? (
        <TimeChart title="Request duration" kind="lines" format={duration} {...chart} />
      ) : (
        <Loading lines={6} />
      )}
    </Card>
  );
}

/** A live chart: the server sends new data when it changes, at most every two seconds. */
export function OperationsChart({ where, bucket }: { where: OperationFilter; bucket: BucketInput }) {
  const [data, setData] = useState<OperationsLiveSubscription>();
  const key = writeJson({ where, bucket });
  useEffect(
    () =>
      subscribe(OperationsLiveDocument, {
        variables: () => parseJson(key) as { where: OperationFilter; bucket: BucketInput },
        onData: setData,
      }),
    [key],
  );
  const chart = useMemo(() => {
    const rows = data?.operationStatsLive.rows ?? [];
    const series: Series[] = [
      {
        label: "succeeded",
        hue: "c1",
        values: rows.map((row) => Number(row.count) - Number(row.errorCount)),
      },
      { label: "failed", hue: "bad", values: rows.map((row) => Number(row.errorCount)) },
    ];
    return { times: rows.map(startTime), series };
  }, [data]);
  return (
    <Card
      title="Operations"
      note={data ? `${count(data.operationStatsLive.totals.count)} in this range` : null}
    >
      {data ? (
        <TimeChart title="Operations over time" kind="bars" format={count} {...chart} />
      ) : (
        <Loading lines={6} />
      )}
    </Card>
  );
}
