// The log of one request as the page keeps it: in order, without a gap, and bounded.
import type { LogLineFragment, Severity } from "../../api/generated";

export type LogLine = LogLineFragment;

/** More events than this are not kept in the page; the oldest go first, and the page says so. */
export const MOST_EVENTS = 20_000;
/** Cut this many more at once, so that not every new event moves the whole list. */
const SLACK = 1_000;

export interface Log {
  lines: readonly LogLine[];
  /** The last `seq` that came: where to go on from. */
  last: number;
}

export const EMPTY: Log = { lines: [], last: 0 };

/** The log with further events; what it has already changes nothing. */
export function append(log: Log, events: readonly LogLine[]): Log {
  const lines = [...log.lines];
  let { last } = log;
  for (const event of events) {
    if (event.seq <= last) continue;
    lines.push(event);
    last = Number(event.seq);
  }
  if (last === log.last) return log;
  return { lines: lines.length > MOST_EVENTS + SLACK ? lines.slice(-MOST_EVENTS) : lines, last };
}

const WEIGHT: Record<Severity, number> = { DEBUG: 0, INFO: 1, WARNING: 2, ERROR: 3, CRITICAL: 4 };

/** Events of at least that severity, with the text in what they say. */
export function select(lines: readonly LogLine[], least: Severity, text: string): readonly LogLine[] {
  const wanted = text.trim().toLowerCase();
  if (least === "DEBUG" && wanted === "") return lines;
  return lines.filter(
    (line) =>
      WEIGHT[line.severity] >= WEIGHT[least] &&
      (wanted === "" ||
        [line.type, line.stage, line.message].some((part) => part?.toLowerCase().includes(wanted))),
  );
}
