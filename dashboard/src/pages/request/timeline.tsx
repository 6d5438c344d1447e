// The stages as bars over time, one row per stage, with all attempts.
import { Card, EmptyState } from "../../components/surfaces";
import { Duration, StatusBadge } from "../../components/values";
import { duration, share, sentenceCase } from "../../format";
import { useNow } from "../../state/now";
import { type Bar, layoutTimeline, type Row, ticksOf } from "./bars";
import type { RequestNow } from "./use-request";

export function StagesTimeline({ request }: { request: RequestNow }) {
  const now = useNow(request.endedAt === null);
  const timeline = layoutTimeline(request, now);
  const ticks = ticksOf(timeline.ms);
  if (request.stages.length === 0) {
    return (
      <Card title="Stages">
        <EmptyState title="No stages">
          Start a stage with the mutation startStage, or with <code>with request.stage("name"):</code> in the
          Python client.
        </EmptyState>
      </Card>
    );
  }
  return (
    <Card title="Stages" note={`over ${duration(timeline.ms)}`}>
      <div className="table-scroll" role="region" aria-label="Stages" tabIndex={0}>
        <table className="timeline">
          <caption className="hidden">Stages of the request with their attempts over time</caption>
          <Head ticks={ticks} ms={timeline.ms} />
          <tbody>
            {timeline.rows.map((row) => (
              <StageRow key={row.stage.name} row={row} ticks={ticks} ms={timeline.ms} now={now} />
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Head({ ticks, ms }: { ticks: number[]; ms: number }) {
  return (
    <thead>
      <tr>
        <th scope="col">Stage</th>
        <th scope="col" className="wide-only">
          Status
        </th>
        <th scope="col" className="lane">
          <span className="hidden">Attempts over time</span>
          <span className="ticks" aria-hidden="true">
            {ticks.map((tick) => (
              <span key={tick} style={{ left: `${(tick / ms) * 100}%` }}>
                {tick === 0 ? "0" : duration(tick)}
              </span>
            ))}
          </span>
        </th>
        <th scope="col" className="right">
          Attempts
        </th>
        <th scope="col" className="right">
          Duration
        </th>
      </tr>
    </thead>
  );
}

function StageRow({ row, ticks, ms, now }: { row: Row; ticks: number[]; ms: number; now: number }) {
  const { stage, bars } = row;
  const running = stage.status === "RUNNING" || stage.status === "STALLED";
  const durationMs =
    running && stage.startedAt ? Math.max(0, now - Date.parse(stage.startedAt)) : stage.durationMs;
  return (
    <tr>
      <th scope="row">
        {stage.name}
        <span className="narrow-only">
          <StatusBadge status={stage.status} />
        </span>
        {running && stage.message ? <span className="muted small stage-message">{stage.message}</span> : null}
      </th>
      <td className="wide-only">
        <StatusBadge status={stage.status} />
      </td>
      <td className="lane">
        <span className="track">
          {ticks.map((tick) => (
            <i key={tick} className="gridline" style={{ left: `${(tick / ms) * 100}%` }} />
          ))}
          {bars.map((bar) => (
            <StageBar
              key={`${bar.attempt} ${bar.expected}`}
              bar={bar}
              name={stage.name}
              many={stage.attempt > 1}
            />
          ))}
        </span>
      </td>
      <td className="right">
        {stage.attempt} <span className="muted">of {stage.maxAttempts}</span>
      </td>
      <td className="right">
        <Duration ms={durationMs} />
      </td>
    </tr>
  );
}

function StageBar({ bar, name, many: hasRetries }: { bar: Bar; name: string; many: boolean }) {
  const label = bar.expected
    ? `${name}: expected to take ${duration(bar.ms)}`
    : `${name}, attempt ${bar.attempt}: ${sentenceCase(bar.status)}, ${duration(bar.ms)}`;
  const running = bar.status === "RUNNING" || bar.status === "STALLED";
  const text = running ? share(bar.progress) : hasRetries ? `${bar.attempt}` : "";
  return (
    <span
      className={`stage-bar ${bar.expected ? "expected" : bar.status.toLowerCase()}`}
      style={{ left: `${bar.left * 100}%`, width: `max(3px, ${bar.width * 100}%)` }}
      title={label}
    >
      {running && !bar.expected ? <i className="filled" style={{ width: `${bar.progress * 100}%` }} /> : null}
      <span className="bar-text" aria-hidden="true">
        {bar.expected ? "" : text}
      </span>
      <span className="hidden">{label}</span>
    </span>
  );
}
