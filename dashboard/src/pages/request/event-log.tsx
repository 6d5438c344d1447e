// The event log; only visible lines are rendered.
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Severity } from "../../api/generated";
import { Choice } from "../../components/choice";
import { JsonView } from "../../components/json-view";
import { Card } from "../../components/surfaces";
import { Instant, SeverityLabel } from "../../components/values";
import { count, sentenceCase } from "../../format";
import { type Log, type LogLine, MAX_EVENTS, select } from "./log";

const LINE_HEIGHT_PX = 26;
const VISIBLE_LINES = 14;
const OVERSCAN_LINES = 8;
const SEVERITIES: Severity[] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

export function EventLog({ log }: { log: Log }) {
  const [minSeverity, setMinSeverity] = useState<Severity>("DEBUG");
  const [text, setText] = useState("");
  const [selected, setSelected] = useState<number | null>(null);
  const lines = useMemo(() => select(log.lines, minSeverity, text), [log, minSeverity, text]);
  const detail = selected === null ? undefined : lines.find((line) => line.seq === selected);
  const options = SEVERITIES.map((value) => ({
    value,
    text: value === "DEBUG" ? "All severities" : `${sentenceCase(value)} and above`,
  }));
  return (
    <Card
      title="Log"
      note={summaryText(log, lines)}
      actions={
        <>
          <input
            type="search"
            aria-label="Search the log"
            placeholder="Search the log"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <Choice label="Severity" options={options} value={minSeverity} onChoose={setMinSeverity} />
        </>
      }
    >
      <Lines lines={lines} selected={selected} onChoose={setSelected} />
      {detail ? <Detail line={detail} /> : null}
    </Card>
  );
}

function summaryText(log: Log, lines: readonly LogLine[]): string {
  const total =
    lines.length === log.lines.length
      ? `${count(log.last)} events`
      : `${count(lines.length)} of ${count(log.last)} events`;
  const first = log.lines[0]?.seq ?? 1;
  return first > 1 ? `${total}; showing the newest ${count(MAX_EVENTS)}` : total;
}

interface LinesProps {
  lines: readonly LogLine[];
  selected: number | null;
  onChoose: (seq: number | null) => void;
}

function Lines({ lines, selected, onChoose }: LinesProps) {
  const containerRef = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const isAtEnd = useRef(true);
  const contentHeight = lines.length * LINE_HEIGHT_PX;
  const height = Math.min(VISIBLE_LINES, Math.max(lines.length, 3)) * LINE_HEIGHT_PX;
  const from = Math.max(0, Math.floor(top / LINE_HEIGHT_PX) - OVERSCAN_LINES);
  const renderedLines = lines.slice(from, Math.ceil((top + height) / LINE_HEIGHT_PX) + OVERSCAN_LINES);

  // Stay at the end while the log grows.
  useLayoutEffect(() => {
    if (isAtEnd.current && containerRef.current) containerRef.current.scrollTop = contentHeight;
  }, [contentHeight]);

  const handleScroll = (element: HTMLElement) => {
    isAtEnd.current = element.scrollTop + element.clientHeight >= contentHeight - LINE_HEIGHT_PX;
    setTop(element.scrollTop);
  };
  const handleKeyDown = (event: KeyboardEvent) => moveSelection(event, lines, selected, onChoose);
  useScrollIntoView(containerRef, lines, selected);
  return (
    <div
      ref={containerRef}
      className="log"
      role="grid"
      aria-label="Events"
      aria-rowcount={lines.length}
      tabIndex={0}
      style={{ height }}
      onScroll={(event) => handleScroll(event.currentTarget)}
      onKeyDown={handleKeyDown}
    >
      <div className="log-all" role="rowgroup" style={{ height: contentHeight }}>
        {renderedLines.map((line, index) => (
          <div
            key={line.seq}
            className={line.seq === selected ? "log-line selected" : "log-line"}
            role="row"
            aria-rowindex={from + index + 1}
            aria-selected={line.seq === selected}
            style={{ transform: `translateY(${(from + index) * LINE_HEIGHT_PX}px)` }}
            onClick={() => onChoose(line.seq === selected ? null : Number(line.seq))}
          >
            <Cells line={line} />
          </div>
        ))}
      </div>
    </div>
  );
}

function Cells({ line }: { line: LogLine }) {
  return (
    <>
      <span role="gridcell" className="seq">
        {line.seq}
      </span>
      <span role="gridcell" className="when">
        <Instant value={line.occurredAt} />
      </span>
      <span role="gridcell" className="how">
        <SeverityLabel severity={line.severity} />
      </span>
      <span role="gridcell" className="what">
        {line.type}
      </span>
      <span role="gridcell" className="where muted">
        {line.stage ? `${line.stage}${line.attempt && line.attempt > 1 ? ` · ${line.attempt}` : ""}` : ""}
      </span>
      <span role="gridcell" className="said">
        {line.message ?? dataSummary(line.data)}
      </span>
    </>
  );
}

/** Summarize the data of an event in one line. */
function dataSummary(data: unknown): string {
  if (data === null || typeof data !== "object") return data == null ? "" : String(data);
  return Object.entries(data)
    .slice(0, 4)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? "…" : String(value)}`)
    .join(", ");
}

function moveSelection(
  event: KeyboardEvent,
  lines: readonly LogLine[],
  selected: number | null,
  onChoose: (seq: number | null) => void,
): void {
  const current = selected === null ? -1 : lines.findIndex((line) => line.seq === selected);
  const step = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: VISIBLE_LINES,
    PageUp: -VISIBLE_LINES,
    Home: -Infinity,
    End: Infinity,
  }[event.key];
  if (event.key === "Escape") onChoose(null);
  if (step === undefined || lines.length === 0) return;
  event.preventDefault();
  const next = Math.min(lines.length - 1, Math.max(0, current + step));
  const line = lines[next];
  onChoose(line ? Number(line.seq) : null);
}

function useScrollIntoView(
  containerRef: React.RefObject<HTMLElement | null>,
  lines: readonly LogLine[],
  selected: number | null,
): void {
  const latestLines = useRef(lines);
  latestLines.current = lines;
  useEffect(() => {
    const element = containerRef.current;
    const index = latestLines.current.findIndex((line) => line.seq === selected);
    if (!element || index < 0) return;
    const top = index * LINE_HEIGHT_PX;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + LINE_HEIGHT_PX > element.scrollTop + element.clientHeight)
      element.scrollTop = top + LINE_HEIGHT_PX - element.clientHeight;
  }, [containerRef, selected]);
}

function Detail({ line }: { line: LogLine }) {
  return (
    <div className="log-detail">
      <p>
        <strong>
          {line.seq} · {line.type}
        </strong>{" "}
        <SeverityLabel severity={line.severity} /> <span className="muted">{line.occurredAt}</span>
      </p>
      {line.message ? <p>{line.message}</p> : null}
      {line.data === null ? (
        <p className="muted">This event has no data.</p>
      ) : (
        <JsonView value={line.data} label="Event data" />
      )}
    </div>
  );
}
