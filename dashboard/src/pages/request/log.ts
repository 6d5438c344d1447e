// The log of a request in memory: ordered, without gaps, and bounded.
import type { LogLineFragment, Severity } from "../../api/generated";

export type LogLine = LogLineFragment;

/** Maximum number of events in memory; the oldest are removed first, and the page says so. */
export const MAX_EVENTS = 20_000;
/** Remove this many events at once, so that not every new event copies the list. */
const TRIM_SLACK = 1_000;

export interface Log {
  lines: readonly LogLine[];
  /** The last received `seq`, from which to continue. */
  last: number;
}

export const EMPTY_LOG: Log = { lines: [], last: 0 };

/** Return the log with further events; duplicates are ignored. */
export function append(log: Log, events: readonly LogLine[]): Log {
  const lines = [...log.lines];
  let { last } = log;
  for (const event of events) {
    if (event.seq <= last) continue;
    lines.push(event);
    last = Number(event.seq);
  }
  if (last === log.last) return log;
  return { lines: lines.length > MAX_EVENTS + TRIM_SLACK ? lines.slice(-MAX_EVENTS) : lines, last };
}

const SEVERITY_LEVELS: Record<Severity, number> = { DEBUG: 0, INFO: 1, WARNING: 2, ERROR: 3, CRITICAL: 4 };

/** Return events of at least that severity that contain the text. */
export function select(lines: readonly LogLine[], minSeverity: Severity, text: string): readonly LogLine[] {
  const query = text.trim().toLowerCase();
  if (minSeverity === "DEBUG" && query === "") return lines;
  return lines.filter(
    (line) =>
      SEVERITY_LEVELS[line.severity] >= SEVERITY_LEVELS[minSeverity] &&
      (query === "" ||
        [line.type, line.stage, line.message].some((part) => part?.toLowerCase().includes(query))),
  );
}
