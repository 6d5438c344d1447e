// The log: as long as it is, only the lines in sight are drawn.
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Severity } from "../../api/generated";
import { Choice } from "../../components/choice";
import { JsonView } from "../../components/json-view";
import { Card } from "../../components/surfaces";
import { Instant, SeverityWord } from "../../components/values";
import { count, words } from "../../format";
import { type Log, type LogLine, MOST_EVENTS, select } from "./log";

const LINE = 26;
const IN_SIGHT = 14;
const BEYOND = 8;
const SEVERITIES: Severity[] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

export function EventLog({ log }: { log: Log }) {
  const [least, setLeast] = useState<Severity>("DEBUG");
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<number | null>(null);
  const lines = useMemo(() => select(log.lines, least, text), [log, least, text]);
  const detail = chosen === null ? undefined : lines.find((line) => line.seq === chosen);
  const options = SEVERITIES.map((value) => ({
    value,
    text: value === "DEBUG" ? "All severities" : `${words(value)} and above`,
  }));
  return (
    <Card
      title="Log"
      note={noteOf(log, lines)}
      actions={
        <>
          <input
            type="search"
            aria-label="Search the log"
            placeholder="Search the log"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <Choice label="Severity" options={options} value={least} onChoose={setLeast} />
        </>
      }
    >
      <Lines lines={lines} chosen={chosen} onChoose={setChosen} />
      {detail ? <Detail line={detail} /> : null}
    </Card>
  );
}

function noteOf(log: Log, lines: readonly LogLine[]): string {
  const shown =
    lines.length === log.lines.length
      ? `${count(log.last)} events`
      : `${count(lines.length)} of ${count(log.last)} events`;
  const first = log.lines[0]?.seq ?? 1;
  return first > 1 ? `${shown}; showing the newest ${count(MOST_EVENTS)}` : shown;
}

interface LinesProps {
  lines: readonly LogLine[];
  chosen: number | null;
  onChoose: (seq: number | null) => void;
}

function Lines({ lines, chosen, onChoose }: LinesProps) {
  const place = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const atEnd = useRef(true);
  const height = Math.min(IN_SIGHT, Math.max(lines.length, 3)) * LINE;
  const from = Math.max(0, Math.floor(top / LINE) - BEYOND);
  const shown = lines.slice(from, Math.ceil((top + height) / LINE) + BEYOND);

  // Who looks at the end stays there while the log grows.
  useLayoutEffect(() => {
    if (atEnd.current && place.current) place.current.scrollTop = lines.length * LINE;
  }, [lines]);

  const scrolled = (element: HTMLElement) => {
    atEnd.current = element.scrollTop + element.clientHeight >= lines.length * LINE - LINE;
    setTop(element.scrollTop);
  };
  const keys = (event: KeyboardEvent) => move(event, lines, chosen, onChoose);
  useChosenInSight(place, lines, chosen);
  return (
    <div
      ref={place}
      className="log"
      role="grid"
      aria-label="Events"
      aria-rowcount={lines.length}
      tabIndex={0}
      style={{ height }}
      onScroll={(event) => scrolled(event.currentTarget)}
      onKeyDown={keys}
    >
      <div className="log-all" role="rowgroup" style={{ height: lines.length * LINE }}>
        {shown.map((line, index) => (
          <div
            key={line.seq}
            className={line.seq === chosen ? "log-line chosen" : "log-line"}
            role="row"
            aria-rowindex={from + index + 1}
            aria-selected={line.seq === chosen}
            style={{ transform: `translateY(${(from + index) * LINE}px)` }}
            onClick={() => onChoose(line.seq === chosen ? null : Number(line.seq))}
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
        <SeverityWord severity={line.severity} />
      </span>
      <span role="gridcell" className="what">
        {line.type}
      </span>
      <span role="gridcell" className="where muted">
        {line.stage ? `${line.stage}${line.attempt && line.attempt > 1 ? ` · ${line.attempt}` : ""}` : ""}
      </span>
      <span role="gridcell" className="said">
        {line.message ?? summaryOf(line.data)}
      </span>
    </>
  );
}

/** The data of an event in one line. */
function summaryOf(data: unknown): string {
  if (data === null || typeof data !== "object") return data == null ? "" : String(data);
  return Object.entries(data)
    .slice(0, 4)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? "…" : String(value)}`)
    .join(", ");
}

function move(
  event: KeyboardEvent,
  lines: readonly LogLine[],
  chosen: number | null,
  onChoose: (seq: number | null) => void,
): void {
  const present = chosen === null ? -1 : lines.findIndex((line) => line.seq === chosen);
  const step = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: IN_SIGHT,
    PageUp: -IN_SIGHT,
    Home: -Infinity,
    End: Infinity,
  }[event.key];
  if (event.key === "Escape") onChoose(null);
  if (step === undefined || lines.length === 0) return;
  event.preventDefault();
  const next = Math.min(lines.length - 1, Math.max(0, present + step));
  const line = lines[next];
  onChoose(line ? Number(line.seq) : null);
}

function useChosenInSight(
  place: React.RefObject<HTMLElement | null>,
  lines: readonly LogLine[],
  chosen: number | null,
): void {
  const newest = useRef(lines);
  newest.current = lines;
  useEffect(() => {
    const element = place.current;
    const index = newest.current.findIndex((line) => line.seq === chosen);
    if (!element || index < 0) return;
    const top = index * LINE;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + LINE > element.scrollTop + element.clientHeight)
      element.scrollTop = top + LINE - element.clientHeight;
  }, [place, chosen]);
}

function Detail({ line }: { line: LogLine }) {
  return (
    <div className="log-detail">
      <p>
        <strong>
          {line.seq} · {line.type}
        </strong>{" "}
        <SeverityWord severity={line.severity} /> <span className="muted">{line.occurredAt}</span>
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
