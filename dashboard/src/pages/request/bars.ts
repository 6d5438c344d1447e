// Computes the positions of the bars of a timeline from times.
import type { StageStatus } from "../../api/generated";
import type { RequestNow } from "./use-request";

export interface Bar {
  attempt: number;
  status: StageStatus;
  /** Position and width as fractions of the timeline. */
  left: number;
  width: number;
  /** Whether the bar shows expected times. */
  expected: boolean;
  /** Progress from 0 to 1. */
  progress: number;
  ms: number;
}

export interface Row {
  stage: RequestNow["stages"][number];
  bars: Bar[];
}

export interface Timeline {
  rows: Row[];
  /** Length of the timeline in milliseconds. */
  ms: number;
  start: number;
}

const parseTime = (instant: string | null) => (instant === null ? null : Date.parse(instant));

/** Return the bars of each stage. Running bars end at `now`, planned ones are at their expected times. */
export function layoutTimeline(
  request: Pick<RequestNow, "stages" | "timeline" | "startedAt" | "createdAt" | "endedAt">,
  now: number,
): Timeline {
  const first = request.timeline.map(({ startedAt }) => parseTime(startedAt)).filter((time) => time !== null);
  const start = Math.min(parseTime(request.startedAt) ?? parseTime(request.createdAt) ?? now, ...first);
  const spans = request.timeline.map((bar) => {
    const from = parseTime(bar.startedAt) ?? parseTime(bar.expectedStartAt);
    const expected = bar.startedAt === null;
    const to = parseTime(bar.endedAt) ?? (expected ? parseTime(bar.expectedEndAt) : now);
    return from === null || to === null ? null : { ...bar, from, to: Math.max(from, to), expected };
  });
  // A running bar is followed by its expected rest, if it can be estimated.
  const remaining = request.timeline.map((bar) => {
    const to = parseTime(bar.expectedEndAt);
    const isRunningBar = bar.startedAt !== null && bar.endedAt === null;
    return isRunningBar && to !== null && to > now ? { ...bar, from: now, to, expected: true } : null;
  });
  const spansToShow = [...remaining, ...spans].filter((span) => span !== null);
  const expectedEnds = request.timeline
    .map(({ expectedEndAt }) => parseTime(expectedEndAt))
    .filter((time) => time !== null);
  const isRunning = request.endedAt === null && request.startedAt !== null;
  const end = Math.max(
    start + 1,
    ...spansToShow.map(({ to }) => to),
    ...expectedEnds,
    ...(isRunning ? [now] : []),
  );
  const ms = end - start;
  const rows = request.stages.map((stage) => ({
    stage,
    bars: spansToShow
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

const TICK_STEPS_MS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400,
].map((s) => s * 1_000);
const MAX_TICKS = 7;

/** Return evenly spaced offsets from the start, in milliseconds. */
export function ticksOf(ms: number): number[] {
  if (ms < 2_000) return [0];
  const step =
    TICK_STEPS_MS.find((candidate) => ms / candidate <= MAX_TICKS) ??
    Math.ceil(ms / MAX_TICKS / 86_400_000) * 86_400_000;
  return Array.from({ length: Math.floor(ms / step) + 1 }, (_, index) => index * step);
}
