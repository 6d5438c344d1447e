// Where the bars of a timeline stand: from instants to parts of its width.
import type { StageStatus } from "../../api/generated";
import type { RequestNow } from "./use-request";

export interface Bar {
  attempt: number;
  status: StageStatus;
  /** Parts of the whole, 0 to 1. */
  left: number;
  width: number;
  /** Nothing of it has happened yet: it is where it is expected. */
  expected: boolean;
  /** How far it came, within its own width. */
  progress: number;
  ms: number;
}

export interface Row {
  stage: RequestNow["stages"][number];
  bars: Bar[];
}

export interface Timeline {
  rows: Row[];
  /** How long the whole picture is, in milliseconds. */
  ms: number;
  start: number;
}

const at = (instant: string | null) => (instant === null ? null : Date.parse(instant));

/** The bars by stage, in the order of the plan; what runs reaches to `now`, what is planned to where it is expected. */
export function layOut(
  request: Pick<RequestNow, "stages" | "timeline" | "startedAt" | "createdAt" | "endedAt">,
  now: number,
): Timeline {
  const first = request.timeline.map(({ startedAt }) => at(startedAt)).filter((time) => time !== null);
  const start = Math.min(at(request.startedAt) ?? at(request.createdAt) ?? now, ...first);
  const spans = request.timeline.map((bar) => {
    const from = at(bar.startedAt) ?? at(bar.expectedStartAt);
    const expected = bar.startedAt === null;
    const to = at(bar.endedAt) ?? (expected ? at(bar.expectedEndAt) : now);
    return from === null || to === null ? null : { ...bar, from, to: Math.max(from, to), expected };
  });
  // What runs is followed by what is left of it, as far as that can be foreseen.
  const rests = request.timeline.map((bar) => {
    const to = at(bar.expectedEndAt);
    const runs = bar.startedAt !== null && bar.endedAt === null;
    return runs && to !== null && to > now ? { ...bar, from: now, to, expected: true } : null;
  });
  const present = [...rests, ...spans].filter((span) => span !== null);
  const foreseen = request.timeline
    .map(({ expectedEndAt }) => at(expectedEndAt))
    .filter((time) => time !== null);
  const open = request.endedAt === null && request.startedAt !== null;
  const end = Math.max(start + 1, ...present.map(({ to }) => to), ...foreseen, ...(open ? [now] : []));
  const ms = end - start;
  const rows = request.stages.map((stage) => ({
    stage,
    bars: present
      .filter((span) => span.stage === stage.name)
      .map(({ attempt, status, from, to, expected, progress }) => ({
        attempt,
        status,
        left: Math.max(0, (from - start) / ms),
        width: (to - from) / ms,
        expected,
        progress,
        ms: to - from,
      })),
  }));
  return { rows, ms, start };
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400].map(
  (s) => s * 1_000,
);
const MOST_TICKS = 7;

/** Even offsets from the start, in milliseconds. */
export function ticksOf(ms: number): number[] {
  if (ms < 2_000) return [0];
  const step =
    STEPS.find((candidate) => ms / candidate <= MOST_TICKS) ??
    Math.ceil(ms / MOST_TICKS / 86_400_000) * 86_400_000;
  return Array.from({ length: Math.floor(ms / step) + 1 }, (_, index) => index * step);
}
